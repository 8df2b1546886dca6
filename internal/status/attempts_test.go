package status

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAttempts: the last 1,000 are kept, by numbers without a gap.
func TestAttempts(t *testing.T) {
	before := AttemptSeq()
	if got := LastAttempts(before); got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
	defer Know([]string{"sesame-street"})()
	zone := time.FixedZone("", 3600)
	kept := KeepAttempt(Attempt{ID: "0", Seq: 77, Time: time.Date(2026, 11, 26, 1, 0, 0, 0, zone), Reason: "400: you sent sesame-street"})
	got := LastAttempts(before)
	if len(got) != 1 || got[0] != kept || kept.Seq != before+1 || kept.Time.Format(time.RFC3339) != "2026-11-26T00:00:00Z" || strings.Contains(kept.Reason, "sesame") {
		t.Fatalf("%+v, kept %+v", got, kept)
	}
	const promised = 1000
	const more = promised + 5
	for i := 1; i <= more; i++ {
		if got := KeepAttempt(Attempt{ID: fmt.Sprint(i)}); got.Seq != kept.Seq+uint64(i) {
			t.Fatalf("attempt %d has the number %d after %d", i, got.Seq, kept.Seq)
		}
	}
	last := kept.Seq + more
	for after, want := range map[uint64]int{0: promised, kept.Seq: promised, last - promised: promised, last - promised + 1: promised - 1, last - 1: 1, last: 0, last + 1: 0, math.MaxUint64: 0, math.MaxUint64 - 1: 0} {
		got := LastAttempts(after)
		if len(got) != want {
			t.Errorf("after %d there are %d, want %d", after, len(got), want)
			continue
		}
		for i, a := range got {
			if number := last - uint64(want-1-i); a.Seq != number || a.ID != fmt.Sprint(number-kept.Seq) {
				t.Fatalf("after %d, place %d has %+v, want number %d", after, i, a, number)
			}
		}
	}
	if AttemptSeq() != last {
		t.Errorf("the last is %d, want %d", AttemptSeq(), last)
	}
}

// TestAttemptsAtOnce: no number is given twice, and what is read is in order.
func TestAttemptsAtOnce(t *testing.T) {
	before := AttemptSeq()
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 100 {
				KeepAttempt(Attempt{})
				for i, a := range LastAttempts(before) {
					if a.Seq != before+1+uint64(i) {
						t.Errorf("place %d has the number %d", i, a.Seq)
						return
					}
				}
			}
		}()
	}
	all.Wait()
	if got := len(LastAttempts(before)); got != 800 || AttemptSeq() != before+800 {
		t.Errorf("%d, up to %d", got, AttemptSeq()-before)
	}
}

// TestWithoutAnswer leaves out what the application said, as it may quote the event.
func TestWithoutAnswer(t *testing.T) {
	for reason, want := range map[string]string{
		"":                      "",
		"no answer within 5s":   "no answer within 5s",
		Answered + "503 Busy":   Answered + "503 Busy",
		Answered + "400: SAID":  Answered + "400",
		Answered + "400: a: b:": Answered + "400",
		Answered + `302 Found, a redirect, which is not followed: "SAID"`:                                        Answered + "302 Found, a redirect, which is not followed",
		"dial tcp 127.0.0.1:3000: connect: connection refused":                                                   "dial tcp 127.0.0.1:3000: connect: connection refused",
		`net/http: HTTP/1.x transport connection broken: malformed HTTP response "SAID"`:                         "net/http: HTTP/1.x transport connection broken: …",
		"net/http: HTTP/1.x transport connection broken: malformed MIME header line: SAID":                       "net/http: HTTP/1.x transport connection broken: …",
		`net/http: HTTP/1.x transport connection broken: invalid header field name "SAID": no "malformed " SAID`: "net/http: HTTP/1.x transport connection broken: invalid header field name …",
	} {
		if got := WithoutAnswer(reason); got != want {
			t.Errorf("%q is %q, want %q", reason, got, want)
		}
	}
}
