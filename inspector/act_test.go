package inspector

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func (d *delivery) Do(_ context.Context, action string) (string, error) {
	d.did = append(d.did, d.label(action))
	if action == status.DeliverySkip {
		return "", errors.New("there is no such event")
	}
	return d.label(action) + " is done", nil
}

func (d *delivery) SendAgain(_ context.Context, line []byte) (status.Attempt, error) {
	d.did = append(d.did, d.label("again "+string(line[:30])))
	return status.Attempt{Taken: d.taken, Status: 200, Took: 7, Reason: d.says}, nil
}

func (d *delivery) Knows(context.Context, status.Line) status.EventReport {
	return status.EventReport{State: status.EventPast}
}

// TestActions: each does what it says, and is logged with the user.
func TestActions(t *testing.T) {
	f := storesIn(t, "a")
	f.add("a", 1)
	d := &delivery{taken: true, says: "it was busy", report: status.DeliveryReport{Receiver: "a", Name: "app", DeadFile: f.path + ".app.dead.jsonl"}}
	t.Cleanup(status.PublishDelivery(d))
	s := newSite(t, &Handler{})
	core, logs := observer.New(zapcore.InfoLevel)
	s.h.logger = zap.New(core)
	key := s.events(map[string]any{"limit": 1}).Events[0].Key
	for _, test := range []struct {
		question, did, says string
		status              int
	}{
		{`{"action":"pause","receiver":"a","delivery":"app"}`, "pause of app", "Pause of app is done.", 200},
		{`{"action":"resume","receiver":"a","delivery":"app"}`, "resume of app", "Resume of app is done.", 200},
		{`{"action":"retry","receiver":"a","delivery":"app"}`, "retry of app", "Retry of app is done.", 200},
		{`{"action":"skip","receiver":"a","delivery":"app"}`, "skip of app", "There is no such event.", http.StatusConflict},
		{`{"action":"again","delivery":"app","key":"` + key + `"}`, `again {"specversion":"1.0","id":"a1"`, "App has taken it: 200 after 7 ms.", 200},
		{`{"action":"test","receiver":"a"}`, "", "The sample event was stored.", 200},
		{`{"action":"test","receiver":"b"}`, "", "no such receiver", http.StatusConflict},
		{`{"action":"pause","receiver":"a","delivery":"b"}`, "", "no such delivery", http.StatusNotFound},
		{`{"action":"again","delivery":"b","key":"` + key + `"}`, "", "no such delivery", http.StatusNotFound},
		{`{"action":"again","delivery":"app","key":"x"}`, "", "key is that of no event", http.StatusBadRequest},
		{`{"action":"drop","receiver":"a","delivery":"app"}`, "", "is no action", http.StatusBadRequest},
	} {
		d.did = nil
		logs.TakeAll()
		got := s.do("POST", "/api/act", test.question, keyHeader+": -", testUser+": alice")
		if got.StatusCode != test.status || !strings.Contains(got.body, test.says) {
			t.Errorf("%s: %d %s", test.question, got.StatusCode, got.body)
		}
		if (test.did == "") != (len(d.did) == 0) || test.did != "" && !strings.HasPrefix(d.did[0], strings.Split(test.did, " of ")[0]) {
			t.Errorf("%s: done: %q", test.question, d.did)
		}
		entries := logs.TakeAll()
		if test.status == http.StatusOK && !slices.ContainsFunc(entries, func(e observer.LoggedEntry) bool {
			fields := e.ContextMap()
			return e.Message == "an action in the inspector" && fields["user"] == "alice" && strings.Contains(test.question, fields["action"].(string)) && fields["receiver"] == "a"
		}) {
			t.Errorf("%s: logged: %v", test.question, entries)
		}
	}
	d.taken = false
	if got := s.do("POST", "/api/act", `{"action":"again","delivery":"app","key":"`+key+`"}`); got.StatusCode != http.StatusConflict || !strings.Contains(got.body, "has not taken it after 7 ms: it was busy") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	// Whoever opens an event is logged.
	logs.TakeAll()
	s.do("POST", "/api/event", `{"key":"`+key+`"}`, keyHeader+": -", testUser+": bob")
	s.do("POST", "/api/body", `{"key":"`+key+`"}`)
	entries := logs.TakeAll()
	if len(entries) != 2 || entries[0].ContextMap()["user"] != "bob" || entries[0].ContextMap()["id"] != "a1" || entries[1].ContextMap()["user"] != "key" {
		t.Errorf("logged: %v", entries)
	}
}

// TestDead: an event is dead if it is among the dead letters itself, not another one that has its id.
func TestDead(t *testing.T) {
	f := storesIn(t, "a", "b")
	dead := f.path + ".app.dead.jsonl"
	for _, name := range []string{"a", "b"} {
		t.Cleanup(status.PublishDelivery(&delivery{report: status.DeliveryReport{Receiver: name, Name: "app", DeadFile: dead}}))
	}
	lines := []string{
		line("same", began, `"type":"k","receiver":"a"`, `1`), line("same", began, `"type":"k","receiver":"b"`, `1`),
		line("same", began.Add(time.Second), `"type":"k","receiver":"a"`, `1`),
	}
	f.write(strings.Join(lines, ""))
	letter, err := reader.DeadLetter([]byte(lines[0]), "it was not wanted", 3, began)
	if err == nil {
		err = os.WriteFile(dead, letter, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, &Handler{})
	for i, e := range s.events(map[string]any{"limit": 9}).Events {
		got := ask[opened](s, "event", map[string]string{"key": e.Key}).Deliveries
		if isDead := i == 2; len(got) != 1 || (got[0].State == eventDead) != isDead || (got[0].Why == "it was not wanted") != isDead {
			t.Errorf("%d: %+v", i, got)
		}
	}
}
