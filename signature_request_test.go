package webhookreceiver

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
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
			d := delivery{method: http.MethodPost, path: "/", body: test.body, headers: http.Header{}}
			if test.coding != "" {
				d.headers.Set("Content-Encoding", test.coding)
			}
			unsigned := 401
			if test.status == 415 {
				unsigned = 415 // the body is not even read
			}
			rc.refuses(t, d, unsigned)
			d.headers.Set("x-nylas-signature", hex.EncodeToString(hmacOf("new", test.body)))
			if resp, _ := rc.send(t, d); resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
		})
	}
	if n := len(lines(t, rc.file)); n != 2 {
		t.Errorf("%d stored, want 2", n)
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
