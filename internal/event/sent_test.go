package event

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestBodySent has what is stored of a body that is not just its JSON. The texts are a
// file format: they must be read for ever.
func TestBodySent(t *testing.T) {
	wide := `{"a":"` + strings.Repeat("x", 100) + `",`
	for body, want := range map[string]string{
		`{"a":1}`:                       "",
		"{\"a\":1}\n":                   "|||n",
		"{\n  \"a\": 1\n}":              "|BI||",
		"{\r\n  \"a\": 1\r\n}\r\n":      "|CJ|BJ|rn",
		"\ufeff \t\n\r[1]  ":            "Bstnr|||ss",
		wide + "\n\"b\":1}":             "|sD||",
		"\n1\n":                         "CjEK",
		"[1,\r2]":                       "||D|",
		`"a\nb"`:                        "",
		strings.Repeat("\n", 99) + "[]": strings.Repeat("n", 99) + "|||",
	} {
		e := new(Event)
		if err := SetData(e, []byte(body), "", AcceptJSON); err != nil {
			t.Fatal(err)
		}
		SetSent(e, []byte(body), false)
		got := ""
		if e.sentForm != sentAsData {
			got = string(e.appendSent(nil))
		}
		if got != want || len(got) != e.sentSize {
			t.Errorf("%q: %q of %d, want %q", body, got, e.sentSize, want)
		}
		if restored, err := Restore([]byte(strings.NewReplacer("\n", " ", "\r", " ").Replace(string(e.Data))), want); err != nil || string(restored) != body {
			t.Errorf("%q came back as %q (%v)", body, restored, err)
		}
	}
}

// TestBodySentOfAnySize: whatever the number of line breaks and how far they are from
// one another, the line is JSON, no longer than was counted, and has the body.
func TestBodySentOfAnySize(t *testing.T) {
	for _, first := range []int{0, 10, 100, 1000, 40_000} {
		for breaks := 0; breaks < 200; breaks += 3 {
			for _, between := range []string{"", "1,", strings.Repeat("1,", 20)} {
				body := []byte(`["` + strings.Repeat("x", first) + `",` + strings.Repeat("\n"+between, breaks) + "\r1]")
				e := new(Event)
				if err := SetData(e, body, "", AcceptJSON); err != nil {
					t.Fatal(err)
				}
				SetSent(e, body, false)
				line := e.AppendJSON(nil)
				var stored struct {
					BodySent string
					Data     json.RawMessage
				}
				if err := json.Unmarshal(line, &stored); err != nil {
					t.Fatalf("%d, %d breaks, %q between: %v", first, breaks, between, err)
				}
				if restored, err := Restore(stored.Data, stored.BodySent); err != nil || !bytes.Equal(restored, body) || stored.BodySent != SentAs(e) {
					t.Fatalf("%d, %d breaks, %q between: %v", first, breaks, between, err)
				}
				if len(line) > e.jsonSize() {
					t.Errorf("%d, %d breaks, %q between: %d bytes, more than %d", first, breaks, between, len(line), e.jsonSize())
				}
			}
		}
	}
}

// TestPrettyCosts: what is pretty-printed takes a tenth more, and no more.
func TestPrettyCosts(t *testing.T) {
	compact := `{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963,"Events":[{"Id":1,"Name":"status"},{"Id":2,"Tags":["a","b"]}]}`
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(compact), "", "  "); err != nil {
		t.Fatal(err)
	}
	e := new(Event)
	if err := SetData(e, pretty.Bytes(), "", AcceptJSON); err != nil {
		t.Fatal(err)
	}
	SetSent(e, pretty.Bytes(), false)
	if e.sentSize > pretty.Len()/10 {
		t.Errorf("%d bytes for a body of %d", e.sentSize, pretty.Len())
	}
}

// TestRestoreOfOthers: whatever a line has, it is an error or a body, and only of data
// as they were stored.
func TestRestoreOfOthers(t *testing.T) {
	for _, sent := range []string{"|B|", "|B|||", "B|||x", "|||B", "|A||", "|//||", "|~||", "|_____A||", "|______________A||", "|z||", "=", "a", "||||"} {
		if body, err := Restore([]byte(`{"a": 1}`), sent); err == nil {
			t.Errorf("%q: %q", sent, body)
		}
	}
	if body, err := Restore([]byte(`{"a":"b c"}`), "|H||"); err == nil {
		t.Errorf("a line break in a string: %q", body)
	}
	const letters = "|ABstnr_-z9=/+"
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		sent := make([]byte, random.IntN(12))
		for i := range sent {
			sent[i] = letters[random.IntN(len(letters))]
		}
		data := []byte(`{ "a" : [ 1, 2 ] }`)
		body, err := Restore(data, string(sent))
		if string(data) != `{ "a" : [ 1, 2 ] }` {
			t.Fatalf("%q: data was changed", sent)
		}
		if err == nil && strings.Contains(string(sent), "|") && !json.Valid(bytes.TrimPrefix(body, []byte(bom))) {
			t.Fatalf("%q: %q", sent, body)
		}
	}
}
