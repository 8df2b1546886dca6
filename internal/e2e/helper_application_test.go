package e2e

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// asApplication makes this test's own program an application, to which events are
// delivered; it is the address that it listens on.
const asApplication = "E2E_AS_APPLICATION"

// How an application answers. It looks that up for each request.
const (
	takes      = ""          // 200
	takesSound = "sound"     // 200, except for 422 to events with the word poison
	fails      = "fails"     // 500
	busy       = "busy"      // 503, with a Retry-After of 2 seconds
	silent     = "silent"    // no answer at all
	late       = "late"      // 200, after lateness
	lateness   = time.Second // and after the delivery's timeout
	unhurried  = "unhurried" // 200, after some time, for a delivery that waits for it
	unhurry    = 2 * time.Second
	working    = "working" // 200, after the time that work takes
	work       = 20 * time.Millisecond
	poison     = "poison"
)

// serveApplication is the program.
func serveApplication(address string) error {
	dir := os.Getenv("E2E_DIR")
	file, err := os.OpenFile(filepath.Join(dir, "got"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	var busyWith atomic.Int32
	var asked sync.Once
	server := &http.Server{Addr: address, ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer busyWith.Add(-1)
		beside := busyWith.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server is gone
		}
		mode, _ := os.ReadFile(filepath.Join(dir, "mode"))
		status, wait := answerOf(string(mode), string(body))
		asked.Do(func() { _ = os.WriteFile(filepath.Join(dir, "asked"), nil, 0o600) })
		begun := time.Now()
		select {
		case <-r.Context().Done():
		case <-time.After(wait):
		}
		tag, err := tagOf(string(body))
		if err != nil {
			tag = fmt.Sprintf("%q", err)
		}
		// In one write, and before the answer: what is there was taken, whatever
		// becomes of this process.
		_, err = fmt.Fprintf(file, "%d %d %d %s %s %s\n", begun.UnixNano(), beside, status,
			r.Header.Get("X-Webhook-Attempt"), r.Header.Get("X-Webhook-Event-Id"), tag)
		if err != nil {
			status = http.StatusInsufficientStorage
		}
		if status == 0 {
			return
		}
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "2")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, http.StatusText(status))
	})}
	if os.Getenv("E2E_TLS") == "" {
		return server.ListenAndServe()
	}
	server.TLSConfig = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
		return &pair, err
	}}
	return server.ListenAndServeTLS("", "")
}

// answerOf is what is answered, and after which time.
func answerOf(mode, body string) (status int, wait time.Duration) {
	switch {
	case mode == fails:
		return http.StatusInternalServerError, 0
	case mode == busy:
		return http.StatusServiceUnavailable, 0
	case mode == silent:
		return 0, time.Hour
	case mode == late:
		return http.StatusOK, lateness
	case mode == unhurried:
		return http.StatusOK, unhurry
	case mode == working:
		return http.StatusOK, work
	case mode == takesSound && strings.Contains(body, poison):
		return http.StatusUnprocessableEntity, 0
	}
	return http.StatusOK, 0
}

// appProcess is such a process.
type appProcess struct {
	t       *testing.T
	name    string // of the delivery
	dir     string
	address string
	tls     bool
	cmd     *exec.Cmd
	closing []func() error // what is at its address while it does not run

	read int64     // of the file of what it got
	got  []request // so far
	ok   []request // of these: those that it took
}

// request is one that the application got.
type request struct {
	at         time.Time
	beside     int // how many it was busy with, this one included
	status     int // that it answers, if it lives that long
	attempt    int
	event, tag string
}

// application starts one.
func (s *server) application() *appProcess {
	s.t.Helper()
	app := s.newApplication()
	app.start()
	eventually(s.t, "the application listens", func() error {
		c, err := net.Dial("tcp", app.address)
		if err == nil {
			_ = c.Close()
		}
		return err
	})
	return app
}

// newApplication prepares one that does not run yet.
func (s *server) newApplication() *appProcess {
	s.t.Helper()
	port := freePort(s.t)
	app := &appProcess{t: s.t, dir: s.mkdir("application-" + port), address: "localhost:" + port, name: "app"}
	s.t.Cleanup(app.kill)
	return app
}

func (app *appProcess) url() string {
	if app.tls {
		return "https://" + app.address + "/hooks"
	}
	return "http://" + app.address + "/hooks"
}

// deliver is the option that delivers to it.
func (app *appProcess) deliver(options ...string) string {
	return "deliver " + app.name + " " + app.url() + " {\n" + strings.Join(options, "\n") + "\n}"
}

func (app *appProcess) start() {
	app.t.Helper()
	for _, end := range app.closing {
		_ = end()
	}
	app.closing = nil
	program, err := os.Executable()
	if err != nil {
		app.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(app.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		app.t.Fatal(err)
	}
	defer log.Close()
	app.cmd = exec.Command(program)
	app.cmd.Stdout, app.cmd.Stderr = log, log
	app.cmd.Env = append(os.Environ(), asApplication+"="+app.address, "E2E_DIR="+app.dir)
	if app.tls {
		app.cmd.Env = append(app.cmd.Env, "E2E_TLS=1")
	}
	if err := app.cmd.Start(); err != nil {
		app.t.Fatal(err)
	}
}

// kill ends it as a crash does.
func (app *appProcess) kill() {
	if app.cmd == nil || app.cmd.Process == nil {
		return
	}
	_ = app.cmd.Process.Kill()
	_ = app.cmd.Wait()
}

// behave has it answer in another way from now on.
func (app *appProcess) behave(mode string) {
	app.t.Helper()
	path := filepath.Join(app.dir, "mode")
	if err := errors.Join(os.WriteFile(path+".new", []byte(mode), 0o600), os.Rename(path+".new", path)); err != nil {
		app.t.Fatal(err)
	}
}

// requests are what it got so far, in their order.
func (app *appProcess) requests() []request {
	app.t.Helper()
	file, err := os.Open(filepath.Join(app.dir, "got"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		app.t.Fatal(err)
	}
	defer file.Close()
	more, err := io.ReadAll(io.NewSectionReader(file, app.read, 1<<40))
	if err != nil {
		app.t.Fatal(err)
	}
	for line := range strings.Lines(string(more)) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		app.read += int64(len(line))
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 6)
		if len(fields) != 6 {
			app.t.Fatalf("the application noted %q", line)
		}
		var numbers [4]int64
		for i := range numbers {
			numbers[i], err = strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				app.t.Fatalf("the application noted %q: %v", line, err)
			}
		}
		r := request{
			at: time.Unix(0, numbers[0]), beside: int(numbers[1]), status: int(numbers[2]), attempt: int(numbers[3]),
			event: fields[4], tag: fields[5],
		}
		if app.got = append(app.got, r); r.status == http.StatusOK {
			app.ok = append(app.ok, r)
		}
	}
	return app.got
}

// taken are the requests that it answered with 200.
func (app *appProcess) taken() []request {
	app.t.Helper()
	app.requests()
	return app.ok
}

// within is eventually with a patience of its own.
func within(t *testing.T, patience time.Duration, what string, f func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %v until %s: %v", patience, what, err)
		}
	}
}

// takes waits until it has taken n more requests.
func (app *appProcess) takes(n int) {
	app.t.Helper()
	app.hasTaken(len(app.taken()) + n)
}

// hasTaken waits until it has taken n requests in all.
func (app *appProcess) hasTaken(n int) {
	app.t.Helper()
	within(app.t, patience, "events are delivered", func() error {
		if now := len(app.taken()); now < n {
			return fmt.Errorf("%d of %d", now, n)
		}
		return nil
	})
}

// gets waits until it has got n more requests, whatever it answers.
func (app *appProcess) gets(n int) {
	app.t.Helper()
	n += len(app.requests())
	within(app.t, patience, "attempts are made", func() error {
		if now := len(app.requests()); now < n {
			return fmt.Errorf("%d of %d", now, n)
		}
		return nil
	})
}

// wantAll waits until every event that was acknowledged was taken, and checks that those
// of each sender came in their order. It returns how many deliveries were repeated.
func (app *appProcess) wantAll(tr *traffic, patience time.Duration) (repeated int) {
	app.t.Helper()
	var tags []string
	for _, done := range tr.acked {
		tags = append(tags, done.tag)
	}
	return app.wantTags(tags, patience)
}

func (app *appProcess) wantTags(tags []string, patience time.Duration) (repeated int) {
	app.t.Helper()
	missing := make(map[string]bool)
	for _, tag := range tags {
		missing[tag] = true
	}
	if len(missing) == 0 {
		app.t.Fatal("no event was acknowledged")
	}
	seen := 0
	within(app.t, patience, "all that was acknowledged is delivered", func() error {
		taken := app.taken()
		for ; seen < len(taken); seen++ {
			delete(missing, taken[seen].tag)
		}
		if len(missing) > 0 {
			return fmt.Errorf("%s: %d of %d are missing, such as %v", app.name, len(missing), len(tags), someKeys(missing))
		}
		return nil
	})
	app.wantOrder()
	return len(app.taken()) - len(app.firsts())
}

func someKeys(m map[string]bool) (keys []string) {
	for key := range m {
		if keys = append(keys, key); len(keys) == 5 {
			break
		}
	}
	return keys
}

// firsts are the requests that it took, without those whose event it had taken before.
func (app *appProcess) firsts() (firsts []request) {
	app.t.Helper()
	tags := make(map[string]string)
	for _, r := range app.taken() {
		if strings.HasPrefix(r.tag, `"`) {
			app.t.Fatalf("an event is not what was sent: %s", r.tag)
		}
		switch event, ok := tags[r.tag]; {
		case !ok:
			tags[r.tag] = r.event
			firsts = append(firsts, r)
		case event != r.event:
			app.t.Errorf("%s came as %s and as %s", r.tag, event, r.event)
		}
	}
	return firsts
}

// wantOrder checks that the first deliveries of each subject were in the order of the events.
func (app *appProcess) wantOrder() {
	app.t.Helper()
	latest := make(map[string]int)
	wrong := 0
	for _, r := range app.firsts() {
		i := strings.LastIndex(r.tag, "-")
		subject, number := r.tag[:max(i, 0)], r.tag[i+1:]
		n, err := strconv.Atoi(number)
		if err != nil || i < 0 {
			app.t.Fatalf("the tag %s has no number", r.tag)
		}
		if n++; n <= latest[subject] {
			if wrong++; wrong == 1 {
				app.t.Errorf("%s came after %s-%d", r.tag, subject, latest[subject]-1)
			}
		}
		latest[subject] = max(n, latest[subject])
	}
	if wrong > 1 {
		app.t.Errorf("%d events came out of order", wrong)
	}
}

// sends sends so many events of each subject, those of a subject one after the other, and
// returns their tags.
func (s *server) sends(subjects []string, each int) (tags []string) {
	s.t.Helper()
	var mu sync.Mutex
	var senders sync.WaitGroup
	client := newClient(s.t)
	defer client.CloseIdleConnections()
	next := make(chan string)
	for range 8 {
		senders.Go(func() {
			for subject := range next {
				for i := range each {
					tag := fmt.Sprintf("%s-%d", subject, i)
					a, err := try(client, http.MethodPost, "http://"+s.http+"/webhooks", strings.NewReader(tagged(tag)))
					if err != nil || a.status != http.StatusOK {
						s.t.Errorf("%s: %d, %v", tag, a.status, err)
						return
					}
					mu.Lock()
					tags = append(tags, tag)
					mu.Unlock()
				}
			}
		})
	}
	for _, subject := range subjects {
		next <- subject
	}
	close(next)
	senders.Wait()
	return tags
}

// subjects are n subjects.
func subjects(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s%d", prefix, i))
	}
	return all
}

// deliveries asks how the deliveries stand, and returns the state of each.
func (s *server) deliveries() (states map[string]string) {
	s.t.Helper()
	var answer struct {
		Deliveries []struct{ Name, State string }
	}
	if err := json.Unmarshal([]byte(s.fromAdmin("/webhook_receiver/deliveries")), &answer); err != nil {
		s.t.Fatal(err)
	}
	states = make(map[string]string)
	for _, d := range answer.Deliveries {
		states[d.Name] = d.State
	}
	return states
}

// busy returns an error until it was asked something.
func (app *appProcess) busy() error {
	_, err := os.Stat(filepath.Join(app.dir, "asked"))
	return err
}
