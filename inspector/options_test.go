package inspector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// everything returns all that a site tells, except for streams, with an event opened.
func (s *site) everything(keys ...string) string {
	s.t.Helper()
	var all strings.Builder
	for _, path := range []string{"state", "refused", "attempts"} {
		all.WriteString(s.do("GET", "/api/"+path, "").body)
	}
	all.WriteString(s.do("POST", "/api/events", `{"limit":200}`).body)
	for _, key := range keys {
		for _, path := range []string{"event", "body"} {
			all.WriteString(s.do("POST", "/api/"+path, `{"key":"`+key+`"}`).body)
		}
	}
	return all.String()
}

// keysOf returns the keys of all events, as somebody who may see all has them.
func keysOf(t *testing.T) (keys []string) {
	for _, e := range newSite(t, &Handler{}).events(map[string]any{"limit": 200}).Events {
		keys = append(keys, e.Key)
	}
	return keys
}

// refuse keeps a refused request of a receiver.
func refuse(t *testing.T, receiver, what string) {
	t.Helper()
	r := &status.Receiver{Name: receiver, Provider: "p", Sites: func() []string { return []string{t.Name()} }}
	status.CountsOf(r).Keep(&status.Refused{
		Time: time.Now(), Receiver: receiver, Provider: "p", Method: "POST", Path: "/" + receiver, Status: 401, Outcome: "bad_signature", Reason: "the signature is wrong " + receiver,
		Headers: map[string][]string{"X-Of": {what}}, Body: status.Text(what), BodySize: len(what), ID: what, Signed: &status.Signed{Content: status.Text(what)},
	})
}

// TestReceivers: nothing of others is shown, nor can be done with it.
func TestReceivers(t *testing.T) {
	shared, other := storesIn(t, "mine", "yours"), storesIn(t, "yours")
	shared.add("mine", 2)
	shared.add("yours", 2)
	other.add("yours", 1)
	shared.write(line("whose", began, `"type":"k"`, "1")) // which of the two has stored it, nobody knows
	refuse(t, "mine", "m")
	refuse(t, "yours", "y")
	status.KeepAttempt(status.Attempt{Receiver: "mine", Delivery: "d", ID: "mine1"})
	status.KeepAttempt(status.Attempt{Receiver: "yours", Delivery: "d", ID: "yours3"})
	keys := keysOf(t)
	if len(keys) != 6 {
		t.Fatalf("%d events", len(keys))
	}
	s := newSite(t, &Handler{Receivers: []string{"mine"}})
	all := s.everything(keys...)
	if strings.Contains(all, "yours") || strings.Contains(all, "whose") || !strings.Contains(all, "mine1") {
		t.Errorf("%s", all)
	}
	for _, q := range []string{`{"limit":9,"receivers":["yours"]}`, `{"limit":9,"ids":["yours3"]}`, `{"limit":9,"text":"yours3"}`} {
		if got := s.do("POST", "/api/events", q); !strings.Contains(got.body, `"events":[]`) {
			t.Errorf("%s: %s", q, got.body)
		}
	}
	for _, action := range []string{"test", "pause", "resume", "skip", "retry"} {
		if got := s.do("POST", "/api/act", `{"action":"`+action+`","receiver":"yours","delivery":"d"}`); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", action, got.StatusCode, got.body)
		}
	}
	for _, key := range keys {
		if got := s.do("POST", "/api/act", `{"action":"again","receiver":"mine","delivery":"d","key":"`+key+`"}`); got.StatusCode != http.StatusNotFound {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	}
	if got := s.do("POST", "/api/act", `{"action":"test","receiver":"mine"}`); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	// Live.
	l := s.stream()
	l.next("state")
	shared.add("yours", 30)
	shared.add("mine", 1)
	m, _ := l.next("events")
	if strings.Contains(m.data, "yours") || !strings.Contains(m.data, `"mine`) || !strings.Contains(m.data, `"more":0`) {
		t.Errorf("%s", m.data)
	}
}

// TestNoPayload: nothing tells what was sent.
func TestNoPayload(t *testing.T) {
	f := storesIn(t, "a")
	const canary = "canary7f3"
	f.write(line("e1", began, `"type":"k","subject":"s","receiver":"a","own":"`+canary+`","httpheaders":"[[\":method\",\"POST\"],[\":path\",\"/x?`+canary+`\"],[\"X-Canary\",\"`+canary+`\"]]"`, `{"text":"`+canary+`"}`))
	refuse(t, "a", canary)
	status.KeepAttempt(status.Attempt{Receiver: "a", Delivery: "d", ID: "e1", Status: 500, Reason: status.Answered + "500 Internal Server Error: " + canary})
	d := &delivery{report: status.DeliveryReport{
		Receiver: "a", Name: "d", DeadFile: f.path + ".d.dead.jsonl", LastError: status.Answered + "500: " + canary,
		Warnings: []string{"the application is down: " + status.Answered + "500: " + canary},
	}}
	t.Cleanup(status.PublishDelivery(d))
	keys := keysOf(t)
	if all := newSite(t, &Handler{}).everything(keys...); strings.Count(all, canary) < 8 {
		t.Errorf("the canary is not everywhere: %s", all)
	}
	s := newSite(t, &Handler{NoPayload: true})
	all := s.everything(keys...)
	if strings.Contains(all, canary) {
		t.Errorf("%s", all)
	}
	for _, part := range []string{"X-Canary", "X-Of", `"id":"e1"`, `"subject":"s"`, "500 Internal Server Error", `"no_payload":true`} {
		if !strings.Contains(all, part) {
			t.Errorf("%s is missing in %s", part, all)
		}
	}
	if got := s.events(map[string]any{"limit": 9, "text": canary}); len(got.Events) != 0 {
		t.Error("a search tells what is in bodies")
	}
	if got := s.events(map[string]any{"limit": 9, "text": "e1"}); len(got.Events) != 1 {
		t.Error("a search does not find an id")
	}
	if got := s.do("POST", "/api/body", `{"key":"`+keys[0]+`"}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	d.says = status.Answered + "500 Internal Server Error: you sent " + canary
	if got := s.do("POST", "/api/act", `{"action":"again","delivery":"d","key":"`+keys[0]+`"}`); strings.Contains(got.body, canary) || !strings.Contains(got.body, "500 Internal Server Error") {
		t.Errorf("the application's answer to an event that is sent again tells: %s", got.body)
	}
}

// TestReadOnly: nothing can be done.
func TestReadOnly(t *testing.T) {
	storesIn(t, "a").add("a", 1)
	d := &delivery{report: status.DeliveryReport{Receiver: "a", Name: "d"}}
	t.Cleanup(status.PublishDelivery(d))
	s := newSite(t, &Handler{ReadOnly: true})
	for _, action := range append([]string{"test", "again", "none"}, status.DeliveryActions...) {
		if got := s.do("POST", "/api/act", `{"action":"`+action+`","receiver":"a","delivery":"d","key":"`+keysOf(t)[0]+`"}`); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d %s", action, got.StatusCode, got.body)
		}
	}
	if len(d.did) != 0 {
		t.Errorf("done: %q", d.did)
	}
	state := decode[standing](t, s.do("GET", "/api/state", "").body)
	if !state.ReadOnly || state.Receivers[0].CanTest {
		t.Errorf("%+v", state)
	}
}

// TestConfigErrors: each says what is wrong.
func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"user alice":                         "must be one placeholder",
		"user x{http.auth.user.id}":          "must be one placeholder",
		"user {http.request.header.X}":       "anybody can send that",
		"user {http.request.cookie.u}":       "anybody can send that",
		"user {http.request.remote.host}":    "anybody can send that",
		"user {http.vars.client_ip}":         "anybody can send that",
		"user {http.regexp.a.1}":             "anybody can send that",
		"user {env.HOME}":                    "is no user",
		"user {system.hostname}":             "is no user",
		"user {http.shutting_down}":          "is no user",
		"user {http.vars.trusted_proxy}":     "is no user",
		"user {http.response.header.Server}": "is no user",
		"user {http.error}":                  "anybody can send that",
		"user {http.error.message}":          "anybody can send that",

		"user {http.reverse_proxy.upstream.hostport}": "is no user",
		"user {http.reverse_proxy.status_code}":       "is no user",
		"receivers":                                   "receivers",
		"user":                                        "user",
		"certificates on":                             "certificates",
		"read_only\nread_only":                        "read_only",
		"readonly":                                    "read_only",
		`receivers ""`:                                "receivers is empty",
		"user {http.auth.user.id}\nuser {x}":          "user",
	} {
		h := new(Handler)
		err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser("webhook_inspector {\n" + text + "\n}"))
		if err == nil {
			err = h.check()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	h := new(Handler)
	if err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser("webhook_inspector {\nreceivers a b\nuser {http.reverse_proxy.header.Remote-User}\ncertificates\nread_only\nno_payload\n}")); err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(h); string(text) != `{"receivers":["a","b"],"user":"{http.reverse_proxy.header.Remote-User}","certificates":true,"read_only":true,"no_payload":true}` {
		t.Errorf("%s", text)
	}
	if err := new(Handler).UnmarshalCaddyfile(caddyfile.NewTestDispenser("webhook_inspector /x")); err == nil {
		t.Error("an argument is no error")
	}
}

// delivery is one that does what it is told.
type delivery struct {
	status.Delivery
	report status.DeliveryReport
	taken  bool
	says   string // why it has not taken an event
	did    []string
}

func (d *delivery) InEffect() bool                { return true }
func (d *delivery) Report() status.DeliveryReport { return d.report }
func (d *delivery) label(what string) string      { return fmt.Sprintf("%s of %s", what, d.report.Name) }
