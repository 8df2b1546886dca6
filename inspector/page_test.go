package inspector

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestPage: it is one document that asks nobody else for anything, and is small.
func TestPage(t *testing.T) {
	s := newSite(t, &Handler{})
	got := s.do("GET", "/", "", keyHeader+": -") // it is open
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	if n, zipped := len(got.body), len(page().users.gzip); n > 100_000 || zipped > 30_000 {
		t.Errorf("the page has %d bytes, and %d compressed", n, zipped)
	}
	// Whoever is a user without the key is told so, as his browser may have another Authorization.
	user := s.do("GET", "/", "", keyHeader+": -", testUser+": alice")
	if strings.Contains(got.body, "data-user>") || strings.Replace(user.body, " data-user>", ">", 1) != got.body || user.body == got.body {
		t.Error("who is a user is not told")
	}
	policy := got.Header.Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "connect-src 'self'", "img-src data:", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
	} {
		if !strings.Contains(policy+";", part+";") {
			t.Errorf("the policy %q does not say %q", policy, part)
		}
	}
	for _, element := range []string{"style", "script"} {
		found := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(got.body, -1)
		if len(found) != 1 {
			t.Fatalf("%d elements %s", len(found), element)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy %q does not say %q", policy, want)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if found := regexp.MustCompile(`(?i)(src|href)="?(https?:)?//|(?-i:url\()|@import|\sstyle=|\son[a-z]+="`).FindAllString(got.body, -1); found != nil {
		t.Errorf("the page has %q", found)
	}
	// Nothing makes elements or code of texts.
	if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(['"]|srcdoc|DOMParser`).FindAllString(got.body, -1); found != nil {
		t.Errorf("the page has %q", found)
	}
}

// TestAnswersAreKeptNowhere: JSON has the same header fields.
func TestAnswersAreKeptNowhere(t *testing.T) {
	s := newSite(t, &Handler{})
	for _, a := range answers {
		got := s.do(a.method, "/api/"+a.path, a.body, keyHeader+": -")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": page().policy, "Content-Type": "application/json"} {
			if got := got.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", a.path, name, got, want)
			}
		}
	}
}

func TestPageIsCompressed(t *testing.T) {
	s := newSite(t, &Handler{})
	got := s.do("GET", "/", "", "Accept-Encoding: gzip")
	r, err := gzip.NewReader(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != string(page().users.plain) || !strings.Contains(got.Header.Get("Vary"), "Accept-Encoding") {
		t.Errorf("%d bytes, %v, %v", len(text), err, got.Header)
	}
	if got := s.do("HEAD", "/", ""); got.StatusCode != http.StatusOK || got.body != "" {
		t.Errorf("HEAD: %d %q", got.StatusCode, got.body)
	}
	if got := s.do("POST", "/", ""); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.StatusCode)
	}
}

// TestSlash: without the slash at its end the page's addresses would lead elsewhere.
func TestSlash(t *testing.T) {
	for _, test := range []struct{ sent, inside, want string }{
		{"/inspect", "/", "/inspect/"},
		{"/inspect", "", "/inspect/"},
		{"/inspect", "/inspect", "/inspect/"},
		{"/a/b%2Fc?x=1&y", "/", "/a/b%2Fc/?x=1&y"},
		{"//evil.example.com", "/", "/evil.example.com/"},
		{"///evil.example.com/a", "/", "/evil.example.com/a/"},
		{"/inspect/", "/", ""},
		{"/inspect/x/", "/x/", ""},
	} {
		s := newSite(t, &Handler{})
		r := httptest.NewRequest("GET", "https://localhost/", nil)
		r.URL = mustParse(t, "https://localhost"+test.sent)
		w := httptest.NewRecorder()
		r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
		r.URL.Path, r.URL.RawPath = test.inside, "" // as handle_path does
		if err := s.h.ServeHTTP(w, r, nil); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Location"); got != test.want || (test.want == "") != (w.Code == http.StatusOK) {
			t.Errorf("%s: %d to %q, want %q", test.sent, w.Code, got, test.want)
		}
	}
}

// TestTakesGzip: whoever does not, gets none.
func TestTakesGzip(t *testing.T) {
	for accepted, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5, *;q=0": true, "gzip; q=0.001": true, "gzip;q=0": false, "deflate, gzip; q=0.000": false, "x-gzip-not": false, "br": false,
	} {
		if got := takesGzip(accepted); got != want {
			t.Errorf("%q: %v", accepted, got)
		}
	}
}
