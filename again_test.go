package webhookreceiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// application is one that events are delivered to.
type application struct {
	*httptest.Server
	sync.Mutex
	got    []string // id and attempt
	status int
	hangs  bool
}

func newApplication(t *testing.T) *application {
	a := &application{status: 200}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or nobody would see that the connection ends
		a.Lock()
		a.got = append(a.got, r.Header.Get("X-Webhook-Event-Id")+" "+r.Header.Get("X-Webhook-Attempt"))
		code, hangs := a.status, a.hangs
		a.Unlock()
		if hangs {
			<-r.Context().Done()
		}
		w.WriteHeader(code)
		fmt.Fprint(w, "as it is")
	}))
	t.Cleanup(func() {
		a.CloseClientConnections()
		a.Close()
	})
	return a
}

func (a *application) set(status int, hangs bool) {
	a.Lock()
	defer a.Unlock()
	a.status, a.hangs = status, hangs
}

func (a *application) arrivals() string {
	a.Lock()
	defer a.Unlock()
	return strings.Join(a.got, ", ")
}

// TestAgain: an event is sent again by hand in a real Caddy, over a reload and until a stop, which does not wait for it.
func TestAgain(t *testing.T) {
	app, address, file := newApplication(t), freeAddress(t), filepath.Join(t.TempDir(), "events.jsonl")
	storage := t.TempDir()
	config := func(options string) string {
		return fmt.Sprintf(`{
			grace_period 100ms
			admin off
			auto_https off
			persist_config off
			storage file_system %s
		}
		http://%s {
			webhook_receiver /in {
				name again
				provider github
				output file %s
				secret sesame
				deliver %s {
					retry 1h
					%s
				}
			}
		}`, storage, address, file, app.URL, options)
	}
	load := func(options string) {
		t.Helper()
		if err := caddy.Load(adapted(t, config(options)), true); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Cleanup(func() { _ = caddy.Stop() })
	load("only webhook_receiver_test")
	seq := status.AttemptSeq()
	if _, err := status.Test(context.Background(), "again"); err != nil {
		t.Fatal(err)
	}
	delivery := func() status.Delivery {
		t.Helper()
		found := status.DeliveriesFrom(file, "again")
		if len(found) != 1 {
			t.Fatalf("found: %v", found)
		}
		return found[0]
	}
	eventually(t, "it is delivered", func() bool { return delivery().Report().Outcomes[outcome.Delivered] == 1 })
	line := []byte(lines(t, file)[0])
	_, rest, _ := strings.Cut(string(line), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)

	app.set(500, false)
	a, err := delivery().SendAgain(context.Background(), line)
	if err != nil || a.Taken || a.Status != 500 || a.Reason != status.Answered+"500 Internal Server Error: as it is" || !a.Again || a.ID != id {
		t.Errorf("%+v, %v", a, err)
	}
	load("only webhook_receiver_test\ntimeout 1m")
	app.set(204, false)
	if a, err = delivery().SendAgain(context.Background(), line); err != nil || !a.Taken {
		t.Errorf("after a reload: %+v, %v", a, err)
	}
	if got := app.arrivals(); got != fmt.Sprintf("%[1]s 1, %[1]s 1, %[1]s 1", id) {
		t.Errorf("came: %s", got)
	}
	var kept string
	for _, a := range status.LastAttempts(seq) {
		kept += fmt.Sprintln(a.Receiver, a.Delivery, a.ID == id, a.Type, a.Status, a.Taken, a.Again)
	}
	if want := "again app true webhook_receiver_test 200 true false\nagain app true webhook_receiver_test 500 false true\nagain app true webhook_receiver_test 204 true true\n"; kept != want {
		t.Errorf("kept:\n%s", kept)
	}

	app.set(200, true)
	ended := make(chan error, 1)
	d := delivery()
	go func() {
		_, err := d.SendAgain(context.Background(), line)
		ended <- err
	}()
	eventually(t, "it has come", func() bool { return strings.Count(app.arrivals(), id) == 4 })
	began := time.Now()
	if err := caddy.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("the stop took %s, and the attempt ended with %v", time.Since(began), err)
	}
}
