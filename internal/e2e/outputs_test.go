package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// loggedEvents are the entries of the log output.
func (s *server) loggedEvents() []logEntry {
	s.t.Helper()
	return s.entries(func(e logEntry) bool {
		return e.field("msg") == "event" && strings.HasPrefix(e.field("logger"), "http.webhook_receiver.outputs.log")
	})
}

func TestOutputLog(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "accept any", "attribute tenant acme", "attribute empty {env.E2E_UNSET}",
		"output file {$DIR}/events.jsonl", "output log"))
	for i, test := range []struct{ contentType, body string }{
		{"application/json", sample},
		{"application/json", "{\n\"a\":1.00,\r\n\"EventType\":\"kind\",\"b\":{\"msg\":\"forged\"}}"},
		{"application/json", `"},\"msg\":\"forged"`},
		{"application/json", `[1e400,"\ud800"]`},
		{"text/plain", "text\n{\"level\":\"error\",\"msg\":\"forged\"}\n"},
		{"image/png", "\x00\xff"},
	} {
		s.post(test.body, "Content-Type: "+test.contentType).wantStored(t)
		entries := s.loggedEvents()
		if len(entries) != i+1 {
			t.Fatalf("%d events logged, want %d", len(entries), i+1)
		}
		all := s.events()
		checkLogEntry(t, entries[i], all[len(all)-1])
	}
	for line := range strings.Lines(s.log()) {
		if !json.Valid([]byte(line)) || strings.HasPrefix(line, `{"level":"error"`) {
			t.Errorf("a line in the log: %q", line)
		}
	}
}

func checkLogEntry(t *testing.T, e logEntry, r record) {
	t.Helper()
	if e.field("level") != "info" || e.field("logger") != "http.webhook_receiver.outputs.log" {
		t.Errorf("level %v, logger %v", e["level"], e["logger"])
	}
	for name, want := range r.attributes {
		if got := e.field(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	name := "data"
	if r.base64 {
		name = "data_base64"
	}
	want := decode(r.data)
	got, has := e[name]
	if !has {
		t.Errorf("no %s: %v", name, e)
	}
	if text, ok := got.(string); ok && !r.base64 && r.text == "" { // JSON as text will do
		got = decode(text)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
	for name := range e {
		switch name {
		case "level", "ts", "logger", "msg", "data", "data_base64":
		default:
			if _, has := r.attributes[name]; !has {
				t.Errorf("a field %s: %v", name, e[name])
			}
		}
	}
}

func decode(text string) (v any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&v)
	return v
}

func TestSeveralOutputs(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "output log", "output file {$DIR}/a.jsonl", "output file {$DIR}/b.jsonl {", "format raw", "}", "output file {$DIR}/c.jsonl"))
	traffic := s.traffic(4, "http://"+s.http+"/")
	traffic.wait(100)
	traffic.stop()
	traffic.wantNoFailure()
	for _, name := range []string{"a.jsonl", "b.jsonl", "c.jsonl"} {
		traffic.wantEachOnce(lines(t, s.path(name)))
	}
	if n := len(s.loggedEvents()); n != traffic.count() {
		t.Errorf("%d events logged, want %d", n, traffic.count())
	}
	ids := map[string]bool{}
	for _, r := range records(t, s.path("a.jsonl")) {
		ids[r.line] = true
	}
	for _, r := range records(t, s.path("c.jsonl")) {
		if !ids[r.line] {
			t.Errorf("one event, two records: %s", r.line)
		}
	}
}

// One output that fails makes every answer 503; the others have the event all
// the same.
func TestOneOutputOfTwoFails(t *testing.T) {
	t.Parallel()
	for _, options := range [][]string{
		{"output file {$DIR}/good/events.jsonl", "output file {$DIR}/bad/events.jsonl"},
		{"output file {$DIR}/bad/events.jsonl", "output file {$DIR}/good/events.jsonl"},
	} {
		t.Run(options[0], func(t *testing.T) {
			t.Parallel()
			s := start(t, site(append(options, "verify_token x", "output log")...))
			s.post(`{"EventType":"before"}`).wantStored(t)
			if err := os.Rename(s.path("bad"), s.path("moved")); err != nil {
				t.Fatal(err)
			}
			s.write("bad", "in the way")
			for range 5 {
				s.post(`{"EventType":"refused"}`).want(t, 503)
			}
			s.wantOneFailure("bad")
			if n := len(records(t, s.path("good", "events.jsonl"))); n != 6 {
				t.Errorf("%d events in the good file, want 6", n)
			}
			if err := os.Remove(s.path("bad")); err != nil {
				t.Fatal(err)
			}
			s.recovers()
			if n := len(records(t, s.path("bad", "events.jsonl"))); n != 6 {
				t.Errorf("%d events in the bad file after its recovery, want 6", n)
			}
		})
	}
}

// An attribute may have the name of a field that log entries have anyway.
func TestOutputLogKeepsItsOwnFields(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "output log", "attribute msg {http.webhook_receiver.body.Text}", "attribute level {http.webhook_receiver.body.Text}"))
	s.post(`{"Text":"forged"}`).wantStored(t)
	for _, e := range s.entries(func(e logEntry) bool { return strings.Contains(fmt.Sprint(e), "forged") }) {
		if e.field("msg") != "event" || e.field("level") != "info" {
			t.Errorf("the entry's own fields are replaced: %v", e)
		}
	}
}
