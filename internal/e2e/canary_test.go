package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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
	for _, rejected := range [][]string{
		{"verify_token {env.E2E_TOKEN}", "secret {env.E2E_TOKEN}"},
		{"verify_token " + canary, "secret " + canary},
		{"verify_token " + canary, "verify_token " + canary},
		{"verify_token " + canary, "timeout never"},
		{"verify_token " + canary + " {env.E2E_UNSET}"},
	} {
		status, text := s.load(site(rejected...))
		if status != 400 || strings.Contains(text, canary) {
			t.Errorf("%v: %d %s", rejected, status, text)
		}
	}
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

// TestTokensAreKeptByTheExample sends tokens wherever a sender may put them, to
// example.Caddyfile at debug level, and looks for them in whatever it writes.
func TestTokensAreKeptByTheExample(t *testing.T) {
	t.Parallel()
	const wrong, payload = "wrong-canary-Zp81", "payload-canary-M3v0"
	s := newServer(t)
	s.hasCleaned()
	s.runExample("localhost", canary, "default_bind 127.0.0.1", "debug")

	send := func(status int, protocol, method, target, body string) {
		t.Helper()
		fields := []string{
			"Referer: https://x/?verifyToken=" + canary, "Authorization: Bearer " + canary, "Cookie: a=" + canary,
			"X-Gitlab-Token: " + canary, "X-Telegram-Bot-Api-Secret-Token: " + canary,
			"X-Hook-Secret: " + canary,
		}
		client, url := newClient(t), "http://"+s.http
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if protocol != "" {
			client, url = s.tlsClient(protocol), "https://"+s.https
		}
		do(t, client, method, url+target, strings.NewReader(body), fields...).want(t, status)
	}
	verification := func(token string) string { return "/webhooks?" + handshake("x", token) }
	for _, protocol := range protocols {
		send(200, protocol, "GET", verification(canary), "")
		send(403, protocol, "GET", verification(wrong), "")
		send(400, protocol, "GET", verification(canary)+"&a=%zz", "")
		send(405, protocol, "PUT", verification(canary), "")
		send(404, protocol, "GET", "/elsewhere?verifyToken="+canary, "")
		send(200, protocol, "POST", verification(canary), `{"Text":"`+payload+`"}`)
		send(400, protocol, "POST", verification(canary), `{"Text":"`+payload)
	}
	send(308, "", "GET", verification(canary), "")
	c := s.dial(t)
	c.send("GET " + verification(canary) + " HTTP/7.3\r\nHost: localhost\r\n\r\n")
	c.answerTo("GET").want(t, 505)

	// No event can be stored: an error, at every level.
	events := s.path("data", "caddy", "webhooks")
	if err := os.Rename(events, events+".away"); err != nil {
		t.Fatal(err)
	}
	s.write("data/caddy/webhooks", "")
	send(503, "HTTP/1.1", "POST", verification(canary), `{"Text":"`+payload+`"}`)
	s.logged("the failure", ours("error"))
	s.logged("the error answer", func(e logEntry) bool { return e.field("logger") == "http.log.error" })
	for _, path := range []string{"/config/", "/metrics", "/debug/vars", "/debug/pprof/goroutine?debug=2", "/pki/ca/local"} {
		if answer := s.fromAdmin(path); strings.Contains(answer, canary) || strings.Contains(answer, wrong) || strings.Contains(answer, payload) {
			t.Errorf("the admin endpoint shows a token or a payload at %s", path)
		}
	}
	s.terminate()
	s.stopped()

	if err := filepath.WalkDir(s.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range []string{canary, wrong, payload} {
			if i := strings.Index(string(content), word); i >= 0 && (word != payload || filepath.Base(path) != "events.jsonl") {
				t.Errorf("%s shows %s: …%s", path, word, content[max(0, i-300):i])
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if access := s.entries(func(e logEntry) bool { return e.field("logger") == "http.log.access" }); len(access) < 20 {
		t.Errorf("%d entries in the access log", len(access))
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
