package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// FuzzParse: whatever is in a file, it can be shown, and what is an event can
// be sent.
func FuzzParse(f *testing.F) {
	f.Add([]byte(eventLine(1)))
	f.Add([]byte("{\"specversion\":\"1.0\",\"id\":\"\\u001b\u202e\",\"source\":\"b\",\"type\":\"c\",\"x\":\"é\",\"datacontenttype\":\"text/plain\",\"data\":\"\\ud83d\\ude00\"}"))
	f.Add([]byte(`{"specversion":"1.0","id":"a","source":"b","type":"c","data_base64":"AAH/"}`))
	f.Add([]byte(`[{"a":[[]]},1e400]`))
	f.Add([]byte(`{"specversion":"1.0","id":"a","source":"http://b","type":"c","httpheaders":"[[\":method\",\"POST\"],[\":path\",\"/%25%01\"],[\"A\",\"%1B\"]]","bodysent":"B|B||n","data":[ 1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, e, err := reader.Parse(reader.Line{Text: text})
		if err != nil || kind == reader.Blank {
			return
		}
		for _, width := range []int{0, 40} {
			tailer := rows{console: &console{width: width}}
			if shown := tailer.pretty(e); strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
		escaped := sanitizeJSON(string(text))
		if !json.Valid([]byte(escaped)) || strings.ContainsFunc(escaped, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q becomes %q", text, escaped)
		}
		if kind != reader.Stored {
			return
		}
		// Text that is not Unicode, such as a lone surrogate, can't be sent.
		for _, original := range []bool{false, true} {
			s := sender{target: &url.URL{Scheme: "http", Host: "a"}, original: original}
			req, err := s.request(context.Background(), e, 1)
			if err != nil {
				continue
			}
			if err := req.Write(io.Discard); err != nil {
				t.Errorf("%q can't be sent: %v", text, err)
			}
		}
		for _, show := range []func(*console, *reader.Event) error{showEvent, showBody, showRequest, showCurl} {
			var b buffer
			_ = show(&console{out: &b, err: &b, outIsTerminal: true}, e)
			if out := strings.NewReplacer("\n", "", "\t", "").Replace(b.String()); strings.ContainsFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is shown as %q", text, out)
			}
		}
	})
}
