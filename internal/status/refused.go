package status

import (
	"container/list"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// MaxBody is how much of a refused body is kept, in bytes.
	MaxBody = 8 << 10

	// MaxHeaders is how much of the header fields of a refused request is kept, in
	// bytes, with names, and what each name and each value takes besides its text.
	MaxHeaders = 8 << 10

	nameOverhead, valueOverhead = 64, 16

	// So many refused requests are kept of each receiver and reason, and as many more
	// of those that were authentic.
	keptOfReason = 20

	// All of them together have so many bytes at most.
	keptBytes = 4 << 20

	// overhead is what a refused request takes besides its texts: itself, its places
	// in lists, and a map.
	overhead = 1 << 10

	// maxReasons is how many reasons a receiver can have: what others say may be
	// different each time. More of them count as one.
	maxReasons = 64
)

// Refused is a request that was refused. What is secret is masked already.
type Refused struct {
	Seq       uint64    `json:"seq"` // counts all that were refused
	Time      time.Time `json:"time"`
	Receiver  string    `json:"receiver"`
	Provider  string    `json:"provider"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	ClientIP  string    `json:"client_ip"`
	Status    int       `json:"status"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason"`
	Remedy    string    `json:"remedy,omitempty"`
	Authentic bool      `json:"authentic"` // its signature or token was right
	ID        string    `json:"id,omitempty"`
	Type      string    `json:"type,omitempty"`

	Headers  map[string][]string `json:"headers"`
	Body     Text                `json:"body,omitempty"`      // the beginning
	BodySize int                 `json:"body_size,omitempty"` // of all of it that has arrived
	Signed   *Signed             `json:"signed,omitempty"`
}

// Signed is what an HMAC should have been of.
type Signed struct {
	Content Text   `json:"content"` // the beginning
	Size    int    `json:"size"`    // of all of it
	SHA256  string `json:"sha256,omitempty"`

	// The first characters of what would have been right, by the number of the
	// secret, less one.
	Expected []string `json:"expected,omitempty"`
}

// Text is bytes that are in JSON as a string, or if they are no text as the base64
// of them after "base64:".
type Text []byte

// MarshalJSON returns a string.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.Valid(t) {
		return json.Marshal(string(t))
	}
	encoded, err := json.Marshal([]byte(t))
	return append([]byte(`"base64:`), encoded[1:]...), err
}

// size is how many bytes are counted for it.
func (r *Refused) size() int {
	size := overhead
	for _, s := range []string{r.Receiver, r.Provider, r.Method, r.Path, r.Query, r.ClientIP, r.Reason, r.Remedy, r.ID, r.Type} {
		size += len(s)
	}
	for name, values := range r.Headers {
		size += nameOverhead + len(name)
		for _, value := range values {
			size += valueOverhead + len(value)
		}
	}
	size += cap(r.Body)
	if r.Signed != nil {
		size += cap(r.Signed.Content) + 128
	}
	return size
}

// ring has the last refused requests of all receivers.
type ring struct {
	mu      sync.Mutex
	seq     uint64
	bytes   int
	all     [2]list.List // of *Refused, the oldest first; the second those that were authentic
	groups  map[group][]*list.Element
	reasons map[*Counts]map[string]bool
}

// group is what keptOfReason is for.
type group struct {
	of        *Counts
	reason    string
	authentic bool
}

var refused ring

// Keep keeps a request that was refused by the receiver with these counts, which it
// must not be changed after.
func (c *Counts) Keep(r *Refused) {
	c.refused(Refusal{Time: r.Time, Status: r.Status, Reason: r.Reason, Remedy: r.Remedy})
	refused.keep(c, r)
}

func (k *ring) keep(c *Counts, r *Refused) {
	size := r.size()
	reason := Kind(r.Status, r.Reason)
	which := 0
	if r.Authentic {
		which = 1
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seq++
	r.Seq = k.seq
	if k.groups == nil {
		k.groups, k.reasons = make(map[group][]*list.Element), make(map[*Counts]map[string]bool)
	}
	if known := k.reasons[c]; !known[reason] {
		switch {
		case known == nil:
			k.reasons[c] = map[string]bool{reason: true}
		case len(known) < maxReasons:
			known[reason] = true
		default:
			reason = ""
		}
	}
	g := group{c, reason, r.Authentic}
	if of := k.groups[g]; len(of) == keptOfReason {
		k.remove(which, of[0], g)
	}
	k.bytes += size
	k.groups[g] = append(k.groups[g], k.all[which].PushBack(&kept{r, g, size}))
	for k.bytes > keptBytes {
		// An event that was lost is worth more than what anybody may have sent.
		from := 0
		if k.all[0].Len() == 0 {
			from = 1
		}
		oldest := k.all[from].Front()
		k.remove(from, oldest, oldest.Value.(*kept).group)
	}
}

// kept is an element of a ring.
type kept struct {
	*Refused
	group group
	size  int
}

// remove removes the oldest of a group.
func (k *ring) remove(which int, oldest *list.Element, g group) {
	k.bytes -= oldest.Value.(*kept).size
	k.all[which].Remove(oldest)
	if k.groups[g] = slices.Delete(k.groups[g], 0, 1); len(k.groups[g]) == 0 {
		delete(k.groups, g)
	}
}

// RefusedSeq returns the number of the last refused request.
func RefusedSeq() uint64 {
	refused.mu.Lock()
	defer refused.mu.Unlock()
	return refused.seq
}

// LastRefused returns the refused requests that are kept, the oldest first, without
// those up to a number. They must not be changed.
func LastRefused(after uint64) []*Refused {
	refused.mu.Lock()
	defer refused.mu.Unlock()
	last := []*Refused{}
	for i := range refused.all {
		for e := refused.all[i].Back(); e != nil && e.Value.(*kept).Seq > after; e = e.Prev() {
			last = append(last, e.Value.(*kept).Refused)
		}
	}
	slices.SortFunc(last, func(a, b *Refused) int { return int(int64(a.Seq - b.Seq)) })
	return last
}

// WithoutContent returns a copy for those who may not see what was sent: without
// body and header values, and without what is taken from them.
func (r *Refused) WithoutContent() *Refused {
	bare := *r
	bare.Body, bare.Signed, bare.ID, bare.Type = nil, nil, "", ""
	bare.Headers = make(map[string][]string, len(r.Headers))
	for name := range r.Headers {
		bare.Headers[name] = []string{}
	}
	return &bare
}

// Kind returns what refusals for the same reason have in common: all but numbers,
// such as the place in a body where it is no JSON.
func Kind(status int, reason string) string {
	var b strings.Builder
	b.Grow(len(reason) + 4)
	b.WriteByte(byte('0' + status/100%10))
	b.WriteByte(byte('0' + status/10%10))
	b.WriteByte(byte('0' + status%10))
	b.WriteByte(' ')
	inNumber := false
	for i := range len(reason) {
		isDigit := '0' <= reason[i] && reason[i] <= '9'
		if !isDigit {
			b.WriteByte(reason[i])
		} else if !inNumber {
			b.WriteByte('0')
		}
		inNumber = isDigit
	}
	return b.String()
}

// UnmarshalJSON takes what MarshalJSON returns as text.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	*t = Text(s)
	return err
}
