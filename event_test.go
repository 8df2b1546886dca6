package webhookreceiver

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
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
		"JSON":                          {` {"a":1} `, "application/json", contentTypeJSON, `"data":{"a":1}`},
		"JSON with a charset":           {`1`, "Application/JSON; charset=utf-8", contentTypeJSON, `"data":1`},
		"JSON with a bad parameter":     {`1`, "application/json; charset", contentTypeJSON, `"data":1`},
		"a JSON type":                   {`1`, "application/vnd.x+json", contentTypeJSON, `"data":1`},
		"JSON of no type":               {`1`, "", contentTypeJSON, `"data":1`},
		"JSON, called text":             {`1`, "text/plain", "text/plain", `"data":"1"`},
		"a form":                        {"a=1&b=%20\n", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", `"data":"a=1&b=%20\n"`},
		"text with every escape":        {"\"\\\x00\x7f\u2028é", "text/plain; charset=utf-8", "text/plain; charset=utf-8", `"data":"\"\\\u0000\u007f\u2028é"`},
		"text of no type":               {"hello", "", octets, `"data":"hello"`},
		"text of an invalid type":       {"hello", "text plain", octets, `"data":"hello"`},
		"text of half a type":           {"hello", "text", octets, `"data":"hello"`},
		"what is called JSON, but no":   {"hello", "application/json", contentTypeJSON, `"data_base64":"aGVsbG8="`},
		"bytes":                         {"\xff\xfe", "image/png", "image/png", `"data_base64":"//4="`},
		"bytes of no type":              {"\xff", "", octets, `"data_base64":"/w=="`},
		"bytes, called JSON":            {"\"\xff\"", "application/json", contentTypeJSON, `"data_base64":"Iv8i"`},
		"JSON that is nested too deep":  {strings.Repeat("[", 9001) + strings.Repeat("]", 9001), "application/json", contentTypeJSON, `"data_base64":"W1tb`},
		"a byte order mark before JSON": {"\ufeff1", "application/json", contentTypeJSON, `"data":1`},
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

// FuzzEvent shows that any body that is taken comes back equal, in exactly one
// line, and cannot touch the envelope.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(sample), "application/json", true)
	f.Add([]byte("{\r\n\"EventType\":\"\\u0000\",\"x\":[1e400,\"\u2028\"]}"), "", false)
	f.Add([]byte("a=1&b=2"), "application/x-www-form-urlencoded", false)
	f.Add([]byte("\xff\x00"), "text/plain; x=\"\n\"", false)
	f.Fuzz(func(t *testing.T, body []byte, contentType string, onlyJSON bool) {
		accept := acceptAny
		if onlyJSON {
			accept = acceptJSON
		}
		e := &Event{ID: "id", Source: "source", Time: time.Unix(0, 0)}
		err := e.setData(body, contentType, accept)
		if err != nil {
			if len(body) > 0 && !onlyJSON {
				t.Fatalf("%v", err)
			}
			return
		}
		e.Type, e.Subject = e.field("EventType"), e.field("TicketId")
		e.Extensions = []Attribute{{"contenttype", contentType}}

		line := e.cloudEventLine()
		if bytes.IndexByte(line, '\n') != len(line)-1 || bytes.IndexByte(line, '\r') >= 0 || !utf8.Valid(line) {
			t.Fatalf("not one line of UTF-8: %q", line)
		}
		var back struct {
			Specversion, ID, Source, Type, Subject, Time, Datacontenttype, Contenttype string
			Data                                                                       json.RawMessage
			Base64                                                                     []byte `json:"data_base64"`
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if back.ID != "id" || back.Source != "source" || back.Type != e.Type || back.Subject != e.Subject || back.Time != "1970-01-01T00:00:00.000000Z" {
			t.Fatalf("the envelope of %q became %+v", body, back)
		}
		switch e.DataKind {
		case DataBinary:
			if !bytes.Equal(back.Base64, body) {
				t.Fatalf("%q became %q", body, back.Base64)
			}
		case DataText:
			var text string
			if err := json.Unmarshal(back.Data, &text); err != nil || text != string(body) {
				t.Fatalf("%q became %q (%v)", body, text, err)
			}
		case DataJSON:
			oneLine := strings.NewReplacer("\n", " ", "\r", " ").Replace(string(bytes.TrimPrefix(body, []byte("\ufeff"))))
			if got, want := string(back.Data), strings.Trim(oneLine, " \t"); got != want {
				t.Fatalf("%q became %q", want, got)
			}
		}

		raw := e.rawLine()
		value := append(back.Data[:len(back.Data):len(back.Data)], '\n')
		if e.DataKind == DataBinary {
			value = []byte(`"` + base64.StdEncoding.EncodeToString(body) + "\"\n")
		}
		if !bytes.Equal(raw, value) {
			t.Fatalf("raw line %q, want %q", raw, value)
		}
	})
}

// TestLinesInUse makes sure that the memory of lines goes to other events only
// where no output can still be at them.
func TestLinesInUse(t *testing.T) {
	fails := errors.New("fails")
	for name, outcome := range map[string]error{"stored": nil, "not stored": fails} {
		event := &Event{ID: "1", Source: "/", Type: "t", Data: []byte(`1`)}
		testStores["lines in use"] = func(_ context.Context, event *Event) error {
			event.cloudEventLine()
			return outcome
		}
		o := &namedOutput{Output: &testOutput{"lines in use"}, logger: zap.NewNop(), metrics: newOutputMetrics("test")}
		if err := storeAll(context.Background(), []*namedOutput{o, o}, event); !errors.Is(err, outcome) {
			t.Fatal(err)
		}
		if kept := event.cloudEvent != nil; kept != (outcome != nil) {
			t.Errorf("%s: the line is kept: %t", name, kept)
		}
	}
}
