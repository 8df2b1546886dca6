package webhookreceiver

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestPublicURL says what a public_url stands for.
func TestPublicURL(t *testing.T) {
	for s, want := range map[string]rules.PublicURL{
		"":                              {},
		"https://h.example":             {Source: "https://h.example", IsBase: true},
		"https://h.example:8443":        {Source: "https://h.example:8443", IsBase: true},
		"https://[::1]":                 {Source: "https://[::1]", IsBase: true},
		"https://u:p@h.example":         {Source: "https://h.example", IsBase: true, HasUser: true},
		"https://h.example/":            {Source: "https://h.example/"},
		"https://h.example?a=b":         {Source: "https://h.example?a=b"},
		"https://h.example?":            {Source: "https://h.example?"},
		"https://u:p@h.example/a?b=c":   {Source: "https://h.example/a?b=c", HasUser: true},
		"https://h.example/ü?q=ü|'&a":   {Source: "https://h.example/%C3%BC?q=%C3%BC%7C'&a"},
		"https://h.example/a b":         {Source: "https://h.example/a%20b"},
		"https://h.example/a%2Fb?c=%20": {Source: "https://h.example/a%2Fb?c=%20"},
	} {
		want.Text = s
		if got, err := rules.ParsePublicURL(s); err != nil || got != want {
			t.Errorf("%q: %+v (%v), want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{"h", "/", "//h/", "ftp://h/", "https://", "https:///a", "https://u:sesame@/", "https://u:sesame@h/#a", "https://h/#", "https://u:sesame@h/%zz", "https://u:sesame@h:x/", "https://u:sesame@h/\n"} {
		if _, err := rules.ParsePublicURL(s); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: error %v, want one that quotes no password", s, err)
		}
	}
}

// TestSignedURLs has each of the URLs signed that a service may call the
// request's, as it was sent, and others refused.
func TestSignedURLs(t *testing.T) {
	const base = "https://h.example"
	for i, test := range []struct {
		public, target, signed string
		source                 string // "": it is refused
	}{
		// A base stands for all URLs.
		{base, "/cb/1?a=b", base + "/cb/1?a=b", base + "/cb/1"},
		{base, "/cb/1?a=b", base + "/cb/2?a=b", ""},
		{base, "/cb/1?a=b", base + "/cb/1?a=c", ""},
		{base, "/cb/1?a=b", base + "/cb/1", ""},
		{base, "/cb/1?a=b", "http://h.example/cb/1?a=b", ""},
		{base + ":8443", "/cb?", base + ":8443/cb?", base + ":8443/cb"},
		{base + ":8443", "/cb?", base + "/cb?", ""}, // only where the service does so
		{base + "/", "/cb", base + "/", base + "/"},
		{base + "/", "/cb", base + "/cb", ""},
		{base, "/", base, base + "/"},
		{base, "/", base + "/", base + "/"},
		{base, "/?a=b", base + "?a=b", base + "/"},
		{base, "/?a=b", base, ""},
		{base, "//a", base + "//a", base + "//a"},
		{base + "/a", "/cb", base + "/a", base + "/a"},
		{base + "/a", "/cb", base + "/cb", ""},
		// As it was sent, not as Go would escape it.
		{base, "/x/a|b", base + "/x/a|b", base + "/x/a%7Cb"},
		{base, "/\"^{}<>`\\", base + "/\"^{}<>`\\", base + "/%22%5E%7B%7D%3C%3E%60%5C"},
		{base, "/%7Ca%7c|?q=|%2f'", base + "/%7Ca%7c|?q=|%2f'", base + "/%7Ca%7C%7C"},
		{base, "/x/a|b", base + "/x/a%7Cb", ""},
		{base, "/%61", base + "/a", ""},
		{base, "/a/../b//c/.", base + "/a/../b//c/.", base + "/a/../b//c/."},
		{base, "http://proxy.example:81/x|?a", base + "/x|?a", base + "/x%7C"},
		{base, "http://proxy.example?a", base + "/?a", base + "/"},
		{base, "/http://x/?a", base + "/http://x/?a", base + "/http://x/"},
		{base, "/\xc3\xbc?\xff", base + "/\xc3\xbc?\xff", base + "/%C3%BC"},
		// What was registered, word for word.
		{base + "/ü", "/%C3%BC", base + "/ü", base + "/%C3%BC"},
		{base + "/ü", "/%C3%BC", base + "/%C3%BC", ""},
		{"https://user:sesame@h.example/a", "/a", "https://user:sesame@h.example/a", base + "/a"},
		{"https://user:sesame@h.example", "/a?b", "https://user:sesame@h.example/a?b", base + "/a"},
		{"https://user:sesame@h.example", "/a?b", "https://h.example/a?b", ""},
		// Without one it is the request's own.
		{"", "/x/a|b?c", "http://own.example:81/x/a|b?c", "http://own.example:81/x/a%7Cb"},
		{"", "/", "http://own.example:81", "http://own.example:81/"},
		{"", "/x", "https://own.example:81/x", ""},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Log(test)
			options := "provider square\nsecret key"
			if test.public != "" {
				options += fmt.Sprintf("\npublic_url %q", test.public)
			}
			rc := newReceiver(t, options)
			sendSigned(t, rc, test.target, test.signed, test.source)
		})
	}
}

// sendSigned sends an event with Square's signature of a URL, which is stored
// with that source, or refused if there is none.
func sendSigned(t *testing.T, rc *receiver, target, signed, source string) {
	t.Helper()
	resp, _ := rc.raw(t, "POST "+target+" HTTP/1.1\r\nHost: own.example:81\r\nContent-Length: 2\r\nx-square-hmacsha256-signature: "+
		base64.StdEncoding.EncodeToString(hmacOf("key", signed+"{}"))+"\r\n\r\n{}")
	want := http.StatusUnauthorized
	if source != "" {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		t.Fatalf("status %d, want %d", resp.StatusCode, want)
	}
	if source != "" {
		if event, line := rc.last(t); event["source"] != source || strings.Contains(line, "sesame") {
			t.Errorf("source %v, want %s: %s", event["source"], source, line)
		}
	}
	if strings.Contains(text(rc.logs), "sesame") {
		t.Error("the password is in the log")
	}
}

// TestURLFormsOfProvider: the path counts as sent and decoded, the query as sent.
func TestURLFormsOfProvider(t *testing.T) {
	rc := newReceiver(t, "provider hubspot\nsecret key\npublic_url https://h.example\ntolerance 876000h")
	for signed, want := range map[string]int{"https://h.example/a:b?c=%20": 200, "https://h.example/a%3Ab?c=%20": 200, "https://h.example/a:b?c= ": 401} {
		d := delivery{method: http.MethodPost, path: "/a%3Ab?c=%20", body: "[]", headers: http.Header{}}
		d.headers.Set("X-HubSpot-Request-Timestamp", "1767225600000")
		d.headers.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(hmacOf("key", "POST"+signed+"[]1767225600000")))
		if resp, _ := rc.send(t, d); resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", signed, resp.StatusCode, want)
		}
	}
}

// TestBodyHash has nothing accepted of which only the URL is signed.
func TestBodyHash(t *testing.T) {
	signed := func() delivery {
		return requestOf(http.MethodPost, "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
			`{"property": "value", "boolean": true}`, "X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=", "Content-Type", "application/json")
	}
	rc := newReceiver(t, "provider twilio\nsecret 12345\npublic_url https://mycompany.com")
	for name, test := range map[string]struct {
		alter  func(*delivery)
		status int
	}{
		"as it is":     {func(*delivery) {}, 200},
		"no type":      {func(d *delivery) { d.headers.Del("Content-Type") }, 200},
		"another body": {func(d *delivery) { d.body = `{"property": "other"}` }, 401},
		"no body":      {func(d *delivery) { d.body = "" }, 401},
		"one more hash": {func(d *delivery) {
			d.path += "&bodySHA256=" + "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
			d.body = "{}"
		}, 401},
		"another hash":     {func(d *delivery) { d.path = strings.Replace(d.path, "=0a", "=0b", 1) }, 401},
		"no hash":          {func(d *delivery) { d.path, _, _ = strings.Cut(d.path, "&bodySHA256") }, 401},
		"an empty form":    {func(d *delivery) { d.body = "&&=&"; d.headers.Set("Content-Type", event.ContentTypeForm) }, 401},
		"a form":           {func(d *delivery) { d.body = "a=b"; d.headers.Set("Content-Type", event.ContentTypeForm) }, 401},
		"a form's type":    {func(d *delivery) { d.headers.Set("Content-Type", event.ContentTypeForm) }, 200},
		"hash in a header": {func(d *delivery) { d.headers.Set("bodySHA256", "x"); d.body = "{}" }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			d := signed()
			test.alter(&d)
			if test.status == 401 {
				rc.refuses(t, d, 401)
			} else if resp, _ := rc.send(t, d); resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
		})
	}
	// A URL that is far too long is not looked at, as its forms would cost much.
	d := signed()
	d.path += strings.Repeat("&a", 400_000)
	began := time.Now()
	rc.refuses(t, d, 401)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("refusing a long URL took %s", took)
	}
	if event, _ := rc.last(t); event["source"] != "https://mycompany.com/myapp.php" {
		t.Errorf("source %v", event["source"])
	}

	// Signed is the URL alone, which says nothing of the body.
	sign := func(url string) string {
		mac := hmac.New(sha1.New, []byte("12345"))
		mac.Write([]byte(url))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	for _, contentType := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", event.ContentTypeForm, ""} {
		d := delivery{method: http.MethodPost, path: "/x", body: `{"a":1}`, headers: http.Header{}}
		d.headers["Content-Type"] = []string{contentType}
		d.headers.Set("X-Twilio-Signature", sign("https://mycompany.com/x"))
		rc.refuses(t, d, 401)
		d.body = "&="
		rc.refuses(t, d, 401)
	}
	d = delivery{method: http.MethodPost, path: "/x", body: `{"a":1}`, headers: http.Header{}}
	d.headers.Set("Content-Type", "application/json") // which is signed as no form
	d.headers.Set("X-Twilio-Signature", sign("https://mycompany.com/x"+d.body))
	rc.refuses(t, d, 401)
}

// TestURLOptions refuses what could not work or would leave the body unsigned.
func TestURLOptions(t *testing.T) {
	for options, want := range map[string]string{
		`{"content":"{url}"}`:                                "else the body is not signed",
		`{"content":"{url}","body_hash":"header:x"}`:         "body_hash: source",
		`{"content":"{form}","body_hash":"query:x"}`:         "body_hash: needs {url}",
		`{"content":"{url}{body}","body_hash":"query:x"}`:    "body_hash: needs {url}",
		`{"content":"{url}{decoded}","body_hash":"query:x"}`: "body_hash: needs {url}",
		`{"content":"{body}","url_forms":["port"]}`:          "url_forms: need {url}",
		`{"content":"{body}{url}","url_forms":["x"]}`:        `url_forms "x"`,
		`{"content":"{url}","body_hash":"query:x"}`:          "",
		`{"content":"{decoded}"}`:                            "",
		`{"algorithm":"hmac-sha256 hmac-sha512"}`:            "",
		`{"algorithm":"hmac-sha256 ed25519"}`:                "algorithm",
		`{"algorithm":"hmac-sha256 token"}`:                  "algorithm",
		`{"algorithm":" "}`:                                  "algorithm",
		`{"algorithm":"token","url_forms":["port"]}`:         "goes with from, prefix and encoding base64 only",
		`{"algorithm":"token","body_hash":"query:x"}`:        "goes with from, prefix and encoding base64 only",
	} {
		s := rules.Signature{Algorithm: rules.HMACSHA256, From: []rules.Source{"header:x"}}
		if err := json.Unmarshal([]byte(options), &s); err != nil {
			t.Fatal(err)
		}
		err := s.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", options, err, want)
		}
	}
}

// TestSignedURLOverHTTP2 has the path signed as it was sent over HTTP/2 too, and
// the request's URL before rewrites.
func TestSignedURLOverHTTP2(t *testing.T) {
	for _, rewrite := range []string{"", "/elsewhere"} {
		rc := newReceiver(t, "provider square\nsecret key")
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 {
				t.Error("not HTTP/2")
			}
			r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, &caddyhttp.Server{})
			if rewrite != "" {
				r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI = rewrite, "", "", rewrite
			}
			var answer caddyhttp.HandlerError
			if errors.As(rc.Handler.ServeHTTP(w, r, nil), &answer) {
				w.WriteHeader(answer.StatusCode)
			}
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		host := server.Listener.Addr().String()
		for signed, want := range map[string]int{"/x/a|b%7c?q=|'": 200, "/x/a%7Cb%7C?q=|'": 401, "/elsewhere": 401} {
			req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Opaque, req.URL.RawQuery = "//"+host+"/x/a|b%7c", "q=|'"
			req.Header.Set("x-square-hmacsha256-signature", base64.StdEncoding.EncodeToString(hmacOf("key", "https://"+host+signed+"{}")))
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: status %d, want %d", signed, resp.StatusCode, want)
			}
		}
		if event, _ := rc.last(t); event["source"] != "https://"+host+"/x/a%7Cb%7C" {
			t.Errorf("source %v", event["source"])
		}
	}
}
