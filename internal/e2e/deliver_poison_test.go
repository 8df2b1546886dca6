package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

var amongPoison = flag.Int("among", 5_000, "among how many events TestDeliveryPoison has one that the application does not want")

// TestDeliveryPoison has the application refuse one event among many: those of other subjects
// come meanwhile, those of its own after its third refusal, and it ends in the dead letters.
// Later it is sent again, by the admin API and by the command.
func TestDeliveryPoison(t *testing.T) {
	s := newServer(t)
	app := s.application()
	app.behave(takesSound)
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {\nroll_size 200KB\nroll_compress zstd\n}",
		app.deliver("retry 500ms 500ms 500ms 500ms")))
	s.start()
	poisoned := func(tag string) string { return strings.Replace(tagged(tag), `"Tag"`, `"Note":"`+poison+`","Tag"`, 1) }
	s.post(poisoned("victim-0")).wantStored(t)
	tags := []string{"victim-1", "victim-2"}
	for _, tag := range tags {
		s.post(tagged(tag)).wantStored(t)
	}
	// All along, as an event's refusal counts only while others are taken.
	for n := 0; n < *amongPoison || len(s.dead()) == 0; n += 100 {
		if n > 100**amongPoison {
			t.Fatal("the event is not given up")
		}
		tags = append(tags, s.sends(subjects(fmt.Sprintf("other%d.", n), 50), 2)...)
	}
	app.wantTags(tags, 2*time.Minute)

	var refused []request
	for _, r := range app.requests() {
		if r.status == http.StatusUnprocessableEntity {
			refused = append(refused, r)
		}
	}
	if len(refused) != 5 {
		t.Fatalf("the event was tried %d times, want 5", len(refused))
	}
	last, longest, own := refused[0].at, time.Duration(0), 0
	for _, r := range app.taken() {
		switch {
		case strings.HasPrefix(r.tag, "victim-"):
			if own++; r.at.Before(refused[2].at) || r.at.After(refused[2].at.Add(time.Second)) {
				t.Errorf("%s came %v after the first refusal of its subject's first, which was refused for the third time after %v",
					r.tag, r.at.Sub(refused[0].at), refused[2].at.Sub(refused[0].at))
			}
		case r.at.After(refused[0].at) && r.at.Before(refused[4].at):
			longest, last = max(longest, r.at.Sub(last)), r.at
		}
	}
	if longest > time.Second {
		t.Errorf("nothing else came for %v", longest)
	}
	s.wantDead("victim-0", 5)
	t.Logf("among %d events; those of the same subject came after %v, it was given up after %v; others at most %v apart",
		len(tags), refused[2].at.Sub(refused[0].at), refused[4].at.Sub(refused[0].at), longest)

	for i, again := range []func(){
		func() {
			s.askAdmin(http.MethodPost, "/webhook_receiver/deliveries/socialboards/app/retry", "").want(t, 200)
		},
		func() {
			if out, err := s.run("webhook", "deliveries", "retry", "app", "--address", s.admin); err != nil {
				t.Errorf("deliveries retry: %v: %s", err, out)
			}
		},
	} {
		// At first it is refused once more, while others are taken, and comes back.
		before := len(app.requests())
		if i == 1 {
			app.behave(takes)
		}
		again()
		within(t, time.Minute, "it is sent again", func() error {
			s.sends(subjects(fmt.Sprintf("more%d.", time.Now().UnixNano()), 20), 1)
			for _, r := range app.requests()[before:] {
				if r.tag == "victim-0" && (i == 0) == (len(s.dead()) == 1) && (i == 0 || r.status == http.StatusOK) {
					return nil
				}
			}
			return fmt.Errorf("not yet; dead letters: %d", len(s.dead()))
		})
	}
}

// dead are the dead letters.
func (s *server) dead() []string {
	s.t.Helper()
	content, err := os.ReadFile(s.path("a", "events.jsonl.app.dead.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")[:strings.Count(string(content), "\n")]
}

// wantDead checks the one dead letter.
func (s *server) wantDead(tag string, attempts int) {
	s.t.Helper()
	dead := s.dead()
	if len(dead) != 1 {
		s.t.Fatalf("%d dead letters, want 1", len(dead))
	}
	var letter struct {
		DeadReason, DeadTime string
		DeadAttempts         json.RawMessage
	}
	if err := json.Unmarshal([]byte(dead[0]), &letter); err != nil {
		s.t.Fatalf("%v: %s", err, dead[0])
	}
	if got, err := tagOf(dead[0]); err != nil || got != tag {
		s.t.Errorf("the dead letter is %s: %v", clip(dead[0]), err)
	}
	at, err := time.Parse(time.RFC3339, letter.DeadTime)
	if err != nil || time.Since(at) > time.Hour || !strings.Contains(letter.DeadReason, "422") ||
		strings.Trim(string(letter.DeadAttempts), `"`) != fmt.Sprint(attempts) {
		s.t.Errorf("the dead letter says %+v, %s; %v", letter, letter.DeadAttempts, err)
	}
}
