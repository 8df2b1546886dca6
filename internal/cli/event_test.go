package cli

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"
)

func TestParse(t *testing.T) {
	const start = `{"specversion":"1.0","id":"a","source":"b","type":"c"`
	whole := strings.TrimSuffix(eventLine(1), "\n")
	for text, want := range map[string]kind{
		"": blank, "  \r": blank,
		whole: stored, start + "}": stored, start + `,"data":null}`: stored, start + `,"x":1,"y":true,"z":null}`: stored,
		start + `,"data_base64":"AAH/"}`: stored,
		`{"a":1}`:                        raw, "1": raw, `"x"`: raw, "[]": raw, "null": raw, `{"Specversion":"1.0"}`: raw,
		"{": torn, `"ab`: torn, whole[:1]: torn,
		"}": invalid, "x": invalid, "{} {}": invalid, "\x00\x00": invalid, whole + whole: invalid, `{"a":"` + "\xff" + `"}`: invalid,
		`{"specversion":"0.3","id":"a","source":"b","type":"c"}`: invalid, `{"specversion":"1.0"}`: invalid,
		`{"specversion":"1.0","id":1.5,"source":"","type":"c"}`: invalid, start + `,"time":"yesterday"}`: invalid,
		start + `,"data":1,"data_base64":"AA=="}`: invalid, start + `,"data_base64":"!"}`: invalid, start + `,"data_base64":1}`: invalid,
		start + `,"x":{}}`: invalid, start + `,"X":"1"}`: invalid, start + `,"":"1"}`: invalid, start + `,"a b":"1"}`: invalid,
		start + `,"datacontenttype":"a/b\r\nx: y"}`: invalid, start + `,"subject":"\ud800"}`: invalid,
	} {
		kind, e, err := parse(line{text: []byte(text)})
		if kind != want {
			t.Errorf("%q is %v (%v), want %v", text, kind, err, want)
		}
		if (e != nil) != (want == stored || want == raw) || (err != nil) != (want == torn || want == invalid) {
			t.Errorf("%q: event %v, error %v", text, e, err)
		}
	}
	// Wherever an event is cut, what is left is torn.
	whole = strings.Replace(whole, "s1", `é\u00e9\n`, 1)
	for i := 1; i < len(whole); i++ {
		if kind, _, _ := parse(line{text: []byte(whole[:i])}); kind != torn {
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
		_, e, err := parse(line{text: []byte(`{"specversion":"1.0","id":"a","source":"b","type":"c",` + test.members + "}")})
		if err != nil {
			t.Fatal(err)
		}
		if body, err := e.body(); err != nil || string(body) != test.want {
			t.Errorf("%s: %q, %v, want %q", test.members, body, err, test.want)
		}
	}
}

// FuzzParse: whatever is in a file, it can be shown, and what is an event can
// be sent.
func FuzzParse(f *testing.F) {
	f.Add([]byte(eventLine(1)))
	f.Add([]byte("{\"specversion\":\"1.0\",\"id\":\"\\u001b\u202e\",\"source\":\"b\",\"type\":\"c\",\"x\":\"é\",\"datacontenttype\":\"text/plain\",\"data\":\"\\ud83d\\ude00\"}"))
	f.Add([]byte(`{"specversion":"1.0","id":"a","source":"b","type":"c","data_base64":"AAH/"}`))
	f.Add([]byte(`[{"a":[[]]},1e400]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, e, err := parse(line{text: text})
		if err != nil || kind == blank {
			return
		}
		for _, width := range []int{0, 40} {
			tailer := tailer{console: &console{width: width}}
			if shown := tailer.pretty(e); strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
		escaped := sanitizeJSON(string(text))
		if !json.Valid([]byte(escaped)) || strings.ContainsFunc(escaped, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q becomes %q", text, escaped)
		}
		if kind != stored {
			return
		}
		// Text that is not Unicode, such as a lone surrogate, can't be sent.
		req, err := (&sender{target: "http://a"}).request(context.Background(), e)
		if err != nil {
			return
		}
		if err := req.Write(io.Discard); err != nil {
			t.Errorf("%q can't be sent: %v", text, err)
		}
	})
}
