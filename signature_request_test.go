package webhookreceiver

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

// TestSignatureOfBytesAsSent has compressed bodies signed as they are sent. What
// is wrong with a body is told to nobody without a signature.
func TestSignatureOfBytesAsSent(t *testing.T) {
	rc := newReceiver(t, "provider nylas\nsecret old new")
	for name, test := range map[string]struct {
		body, coding string
		status       int
	}{
		"compressed":                  {compressed(t, "gzip", `{"id":"1"}`), "gzip", 200},
		"compressed with zstd":        {compressed(t, "zstd", `{"id":"2"}`), "zstd", 200},
		"cut":                         {compressed(t, "gzip", `{"id":"3"}`)[:20], "gzip", 400},
		"no JSON":                     {"{", "", 400},
		"a coding that is not known":  {"{}", "br", 415},
		"compressed, but not said so": {compressed(t, "gzip", "{}"), "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			unsigned := 401
			if test.status == 415 {
				unsigned = 415 // the body is not even read
			}
			rc.answers(t, test.body, test.coding, unsigned, test.status, "x-nylas-signature", hex.EncodeToString(hmacOf("new", test.body)))
		})
	}
	if n := len(lines(t, rc.file)); n != 2 {
		t.Errorf("%d stored, want 2", n)
	}
}

// answers sends a body, in that coding if it is not empty, without a signature and
// then with one, and looks at the status.
func (rc *receiver) answers(t *testing.T, body, coding string, unsigned, signed int, header, signature string) {
	t.Helper()
	d := delivery{method: http.MethodPost, path: "/", body: body, headers: http.Header{}}
	if coding != "" {
		d.headers.Set("Content-Encoding", coding)
	}
	rc.refuses(t, d, unsigned)
	d.headers.Set(header, signature)
	if resp, _ := rc.send(t, d); resp.StatusCode != signed {
		t.Errorf("status %d, want %d", resp.StatusCode, signed)
	}
}

// TestSignatureOfURL has the URL of the request signed, with its query, where no
// public_url says another.
func TestSignatureOfURL(t *testing.T) {
	sign := func(url string) delivery {
		d := delivery{method: http.MethodPost, path: "/a%2Fb?x=1&y=%20", body: "{}", headers: http.Header{}}
		d.headers.Set("x-square-hmacsha256-signature", base64.StdEncoding.EncodeToString(hmacOf("key", url+"{}")))
		return d
	}
	rc := newReceiver(t, "provider square\nsecret key")
	if resp, _ := rc.send(t, sign(rc.URL+"/a%2Fb?x=1&y=%20")); resp.StatusCode != 200 {
		t.Errorf("its own URL: status %d", resp.StatusCode)
	}
	for _, url := range []string{rc.URL + "/a/b?x=1&y=%20", rc.URL + "/a%2Fb", strings.Replace(rc.URL, "http:", "https:", 1) + "/a%2Fb?x=1&y=%20", "https://hooks.example.com/square"} {
		rc.refuses(t, sign(url), 401)
	}
	rc = newReceiver(t, "provider square\nsecret key\npublic_url https://hooks.example.com/square")
	if resp, _ := rc.send(t, sign("https://hooks.example.com/square")); resp.StatusCode != 200 {
		t.Errorf("public_url: status %d", resp.StatusCode)
	}
	rc.refuses(t, sign(rc.URL+"/a%2Fb?x=1&y=%20"), 401)
}

// TestSignatureOfDecodedBody has bodies signed before they are compressed. What
// does not decode has no signature; the limits hold before anything is known.
func TestSignatureOfDecodedBody(t *testing.T) {
	rc := newReceiver(t, "provider generic\nsecret key\nmax_body_size 64KiB\naccept json\nsignature {\nalgorithm hmac-sha256\nfrom header:X-Signature\ncontent {decoded}\n}")
	large := `{"id":"` + strings.Repeat("x", 64<<10) + `"}`
	for name, test := range map[string]struct {
		body, coding, signed string
		status               int
	}{
		"gzip":                  {compressed(t, "gzip", `{"id":"1"}`), "gzip", `{"id":"1"}`, 200},
		"zstd":                  {compressed(t, "zstd", `{"id":"2"}`), "zstd", `{"id":"2"}`, 200},
		"not compressed":        {`{"id":"3"}`, "", `{"id":"3"}`, 200},
		"another one's":         {compressed(t, "gzip", `{"id":"1"}`), "gzip", `{"id":"2"}`, 401},
		"as it is sent":         {compressed(t, "gzip", `{"id":"1"}`), "gzip", compressed(t, "gzip", `{"id":"1"}`), 401},
		"cut":                   {compressed(t, "gzip", `{"id":"3"}`)[:20], "gzip", `{"id":"3"}`, 401},
		"cut, signed as sent":   {compressed(t, "gzip", `{"id":"3"}`)[:20], "gzip", compressed(t, "gzip", `{"id":"3"}`)[:20], 401},
		"no gzip":               {`{"id":"3"}`, "gzip", `{"id":"3"}`, 401},
		"no zstd":               {`{"id":"3"}`, "zstd", `{"id":"3"}`, 401},
		"no JSON":               {compressed(t, "gzip", "{"), "gzip", "{", 400},
		"empty":                 {compressed(t, "gzip", ""), "gzip", "", 400},
		"too large":             {compressed(t, "gzip", large), "gzip", large, 413},
		"too large, not signed": {compressed(t, "zstd", large), "zstd", "", 413},
	} {
		t.Run(name, func(t *testing.T) {
			unsigned := 401
			if test.status == 413 {
				unsigned = 413
			}
			rc.answers(t, test.body, test.coding, unsigned, test.status, "X-Signature", hex.EncodeToString(hmacOf("key", test.signed)))
		})
	}
	if n := len(lines(t, rc.file)); n != 3 {
		t.Errorf("%d stored, want 3", n)
	}
}

// TestToleranceIsTheReceivers: the table stays as it is, and the test command knows
// of it.
func TestToleranceIsTheReceivers(t *testing.T) {
	p := provision(t, "provider slack\nsecret sesame\ntolerance 3h").provider
	if row, _ := provider.Named("slack"); row.Signature.Tolerance != 0 {
		t.Error("the table has been changed")
	}
	wantPlayed(t, p, "provider slack\ntolerance 3h")
}
