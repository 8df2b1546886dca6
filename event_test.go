package webhookreceiver

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
)

// TestDataIsKeptTokenByToken posts bodies and reads the data back out of the
// line, byte by byte.
func TestDataIsKeptTokenByToken(t *testing.T) {
	rc := newReceiver(t, "")
	for _, body := range []string{
		`{"a":1.00,"b":1e400,"c":-0,"d":12345678901234567890123,"e":0.1E-7}`,
		`{"a":"\/\u0041\u00e9\ud83d\ude00\"\\\b\f\n\r\t"}`,
		`["<script>&'</script>","\u2028 ` + "\u2028\u2029\u0085" + `"]`,
		`{"a":1,"a":2,"A":3,"":4}`,
		`"\ud800"`,
		"{\"a\" : [ 1 ,\t2 ] }",
		`{"x":"\"},\"id\":\"forged\",\"data\":{"}`,
		`{"specversion":"0.3","id":"forged","source":"forged","data":1}`,
		`{}`,
		"null", "true", "-1.5", `""`,
		strings.Repeat(`{"a":[`, 4000) + "1" + strings.Repeat(`]}`, 4000),
	} {
		if resp := rc.post(t, body); resp.StatusCode != 200 {
			t.Fatalf("%.80s: status %d", body, resp.StatusCode)
		}
		event, line := rc.last(t)
		if !strings.HasSuffix(line, `,"data":`+body+"}") {
			t.Errorf("%.80s is not at the end of %.400s", body, line)
		}
		if id, _ := event["id"].(string); len(id) != 36 || id[14] != '7' {
			t.Errorf("the id %q is no UUIDv7", id)
		}
	}

	// Only white space around the value goes, and line breaks become spaces.
	rc.post(t, "\ufeff\r\n {\r\n\t\"a\":\n1}\n")
	if _, line := rc.last(t); !strings.HasSuffix(line, ",\"data\":{  \t\"a\": 1}}") {
		t.Errorf("line breaks: %q", line)
	}
	if got, want := len(lines(t, rc.file)), 15; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestTypeAndSubject(t *testing.T) {
	rc := newReceiver(t, "")
	for body, want := range map[string][2]any{
		`{"EventType":"t","TicketId":1}`:                          {"t", "1"},
		`{"EventType":7,"TicketId":"s"}`:                          {"7", "s"},
		`{"EventType":"a","EventType":"b","TicketId":1.50}`:       {"b", "1.50"},
		`{"TicketId":1e400}`:                                      {"webhook", "1e400"},
		`{"eventtype":"a","EVENTTYPE":"b","ticketId":1}`:          {"webhook", nil},
		`{"\u0045ventType":"\u00e9\/"}`:                           {"é/", nil},
		`{"EventType":true,"TicketId":null}`:                      {"webhook", nil},
		`{"EventType":{"EventType":"x"},"TicketId":[1]}`:          {"webhook", nil},
		`{"EventType":"","TicketId":""}`:                          {"webhook", nil},
		`{"EventType":" ","TicketId":" \u3000"}`:                  {"webhook", nil},
		`{"EventType":"a\u0000b","TicketId":"a\nb"}`:              {"webhook", nil},
		`{"EventType":"a\ud800","TicketId":"\ufffe"}`:             {"webhook", nil},
		`{"EventType":"` + "a\u007fb\",\"TicketId\":\"\u0085\"}":  {"webhook", nil},
		`{"EventType":"` + strings.Repeat("x", 1024) + `"}`:       {strings.Repeat("x", 1024), nil},
		`{"EventType":"` + strings.Repeat("x", 1025) + `"}`:       {"webhook", nil},
		`{"EventType":"\"},\"x\":{\"","TicketId":"\",\"id\":\""}`: {`"},"x":{"`, `","id":"`},
		`["EventType","TicketId"]`:                                {"webhook", nil},
		`"EventType"`:                                             {"webhook", nil},
		`{"Events":[{"EventType":"inner"}]}`:                      {"webhook", nil},
	} {
		if resp := rc.post(t, body); resp.StatusCode != 200 {
			t.Fatalf("%s: status %d", body, resp.StatusCode)
		}
		event, line := rc.last(t)
		if event["type"] != want[0] || event["subject"] != want[1] {
			t.Errorf("%.100s: type %v, subject %v, want %v", body, event["type"], event["subject"], want)
		}
		if !strings.HasSuffix(line, `"data":`+body+"}") {
			t.Errorf("the data of %.100s are changed", body)
		}
	}
}

func TestAcceptAny(t *testing.T) {
	const octets = "application/octet-stream"
	rc := newReceiver(t, "accept any")
	for name, c := range map[string]struct{ body, contentType, dataType, member string }{
		"JSON":                          {` {"a":1} `, "application/json", event.ContentTypeJSON, `"data":{"a":1}`},
		"JSON with a charset":           {`1`, "Application/JSON; charset=utf-8", event.ContentTypeJSON, `"data":1`},
		"JSON with a bad parameter":     {`1`, "application/json; charset", event.ContentTypeJSON, `"data":1`},
		"a JSON type":                   {`1`, "application/vnd.x+json", event.ContentTypeJSON, `"data":1`},
		"JSON of no type":               {`1`, "", event.ContentTypeJSON, `"data":1`},
		"JSON, called text":             {`1`, "text/plain", "text/plain", `"data":"1"`},
		"a form":                        {"a=1&b=%20\n", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", `"data":"a=1&b=%20\n"`},
		"text with every escape":        {"\"\\\x00\x7f\u2028é", "text/plain; charset=utf-8", "text/plain; charset=utf-8", `"data":"\"\\\u0000\u007f\u2028é"`},
		"text of no type":               {"hello", "", octets, `"data":"hello"`},
		"text of an invalid type":       {"hello", "text plain", octets, `"data":"hello"`},
		"text of half a type":           {"hello", "text", octets, `"data":"hello"`},
		"what is called JSON, but no":   {"hello", "application/json", event.ContentTypeJSON, `"data_base64":"aGVsbG8="`},
		"bytes":                         {"\xff\xfe", "image/png", "image/png", `"data_base64":"//4="`},
		"bytes of no type":              {"\xff", "", octets, `"data_base64":"/w=="`},
		"bytes, called JSON":            {"\"\xff\"", "application/json", event.ContentTypeJSON, `"data_base64":"Iv8i"`},
		"JSON that is nested too deep":  {strings.Repeat("[", 9001) + strings.Repeat("]", 9001), "application/json", event.ContentTypeJSON, `"data_base64":"W1tb`},
		"a byte order mark before JSON": {"\ufeff1", "application/json", event.ContentTypeJSON, `"data":1`},
		"a byte order mark before text": {"\ufeffa", "text/plain", "text/plain", "\"data\":\"\ufeffa\""},
	} {
		t.Run(name, func(t *testing.T) {
			if resp := rc.post(t, c.body, "Content-Type", c.contentType); resp.StatusCode != 200 {
				t.Fatalf("status %d", resp.StatusCode)
			}
			event, line := rc.last(t)
			if event["datacontenttype"] != c.dataType {
				t.Errorf("datacontenttype %v, want %s", event["datacontenttype"], c.dataType)
			}
			mustContain(t, line, ","+c.member)
		})
	}
	if resp := rc.post(t, "", "Content-Type", "text/plain"); resp.StatusCode != 400 {
		t.Errorf("an empty body: status %d, want 400", resp.StatusCode)
	}
}

func TestFormatRaw(t *testing.T) {
	dir := t.TempDir()
	rc := newReceiver(t, "accept any\noutput file "+dir+"/raw.jsonl {\nformat raw\n}")
	for _, c := range [][2]string{
		{"{\n\"a\":1.00}\n", "application/json"},
		{"a\nb", "text/plain"},
		{"\xff", ""},
	} {
		rc.post(t, c[0], "Content-Type", c[1])
	}
	want := []string{`{ "a":1.00}`, `"a\nb"`, `"/w=="`}
	if got := lines(t, dir+"/raw.jsonl"); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTimeIsWhenTheRequestCame(t *testing.T) {
	rc := newReceiver(t, "")
	before := time.Now().Truncate(time.Microsecond)
	rc.post(t, sample)
	event, _ := rc.last(t)
	stamp, _ := event["time"].(string)
	got, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil || got.Before(before) || got.After(time.Now()) || !strings.HasSuffix(stamp, "Z") {
		t.Errorf("time %q (%v), want one in UTC after %s", stamp, err, before)
	}
}

// TestLinesInUse: the memory of lines goes to other events only where no output
// can still be at them. A line that was given away is made anew.
func TestLinesInUse(t *testing.T) {
	fails := errors.New("fails")
	for name, outcome := range map[string]error{"stored": nil, "not stored": fails} {
		e := &Event{ID: "before", Source: "/", Type: "t", Data: []byte(`1`)}
		testStores["lines in use"] = func(_ context.Context, e *Event) error {
			event.CloudEventLine(e)
			return outcome
		}
		o := &namedOutput{Output: &testOutput{"lines in use"}, logger: zap.NewNop(), metrics: metrics.OfOutput("test")}
		if err := storeAll(context.Background(), []*namedOutput{o, o}, e); !errors.Is(err, outcome) {
			t.Fatal(err)
		}
		e.ID = "after"
		if kept := strings.Contains(string(event.CloudEventLine(e)), "before"); kept != (outcome != nil) {
			t.Errorf("%s: the line is kept: %t", name, kept)
		}
	}
}
