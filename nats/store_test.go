package natsoutput

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A request's whole way, through a real Caddy.
func TestEventsAreStored(t *testing.T) {
	s := node(t, nil)
	js := admin(t, s.ClientURL())
	createStream(t, js, jetstream.StreamConfig{Name: "S", Subjects: []string{"webhooks.>"}})
	c := startCaddy(t, `output nats {
		servers `+s.ClientURL()+`
		subject webhooks.{http.webhook_receiver.event.type}
	}
	output nats {
		servers `+s.ClientURL()+`
		subject webhooks.binary.{http.webhook_receiver.body.missing}
		stream S
		content_mode binary
	}
	attribute community {http.webhook_receiver.body.community}`)
	client := testClient()
	body := `{"type":"ticket.changed","community":"yours","n":1.0}`
	for range 2 { // the second is a repeat by the sender
		if status := post(client, c.url(), "d-1", body); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	bySubject := map[string]jetstream.Msg{}
	for _, m := range messages(t, js, "S") {
		if bySubject[m.Subject()] != nil {
			t.Errorf("%s: there twice", m.Subject())
		}
		bySubject[m.Subject()] = m
	}
	structured, binary := bySubject["webhooks.ticket_changed"], bySubject["webhooks.binary._"]
	if len(bySubject) != 2 || structured == nil || binary == nil {
		t.Fatalf("got %v", bySubject)
	}
	var e map[string]any
	must(t, json.Unmarshal(structured.Data(), &e))
	if e["id"] != "d-1" || e["type"] != "ticket.changed" || e["community"] != "yours" || !bytes.HasSuffix(structured.Data(), []byte(`,"data":`+body+"}")) {
		t.Errorf("structured: %s", structured.Data())
	}
	if got := string(binary.Data()); got != body {
		t.Errorf("binary: %s", got)
	}
	if h := binary.Headers(); h["ce-id"][0] != "d-1" || h["ce-type"][0] != "ticket.changed" || h["ce-community"][0] != "yours" || h["Nats-Expected-Stream"][0] != "S" {
		t.Errorf("binary: %v", h)
	}
	for _, line := range []string{`"msg":"events are stored in a stream of NATS","stream":"S","subject":"webhooks.*","replicas":1`} {
		must(t, c.logs(line))
	}
}

func TestRepeatsAreStoredOnce(t *testing.T) {
	s := node(t, nil)
	js := admin(t, s.ClientURL())
	createStream(t, js, jetstream.StreamConfig{Name: "S", Subjects: []string{"a", "b"}})
	o := &Output{Servers: []string{s.ClientURL()}, Subject: "a"}
	provision(t, o)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := o.Store(within(t, 10*time.Second), event("same", "{}")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	other := event("same", "{}")
	other.Source = "https://hooks.example.com/other" // whose ids are its own
	must(t, o.Store(within(t, 10*time.Second), other))
	if got := len(messages(t, js, "S")); got != 2 {
		t.Errorf("%d messages, want 2", got)
	}
}

func TestRefusals(t *testing.T) {
	s := node(t, func(o *server.Options) {
		o.MaxPayload = 2000
		o.Users = []*server.User{
			{Username: "admin", Password: "p"},
			{Username: "caddy", Password: "p", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Deny: []string{"webhooks.forbidden"}},
			}},
		}
	})
	js := admin(t, s.ClientURL(), nats.UserInfo("admin", "p"))
	createStream(t, js, jetstream.StreamConfig{Name: "S", Subjects: []string{"webhooks.>"}})
	createStream(t, js, jetstream.StreamConfig{Name: "FULL", Subjects: []string{"full"}, MaxMsgs: 1, Discard: jetstream.DiscardNew})
	secret := `"hunter2"`
	for name, test := range map[string]struct {
		subject, data, want string
	}{
		"too large": {"webhooks.a", `"hunter2` + strings.Repeat("x", 2000) + `"`, "larger than max_payload"},
		"denied":    {"webhooks.forbidden", secret, "deny the user a permission"},
		"full":      {"full", secret, "maximum messages exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			o := &Output{Servers: []string{s.ClientURL()}, Subject: test.subject, User: "caddy", Password: "p"}
			provision(t, o)
			if name == "full" {
				must(t, o.Store(within(t, 10*time.Second), event("0", "{}")))
			}
			began := time.Now()
			err := o.Store(within(t, 20*time.Second), event("hunter2", test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "forbidden")) {
				t.Errorf("the error has something of the event: %v", err)
			}
			if took := time.Since(began); took > ackTimeout+2*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}

	// When there is room again, it goes on.
	o := &Output{Servers: []string{s.ClientURL()}, Subject: "full", User: "caddy", Password: "p"}
	provision(t, o)
	stream, err := js.Stream(t.Context(), "FULL")
	must(t, err)
	must(t, stream.Purge(t.Context()))
	must(t, o.Store(within(t, 10*time.Second), event("2", "{}")))
}

// The stream that the option names is the only one.
func TestExpectedStream(t *testing.T) {
	s := node(t, nil)
	js := admin(t, s.ClientURL())
	createStream(t, js, jetstream.StreamConfig{Name: "A", Subjects: []string{"a"}})
	o := &Output{Servers: []string{s.ClientURL()}, Subject: "a", Stream: "A"}
	provision(t, o)
	must(t, js.DeleteStream(t.Context(), "A"))
	createStream(t, js, jetstream.StreamConfig{Name: "B", Subjects: []string{"a"}})
	if err := o.Store(within(t, 10*time.Second), event("1", "{}")); err == nil || !strings.Contains(err.Error(), "expected stream does not match") {
		t.Errorf("got %v", err)
	}
}

// A server that hangs, or is gone, holds nobody beyond the end of ctx, nothing
// is kept for later, and it goes on by itself.
func TestServerHangsAndIsGone(t *testing.T) {
	s := node(t, nil)
	p := newProxy(t, "127.0.0.1:0", s.Addr().String())
	js := admin(t, s.ClientURL())
	createStream(t, js, jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})
	o := &Output{Servers: []string{"nats://" + p.addr()}, Subject: "a"}
	provision(t, o)
	must(t, o.Store(within(t, 10*time.Second), event("0", "{}")))

	for _, fault := range []string{"hangs", "is gone"} {
		p.set(fault == "hangs", fault == "is gone")
		o.outage.Store(0)
		var wg sync.WaitGroup
		large := `"` + strings.Repeat("x", 500_000) + `"` // to fill what the kernel buffers
		for i := range 50 {
			wg.Go(func() {
				began := time.Now()
				err := o.Store(within(t, time.Second), event(fmt.Sprint(fault, i), large))
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: got %v", fault, err)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("%s: took %s", fault, took)
				}
			})
		}
		wg.Wait()
		eventually(t, 2*ackTimeout, "nothing is pending", func() error {
			if n := o.connection.js.PublishAsyncPending(); n != 0 {
				return fmt.Errorf("%d are", n)
			}
			return nil
		})
		if n, err := o.connection.nc.Buffered(); fault == "is gone" && (n > 0 || err != nil) {
			t.Errorf("%d bytes wait in the buffer, %v", n, err)
		}

		// After a while they are refused at once.
		o.outage.Store(time.Now().Add(-retryFor).UnixNano())
		if fault == "is gone" {
			began := time.Now()
			if err := o.Store(within(t, 10*time.Second), event("x", "{}")); !errors.Is(err, errNotConnected) || time.Since(began) > time.Second {
				t.Errorf("%s: got %v after %s", fault, err, time.Since(began))
			}
		}

		p.set(false, false)
		eventually(t, 30*time.Second, "it goes on", func() error { return o.Store(within(t, 5*time.Second), event("after "+fault, "{}")) })
	}

	// An outage that is over soon costs a wait only.
	p.set(false, true)
	time.AfterFunc(time.Second, func() { p.set(false, false) })
	must(t, o.Store(within(t, 15*time.Second), event("bridged", "{}")))
}
