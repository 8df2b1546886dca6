package inspector

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestSealed: what names a line tells nothing of it, so that whoever may not see the line can't guess it either, and
// nobody can make such a name.
func TestSealed(t *testing.T) {
	f := storesIn(t, "a")
	f.add("a", 3)
	for _, h := range []*Handler{{}, {NoPayload: true}} {
		s := newSite(t, h)
		got := s.do("POST", "/api/events", `{"limit":1}`)
		listed := decode[list](t, got.body)
		key, err := base64.RawURLEncoding.DecodeString(listed.Events[0].Key)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.SplitAfter(readFile(t, f.path), "\n")[2]
		hash := binary.BigEndian.AppendUint64(nil, reader.HashOf([]byte(line)))
		p := reader.Position{Rotated: reader.NeverRotated, Offset: int64(len(readFile(t, f.path)) - len(line)), Length: int64(len(line)), Hash: reader.HashOf([]byte(line))}
		if strings.Contains(string(key), string(hash)) || strings.Contains(got.body, f.path) {
			t.Errorf("%s", got.body)
		}
		text, _ := p.MarshalText()
		for _, forged := range []string{nameOf(f.path) + "." + string(text), base64.RawURLEncoding.EncodeToString([]byte(nameOf(f.path) + "." + string(text))), "", "AAAA", listed.Cursor, listed.Events[0].Key[:40], "A" + listed.Events[0].Key[1:] + "A"} {
			if got := s.do("POST", "/api/event", `{"key":"`+forged+`"}`); got.StatusCode != http.StatusBadRequest {
				t.Errorf("the key %s: %d %s", forged, got.StatusCode, got.body)
			}
		}
		places, _ := json.Marshal(reader.Places{f.path: {Position: p}})
		for _, forged := range []string{string(places), base64.RawURLEncoding.EncodeToString(places), "A", listed.Events[0].Key} {
			if got := s.do("POST", "/api/events", `{"cursor":`+quoted(forged)+`}`); got.StatusCode != http.StatusGone {
				t.Errorf("the cursor %s: %d %s", forged, got.StatusCode, got.body)
			}
		}
		// What is there twice is the same.
		if again := s.events(map[string]any{"limit": 1}); again.Events[0].Key != listed.Events[0].Key {
			t.Errorf("%s, %s", again.Events[0].Key, listed.Events[0].Key)
		}
	}
}

// TestQuestionsThatTakeLong: however many stars there are, an answer takes as long as it may.
func TestQuestionsThatTakeLong(t *testing.T) {
	f := storesIn(t, "a")
	for range 20 {
		f.add("a", 100)
	}
	f.write(line("long", began, `"type":"`+strings.Repeat("a", 100_000)+`","receiver":"a"`, "1"))
	s := newSite(t, &Handler{})
	for _, stars := range []string{strings.Repeat("*", 500_000), strings.Repeat("*a", 250_000), strings.Repeat("a*", 40_000) + "b", strings.Repeat("*", 1000) + "b"} {
		asked := time.Now()
		if got := s.do("POST", "/api/events", `{"limit":1,"types":["`+stars+`"]}`); got.StatusCode != http.StatusOK {
			t.Errorf("%.20s: %d %.100s", stars, got.StatusCode, got.body)
		}
		if took := time.Since(asked); took > 20*answerTime { // a busy machine takes a few times as long
			t.Errorf("%.20s: %s", stars, took)
		}
	}
	many := `["` + strings.Repeat(`x","`, askedMost) + `x"]`
	for _, kind := range []string{"ids", "types", "subjects", "receivers", "verifications"} {
		if got := s.do("POST", "/api/events", `{"limit":1,"`+kind+`":`+many+`}`); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %.100s", kind, got.StatusCode, got.body)
		}
	}
}

// TestRawFiles: nobody believes there what only a receiver can know.
func TestRawFiles(t *testing.T) {
	f := storesIn(t, "mine", "yours")
	long := strings.Repeat("é", 4<<10)
	forged := func(at time.Time) string {
		return line("forged", at, `"type":"`+long+`","subject":"`+long+`","receiver":"mine","verification":"signature"`, "1")
	}
	for i, raw := range []bool{false, true} {
		if raw {
			f = storesRawIn(t, "mine", "yours")
		}
		f.write(forged(began.Add(time.Duration(i) * time.Second)))
		s := newSite(t, &Handler{})
		listed := s.events(map[string]any{"limit": 9})
		e := listed.Events[0]
		if believes := e.Receiver == "mine" && e.Verification == "signature"; believes == raw {
			t.Errorf("raw %v: %.200v", raw, e)
		}
		if len(e.Type) > maxInSummary || len(e.Subject) > maxInSummary || len(e.Type) < maxInSummary/2 {
			t.Errorf("%d bytes of type, %d of subject", len(e.Type), len(e.Subject))
		}
		if got := s.events(map[string]any{"limit": 9, "verifications": []string{"signature"}, "receivers": []string{"mine"}}); len(got.Events) != 1 {
			t.Errorf("raw %v: %d events are verified", raw, len(got.Events))
		}
	}
	if got := newSite(t, &Handler{Receivers: []string{"mine"}}).events(map[string]any{"limit": 9}); len(got.Events) != 1 {
		t.Errorf("%d events are of mine", len(got.Events))
	}
}

// TestRemediesNameNoOthers: not even where the secret of another receiver was used.
func TestRemediesNameNoOthers(t *testing.T) {
	storesIn(t, "ours", "theirs")
	for _, of := range []string{"theirs", "ours"} {
		r := &status.Receiver{Name: "ours", Provider: "p", Sites: func() []string { return []string{"https://ours.example.com/" + t.Name()} }}
		status.CountsOf(r).Keep(&status.Refused{Time: time.Now(), Receiver: "ours", Status: 401, Reason: "wrong " + of, Remedy: "it is the secret " + outcome.OfReceiver + of + ": they are mixed up"})
		s := newSite(t, &Handler{Receivers: []string{"ours"}})
		for _, path := range []string{"state", "refused"} {
			got := s.do("GET", "/api/"+path, "")
			if strings.Contains(got.body, "receiver theirs") || of == "theirs" && !strings.Contains(got.body, "it is the secret of another receiver") || of == "ours" && !strings.Contains(got.body, "it is the secret of the receiver ours: they") {
				t.Errorf("%s: %s", path, got.body)
			}
		}
		if got := newSite(t, &Handler{}).do("GET", "/api/refused", ""); !strings.Contains(got.body, "the receiver "+of) {
			t.Errorf("%s", got.body)
		}
	}
}

// TestNumbersOfOthers: what others get changes nothing of what is told.
func TestNumbersOfOthers(t *testing.T) {
	storesIn(t, "ours", "theirs")
	s := newSite(t, &Handler{Receivers: []string{"ours"}})
	var told []standing
	for _, of := range []string{"ours", "theirs", "ours"} {
		refuse(t, of, "x")
		status.KeepAttempt(status.Attempt{Receiver: of, Delivery: "d"})
		told = append(told, ask[standing](s, "state", nil))
	}
	if a, b, c := told[0], told[1], told[2]; a.RefusedSeq != b.RefusedSeq || a.AttemptsSeq != b.AttemptsSeq || b.RefusedSeq >= c.RefusedSeq || b.AttemptsSeq >= c.AttemptsSeq || a.AttemptsSeq == 0 {
		t.Errorf("refused %d, %d, %d; attempts %d, %d, %d", a.RefusedSeq, b.RefusedSeq, c.RefusedSeq, a.AttemptsSeq, b.AttemptsSeq, c.AttemptsSeq)
	}
}

// TestStreamsEndWithTheirKey: whoever removes the key's file shuts out who has it, also those that are in.
func TestStreamsEndWithTheirKey(t *testing.T) {
	defer func(was time.Duration) { pulse = was }(pulse)
	pulse = 50 * time.Millisecond
	storesIn(t, "a")
	s := newSite(t, &Handler{})
	old, user := s.stream(), s.stream(keyHeader+": x", testUser+": alice")
	old.next("state")
	user.next("state")
	if err := os.Remove(inspectorkey.Path()); err != nil {
		t.Fatal(err)
	}
	if _, ok := old.next("nothing"); ok {
		t.Error("it goes on")
	}
	s.h.hub.arrived([]summary{{}}, 0, false)
	if _, ok := user.next("events"); !ok {
		t.Error("that of a user has ended")
	}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
