package cli

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// receiverLike answers as a receiver for the provider "verifying" does.
func receiverLike(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		if body, _ := io.ReadAll(r.Body); !json.Valid(body) {
			w.WriteHeader(http.StatusBadRequest)
		}
		return
	}
	query := r.URL.Query()
	switch query.Get("verifyToken") {
	case "":
		w.WriteHeader(http.StatusBadRequest)
	case "sesame":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, query.Get("challenge"))
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

func answering(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			receiverLike(w, r)
			return
		}
		w.WriteHeader(code)
	}
}

func TestTestPasses(t *testing.T) {
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "sesame")
	events := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 1 {
			events++
		}
		if r.URL.Query().Get("keep") != "it" {
			t.Errorf("the URL's own query is gone: %s", r.URL)
		}
		receiverLike(w, r)
	}))
	defer server.Close()
	out, _, err := webhook("test", server.URL+"/a?keep=it")
	if err != nil || !strings.Contains(out, "All 6 checks passed") || events != 1 {
		t.Errorf("%v, %d events: %s", err, events, out)
	}
	out, _, err = webhook("test", "--no-event", server.URL+"/a?keep=it")
	if err != nil || !strings.Contains(out, "All 4 checks passed") || events != 1 {
		t.Errorf("%v, %d events: %s", err, events, out)
	}
	if strings.Contains(out, "sesame") {
		t.Errorf("the token is shown: %s", out)
	}
}

// TestTestExplains: each failure is told in words, with exit status 1.
func TestTestExplains(t *testing.T) {
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "sesame")
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    []string
	}{
		"wrong token": {func(w http.ResponseWriter, r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "sesame", "other", 1)
			receiverLike(w, r)
		}, []string{"FAIL  right token", "not the receiver's verify_token", "pass  event", "1 of 6 checks failed"}},
		"no route": {func(http.ResponseWriter, *http.Request) {}, []string{"no route matches", "left out"}},
		"a page":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\x1b[31mWelcome") }, []string{"not with the challenge"}},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://b/x?"+r.URL.RawQuery, http.StatusPermanentRedirect)
		}, []string{"a redirect to https://b/x\n", "do not follow redirects"}},
		"not found":  {http.NotFound, []string{"answered 404, want 200", "path of the URL"}},
		"password":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, []string{"asks for a password"}},
		"bad proxy":  {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Server", "nginx"); w.WriteHeader(502) }, []string{"does not reach it", `comes from "nginx"`}},
		"rate limit": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, []string{"rate limit"}},
		"echoes all": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, r.URL.Query().Get("challenge"))
		}, []string{"pass  right token", "FAIL  wrong token", "does not check the token"}},
		"as a page": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, r.URL.Query().Get("challenge"))
		}, []string{`as "text/html"`}},
		"body eaten":     {func(w http.ResponseWriter, r *http.Request) { r.Body = http.NoBody; receiverLike(w, r) }, []string{"drops or changes bodies"}},
		"body too large": {answering(413), []string{"takes only small bodies"}},
		"body held back": {answering(408), []string{"holds it back"}},
		"firewall":       {answering(403), []string{"refuses the request"}},
		"get only":       {answering(405), []string{"uses other methods"}},
		"not stored": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "5")
			answering(503)(w, r)
		}, []string{"could not store the event"}},
		"no answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, []string{"closed without an answer"}},
		"answers events": {func(w http.ResponseWriter, r *http.Request) {
			receiverLike(w, r)
			if r.Method == http.MethodPost {
				_, _ = io.WriteString(w, "ok")
			}
		}, []string{"with another body than the receiver's"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			out, _, err := webhook("test", server.URL)
			if err == nil {
				t.Fatalf("no error: %s", out)
			}
			mustContain(t, out+err.Error(), test.want...)
			if strings.Contains(out+err.Error(), "\x1b") || strings.Contains(out, "sesame") {
				t.Errorf("shown: %q", out)
			}
		})
	}
}

func TestTestExplainsConnections(t *testing.T) {
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "sesame")
	plain := httptest.NewServer(http.HandlerFunc(receiverLike))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(receiverLike))
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	// As Caddy does for names that it has no certificate for.
	nameless, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return nil, fmt.Errorf("none")
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer nameless.Close()
	go func() {
		for {
			conn, err := nameless.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and no more
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed := httptest.NewServer(nil)
	closed.Close()

	for url, want := range map[string]string{
		secure.URL: "the certificate is not trusted",
		"https://" + plain.Listener.Addr().String(): "does not speak HTTPS",
		"http://" + secure.Listener.Addr().String(): "must begin with https",
		"https://" + nameless.Addr().String():       "no certificate for 127.0.0.1",
		closed.URL:                                  "nothing listens on port",
		"https://name.invalid/":                     "the name name.invalid is not found",
	} {
		out, _, err := webhook("test", url)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s\nwant %s", url, err, out, want)
		}
	}
	out, _, err := webhook("test", "--provider", "signing", "--secret", "s", "http://"+silent.Addr().String())
	if err == nil || !strings.Contains(out, "no answer within the 1s that the sender waits") {
		t.Errorf("%v %s", err, out)
	}
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Close()
	go func() {
		if conn, err := garbage.Accept(); err == nil {
			_, _ = io.WriteString(conn, "SSH-2.0\r\n\r\n")
			conn.Close()
		}
	}()
	out, _, err = webhook("test", "http://"+garbage.Addr().String())
	if err == nil || !strings.Contains(out, "does not speak HTTP\n") || strings.Contains(out+err.Error(), "sesame") {
		t.Errorf("%v %s", err, out)
	}
	own := file(t, "root.crt", "of our own\n"+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	if out, _, err = webhook("test", "--cacert", own, secure.URL); err != nil || !strings.Contains(out, "pass  certificate") {
		t.Errorf("%v %s", err, out)
	}
	for content, want := range map[string]string{
		"": "there is no certificate in it", "-----BEGIN CERTIFICATE-----\n": "there is no certificate in it",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})): "there is no certificate in it",
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})): "malformed certificate",
	} {
		path := file(t, "root.crt", content)
		if out, _, err = webhook("test", "--cacert", path, secure.URL); err == nil || out != "" || !strings.Contains(err.Error(), "--cacert: "+path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %s, want %s", content, err, out, want)
		}
	}
	if _, _, err = webhook("test", "--cacert", own+".none", secure.URL); err == nil || !strings.Contains(err.Error(), "--cacert: open "+own+".none") {
		t.Errorf("a missing file: %v", err)
	}
	if out, _, err = webhook("test", "--insecure", secure.URL); err != nil || !strings.Contains(out, "not checked") {
		t.Errorf("%v %s", err, out)
	}
}

// signedLike answers as a receiver for the provider "signing" does.
func signedLike(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Header.Get("Signature") != "geheim"+string(body):
		w.WriteHeader(http.StatusUnauthorized)
	case len(body) == 0:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// TestTestSigns plays a provider that signs and verifies nothing.
func TestTestSigns(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "geheim")
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		args    []string
		want    []string
	}{
		"right":        {signedLike, nil, []string{"pass  event", "----  stale event", "left out: there is no time", "3 checks passed, 1 left out"}},
		"wrong secret": {signedLike, []string{"--secret", "other"}, []string{"FAIL  empty event", "secret is not the receiver's", "needs public_url", "2 of 3 checks failed"}},
		"unchecked": {func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength == 0 {
				w.WriteHeader(http.StatusBadRequest)
			}
		}, nil, []string{"FAIL  wrong signature", "does not check signatures", "1 of 3 checks failed"}},
		"body changed": {func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > 0 {
				r.Body = io.NopCloser(strings.NewReader("{ }"))
			}
			signedLike(w, r)
		}, nil, []string{"FAIL  event", "drops or changes bodies: secret and clock are right", "1 of 3 checks failed"}},
		"clock": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
		}, nil, []string{"are 1h0m", "apart"}},
		"stale": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Signature") == "" {
				return
			}
			signedLike(w, r)
		}, []string{"--provider", "timely"}, []string{"FAIL  stale event", "takes old signatures", "1 of 3 checks failed"}},
		"no route": {func(http.ResponseWriter, *http.Request) {}, nil, []string{"no route matches", "left out"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			out, _, err := webhook(append([]string{"test", "--provider", "signing", server.URL}, test.args...)...)
			if (err == nil) != (name == "right") {
				t.Errorf("error %v", err)
			}
			mustContain(t, out+fmt.Sprint(err), test.want...)
			if strings.Count(out, "secret is not the receiver's") > 1 {
				t.Errorf("the same cause twice: %s", out)
			}
			if strings.Contains(out, "geheim") {
				t.Errorf("the secret is shown: %s", out)
			}
		})
	}
	server := httptest.NewServer(http.HandlerFunc(signedLike))
	defer server.Close()
	if out, _, err := webhook("test", "--config", "Caddyfile", server.URL); err != nil { // whose first is for it
		t.Errorf("%v %s", err, out)
	}
}

// TestTestAnyBody: a receiver that takes bodies of any kind has nothing wrong.
func TestTestAnyBody(t *testing.T) {
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "sesame")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= 0 {
			receiverLike(w, r)
		}
	}))
	defer server.Close()
	out, _, err := webhook("test", server.URL)
	if err != nil {
		t.Error(err)
	}
	mustContain(t, out, "----  broken JSON", "accept any", "5 checks passed, 1 left out")
}

func TestTestArguments(t *testing.T) {
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "")
	t.Setenv("WEBHOOK_SECRET", "")
	for _, args := range [][]string{
		{},
		{"hooks.example.com"},
		{"ftp://a", "--verify-token", "x"},
		{"http://a"},
		{"http://a", "--provider", "signing"},
		{"http://a", "--provider", "nobody", "--verify-token", "x"},
		{"http://a", "http://b", "--verify-token", "x"},
		{"http://a", "--provider", "signing", "--secret", "x", "--verify-token", "x"},
		{"http://a", "--verify-token", "x", "--secret", "x"},
		{"http://a", "--provider", "signing", "--secret", "none"},
		{"http://a", "--config", "nothing", "--verify-token", "x"},
	} {
		if out, _, err := webhook(append([]string{"test"}, args...)...); err == nil || out != "" {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}

func TestTestNamesProviders(t *testing.T) {
	_, _, err := webhook("test", "http://a", "--provider", "nobody")
	if err == nil || !strings.Contains(err.Error(), "caddy webhook providers lists those that are") {
		t.Error(err)
	}
	out, _, err := webhook("__complete", "test", "--provider", "")
	if err != nil || !strings.HasPrefix(out, "verifying\nsigning\ntimely\n") {
		t.Errorf("%v %s", err, out)
	}
}
