package status

import (
	"strings"
	"testing"
	"time"
)

// TestAttempts: the last ones are kept, each with a number, in UTC, without secrets that are known.
func TestAttempts(t *testing.T) {
	forget := Know([]string{"opensesame1"})
	defer forget()
	before := AttemptSeq()
	local := time.Now().In(time.FixedZone("", 3600))
	if a := KeepAttempt(Attempt{Time: local, Reason: "it said opensesame1"}); a.Seq != before+1 || a.Time.Location() != time.UTC || strings.Contains(a.Reason, "opensesame1") || !strings.HasPrefix(a.Reason, "it said ") {
		t.Errorf("%+v", a)
	}
	for i := range keptAttempts + 5 {
		KeepAttempt(Attempt{Number: i})
	}
	last := AttemptSeq()
	if last != before+keptAttempts+6 {
		t.Errorf("the last is %d after %d", last, before)
	}
	for after, want := range map[uint64]int{0: keptAttempts, before: keptAttempts, last - keptAttempts: keptAttempts, last - 3: 3, last: 0, last + 1: 0, 1<<64 - 1: 0} {
		list := LastAttempts(after)
		if list == nil || len(list) != want { // it is [] in JSON
			t.Errorf("after %d: %d", after, len(list))
			continue
		}
		for i, a := range list {
			if seq := last - uint64(want-i-1); a.Seq != seq || a.Number != int(seq-before-2) {
				t.Fatalf("after %d: %d is %+v", after, i, a)
			}
		}
	}
}

// TestWithoutAnswer: what the application said is left out of a reason, and nothing else.
func TestWithoutAnswer(t *testing.T) {
	for reason, want := range map[string]string{
		"": "", "dial tcp: refused": "dial tcp: refused",
		Answered + "500 Internal Server Error":                    Answered + "500 Internal Server Error",
		Answered + "500 Internal Server Error: no: {\"a\": \"\"}": Answered + "500 Internal Server Error",
	} {
		if got := WithoutAnswer(reason); got != want {
			t.Errorf("%q: %q", reason, got)
		}
	}
}
