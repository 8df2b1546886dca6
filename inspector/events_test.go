package inspector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestList: the newest first, some at a time, without gaps, also while more is stored.
func TestList(t *testing.T) {
	f, g := storesIn(t, "a"), storesIn(t, "b")
	s := newSite(t, &Handler{})
	empty := s.events(map[string]any{"limit": 2})
	if len(empty.Events) != 0 || !empty.Complete || empty.Looked.Of != 0 {
		t.Errorf("of no file: %+v", empty)
	}
	f.add("a", 3)
	g.n = 3
	g.add("b", 3)
	var ids []string
	var cursor any
	for i := range 10 {
		q := map[string]any{"limit": 2}
		if cursor != nil {
			q["cursor"] = cursor
		}
		got := s.events(q)
		ids = append(ids, idsOf(got.Events))
		if got.Looked.Of != 2 {
			t.Errorf("of %d files, want 2", got.Looked.Of)
		}
		if got.Complete {
			break
		}
		cursor = got.Cursor
		if i == 0 {
			g.add("b", 2) // later than what the list is of
		}
	}
	if got := strings.Join(ids, " "); strings.TrimSpace(got) != "b6 b5 b4 a3 a2 a1" {
		t.Errorf("%q", got)
	}
	if got := s.events(map[string]any{}); len(got.Events) != 1 { // the default is one, as nothing is asked for
		t.Errorf("%d events", len(got.Events))
	}
	if got := s.events(map[string]any{"limit": 1000}); len(got.Events) != 8 {
		t.Errorf("%d events", len(got.Events))
	}
}

// TestFilters: each, and several of them.
func TestFilters(t *testing.T) {
	f := storesIn(t, "a", "b")
	f.add("a", 4)
	f.add("b", 4)
	f.write(line("c9", began.Add(time.Hour), `"type":"odd\"type*","subject":"ümlaut","receiver":"a","verification":"signature"`, `{"text":"needle \u00e9 / \"quoted\""}`))
	s := newSite(t, &Handler{})
	for _, test := range []struct {
		q    map[string]any
		want string
	}{
		{map[string]any{"receivers": []string{"a"}}, "c9 a4 a3 a2 a1"},
		{map[string]any{"receivers": []string{"b", "x"}}, "b8 b7 b6 b5"},
		{map[string]any{"types": []string{"kind.1"}}, "b7 a4 a1"},
		{map[string]any{"types": []string{"kind.*", "none"}, "receivers": []string{"a"}}, "a4 a3 a2 a1"},
		{map[string]any{"types": []string{"kin"}}, ""},
		{map[string]any{"types": []string{`odd"type*`}}, "c9"},
		{map[string]any{"types": []string{"*.1"}, "subjects": []string{"of 4"}}, "a4"},
		{map[string]any{"types": []string{"kind.[0-9]"}}, ""},
		{map[string]any{"subjects": []string{"ümlaut"}}, "c9"},
		{map[string]any{"verifications": []string{"signature"}}, "c9"},
		{map[string]any{"verifications": []string{"none"}, "subjects": []string{"of 1", "of 8"}}, "b8 a1"},
		{map[string]any{"since": began.Add(7 * time.Second)}, "c9 b8 b7"},
		{map[string]any{"until": began.Add(3 * time.Second)}, "a2 a1"},
		{map[string]any{"since": began.Add(2 * time.Second), "until": began.Add(4 * time.Second)}, "a3 a2"},
		{map[string]any{"ids": []string{"a2"}}, "a2"},
		{map[string]any{"text": "needle é"}, "c9"},
		{map[string]any{"text": `"quoted"`}, "c9"},
		{map[string]any{"text": "of 5"}, "b5"},
		{map[string]any{"text": "b5"}, "b5"},
		{map[string]any{"text": "nowhere"}, ""},
	} {
		test.q["limit"] = 200
		if got := s.events(test.q); idsOf(got.Events) != test.want || !got.Complete {
			t.Errorf("%v: %q, want %q; complete %v", test.q, idsOf(got.Events), test.want, got.Complete)
		}
	}
	for _, bad := range []string{"", "[]", "{", `{"limitt":1}`, `{"since":"yesterday"}`, `{"limit":"2"}`, `{} {}`, `{"cursor":{"x":{"position":"?"}}}`, `{"text":"` + strings.Repeat("x", maxQuestion) + `"}`} {
		if got := s.do("POST", "/api/events", bad); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %d %s", bad, got.StatusCode, got.body)
		}
	}
	// A cursor of another inspector's files is of none here.
	if got := s.do("POST", "/api/events", `{"limit":9,"cursor":"`+cursorOf(reader.Places{"/etc/passwd": {}})+`"}`); strings.Contains(got.body, "root:") || got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// TestSearchInHeaders finds what header fields and the target are, however they are stored.
func TestSearchInHeaders(t *testing.T) {
	f := storesIn(t, "a")
	f.add("a", 1)
	f.write(line("sent", began.Add(-time.Hour), `"type":"k","receiver":"a","httpheaders":"[[\":method\",\"POST\"],[\":path\",\"/x?y=a%2520b\"],[\"X-Tag\",\"W/\\\"%C3%BC\\\"\"]]"`, `1`))
	s := newSite(t, &Handler{})
	for _, text := range []string{"/x?y=a%20b", `W/"ü"`, "X-Tag"} {
		if got := s.events(map[string]any{"limit": 9, "text": text}); idsOf(got.Events) != "sent" {
			t.Errorf("%s: %q", text, idsOf(got.Events))
		}
	}
}

// TestOneAnswerReadsSoMuch: it says how far it has looked, and goes on from there.
func TestOneAnswerReadsSoMuch(t *testing.T) {
	f := storesIn(t, "a")
	f.write(line("first", began, `"type":"rare"`, "1"))
	padding := strings.Repeat("x", 1<<20)
	for i := range 70 {
		f.write(line(fmt.Sprint(i), began.Add(time.Duration(i)*time.Minute), `"type":"often"`, `"`+padding+`"`))
	}
	s := newSite(t, &Handler{})
	q := map[string]any{"limit": 10, "types": []string{"rare"}}
	answers := 0
	for {
		got := s.events(q)
		if answers++; answers > 100 {
			t.Fatal("it does not come to an end")
		}
		if got.Looked.Bytes > answerBytes+4<<20 {
			t.Errorf("an answer has read %d bytes", got.Looked.Bytes)
		}
		if got.Complete {
			if idsOf(got.Events) != "first" {
				t.Errorf("%q", idsOf(got.Events))
			}
			break
		}
		if back, err := time.Parse(time.RFC3339Nano, got.Looked.BackTo); err != nil || back.Before(began) {
			t.Errorf("looked back to %q", got.Looked.BackTo)
		}
		q["cursor"] = got.Cursor
	}
	if answers < 2 {
		t.Error("one answer has read it all")
	}
}

// TestOneSearchAtATime: others queue, until nobody waits for them any more.
func TestOneSearchAtATime(t *testing.T) {
	storesIn(t, "a").add("a", 1)
	s := newSite(t, &Handler{})
	searching <- struct{}{}
	answered := make(chan list, 1)
	go func() { answered <- s.events(map[string]any{"limit": 1, "text": "a1"}) }()
	if got := s.events(map[string]any{"limit": 1}); len(got.Events) != 1 { // is no search
		t.Errorf("%+v", got)
	}
	select {
	case got := <-answered:
		t.Fatalf("%+v", got)
	default:
	}
	<-searching
	if got := <-answered; idsOf(got.Events) != "a1" {
		t.Errorf("%+v", got)
	}
}

// TestEvent: what was sent comes back, as it is.
func TestEvent(t *testing.T) {
	f := storesIn(t, "a")
	f.write(line("e1", began, `"type":"k","subject":"s","datacontenttype":"application/json","receiver":"a","verification":"signature","myattribute":"x",`+
		`"httpheaders":"[[\":method\",\"PUT\"],[\":path\",\"/hooks?a=b\"],[\"X-One\",\"1\"],[\"X-One\",\"2\"],[\"Authorization\",\"REDACTED\"]]"`, `{"n":1.50,"u":"\u00e9"}`))
	s := newSite(t, &Handler{})
	key := s.events(map[string]any{"limit": 1}).Events[0].Key
	got := ask[opened](s, "event", map[string]string{"key": key})
	if got.ID != "e1" || got.Type != "k" || got.Subject != "s" || got.Receiver != "a" || got.Verification != "signature" || got.Method != "PUT" || got.Target != "/hooks?a=b" ||
		got.Body == nil || *got.Body.Text != `{"n":1.50,"u":"\u00e9"}` || got.BodySize != 23 {
		t.Errorf("%+v", got)
	}
	headers, _ := json.Marshal(got.Headers)
	if text := string(headers); !strings.Contains(text, `["X-One","1"],["X-One","2"]`) {
		t.Errorf("headers %s", text)
	}
	if attributes := fmt.Sprint(got.Attributes); attributes != "[[myattribute x]]" {
		t.Errorf("attributes %s", attributes)
	}
	if !strings.HasPrefix(got.Curl, "curl ") || !strings.Contains(got.Curl, "--globoff") || !strings.Contains(got.Curl, "--data-raw") || strings.Contains(got.Curl, "REDACTED") || len(got.CurlNotes) != 1 {
		t.Errorf("%s, %q", got.Curl, got.CurlNotes)
	}
	body := s.do("POST", "/api/body", `{"key":"`+key+`"}`)
	if body.body != `{"n":1.50,"u":"\u00e9"}` || body.Header.Get("Content-Type") != "application/octet-stream" || body.Header.Get("Content-Disposition") != "attachment" {
		t.Errorf("%q %v", body.body, body.Header)
	}
	for _, bad := range []string{"", "x", key + "A", strings.Repeat("A", 12) + key[12:]} {
		if got := s.do("POST", "/api/event", `{"key":"`+bad+`"}`); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, got.StatusCode, got.body)
		}
	}
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	if got := s.do("POST", "/api/event", `{"key":"`+key+`"}`); got.StatusCode != http.StatusNotFound || !strings.Contains(got.body, "roll_keep") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// TestKeysOutliveRotation: what was listed can be opened after the file has got another name.
func TestKeysOutliveRotation(t *testing.T) {
	f := storesIn(t, "a")
	f.add("a", 3)
	s := newSite(t, &Handler{})
	listed := s.events(map[string]any{"limit": 1})
	if err := os.Rename(f.path, strings.TrimSuffix(f.path, ".jsonl")+"-2026-11-01T12-00-09.000.jsonl"); err != nil {
		t.Fatal(err)
	}
	f.add("a", 1)
	if got := ask[opened](s, "event", map[string]string{"key": listed.Events[0].Key}); got.ID != "a3" {
		t.Errorf("%+v", got)
	}
	if got := s.events(map[string]any{"limit": 9, "cursor": listed.Cursor}); idsOf(got.Events) != "a2 a1" {
		t.Errorf("%q", idsOf(got.Events))
	}
}

// TestTextOf: of large bodies the beginning, in whole letters.
func TestTextOf(t *testing.T) {
	long := strings.Repeat("é", maxShown/2) + "é"
	for _, test := range []struct {
		body   string
		isText bool
		n, cut int
	}{
		{"a", true, 1, 0}, {"\xff", false, 1, 0}, {long, true, maxShown, maxShown}, {"a" + long, true, maxShown - 1, maxShown - 1}, {"\xff" + long, false, maxShown, maxShown},
	} {
		got := textOf([]byte(test.body))
		n := len(got.Base64)
		if test.isText && got.Text != nil {
			n = len(*got.Text)
		}
		if (got.Text != nil) != test.isText || n != test.n || got.Cut != test.cut {
			t.Errorf("%.3q: text %v, %d, cut %d", test.body, got.Text != nil, n, got.Cut)
		}
	}
}

// TestGlobs: a * stands for anything, and nothing else does.
func TestGlobs(t *testing.T) {
	for pattern, want := range map[string][]string{
		"a*": {"a", "ab", "a\nb", "a.b"}, "*": {"", "a", "ab", "ba", "a\nb", "a.b"}, "a.b": {"a.b"}, "*b": {"ab", "a\nb", "a.b"}, "": {""}, "b*a": {"ba"},
	} {
		for _, text := range []string{"", "a", "ab", "ba", "a\nb", "a.b"} {
			if got := fitsOne(globs([]string{pattern}), text); got != slices.Contains(want, text) {
				t.Errorf("%q fits %q: %v", text, pattern, got)
			}
		}
	}
}
