package reader

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

func TestParse(t *testing.T) {
	const start = `{"specversion":"1.0","id":"a","source":"b","type":"c"`
	whole := strings.TrimSuffix(eventLine(1), "\n")
	for text, want := range map[string]Kind{
		"": Blank, "  \r": Blank,
		whole: Stored, start + "}": Stored, start + `,"data":null}`: Stored, start + `,"x":1,"y":true,"z":null}`: Stored,
		start + `,"data_base64":"AAH/"}`: Stored,
		`{"a":1}`:                        Raw, "1": Raw, `"x"`: Raw, "[]": Raw, "null": Raw, `{"Specversion":"1.0"}`: Raw,
		"{": Torn, `"ab`: Torn, whole[:1]: Torn,
		"}": Invalid, "x": Invalid, "{} {}": Invalid, "\x00\x00": Invalid, whole + whole: Invalid, `{"a":"` + "\xff" + `"}`: Invalid,
		`{"specversion":"0.3","id":"a","source":"b","type":"c"}`: Invalid, `{"specversion":"1.0"}`: Invalid,
		`{"specversion":"1.0","id":1.5,"source":"","type":"c"}`: Invalid, start + `,"time":"yesterday"}`: Invalid,
		start + `,"data":1,"data_base64":"AA=="}`: Invalid, start + `,"data_base64":"!"}`: Invalid, start + `,"data_base64":1}`: Invalid,
		start + `,"x":{}}`: Invalid, start + `,"X":"1"}`: Invalid, start + `,"":"1"}`: Invalid, start + `,"a b":"1"}`: Invalid,
		start + `,"datacontenttype":"a/b\r\nx: y"}`: Invalid, start + `,"subject":"\ud800"}`: Invalid,
	} {
		kind, e, err := Parse(Line{Text: []byte(text)})
		if kind != want {
			t.Errorf("%q is %v (%v), want %v", text, kind, err, want)
		}
		if (e != nil) != (want == Stored || want == Raw) || (err != nil) != (want == Torn || want == Invalid) {
			t.Errorf("%q: event %v, error %v", text, e, err)
		}
	}
	// Wherever an event is cut, what is left is torn.
	whole = strings.Replace(whole, "s1", `é\u00e9\n`, 1)
	for i := 1; i < len(whole); i++ {
		if kind, _, _ := Parse(Line{Text: []byte(whole[:i])}); kind != Torn {
			t.Errorf("%q is %v, want torn", whole[:i], kind)
		}
	}
}

func TestBody(t *testing.T) {
	for _, test := range []struct{ members, want string }{
		{`"datacontenttype":"application/json","data":{"a": 1.00}`, `{"a": 1.00}`},
		{`"data":"text"`, `"text"`},
		{`"datacontenttype":"application/x+json","data":"text"`, `"text"`},
		{`"datacontenttype":"text/plain","data":"a\nb"`, "a\nb"},
		{`"datacontenttype":"text/plain","data":{"a":1}`, `{"a":1}`},
		{`"datacontenttype":"image/png","data_base64":"AAH/"`, "\x00\x01\xff"},
		{`"subject":"x"`, ""},
	} {
		_, e, err := Parse(Line{Text: []byte(`{"specversion":"1.0","id":"a","source":"b","type":"c",` + test.members + "}")})
		if err != nil {
			t.Fatal(err)
		}
		if body, err := e.Body(); err != nil || string(body) != test.want {
			t.Errorf("%s: %q, %v, want %q", test.members, body, err, test.want)
		}
	}
}

// TestHeaderThatNobodySent: what a request can't have had in its head is from whoever wrote the line, and would be
// obeyed by a terminal that a command is pasted to.
func TestHeaderThatNobodySent(t *testing.T) {
	for value, sent := range map[string]bool{"a\tb": true, "é\u0085": true, "\x0f": false, "\x1b[2J": false, "a\x7f": false, "\n": false} {
		stored, err := json.Marshal([][2]string{{":method", "POST"}, {":path", "/x"}, {"X-Own", url.PathEscape(value)}})
		if err != nil {
			t.Fatal(err)
		}
		e := &Event{Source: "https://hooks.example.com/x", Extensions: [][2]string{{event.HTTPHeaders, string(stored)}}}
		r, err := e.Request()
		if err != nil || r.Known != sent || (r.Header.Get("X-Own") == value) != sent {
			t.Errorf("%q: %+v, %v", value, r, err)
		}
		if command, _ := r.Curl(); strings.ContainsFunc(command, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			t.Errorf("%q", command)
		}
	}
}
