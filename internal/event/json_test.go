package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzEvent shows that any body that is taken comes back equal, in exactly one
// line, and cannot touch the envelope.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963}`), "application/json", true)
	f.Add([]byte("{\r\n\"EventType\":\"\\u0000\",\"x\":[1e400,\"\u2028\"]}"), "", false)
	f.Add([]byte("a=1&b=2"), "application/x-www-form-urlencoded", false)
	f.Add([]byte("\ufeff \t\r\n{\r\n  \"a\" : [ 1,\n\n"+strings.Repeat(" ", 5000)+"\r2]\n}\n"), "application/json", true)
	f.Add([]byte("\n1\n"), "", true)
	f.Add([]byte("{}\n"), "coded", true)
	f.Add([]byte("\xff\x00"), "text/plain; x=\"\n\"", false)
	f.Fuzz(func(t *testing.T, body []byte, contentType string, onlyJSON bool) {
		accept := AcceptAny
		if onlyJSON {
			accept = AcceptJSON
		}
		e := &Event{ID: "id", Source: "source", Time: time.Unix(0, 0)}
		err := SetData(e, body, contentType, accept)
		if err != nil {
			if len(body) > 0 && !onlyJSON {
				t.Fatalf("%v", err)
			}
			return
		}
		sent, coded := body, contentType == "coded" // as is not to be told here
		SetSent(e, sent, coded)
		e.Type, e.Subject = Field(e, "EventType"), Field(e, "TicketId")
		e.Extensions = []Attribute{{"contenttype", contentType}}

		line := CloudEventLine(e)
		if bytes.IndexByte(line, '\n') != len(line)-1 || bytes.IndexByte(line, '\r') >= 0 || !utf8.Valid(line) {
			t.Fatalf("not one line of UTF-8: %q", line)
		}
		var back struct {
			Specversion, ID, Source, Type, Subject, Time, Datacontenttype, Contenttype, Bodysent string
			Data                                                                                 json.RawMessage
			Base64                                                                               []byte `json:"data_base64"`
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if back.ID != "id" || back.Source != "source" || back.Type != e.Type || back.Subject != e.Subject || back.Time != "1970-01-01T00:00:00.000000Z" {
			t.Fatalf("the envelope of %q became %+v", body, back)
		}
		if most := base64.StdEncoding.EncodedLen(len(body)); len(back.Bodysent) > most || len(line) > e.jsonSize() {
			t.Fatalf("%d bytes to give back %q, %d in base64; a line of %d, said to be of %d", len(back.Bodysent), body, most, len(line), e.jsonSize())
		}
		if e.DataKind == DataJSON || coded {
			if restored, err := Restore(back.Data, back.Bodysent); err != nil || !bytes.Equal(restored, sent) {
				t.Fatalf("%q came back as %q with %q (%v)", sent, restored, back.Bodysent, err)
			}
		} else if back.Bodysent != "" {
			t.Fatalf("%q of %q", back.Bodysent, body)
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

		raw := RawLine(e)
		value := append(back.Data[:len(back.Data):len(back.Data)], '\n')
		if e.DataKind == DataBinary {
			value = []byte(`"` + base64.StdEncoding.EncodeToString(body) + "\"\n")
		}
		if !bytes.Equal(raw, value) {
			t.Fatalf("raw line %q, want %q", raw, value)
		}
	})
}

// TestLinesAreAccounted: an event's lines take no more memory than was asked for,
// whatever is in them, and hardly less.
func TestLinesAreAccounted(t *testing.T) {
	for name, body := range map[string]string{
		"JSON": `{"a":"\u0001"}`, "large JSON": `"` + strings.Repeat("x", 2<<20) + `"`,
		"text": "hello", "control characters": strings.Repeat("\x01", 1<<20), "line feeds": strings.Repeat("\n", 300_000),
		"separators": strings.Repeat("\u2028", 400_000), "quotes": strings.Repeat(`"`, 1<<20), "DEL": strings.Repeat("\x7f", 5<<20),
		"no UTF-8": strings.Repeat("\xff", 1<<20), "4 KiB": strings.Repeat("x", 4<<10),
	} {
		e := &Event{ID: "1\"2", Source: strings.Repeat("s\u0085", 500), Type: "t", Subject: "s", Time: time.Now(), Extensions: []Attribute{{"a", "\\"}}}
		if err := SetData(e, []byte(body), map[bool]string{true: "", false: "text/plain"}[strings.Contains(name, "JSON")], AcceptAny); err != nil {
			t.Fatal(err)
		}
		size, line := e.jsonSize(), e.AppendJSON(nil)
		if len(line) > size || len(line) < size-128 {
			t.Errorf("%s: a line of %d, said to be of %d", name, len(line), size)
		}
		if raw := e.appendData(nil); len(raw) != e.dataSize() {
			t.Errorf("%s: data of %d, said to be of %d", name, len(raw), e.dataSize())
		}
		accounted := LineSize(e)
		for range 2 { // the second time from a pool, perhaps
			if got := int64(cap(CloudEventLine(e))); got > accounted || int64(cap(RawLine(e))) > accounted {
				t.Errorf("%s: %d and %d bytes of memory, %d accounted", name, got, cap(RawLine(e)), accounted)
			}
			FreeLines(e)
		}
	}
}
