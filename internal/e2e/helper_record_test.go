package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"
)

// record is one stored line.
type record struct {
	line       string
	attributes map[string]string // all but data
	data       string            // the JSON text of data, as it stands in the line
	text       string            // what data says, where it is a string
	bytes      []byte            // what data_base64 says
	base64     bool
}

func (r record) id() string      { return r.attributes["id"] }
func (r record) source() string  { return r.attributes["source"] }
func (r record) kind() string    { return r.attributes["type"] }
func (r record) subject() string { return r.attributes["subject"] }

var (
	uuidV7        = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	utcTime       = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	surrogate     = regexp.MustCompile(`\\u[dD][89a-fA-F]`)
	attributeName = regexp.MustCompile(`^[a-z0-9]{1,20}$`)
)

// parseRecord reads a line as strictly as CloudEvents and the contract allow,
// by itself and with the CloudEvents SDK.
func parseRecord(line string) (record, error) {
	r, err := dissect(line)
	if err != nil {
		return r, err
	}
	for _, name := range []string{"specversion", "id", "source", "type", "time", "datacontenttype"} {
		if r.attributes[name] == "" {
			return r, fmt.Errorf("no %s", name)
		}
	}
	if r.attributes["specversion"] != "1.0" {
		return r, fmt.Errorf("specversion %q", r.attributes["specversion"])
	}
	if r.id() == "" {
		return r, errors.New("no id")
	}
	if _, err := url.Parse(r.source()); err != nil {
		return r, fmt.Errorf("source: %w", err)
	}
	if _, err := time.Parse(time.RFC3339Nano, r.attributes["time"]); err != nil || !utcTime.MatchString(r.attributes["time"]) {
		return r, fmt.Errorf("time %q is not in RFC 3339 and UTC", r.attributes["time"])
	}
	if _, _, err := mime.ParseMediaType(r.attributes["datacontenttype"]); err != nil {
		return r, fmt.Errorf("datacontenttype %q: %w", r.attributes["datacontenttype"], err)
	}
	return r, r.agreesWithSDK()
}

// dissect takes a line apart, member by member.
func dissect(line string) (record, error) {
	r := record{line: line, attributes: map[string]string{}}
	switch {
	case !utf8.ValidString(line):
		return r, fmt.Errorf("not UTF-8")
	case strings.ContainsAny(line, "\r\n"):
		return r, fmt.Errorf("a line break in the line")
	case !json.Valid([]byte(line)):
		return r, fmt.Errorf("not JSON")
	case !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}"):
		return r, fmt.Errorf("more than an object")
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	if _, err := decoder.Token(); err != nil {
		return r, err
	}
	var names []string
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return r, err
		}
		name, _ := token.(string)
		if slices.Contains(names, name) {
			return r, fmt.Errorf("%q is there twice", name)
		}
		names = append(names, name)
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return r, err
		}
		if err := r.take(name, raw); err != nil {
			return r, err
		}
	}
	if last := names[len(names)-1]; last != "data" && last != "data_base64" {
		return r, fmt.Errorf("the last member is %q, want data", last)
	}
	return r, nil
}

// take is one member of the line.
func (r *record) take(name string, raw json.RawMessage) error {
	var text string
	isString := json.Unmarshal(raw, &text) == nil && raw[0] == '"'
	switch {
	case name == "data" && !r.base64:
		r.data, r.text = string(raw), text
		return nil
	case name == "data_base64" && r.data == "":
		r.base64, r.data = true, string(raw)
		var err error
		r.bytes, err = base64.StdEncoding.DecodeString(text)
		return err
	case !attributeName.MatchString(name):
		return fmt.Errorf("a member %q", name)
	case !isString || text == "":
		return fmt.Errorf("%s is %s, want a string", name, raw)
	case strings.Contains(text, "\ufffd") && surrogate.Match(raw):
		return fmt.Errorf("%s is %s, with a lone surrogate", name, raw)
	case strings.ContainsFunc(text, forbidden):
		return fmt.Errorf("%s is %q, with characters that CloudEvents forbids", name, text)
	}
	r.attributes[name] = text
	return nil
}

// forbidden says what no CloudEvents string may hold, besides lone surrogates,
// which encoding/json reads as U+FFFD.
func forbidden(c rune) bool {
	return c <= 0x1f || c >= 0x7f && c <= 0x9f || c >= 0xfdd0 && c <= 0xfdef || c&0xfffe == 0xfffe
}

// agreesWithSDK checks that the CloudEvents SDK finds the event valid and reads
// the same from it.
func (r *record) agreesWithSDK() error {
	line, data := r.line, r.data
	if !r.base64 && !sdkReads(data) {
		line, data = strings.TrimSuffix(line, data+"}")+"0}", "0"
	}
	var e event.Event
	if err := e.UnmarshalJSON([]byte(line)); err != nil {
		return fmt.Errorf("the SDK does not read it: %w", err)
	}
	if err := e.Validate(); err != nil {
		return fmt.Errorf("the SDK finds it invalid: %w", err)
	}
	if e.ID() != r.id() || e.Type() != r.kind() || e.Subject() != r.subject() || e.Source() != r.source() {
		return fmt.Errorf("the SDK reads %v", e)
	}
	for name, value := range e.Extensions() {
		if r.attributes[name] != value {
			return fmt.Errorf("the SDK reads %s=%v, want %q", name, value, r.attributes[name])
		}
	}
	want := []byte(data)
	switch {
	case r.base64:
		want = r.bytes
	case e.DataMediaType() != "application/json":
		want = []byte(r.text)
	}
	if !bytes.Equal(e.Data(), want) {
		return fmt.Errorf("the SDK reads the data %q, want %q", clip(string(e.Data())), clip(string(want)))
	}
	return nil
}

// sdkReads is false for the valid JSON that the SDK cannot take as data:
// numbers beyond float64, such as 1e400.
func sdkReads(data string) bool {
	var e event.Event
	return e.UnmarshalJSON([]byte(`{"specversion":"1.0","id":"a","source":"b","type":"c","data":`+data+`}`)) == nil
}

// lines are the lines of a file; the last must be whole. A file that is not
// there has none.
func lines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(content) == 0 {
		return nil
	}
	whole, ok := strings.CutSuffix(string(content), "\n")
	if !ok {
		t.Fatalf("%s ends in mid-line: %q", path, tail(string(content), 200))
	}
	return strings.Split(whole, "\n")
}

// records are the events in a file, each checked, with ids that are unique.
func records(t *testing.T, path string) []record {
	t.Helper()
	var all []record
	ids := map[string]bool{}
	for i, line := range lines(t, path) {
		r, err := parseRecord(line)
		if err != nil {
			t.Fatalf("line %d: %v\n%s", i+1, err, clip(line))
		}
		if !uuidV7.MatchString(r.id()) {
			t.Fatalf("line %d: id %q is no UUIDv7", i+1, r.id())
		}
		if ids[r.id()] {
			t.Fatalf("line %d: the id %s is there twice", i+1, r.id())
		}
		ids[r.id()] = true
		all = append(all, r)
	}
	return all
}

// events are those in the usual file.
func (s *server) events() []record {
	s.t.Helper()
	return records(s.t, s.path("events.jsonl"))
}

// postOne sends an event that must be stored, and returns its record.
func (s *server) postOne(body string, fields ...string) record {
	s.t.Helper()
	return s.postOneTo("/webhooks", body, fields...)
}

func (s *server) postOneTo(path, body string, fields ...string) record {
	s.t.Helper()
	before := len(lines(s.t, s.path("events.jsonl")))
	s.postTo(path, body, fields...).wantStored(s.t)
	return s.newest(before)
}

// newest is the one event that has been stored since the file had some lines.
func (s *server) newest(before int) record {
	s.t.Helper()
	after := lines(s.t, s.path("events.jsonl"))
	if len(after) != before+1 {
		s.t.Fatalf("%d lines stored, want 1", len(after)-before)
	}
	r, err := parseRecord(after[before])
	if err != nil {
		s.t.Fatalf("%v\n%s", err, clip(after[before]))
	}
	return r
}
