package webhookreceiver

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestPublicURL says what a public_url stands for.
func TestPublicURL(t *testing.T) {
	for s, want := range map[string]PublicURL{
		"":                              {},
		"https://h.example":             {source: "https://h.example", isBase: true},
		"https://h.example:8443":        {source: "https://h.example:8443", isBase: true},
		"https://[::1]":                 {source: "https://[::1]", isBase: true},
		"https://u:p@h.example":         {source: "https://h.example", isBase: true, hasUser: true},
		"https://h.example/":            {source: "https://h.example/"},
		"https://h.example?a=b":         {source: "https://h.example?a=b"},
		"https://h.example?":            {source: "https://h.example?"},
		"https://u:p@h.example/a?b=c":   {source: "https://h.example/a?b=c", hasUser: true},
		"https://h.example/ü?q=ü|'&a":   {source: "https://h.example/%C3%BC?q=%C3%BC%7C'&a"},
		"https://h.example/a b":         {source: "https://h.example/a%20b"},
		"https://h.example/a%2Fb?c=%20": {source: "https://h.example/a%2Fb?c=%20"},
	} {
		want.text = s
		if got, err := ParsePublicURL(s); err != nil || got != want {
			t.Errorf("%q: %+v (%v), want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{"h", "/", "//h/", "ftp://h/", "https://", "https:///a", "https://u:sesame@/", "https://u:sesame@h/#a", "https://h/#", "https://u:sesame@h/%zz", "https://u:sesame@h:x/", "https://u:sesame@h/\n"} {
		if _, err := ParsePublicURL(s); err == nil || strings.Contains(err.Error(), "sesame") {
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

// TestURLForms has the forms of a URL tried that a row names.
func TestURLForms(t *testing.T) {
	for _, test := range []struct {
		form, url string
		want      []string
	}{
		{urlPort, "https://h/a", []string{"https://h:443/a"}},
		{urlPort, "http://u:p@h?a:1", []string{"http://u:p@h:80?a:1"}},
		{urlPort, "https://h:8443/a:1", []string{"https://h/a:1"}},
		{urlPort, "https://u:p@[::1]:443/", []string{"https://u:p@[::1]/"}},
		{urlPort, "https://[::1]/", []string{"https://[::1]:443/"}},
		{urlEscaped, "https://h/a|'\"^{}<>`ü", []string{"https://h/a|'%22%5E%7B%7D%3C%3E%60%C3%BC"}},
		{urlEscaped, "https://h/a?b='|\"^{}<>`ü", []string{"https://h/a?b=%27|%22^{}%3C%3E`%C3%BC", "https://h/a?b='%7C%22%5E%7B%7D%3C%3E%60%C3%BC"}},
		{urlEscaped, "https://h/?a=%27+%20&b&&a=c=d", []string{"https://h/?a=%27+%20&b&&a=c=d", "https://h/?a='%20%20&a=c%3Dd&b="}},
		{urlDecoded, "https://h/%3a%2F%3f?%40%20%2C=%7e", []string{"https://h/:/??@%20,=%7e"}},
	} {
		if got := urlForms[test.form](test.url); !slices.Equal(got, test.want) {
			t.Errorf("%s of %s: %q, want %q", test.form, test.url, got, test.want)
		}
	}
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
	const right = `{"property": "value", "boolean": true}`
	i := slices.IndexFunc(vectors, func(v vector) bool { return v.body == right })
	v := vectors[i]
	rc := v.receiver(t, "provider twilio")
	for name, test := range map[string]struct {
		alter  func(*delivery)
		status int
	}{
		"as it is":     {func(*delivery) {}, 200},
		"no type":      {func(d *delivery) { d.headers.Del("Content-Type") }, 200},
		"another body": {func(d *delivery) { d.body = `{"property": "other"}` }, 401},
		"no body":      {func(d *delivery) { d.body = "" }, 401},
		"one more hash": {func(d *delivery) {
			d.path += "&bodySHA256=" + hex.EncodeToString(sha256Of([]byte("{}")))
			d.body = "{}"
		}, 401},
		"another hash":     {func(d *delivery) { d.path = strings.Replace(d.path, "=0a", "=0b", 1) }, 401},
		"no hash":          {func(d *delivery) { d.path, _, _ = strings.Cut(d.path, "&bodySHA256") }, 401},
		"an empty form":    {func(d *delivery) { d.body = "&&=&"; d.headers.Set("Content-Type", contentTypeForm) }, 401},
		"a form":           {func(d *delivery) { d.body = "a=b"; d.headers.Set("Content-Type", contentTypeForm) }, 401},
		"a form's type":    {func(d *delivery) { d.headers.Set("Content-Type", contentTypeForm) }, 200},
		"hash in a header": {func(d *delivery) { d.headers.Set("bodySHA256", "x"); d.body = "{}" }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			d := v.delivery()
			test.alter(&d)
			if test.status == 401 {
				rc.refuses(t, d, 401)
			} else if resp, _ := rc.send(t, d); resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
		})
	}
	// A URL that is far too long is not looked at, as its forms would cost much.
	d := v.delivery()
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
		return base64.StdEncoding.EncodeToString(sum(hmac.New(sha1.New, []byte("12345")), [][]byte{[]byte(url)}))
	}
	for _, contentType := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", contentTypeForm, ""} {
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
		`{"algorithm":"token","url_forms":["port"]}`:         "goes with from and prefix only",
		`{"algorithm":"token","body_hash":"query:x"}`:        "goes with from and prefix only",
	} {
		s := Signature{Algorithm: hmacSHA256, From: []Source{"header:x"}}
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
