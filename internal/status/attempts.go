package status

import (
	"strings"
	"sync"
	"time"
)

// keptAttempts is how many attempts are kept, of all deliveries together.
const keptAttempts = 1000

// Attempt is an attempt to deliver an event.
type Attempt struct {
	Seq      uint64    `json:"seq"` // counts all
	Time     time.Time `json:"time"`
	Receiver string    `json:"receiver"`
	Delivery string    `json:"delivery"`
	ID       string    `json:"id"` // of the event
	Type     string    `json:"type"`
	Subject  string    `json:"subject,omitempty"`
	Number   int       `json:"attempt"`          // from 1
	Status   int       `json:"status,omitempty"` // of the answer; 0: there was none
	Took     int64     `json:"took_ms"`
	Taken    bool      `json:"taken"`
	Reason   string    `json:"reason,omitempty"` // why the event was not taken
	Again    bool      `json:"again,omitempty"`  // somebody wanted it to be sent once more
}

// Answered begins the reason of an attempt that was answered. Behind the status and a colon is what
// the application said.
const Answered = "the application answered "

// WithoutAnswer returns a reason without what the application said, which may quote the event.
func WithoutAnswer(reason string) string {
	if strings.HasPrefix(reason, Answered) {
		reason, _, _ = strings.Cut(reason, ": ")
		return reason
	}
	for _, quotes := range []string{"malformed ", `"`} { // as Go quotes what is no answer
		if before, _, ok := strings.Cut(reason, quotes); ok {
			reason = before + "…"
		}
	}
	return reason
}

var attempts struct {
	sync.Mutex
	seq  uint64
	kept [keptAttempts]Attempt // by the number, modulo
}

// KeepAttempt keeps an attempt, which gets its number. It is without secrets that are known.
func KeepAttempt(a Attempt) Attempt {
	a.Time = a.Time.UTC()
	if a.Reason != "" {
		a.Reason = find().Replace(a.Reason)
	}
	attempts.Lock()
	defer attempts.Unlock()
	attempts.seq++
	a.Seq = attempts.seq
	attempts.kept[a.Seq%keptAttempts] = a
	return a
}

// LastAttempts returns those that are kept, and have a higher number, the oldest first.
func LastAttempts(after uint64) []Attempt {
	attempts.Lock()
	defer attempts.Unlock()
	list := []Attempt{}
	for seq := max(after, attempts.seq-min(attempts.seq, keptAttempts)); seq < attempts.seq; {
		seq++ // not before it is compared: after may be the highest number that there is
		list = append(list, attempts.kept[seq%keptAttempts])
	}
	return list
}

// AttemptSeq returns the number of the last attempt.
func AttemptSeq() uint64 {
	attempts.Lock()
	defer attempts.Unlock()
	return attempts.seq
}
