package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// caddyLike answers as the admin endpoint of a running Caddy.
func caddyLike(t *testing.T, answers map[string]string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestStatusIsSafe: what a sender has chosen does nothing to the terminal.
func TestStatusIsSafe(t *testing.T) {
	const evil = `\u001b[31m\u202eevil`
	const delivery = `{"receiver":"` + evil + `","name":"` + evil + `","url":"` + evil + `","state":"` + evil + `","since":"2026-11-26T01:00:00Z","backlog_bytes":-5,"undone":-1,
		"dead_letters":40,"dead_file":"` + evil + `","last_error":"` + evil + `","outcomes":{"dead":1},"warnings":["` + evil + `"],"status":40}`
	address := caddyLike(t, map[string]string{
		"/webhook_receiver/deliveries": `{"started":"2026-11-26T01:00:00Z","deliveries":[` + delivery + `]}`,
		"/webhook_receiver/status": `{"started":"2026-11-26T01:00:00Z","receivers":[{"name":"` + evil + `","provider":"p","sites":["` + evil + `"],"verifies":true,
			"outputs":[{"output":"` + evil + `","file":"` + evil + `","size":-1,"disk":-5}],"requests":{"stored":2,"bad_token":1},
			"last_refusal":{"time":"2026-11-26T01:00:00Z","status":403,"reason":"` + evil + `","remedy":"` + evil + `"},"warnings":["` + evil + `"],
			"deliveries":[` + delivery + `]},
			{"name":"other","provider":"other","sites":[],"outputs":[],"requests":{}}]}`,
		"/webhook_receiver/refused": `{"started":"2026-11-26T01:00:00Z","refused":[{"seq":1,"time":"2026-11-26T01:00:00Z","receiver":"` + evil + `","method":"` + evil +
			`","path":"/` + evil + `","client_ip":"` + evil + `","status":401,"reason":"` + evil + `","remedy":"` + evil + `","id":"` + evil + `","type":"` + evil +
			`","authentic":true,"signed":{"content":"` + evil + `\n","size":5,"expected":["` + evil + `"]}}]}`,
	})
	for command, parts := range map[string][]string{
		"deliveries": {"1 dead", "40, in ", "warning: "},
		"status":     {"(p)", "dead letters: 40", "2 stored, 1 bad token", "none since Caddy was started", "403, ", "warning: ", "not durable", "requests           none"},
		"refused":    {"401: ", "it was authentic", "with secret number 1 the signature begins with"},
	} {
		out, notes, err := webhook(command, "--address", address)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if strings.Contains(out+notes, "\x1b") || strings.Contains(out+notes, "\u202e") || !strings.Contains(out, `\u001b[31m\u202eevil`) {
			t.Errorf("%s shows %q", command, out)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%s does not show %q:\n%s", command, part, out)
			}
		}
		if out, _, err = webhook(command, "--address", address, "--json"); err != nil || !strings.Contains(out, `"status":40`) || strings.Contains(out, "\x1b") {
			t.Errorf("%s: %v %s", command, err, out)
		}
	}
}

// TestNobodyToAsk says what may be the cause.
func TestNobodyToAsk(t *testing.T) {
	dir := t.TempDir()
	off := filepath.Join(dir, "off.json")
	if err := os.WriteFile(off, []byte(`{"admin":{"disabled":true}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"status", "refused", "deliveries"} {
		for name, test := range map[string]struct {
			args []string
			want string
		}{
			"nobody":          {[]string{"--address", "localhost:1"}, "nobody listens at localhost:1"},
			"no socket":       {[]string{"--address", "unix/" + filepath.Join(dir, "none")}, "there is nobody to ask"},
			"admin off":       {[]string{"--config", off}, "has admin off, so there is nobody to ask"},
			"no config":       {[]string{"--config", filepath.Join(dir, "none")}, "none"},
			"another Caddy":   {[]string{"--address", caddyLike(t, nil)}, "does not know its receivers"},
			"something else":  {[]string{"--address", caddyLike(t, map[string]string{"/webhook_receiver/status": "<html>", "/webhook_receiver/refused": "<html>", "/webhook_receiver/deliveries": "<html>"})}, "the answer of"},
			"a range":         {[]string{"--address", "localhost:1-5"}, "invalid admin address"},
			"arguments":       {[]string{"x"}, "x"},
			"unknown options": {[]string{"--nonsense"}, "nonsense"},
		} {
			if _, _, err := webhook(append([]string{command}, test.args...)...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %s: %v", command, name, err)
			}
		}
	}
	out, _, err := webhook("status", "--address", caddyLike(t, map[string]string{"/webhook_receiver/status": `{"receivers":[]}`}))
	if err != nil || !strings.Contains(out, "There is no webhook_receiver in the config") {
		t.Errorf("%v: %s", err, out)
	}
	config := filepath.Join(dir, "on.json")
	address := caddyLike(t, map[string]string{"/webhook_receiver/refused": `{"refused":[]}`})
	if err := os.WriteFile(config, []byte(fmt.Sprintf(`{"admin":{"listen":%q}}`, address)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, notes, err := webhook("refused", "--config", config); err != nil || out != "" || !strings.Contains(notes, "nothing was refused") {
		t.Errorf("%v: %s %s", err, out, notes)
	}
}

// TestStrangersWhoAnswer: what hangs is not waited for, and what is no answer is not
// shown as one.
func TestStrangersWhoAnswer(t *testing.T) {
	defer func(was time.Duration) { askWithin = was }(askWithin)
	askWithin = 100 * time.Millisecond
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "refused") { // hangs in the middle
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
		}
		<-release
	}))
	defer hanging.Close()
	defer close(release)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "\x1b[31m\u202eevil", http.StatusInternalServerError)
	}))
	defer evil.Close()
	rubbish := caddyLike(t, map[string]string{"/webhook_receiver/status": "\x1b[31m<html>", "/webhook_receiver/refused": "{", "/webhook_receiver/deliveries": "{"})
	for _, command := range []string{"status", "refused", "deliveries"} {
		for address, want := range map[string]string{hanging.URL: "has not answered within", evil.URL: `\u001b[31m\u202eevil`, rubbish: "it is no JSON"} {
			out, _, err := webhook(command, "--json", "--address", strings.TrimPrefix(address, "http://"))
			if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\x1b\u202e") || out != "" {
				t.Errorf("%s, %s: %v, %s", command, address, err, out)
			}
		}
	}
}
