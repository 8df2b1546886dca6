package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// rightToken is the verify token of every receiver that a test does not give
// another one.
const rightToken = "someverificationtoken"

// patience is how long to poll for what should be there at once.
const patience = 20 * time.Second

// server is one Caddy process. Everything that it writes is below dir.
type server struct {
	t                  *testing.T
	dir                string
	http, https, admin string // addresses, host:port
	binary             string
	env                []string
	shell              string // what a shell does before it becomes the process, such as setting limits
	logPath            string
	cmd                *exec.Cmd
	exited             chan struct{}
	mayLookBroken      bool // the log may hold what else fails the test
	reloaded           time.Time
}

// start runs a server with the given site blocks and waits until it serves.
func start(t *testing.T, sites string) *server {
	t.Helper()
	s := newServer(t)
	s.configure(sites)
	s.start()
	return s
}

// startTLS is start for sites with a certificate of Caddy's local authority.
func startTLS(t *testing.T, sites string) *server {
	t.Helper()
	s := newServer(t)
	s.hasCleaned()
	s.configure(sites)
	s.start()
	return s
}

// hasCleaned keeps Caddy from cleaning its storage at its first start, when it
// may remove the directory into which a certificate is just being written.
func (s *server) hasCleaned() {
	s.t.Helper()
	s.mkdir("data", "caddy")
	s.write("data/caddy/last_clean.json", fmt.Sprintf(`{"tls":{"timestamp":%q}}`, time.Now().Format(time.RFC3339)))
}

// newServer prepares a server that does not run yet.
func newServer(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, binary: caddyBinary, logPath: filepath.Join(dir, "log")}
	httpPort, httpsPort, adminPort := freePort(t), freePort(t), freePort(t)
	s.http, s.https, s.admin = "localhost:"+httpPort, "localhost:"+httpsPort, "localhost:"+adminPort
	s.env = append(
		os.Environ(),
		"XDG_DATA_HOME="+filepath.Join(dir, "data"),
		"XDG_CONFIG_HOME="+filepath.Join(dir, "config"),
		"GORACE=atexit_sleep_ms=0 exitcode=0", // cleanup looks for races
		"DIR="+dir, "HTTP="+httpPort, "HTTPS="+httpsPort, "ADMIN="+s.admin,
	)
	t.Cleanup(s.cleanup)
	return s
}

// cleanup kills the process and looks through its log.
func (s *server) cleanup() {
	s.kill()
	log := s.log()
	if !s.mayLookBroken {
		if strings.Contains(log, "panic") {
			s.t.Error("the server's log holds \"panic\"")
		}
		for _, race := range races(log) {
			s.t.Errorf("a race in the server:\n%s", race)
		}
	}
	if s.t.Failed() {
		for _, e := range s.entries(ours("error")) {
			s.t.Logf("logged: %v", e)
		}
		s.t.Logf("end of the server's log:\n%s", tail(log, 3000))
	}
	_ = os.RemoveAll(s.dir)
}

// ownFrame is a call of the plugin's, which Caddy's main function is not.
var ownFrame = regexp.MustCompile(`(?m)^  github\.com/caddy-webhook-receiver/`)

// races are the reports of the race detector that the plugin has a part in.
// Caddy and its libraries have some of their own.
func races(log string) (own []string) {
	for _, report := range strings.Split(log, "WARNING: DATA RACE")[1:] {
		report, _, _ = strings.Cut(report, "\n==================")
		if ownFrame.MatchString(report) {
			own = append(own, report)
		}
	}
	return own
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// caddyfile puts the global options in front of site blocks. Sites name no
// ports: http:// and https://localhost are at s.http and s.https.
func caddyfile(sites string) string {
	global := `{
	admin {$ADMIN}
	default_bind 127.0.0.1
	http_port {$HTTP}
	https_port {$HTTPS}
	auto_https disable_redirects
`
	if strings.Contains(sites, "https://localhost") {
		global += "\tskip_install_trust\n" // which makes the local authority at once
	}
	if rest, ok := strings.CutPrefix(sites, "{\n"); ok {
		return global + rest
	}
	return global + "}\n" + sites
}

// site is a plain HTTP site with a receiver of the given options.
func site(options ...string) string {
	return "http:// {\n" + directive("", options...) + "}\n"
}

// directive is the receiver with the given options.
func directive(matcher string, options ...string) string {
	return "webhook_receiver " + matcher + " {\n\t" + strings.Join(options, "\n\t") + "\n}\n"
}

// stored are the options of a receiver with the usual token and one file.
func stored(options ...string) []string {
	return append([]string{"verify_token " + rightToken, "output file {$DIR}/events.jsonl"}, options...)
}

// in is the server for a subtest.
func (s *server) in(t *testing.T) *server {
	c := *s
	c.t = t
	return &c
}

// path is a name in the server's directory.
func (s *server) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// configure writes the Caddyfile, which starts with the global options.
func (s *server) configure(sites string) {
	s.t.Helper()
	s.write("Caddyfile", caddyfile(sites))
}

func (s *server) write(name, content string) string {
	s.t.Helper()
	path := s.path(name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// start runs the process and waits until it has loaded its config. It may be
// called again once the process has ended.
func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	already := strings.Count(s.log(), servingMessage)

	s.cmd = exec.Command(s.binary, "run", "--config", s.path("Caddyfile"), "--adapter", "caddyfile")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.shell != "" {
		s.cmd = exec.Command("sh", append([]string{"-c", s.shell + `; exec "$@"`, "sh"}, s.cmd.Args...)...)
		// By a pipe, as a limit on files would hold for the log, too.
		s.cmd.Stdout = struct{ io.Writer }{log}
		s.cmd.Stderr = s.cmd.Stdout
	}
	s.cmd.Dir, s.cmd.Env = s.dir, s.env
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		_ = log.Close()
		close(exited)
	}(s.cmd, s.exited)

	eventually(s.t, "the server serves", func() error {
		if s.hasExited() {
			s.t.Fatalf("the server did not start: %v", s.cmd.ProcessState)
		}
		if strings.Count(s.log(), servingMessage) == already {
			return errors.New("not yet")
		}
		return nil
	})
}

const servingMessage = "serving initial configuration"

func (s *server) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// kill ends the process without a warning, as a crash does.
func (s *server) kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// terminate asks the process to stop; stopped waits until it has.
func (s *server) terminate() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) stopped() {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatal("the server does not stop")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("the server stopped with %v", s.cmd.ProcessState)
	}
}

func (s *server) mkdir(elem ...string) string {
	s.t.Helper()
	path := s.path(elem...)
	if err := os.MkdirAll(path, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// run runs a command of the same binary in the same environment.
func (s *server) run(args ...string) (output string, err error) {
	cmd := exec.Command(s.binary, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "DATA RACE") || strings.Contains(string(out), "panic") {
		s.t.Errorf("caddy %s: %s", strings.Join(args, " "), out)
	}
	return string(out), err
}

// load gives the running server a new config, by its admin endpoint.
func (s *server) load(sites string) (status int, answer string) {
	s.t.Helper()
	return s.loadAs("text/caddyfile", caddyfile(sites))
}

func (s *server) loadAs(contentType, config string) (status int, answer string) {
	s.t.Helper()
	a := s.askAdmin(http.MethodPost, "/load", config, "Content-Type: "+contentType)
	if strings.Contains(a.body, `{"error":`) {
		return http.StatusBadRequest, a.body // older versions say 200 when they warn as well
	}
	return a.status, a.body
}

// askAdmin asks the admin endpoint, which each load starts anew: a connection
// that it was about to take in may be cut off.
func (s *server) askAdmin(method, path, body string, fields ...string) (a answer) {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	eventually(s.t, "the admin endpoint answers", func() (err error) {
		a, err = try(client, method, "http://"+s.admin+path, strings.NewReader(body), fields...)
		return err
	})
	return a
}

func (s *server) reload(sites string) {
	s.t.Helper()
	if status, answer := s.load(sites); status != http.StatusOK {
		s.t.Fatalf("loading a config: %d %s", status, answer)
	}
	s.reloaded = time.Now()
}

// fromAdmin is what the admin endpoint answers.
func (s *server) fromAdmin(path string) string {
	s.t.Helper()
	a := s.askAdmin(http.MethodGet, path, "")
	if a.status != http.StatusOK {
		s.t.Fatalf("%s: %d", path, a.status)
	}
	return a.body
}

// log is everything that the process has printed so far.
func (s *server) log() string {
	b, err := os.ReadFile(s.logPath)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return string(b)
}

// logEntry is one entry of Caddy's JSON log, with its numbers as json.Number.
type logEntry map[string]any

func (e logEntry) String() string {
	b, _ := json.Marshal(map[string]any(e))
	return string(b)
}

// field is a string field, empty where there is none.
func (e logEntry) field(name string) string {
	s, _ := e[name].(string)
	return s
}

// entries are the log's entries that match.
func (s *server) entries(match func(logEntry) bool) []logEntry {
	s.t.Helper()
	return slices.DeleteFunc(logEntries(s.t, s.logPath), func(e logEntry) bool { return !match(e) })
}

// logEntries are a log's entries.
func logEntries(t *testing.T, path string) (entries []logEntry) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var e logEntry
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber() // events have numbers beyond float64
		if decoder.Decode(&e) == nil {
			entries = append(entries, e)
		}
	}
	return entries
}

// logged waits until an entry matches, and returns those that do.
func (s *server) logged(what string, match func(logEntry) bool) []logEntry {
	s.t.Helper()
	var entries []logEntry
	eventually(s.t, what+" is logged", func() error {
		if entries = s.entries(match); len(entries) == 0 {
			return errors.New("no such entry")
		}
		return nil
	})
	return entries
}

// ours matches the plugin's own entries of a level.
func ours(level string) func(logEntry) bool {
	return func(e logEntry) bool {
		return e.field("level") == level && strings.Contains(e.field("logger"), "webhook_receiver")
	}
}

// eventually polls until f returns nil.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting until %s: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Ports come from below the range that the kernel gives to clients, so nobody
// takes them between the look and the server's start.
var lastPort atomic.Int32

func init() { lastPort.Store(int32(10000 + os.Getpid()%1000*20)) }

func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := lastPort.Add(1)
		if port > 32000 {
			lastPort.Store(10000)
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		tcp.Close()
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		udp.Close()
		return fmt.Sprint(port)
	}
	t.Fatal("no free port")
	return ""
}

// tree lists what is below a directory, with kinds, modes, and files' sizes,
// times and content.
func tree(t *testing.T, root string) string {
	t.Helper()
	var list bytes.Buffer
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s %v", path, info.Mode())
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&list, " %d %v %q", info.Size(), info.ModTime(), content)
		}
		fmt.Fprintln(&list)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}
