package kafkaoutput

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// server is a real Caddy, in a process of its own.
type server struct {
	t          testing.TB
	dir        string
	http       string // addresses
	admin      string
	cmd        *exec.Cmd
	exited     chan struct{}
	client     *http.Client
	exitStatus int
}

// testPassword is in Caddy's environment as KAFKA_TEST_PASSWORD.
const testPassword = "a8c4-7d3e"

// start runs a Caddy with a receiver whose Caddyfile options are given, and
// waits until it answers.
func start(t testing.TB, options string) *server {
	t.Helper()
	s := newServer(t)
	s.run("run", s.caddyfile(options))
	s.poll("Caddy's answer", func() bool {
		response, err := s.client.Get(s.http + "/hooks?challenge=up&verifyToken=sesame")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
	return s
}

func newServer(t testing.TB) *server {
	t.Helper()
	return &server{
		t: t, dir: t.TempDir(), http: "http://" + freeAddress(t), admin: freeAddress(t),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: 3 * time.Minute}, // longer than any receiver's
	}
}

// freeAddress returns an address that can be listened to, also after a while: its
// port is none that the system gives to connections or to listeners on port 0.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if _, taken := addresses.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

var addresses sync.Map // that have been given out

// caddyfile returns a Caddyfile. An event's id is in the header X-Delivery, type
// and subject are in its body.
func (s *server) caddyfile(options string) string {
	return fmt.Sprintf(`{
	admin %s
	default_bind 127.0.0.1
	auto_https off
	log {
		output stderr
		format json
	}
}
%s {
	webhook_receiver /hooks {
		provider generic
		verify_token sesame
		verification {
			token query:verifyToken
			challenge query:challenge
		}
		event {
			id header:X-Delivery
			type body:type
			subject body:subject
		}
		%s
	}
}`, s.admin, s.http, options)
}

// run starts a command of Caddy's that takes a Caddyfile.
func (s *server) run(command, caddyfile string) {
	s.t.Helper()
	config := filepath.Join(s.dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(caddyfile), 0o600); err != nil {
		s.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(program, command, "--config", config, "--adapter", "caddyfile")
	s.cmd.Env = append(os.Environ(), asProgram+"=caddy", "XDG_DATA_HOME="+s.dir, "XDG_CONFIG_HOME="+s.dir, "KAFKA_TEST_PASSWORD="+testPassword, "GORACE=atexit_sleep_ms=0")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		s.exitStatus = s.cmd.ProcessState.ExitCode()
		_ = log.Close()
		close(s.exited)
	}()
	s.t.Cleanup(func() {
		s.kill()
		text := s.log()
		if strings.Contains(text, "panic") || ownRace.MatchString(text) {
			s.t.Error("a panic or a race in the server's log")
		}
		if s.t.Failed() {
			s.t.Logf("end of the server's log:\n%s", text[max(0, len(text)-4000):])
		}
	})
}

// ownRace is a race that the plugin has a part in.
var ownRace = regexp.MustCompile(`(?s)WARNING: DATA RACE.*\n  github\.com/caddy-webhook-receiver/`)

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

func (s *server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// entries are the log's entries with a message.
func (s *server) entries(message string) (entries []map[string]any) {
	for line := range strings.Lines(s.log()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
			entries = append(entries, entry)
		}
	}
	return entries
}

// reload loads a config, and returns the admin API's error.
func (s *server) reload(options string) error {
	response, err := s.client.Post("http://"+s.admin+"/load", "text/caddyfile", strings.NewReader(s.caddyfile(options)))
	if errors.Is(err, syscall.ECONNRESET) {
		// It came to the admin server of the config before, which ended just then.
		return s.reload(options)
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	s.client.CloseIdleConnections() // the old config's server closes them, too
	// With a warning in its answer Caddy has sent the status before there is an error.
	if err == nil && (response.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"error"`))) {
		err = fmt.Errorf("%d: %s", response.StatusCode, text)
	}
	return err
}

func (s *server) poll(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// post sends an event, and returns the status and Retry-After. The status is 0
// if there is no answer.
func (s *server) post(id, body string, header ...string) (status int, retryAfter string) {
	request, err := http.NewRequest(http.MethodPost, s.http+"/hooks", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("X-Delivery", id)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header.Get("Retry-After")
}

// wantStored sends an event that has to be stored.
func (s *server) wantStored(id, body string, header ...string) {
	s.t.Helper()
	if status, _ := s.post(id, body, header...); status != http.StatusOK {
		s.t.Fatalf("event %s: %d, want 200", id, status)
	}
}

// verify sends a verification request, and returns how long its answer took.
func (s *server) verify() time.Duration {
	s.t.Helper()
	began := time.Now()
	response, err := s.client.Get(s.http + "/hooks?challenge=c&verifyToken=sesame")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || !bytes.Equal(body, []byte("c")) {
		s.t.Errorf("verification: %d %q", response.StatusCode, body)
	}
	return time.Since(began)
}

// traffic sends events, each with an id of its own, until stop.
type traffic struct {
	stop   func()
	mu     sync.Mutex
	acked  map[string]bool
	status map[int]int // how often there was which
	slow   time.Duration
}

var trafficIDs atomic.Int64

// traffic sends events over some connections to some servers.
func newTraffic(connections int, servers ...*server) *traffic {
	tr := &traffic{acked: make(map[string]bool), status: make(map[int]int)}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for i := range connections {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := servers[i%len(servers)]
			for {
				select {
				case <-done:
					return
				default:
				}
				n := trafficIDs.Add(1)
				id := fmt.Sprintf("event-%d", n)
				began := time.Now()
				status, _ := s.post(id, fmt.Sprintf(`{"type":"t","subject":"s%d"}`, n%50))
				tr.note(id, status, time.Since(began))
				if status == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			}
		}()
	}
	tr.stop = sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
	return tr
}

func (tr *traffic) note(id string, status int, took time.Duration) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.status[status]++
	tr.slow = max(tr.slow, took)
	if status == http.StatusOK {
		tr.acked[id] = true
	}
}

func (tr *traffic) stored() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.acked)
}

// waitStored waits until so many more events have been acknowledged.
func (tr *traffic) waitStored(s *server, more int) {
	s.t.Helper()
	want := tr.stored() + more
	s.poll("acknowledged events", func() bool { return tr.stored() >= want })
}

// check compares what was acknowledged with what is in the topic.
func (tr *traffic) check(c *cluster, repeatsAllowed bool) {
	c.t.Helper()
	counts := c.counts(c.topic)
	lost, repeated := 0, 0
	for id := range tr.acked {
		switch n := counts[id]; {
		case n == 0:
			lost++
		case n > 1:
			repeated++
		}
	}
	unacknowledged := maps.Clone(counts)
	for id := range tr.acked {
		delete(unacknowledged, id)
	}
	c.t.Logf("acknowledged %d, of these lost %d, more than once %d; in the topic without an acknowledgement %d; answers %v, the slowest after %v",
		len(tr.acked), lost, repeated, len(unacknowledged), tr.status, tr.slow.Round(time.Millisecond))
	if lost > 0 {
		c.t.Errorf("%d acknowledged events are not in the topic", lost)
	}
	if repeated > 0 && !repeatsAllowed {
		c.t.Errorf("%d acknowledged events are in the topic more than once", repeated)
	}
	if len(tr.acked) == 0 {
		c.t.Error("nothing was acknowledged")
	}
}
