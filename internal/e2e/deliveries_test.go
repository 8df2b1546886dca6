//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// target is where events are delivered to.
type target struct {
	*httptest.Server
	refuses, taken, asked atomic.Int32 // the status that it refuses with, if any; and how many it took, and was asked to
}

func newTarget(t *testing.T) *target {
	t.Helper()
	a := new(target)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		if status := a.refuses.Load(); status != 0 {
			http.Error(w, "no\x1b[31m", int(status))
			return
		}
		a.taken.Add(1)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *target) takes(t *testing.T, n int32) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d events are delivered", n), func() error {
		if got := a.taken.Load(); got != n {
			return fmt.Errorf("%d are", got)
		}
		return nil
	})
}

// deliveryStatus is what "caddy webhook deliveries --json" shows of one.
type deliveryStatus struct {
	Receiver, Name, URL, State string
	Undone, Retrying           int
	DeadLetters                int            `json:"dead_letters"`
	LastError                  string         `json:"last_error"`
	Outcomes                   map[string]int `json:"outcomes"`
}

func (s *server) delivery(receiver, name string) (d deliveryStatus, err error) {
	s.t.Helper()
	var report struct{ Deliveries []deliveryStatus }
	if err := json.Unmarshal([]byte(s.shown("deliveries", "--json", "--address", s.admin)), &report); err != nil {
		s.t.Fatal(err)
	}
	for _, d := range report.Deliveries {
		if d.Receiver == receiver && d.Name == name {
			return d, nil
		}
	}
	return d, errors.New("there is none")
}

// stands waits until the delivery stands as wanted.
func (s *server) stands(what, receiver, name string, wanted func(d deliveryStatus) bool) {
	s.t.Helper()
	eventually(s.t, what, func() error {
		d, err := s.delivery(receiver, name)
		if err == nil && !wanted(d) {
			err = fmt.Errorf("%+v", d)
		}
		return err
	})
}

// TestDeliveriesCommand does everything with a delivery that can be done, and leaves the other one
// alone.
func TestDeliveriesCommand(t *testing.T) {
	t.Parallel()
	app, other := newTarget(t), newTarget(t)
	secret := app.URL + "/hooks?key=sesame"
	config := "http:// {\n" + directive("/orders", stored("name orders", "deliver app "+secret, "deliver "+"mail "+other.URL+" {\nretry 1h\n}")...) + "}\n"
	s := start(t, config)
	do := func(status int, action string) string {
		t.Helper()
		out, notes := s.webhook(status, append([]string{"deliveries"}, append(strings.Fields(action), "--address", s.admin)...)...)
		return out + notes
	}
	s.postTo("/orders", `{"a":1}`).wantStored(t)
	app.takes(t, 1)
	other.takes(t, 1)

	// It pauses, over a reload too.
	if out := do(0, "pause app"); !strings.HasPrefix(out, "orders/app: paused") {
		t.Errorf("%q", out)
	}
	s.postTo("/orders", `{"a":2}`).wantStored(t)
	other.takes(t, 2)
	s.reload(strings.Replace(config, "name orders", "name orders\n\tmax_body_size 1MB", 1))
	s.stands("it is paused", "orders", "app", func(d deliveryStatus) bool { return d.State == "paused" })
	if out := do(0, ""); !strings.Contains(out, "orders/app  "+app.URL+"/hooks\n") || !strings.Contains(out, "caddy webhook deliveries resume app") || strings.Contains(out, "sesame") {
		t.Errorf("%s", out)
	}
	eventually(t, "the other one has caught up after the reload", func() error {
		out := s.shown("status", "--address", s.admin)
		if !strings.Contains(out, "delivery           app: paused") || !strings.Contains(out, "delivery           mail: up; not delivered: nothing\n") {
			return errors.New(out)
		}
		return nil
	})
	if n := app.taken.Load(); n != 1 {
		t.Errorf("%d events are delivered while it is paused", n)
	}
	do(0, "resume orders/app")
	app.takes(t, 2)

	// What is refused is skipped, and sent again.
	if out := do(1, "skip mail"); !strings.Contains(out, "no event") {
		t.Errorf("%q", out)
	}
	other.refuses.Store(400)
	s.postTo("/orders", `{"a":3}`).wantStored(t)
	s.stands("it was refused", "orders", "mail", func(d deliveryStatus) bool { return d.Retrying == 1 && d.Outcomes["refused"] == 1 })
	do(0, "skip mail")
	s.stands("it is a dead letter", "orders", "mail", func(d deliveryStatus) bool {
		return d.DeadLetters == 1 && d.Undone == 0 && d.Outcomes["dead"] == 1 && strings.Contains(d.LastError, "400")
	})
	if out := do(0, ""); strings.Contains(out, "\x1b") || !strings.Contains(out, "dead letters       1, in "+s.path("events.jsonl.mail.dead.jsonl")) {
		t.Errorf("%q", out)
	}
	other.refuses.Store(0)
	do(0, "retry mail")
	other.takes(t, 3)
	s.stands("there is no dead letter", "orders", "mail", func(d deliveryStatus) bool { return d.DeadLetters == 0 && d.Undone == 0 })
	app.takes(t, 3)

	for action, want := range map[string]string{"pause none": "there is no delivery none; there are: orders/app, orders/mail", "retry users/app": "there is no delivery users/app"} {
		if out := do(1, action); !strings.Contains(out, want) {
			t.Errorf("%s: %s", action, out)
		}
	}
	for request, want := range map[string]int{
		"POST /orders/app/resume": 200, "GET /orders/app/resume": 405, "POST /orders/none/resume": 404, "POST /orders/app/none": 404, "POST /orders/app/skip": 409, "GET ": 200, "POST ": 405,
	} {
		method, path, _ := strings.Cut(request, " ")
		if a := s.askAdmin(method, "/webhook_receiver/deliveries"+path, ""); a.status != want || a.header.Get("Content-Type") != "application/json" || (want == 405) != (a.header.Get("Allow") != "") {
			t.Errorf("%s: %d %s %v", request, a.status, a.body, a.header)
		}
	}
	metrics := s.metrics()
	for series, want := range map[string]float64{
		`delivery_attempts_total{delivery="mail",outcome="delivered",receiver="orders"}`: 3, `delivery_attempts_total{delivery="mail",outcome="dead",receiver="orders"}`: 1,
		`delivery_attempts_total{delivery="mail",outcome="lost",receiver="orders"}`: 0, `delivery_duration_seconds_count{delivery="mail",receiver="orders"}`: 4,
		`delivery_up{delivery="app",receiver="orders"}`: 1, `delivery_backlog_bytes{delivery="app",receiver="orders"}`: 0,
	} {
		if got, ok := metrics[series]; !ok || got != want {
			t.Errorf("%s is %v, %t", series, got, ok)
		}
	}

	// Without it, nothing of it is left.
	s.reload("http:// {\n" + directive("/orders", stored("name orders")...) + "}\n")
	eventually(t, "its metrics are gone", func() error {
		for series := range s.metrics() {
			if strings.HasPrefix(series, "delivery_") {
				return errors.New(series)
			}
		}
		return nil
	})
	if out := do(0, ""); !strings.Contains(out, "There is no delivery in the config") {
		t.Errorf("%s", out)
	}
}

// TestDeliveryEvents does what docs/metrics.md has for Caddy's events, with a command that writes
// down what it is told.
func TestDeliveryEvents(t *testing.T) {
	t.Parallel()
	app := newTarget(t)
	app.refuses.Store(500)
	s := newServer(t)
	s.mayLookBroken = true // a handler panics
	s.binary = os.Args[0]
	bin, told := s.mkdir("bin"), s.path("told")
	executable(t, filepath.Join(bin, "notify"), `echo "$1" >> "`+told+`"`)
	s.env = append(s.env, asCaddy+"=1", "PATH="+bin+":"+os.Getenv("PATH"), "WEBHOOK_SECRET=sesame")
	config := readDocument(t, "docs/metrics.md").under(t, "Alerting by Caddy's events", "caddyfile")[0]
	s.configure(strings.NewReplacer("hooks.example.com", "http://", "/var/lib/webhooks/", s.dir+"/", "http://localhost:3000/webhooks", app.URL,
		"reason}\"\n", "reason}\"\n\t\ton webhook_receiver.delivery_down exec panic\n").Replace(config))
	s.start()
	tells := func(text string) {
		t.Helper()
		eventually(t, "somebody is told "+text, func() error {
			content, err := os.ReadFile(told)
			if err == nil && !strings.Contains(string(content), text) {
				err = errors.New(string(content))
			}
			return err
		})
	}
	for range 5 { // so many attempts must fail
		s.postTo("/orders", "{}", signedBy("sesame", "{}")...).wantStored(t)
	}
	tells("github: the application answered 500")
	s.logged("the panic", func(e logEntry) bool { return e.field("msg") == "a handler of Caddy's events has panicked" })
	app.refuses.Store(0)
	tells("github is up again")
	_ = os.Remove(told)
	app.refuses.Store(400)
	s.postTo("/orders", "{}", signedBy("sesame", "{}")...).wantStored(t)
	s.stands("it was refused", "github", "app", func(d deliveryStatus) bool { return d.Retrying > 0 })
	s.webhook(0, "deliveries", "skip", "app", "--address", s.admin)
	tells("github gave up id1")
}
