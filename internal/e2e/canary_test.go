package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
)

// TestTokensAreKept looks for a token's value in whatever the server shows,
// except where Caddy itself prints a request's URI.
func TestTokensAreKept(t *testing.T) {
	t.Parallel()
	const wrong = "wrong-canary-Zp81"
	const payload = "payload-canary-M3v0"
	s := newServer(t)
	s.env = append(s.env, "E2E_TOKEN="+canary)
	sites := "{\n\tdebug\n\tmetrics\n}\nhttp:// {\n\tlog\n" +
		directive("", "verify_token {env.E2E_TOKEN} {env.E2E_TOKEN}2", "output file {$DIR}/events.jsonl", "max_body_size 1KiB", "timeout 1s") +
		"\thandle_errors {\n\t\trespond \"{err.message} {err.status_text} {err.trace}\"\n\t}\n}\n"
	s.configure(sites)
	s.start()

	var answers []string
	verification := func(token string) {
		for _, target := range []string{
			"/?" + handshake("x", token), "/?" + handshake("x\x00", token), "/?" + handshake("", token), "/?verifyToken=" + token,
			"/?verifyToken=" + token + "&verifyToken=" + token + "&challenge=x", "/?challenge=x&a=%zz&verifyToken=" + token, "/?challenge=x;verifyToken=" + token,
		} {
			for _, method := range []string{"GET", "HEAD", "PUT", "POST"} {
				c := s.dial(t)
				c.send(headOf(method, target, "Referer: none"))
				a := c.answerTo(method)
				header, _ := json.Marshal(a.header)
				answers = append(answers, a.body, string(header))
			}
		}
	}
	verification(canary)
	verification(canary + "2")
	verification(wrong)
	good := `{"EventType":"kept","Text":"` + payload + `"}`
	s.post(good).wantStored(t)
	for _, bad := range []string{good[:len(good)-1], good + strings.Repeat(" ", 1024), "\xff" + good, payload, `{"` + payload + `":tru}`, `{"` + payload + `"}`, `"\u` + payload + `"`} {
		s.post(bad)
		s.post(bad, "Content-Encoding: gzip")
		s.post(gzipped(bad), "Content-Encoding: gzip")
		s.post(bad, "Content-Encoding: br")
	}
	c := s.dial(t)
	c.send(head("Content-Length: 100"), payload)
	c.answer().want(t, 408)
	s.load(sites + "http://localhost/x {\n" + directive("", "verify_token {env.E2E_TOKEN}{env.E2E_UNSET}") + "}\n")
	s.load(strings.Replace(sites, "timeout 1s", "timeout 1s\nnonsense", 1))
	s.reload(strings.Replace(sites, "timeout 1s", "timeout 2s", 1))

	for _, path := range []string{"/config/", "/metrics", "/debug/vars", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2", "/pki/ca/local"} {
		a := s.askAdmin("GET", path, "")
		for _, word := range []string{canary, wrong, payload} {
			if strings.Contains(a.body, word) {
				t.Errorf("the admin endpoint shows %q at %s", word, path)
			}
		}
	}
	s.terminate()
	s.stopped()

	for _, a := range answers {
		if strings.Contains(a, canary) || strings.Contains(a, wrong) {
			t.Errorf("an answer shows a token: %q", clip(a))
		}
	}
	for line := range strings.Lines(s.log()) {
		if shown := withoutURI(t, line); strings.Contains(shown, canary) || strings.Contains(shown, wrong) || strings.Contains(shown, payload) {
			t.Errorf("the log shows a token or a payload: %s", shown)
		}
	}
	for _, r := range s.events() {
		if strings.Contains(r.line, canary) {
			t.Errorf("a record shows a token: %s", r.line)
		}
	}
	autosave, err := os.ReadFile(s.path("config", "caddy", "autosave.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(autosave), canary) || !strings.Contains(string(autosave), "{env.E2E_TOKEN}") {
		t.Errorf("the saved config: %s", autosave)
	}
}

// withoutURI is a log entry without the request's URI, which is Caddy's doing.
func withoutURI(t *testing.T, line string) string {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return line
	}
	if request, ok := e["request"].(map[string]any); ok {
		if uri, _ := request["uri"].(string); uri != "" {
			if _, err := url.QueryUnescape(uri); err != nil && strings.Contains(e["msg"].(string), uri) {
				t.Logf("the message repeats the URI: %s", line)
			}
		}
		delete(request, "uri")
	}
	out, _ := json.Marshal(e)
	return string(out)
}
