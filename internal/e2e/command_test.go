package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/creack/pty"
)

// command prepares "caddy webhook …" in the server's environment.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command(caddyBinary, append([]string{"webhook"}, args...)...)
	cmd.Dir, cmd.Env = s.dir, append(slices.Clone(s.env), "WEBHOOK_VERIFY_TOKEN="+rightToken)
	return cmd
}

// webhook runs a command to its end, and checks its exit status.
func (s *server) webhook(status int, args ...string) (out, notes string) {
	s.t.Helper()
	cmd := s.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	out, notes = stdout.String(), stderr.String()
	if got := cmd.ProcessState.ExitCode(); got != status || strings.Contains(notes, "DATA RACE") || strings.Contains(notes, "panic") {
		s.t.Errorf("caddy webhook %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out, notes)
	}
	return out, notes
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}

func TestCommandTest(t *testing.T) {
	t.Parallel()
	s := startTLS(t, "https://localhost {\n"+directive("/webhooks", stored()...)+"}\n"+
		"http:// {\n"+directive("/webhooks", stored("accept any")...)+"\nredir /moved /webhooks\nrespond /gone 410\n}\n")
	s.tlsClient("HTTP/1.1") // waits for the certificate
	out, _ := s.webhook(1, "test", "https://"+s.https+"/webhooks")
	mustContain(t, out, "the certificate is not trusted")
	out, _ = s.webhook(0, "test", "--insecure", "https://"+s.https+"/webhooks")
	mustContain(t, out, "All 6 checks passed")

	trusting := s.in(t)
	trusting.env = append(slices.Clone(s.env), "SSL_CERT_FILE="+s.path("data", "caddy", "pki", "authorities", "local", "root.crt"))
	out, _ = trusting.webhook(0, "test", "https://"+s.https+"/webhooks")
	mustContain(t, out, "pass  certificate", "All 7 checks passed")
	out, _ = trusting.webhook(1, "test", "https://"+strings.Replace(s.https, "localhost", "127.0.0.1", 1)+"/webhooks")
	mustContain(t, out, "the server has no certificate for 127.0.0.1")
	out, _ = s.webhook(1, "test", "https://"+s.http+"/webhooks")
	mustContain(t, out, "does not speak HTTPS")
	out, _ = s.webhook(1, "test", "http://"+s.https+"/webhooks")
	mustContain(t, out, "must begin with https")

	before := len(s.events())
	out, _ = s.webhook(0, "test", "http://"+s.http+"/webhooks")
	mustContain(t, out, "----  broken JSON", "(accept any)", "5 checks passed, 1 left out")
	if all := s.events(); len(all) != before+2 || all[before+1].kind() != "webhook_receiver_test" {
		t.Errorf("%d events stored, want the broken JSON and the sample event", len(all)-before)
	}
	out, _ = s.webhook(0, "test", "--no-event", "http://"+s.http+"/webhooks")
	mustContain(t, out, "All 4 checks passed")
	out, _ = s.webhook(1, "test", "--verify-token", "wrong", "http://"+s.http+"/webhooks")
	mustContain(t, out, "not the receiver's verify_token")
	out, _ = s.webhook(1, "test", "http://"+s.http+"/elsewhere")
	mustContain(t, out, "no route matches")
	out, _ = s.webhook(1, "test", "http://"+s.http+"/moved")
	mustContain(t, out, "a redirect to http://"+s.http+"/webhooks")
	if strings.Contains(out, rightToken) || strings.Contains(s.log(), `webhook_receiver_test","subject`) {
		t.Error("the token is shown")
	}
	s.kill()
	out, notes := s.webhook(1, "test", "http://"+s.http+"/webhooks")
	mustContain(t, out+notes, "nothing listens on port", "the receiver was not reached")
	if after := len(s.events()); after != before+4 {
		t.Errorf("%d events are stored, want only those of tests that sent one", after-before)
	}
}

// TestCommandTestSigns plays a provider that signs, and rules of a config.
func TestCommandTestSigns(t *testing.T) {
	t.Parallel()
	slack := []string{"provider slack", "secret s1", "output file {$DIR}/slack.jsonl"}
	s := start(t, "http:// {\n"+directive("/slack", slack...)+
		directive("/headerless", slack...)+"request_header /headerless -X-Slack-Signature\n"+
		directive("/own", "provider generic", "secret s2", "accept json", "signature {", "algorithm hmac-sha512", "from header:X-Sig",
			"separator ,", "prefix v1=", "timestamp signature:t=", "content {timestamp}.{http.request.method}.{url}.{body}", "}",
			"event {", "type header:X-Kind", "status 202", "}", "output file {$DIR}/own.jsonl")+"}\n")
	t.Run("in the environment", func(t *testing.T) {
		signing := s.in(t)
		signing.env = append(slices.Clone(s.env), "WEBHOOK_SECRET=s1")
		out, _ := signing.webhook(0, "test", "--provider", "slack", "http://"+s.http+"/slack")
		mustContain(t, out, "All 6 checks passed")
	})
	out, _ := s.webhook(1, "test", "--provider", "slack", "--secret", "s1", "http://"+s.http+"/headerless")
	mustContain(t, out, "a proxy in front of it drops headers")
	out, _ = s.webhook(1, "test", "--provider", "slack", "--secret", "other", "http://"+s.http+"/slack")
	mustContain(t, out, "The secret is not the receiver's")
	out, _ = s.webhook(0, "test", "--config", "Caddyfile", "--provider", "generic", "--secret", "s2", "http://"+s.http+"/own?a=b")
	mustContain(t, out, "202, stored", "All 5 checks passed")
	for _, name := range []string{"slack", "own"} {
		if all := lines(t, s.path(name+".jsonl")); len(all) != 1 || !strings.Contains(all[0], `"type":"webhook_receiver_test"`) {
			t.Errorf("%s: stored %q, want one sample event", name, all)
		}
	}
	_, notes := s.webhook(1, "test", "--provider", "slak", "http://"+s.http+"/slack")
	mustContain(t, notes, "did you mean slack?")
}

// TestCommandsUnderTraffic follows, checks and sends on what a receiver
// stores while it rotates and compresses all the time, and is killed.
func TestCommandsUnderTraffic(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {", "roll_size 20KB", "roll_compress zstd", "}"))
	s.start()

	shown, notes := &lockedBuffer{}, &lockedBuffer{}
	follower := s.command("tail", "--follow", "--json", "a/events.jsonl")
	follower.Stdout, follower.Stderr = shown, notes
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = follower.Process.Signal(os.Interrupt)
		if err := follower.Wait(); err != nil {
			t.Errorf("tail: %v", err)
		}
	}()
	eventually(t, "tail waits for the file", func() error {
		if !strings.Contains(notes.String(), "not there yet") {
			return errors.New("no note")
		}
		return nil
	})

	traffic := s.traffic(4, "http://"+s.http+"/webhooks")
	traffic.wait(300)
	s.kill()
	s.start()
	traffic.wait(300)
	traffic.stop()
	eventually(t, "all is compressed", func() error {
		plain, err := filepath.Glob(s.path("a", "events-*.jsonl"))
		if err == nil && len(plain) > 0 {
			err = fmt.Errorf("%d files are not", len(plain))
		}
		return err
	})
	stored, _ := eventLines(t, s.path("a")) // with those that the kill left without an answer
	eventually(t, "every event is shown", func() error {
		if n := strings.Count(shown.String(), "\n"); n < len(stored) {
			return fmt.Errorf("%d of %d; notes: %s", n, len(stored), notes.String())
		}
		return nil
	})
	traffic.wantEachOnce(strings.Split(strings.TrimSpace(shown.String()), "\n"))

	files, err := filepath.Glob(s.path("a", "events*.jsonl*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	total := strings.Count(shown.String(), "\n")
	out, _ := s.webhook(0, append([]string{"check"}, files...)...)
	mustContain(t, out, fmt.Sprintf("%s    0     0        0  ", commas(total)), "repeated ids: 0")
	s.write("a/torn.jsonl", lines(t, s.path("a", "events.jsonl"))[0][:100])
	out, problems := s.webhook(1, append([]string{"check", s.path("a", "torn.jsonl")}, files...)...)
	mustContain(t, out, fmt.Sprintf("%s    0     1        0  ", commas(total)))
	mustContain(t, problems, "torn.jsonl: line 1: cut off")

	// Sent on, with a kill in between: all of them, in order, a few twice.
	target := newEventTarget(t)
	args := append([]string{"replay", "--to", target.URL, "--state", "state"}, files...)
	killed := s.command(append(args, "--rate", "400")...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some events are sent", func() error {
		if target.count() < total/2 {
			return fmt.Errorf("%d of %d", target.count(), total)
		}
		return nil
	})
	_ = killed.Process.Kill()
	_ = killed.Wait()
	first := target.count()
	_, summary := s.webhook(0, args...)
	mustContain(t, summary, " events sent")
	var want []string
	for _, line := range strings.Split(strings.TrimSpace(shown.String()), "\n") {
		r, err := parseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r.id())
	}
	got := target.ids()
	second := len(got) - first
	if second < total-first || second >= total {
		t.Fatalf("%d events before the kill, %d after it, %d in all", first, second, total)
	}
	inOrder := func(first int) bool {
		return slices.Equal(got[:first], want[:first]) && slices.Equal(got[first:], want[total-(len(got)-first):])
	}
	// One event may have been on its way when it was killed, and come after that.
	if !inOrder(first) && !inOrder(first+1) {
		t.Error("the events are sent in another order than they are stored in")
	}
}

func commas(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventTarget takes CloudEvents, as the SDK reads them.
type eventTarget struct {
	*httptest.Server
	mu     sync.Mutex
	events []*event.Event
}

func newEventTarget(t *testing.T) *eventTarget {
	target := &eventTarget{}
	target.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := cehttp.NewEventFromHTTPRequest(r)
		if err == nil {
			err = e.Validate()
		}
		if err != nil {
			t.Errorf("the SDK does not read the request: %v\n%v", err, r.Header)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		target.mu.Lock()
		defer target.mu.Unlock()
		target.events = append(target.events, e)
	}))
	t.Cleanup(target.Close)
	return target
}

func (e *eventTarget) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.events)
}

func (e *eventTarget) ids() (ids []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range e.events {
		ids = append(ids, one.ID())
	}
	return ids
}

// TestCommandReplay compares what the SDK reads with what is stored.
func TestCommandReplay(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("accept any", "attribute tenant \"a %41 é\"", "public_url https://a.example/x%20y")...))
	for _, body := range []struct{ contentType, body string }{
		{"application/json", sample},
		{"application/json", `{"EventType":"é \"quoted\" 100%","TicketId":"日 本","n":1.00}`},
		{"application/json", `"text"`},
		{"text/plain; charset=utf-8", "text é\n"},
		{"image/png", "\x00\xff\x01"},
		{"", "[1]"},
	} {
		s.post(body.body, "Content-Type: "+body.contentType).wantStored(t)
	}
	target := newEventTarget(t)
	s.webhook(0, "replay", "--to", target.URL, "events.jsonl")
	all := s.events()
	if target.count() != len(all) {
		t.Fatalf("%d events arrive, want %d", target.count(), len(all))
	}
	for i, want := range all {
		got := target.events[i]
		data := []byte(want.data)
		if i == 0 {
			data = []byte(sample) // as it was sent, with its line breaks
		}
		switch {
		case want.base64:
			data = want.bytes
		case want.attributes["datacontenttype"] != "application/json":
			data = []byte(want.text)
		}
		if !bytes.Equal(got.Data(), data) {
			t.Errorf("event %d has the data %q, want %q", i, got.Data(), data)
		}
		for name, read := range map[string]string{
			"id": got.ID(), "source": got.Source(), "type": got.Type(), "subject": got.Subject(),
			"tenant": fmt.Sprint(got.Extensions()["tenant"]),
		} {
			decoded, err := url.PathUnescape(read) // which the SDK leaves to its user
			if err != nil || decoded != want.attributes[name] {
				t.Errorf("event %d: %s is %q (%v), want %q", i, name, decoded, err, want.attributes[name])
			}
		}
		if got.DataContentType() != want.attributes["datacontenttype"] || got.SpecVersion() != "1.0" ||
			got.Time().Format("2006-01-02T15:04:05.000000Z07:00") != want.attributes["time"] {
			t.Errorf("event %d: %v", i, got)
		}
	}
	s.webhook(1, "replay", "--to", "http://"+s.http+"/nothing-here?", s.path("none.jsonl"))
}

// TestCommandsOnATerminal looks at colours, the progress bar, and what senders
// could do to a terminal.
func TestCommandsOnATerminal(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	hostile := "\u202e\u009b31m"
	s.post(`{"EventType":"kind` + hostile + `","TicketId":7,"x":"` + strings.Repeat(hostile+"日", 50) + `\u001b[31m"}`).wantStored(t)
	s.post(`{"EventType":"kind"}`).wantStored(t)

	out := s.onTerminal("TERM=xterm", "tail", "events.jsonl")
	mustContain(t, out, "\x1b[36mkind")
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if n := len([]rune(strings.NewReplacer("\x1b[36m", "", "\x1b[33m", "", "\x1b[0m", "", "\r", "").Replace(line))); n > 60 {
			t.Errorf("%d characters on a terminal of 60: %q", n, line)
		}
	}
	for _, setting := range []string{"NO_COLOR=1", "TERM=dumb"} {
		if out := s.onTerminal(setting, "tail", "events.jsonl"); strings.Contains(out, "\x1b") || !strings.Contains(out, "kind") {
			t.Errorf("with %s: %q", setting, out)
		}
	}
	for _, args := range [][]string{{"tail", "events.jsonl"}, {"tail", "--json", "events.jsonl"}} {
		if out := s.onTerminal("NO_COLOR=1", args...); strings.ContainsAny(out, "\x1b\u202e\u009b") {
			t.Errorf("%v: %q", args, out)
		}
	}
	if out, _ := s.webhook(0, "tail", "--json", "events.jsonl"); out != strings.Join(lines(t, s.path("events.jsonl")), "\n")+"\n" {
		t.Errorf("not as it is stored: %q", out)
	}

	target := newEventTarget(t)
	if out := s.onTerminal("TERM=xterm", "replay", "--to", target.URL, "--rate", "5", "events.jsonl"); !strings.Contains(out, "] 100%  1 event ") || !strings.Contains(out, "2 events sent") {
		t.Errorf("no progress bar: %q", out)
	}
	if _, notes := s.webhook(0, "replay", "--to", target.URL, "events.jsonl"); notes != "2 events sent\n" {
		t.Errorf("without a terminal: %q", notes)
	}
}

// onTerminal runs a command on a terminal of 60 columns, and returns what is
// shown there.
func (s *server) onTerminal(setting string, args ...string) string {
	s.t.Helper()
	cmd := s.command(args...)
	cmd.Env = append(cmd.Env, "NO_COLOR=", "TERM=xterm", setting)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 60})
	if err != nil {
		s.t.Fatal(err)
	}
	defer terminal.Close()
	time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	shown, err := io.ReadAll(terminal)
	if err := cmd.Wait(); err != nil {
		s.t.Errorf("caddy webhook %s: %v", strings.Join(args, " "), err)
	}
	var pathErr *os.PathError // EIO is how a terminal ends
	if err != nil && !errors.As(err, &pathErr) {
		s.t.Error(err)
	}
	return string(shown)
}
