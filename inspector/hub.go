package inspector

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lookEvery is how often it is looked for new events, and stateEvery for changes of how everything stands:
	// together at most four messages a second.
	lookEvery  = time.Second / 3
	stateEvery = time.Second

	// keptSummaries is how many summaries are kept for pages that come back.
	keptSummaries = 1000

	// perMessage is how many summaries a message has. Of more, it is told how many there are.
	perMessage = 20

	// maxClients is how many pages can be open, and maxBehind how many messages one may be behind.
	maxClients = 200
	maxBehind  = 64

	// linger is how long is gone on without a page, for one that comes back.
	linger = time.Minute
)

// hub tells the pages that are open what happens. It does nothing while none is.
type hub struct {
	h    *Handler
	name string // in ids of messages

	mu      sync.Mutex
	clients map[*client]bool
	ended   bool
	running bool
	stop    chan struct{}
	empty   time.Time // since when there is no page

	// The last summaries, by their number modulo, and how many more came with each.
	ring  [keptSummaries]kept
	seq   uint64
	state []byte // what was told of it last
}

type kept struct {
	summary
	more int
}

// client is a page that is open.
type client struct {
	messages chan []byte // closed when it is too slow, or all ends
}

var hubs atomic.Uint64

func newHub(h *Handler) *hub {
	return &hub{h: h, name: process + "." + strconv.FormatUint(hubs.Add(1), 10), clients: make(map[*client]bool), stop: make(chan struct{})}
}

// join adds a page, which was told up to a message before.
func (b *hub) join(last string) (*client, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended || len(b.clients) >= maxClients {
		return nil, false
	}
	c := &client{messages: make(chan []byte, maxBehind+keptSummaries/perMessage+2)}
	if last != "" {
		seq, ok := b.seqOf(last)
		switch {
		case !ok || !b.running || seq > b.seq || b.seq-seq > keptSummaries:
			c.messages <- message("reset", "", []byte("{}"))
		default:
			for _, m := range b.since(seq) {
				c.messages <- m
			}
		}
	}
	if !b.running {
		b.running = true
		f := newFollower()
		f.look(b.h.view()) // from here on
		go b.run(f)
	}
	if data, err := json.Marshal(b.h.standing()); err == nil {
		c.messages <- message("state", b.messageID(b.seq), data)
	}
	b.clients[c] = true
	return c, true
}

// since returns messages with what came after a number.
func (b *hub) since(seq uint64) (messages [][]byte) {
	for seq < b.seq {
		var events []summary
		more := 0
		for seq < b.seq && len(events) < perMessage {
			seq++
			k := &b.ring[seq%keptSummaries]
			events, more = append(events, k.summary), more+k.more
		}
		messages = append(messages, b.eventsMessage(events, more, seq))
	}
	return messages
}

func (b *hub) eventsMessage(events []summary, more int, seq uint64) []byte {
	data, _ := json.Marshal(struct {
		Events []summary `json:"events"`
		More   int       `json:"more"`
	}{events, more})
	return message("events", b.messageID(seq), data)
}

// leave removes a page.
func (b *hub) leave(c *client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(c)
}

func (b *hub) remove(c *client) {
	if b.clients[c] {
		delete(b.clients, c)
		close(c.messages)
	}
	if len(b.clients) == 0 {
		b.empty = time.Now()
	}
}

// end ends all streams, and lets none begin. It may be called again.
func (b *hub) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	close(b.stop)
	for c := range b.clients {
		b.remove(c)
	}
}

// tell sends a message to all pages, except for those that are too far behind, which end.
func (b *hub) tell(m []byte) {
	for c := range b.clients {
		select {
		case c.messages <- m:
		default:
			b.remove(c)
		}
	}
}

// run looks what happens, as long as there is a page.
func (b *hub) run(f *follower) {
	defer f.close()
	looks, states := time.NewTicker(lookEvery), time.NewTicker(stateEvery)
	defer looks.Stop()
	defer states.Stop()
	for {
		select {
		case <-looks.C:
			v := b.h.view()
			events, more, odd := f.look(v)
			b.arrived(events, more, odd)
		case <-states.C:
			b.lookAtState()
			if b.mayStop() {
				return
			}
		case <-b.stop:
			return
		}
	}
}

// arrived keeps and tells what has come; odd tells that more may have.
func (b *hub) arrived(events []summary, more int, odd bool) {
	if len(events) == 0 && more == 0 && !odd {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if odd || len(events) == 0 {
		b.seq += keptSummaries + 1 // whoever was told before lists anew as well
		b.tell(message("reset", b.messageID(b.seq), []byte("{}")))
		return
	}
	for i, e := range events {
		b.seq++
		b.ring[b.seq%keptSummaries] = kept{summary: e}
		if i == len(events)-1 {
			b.ring[b.seq%keptSummaries].more = more
		}
	}
	b.tell(b.eventsMessage(events, more, b.seq))
}

// lookAtState tells how everything stands, if that has changed.
func (b *hub) lookAtState() {
	data, err := json.Marshal(b.h.standing())
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !bytes.Equal(data, b.state) {
		b.state = data
		// With an id, too, so that whoever was told of no event yet misses none either.
		b.tell(message("state", b.messageID(b.seq), data))
	}
}

// mayStop stops the looking, if there has been no page for a while.
func (b *hub) mayStop() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.clients) > 0 || time.Since(b.empty) < linger {
		return false
	}
	b.running, b.state = false, nil
	b.seq += keptSummaries + 1 // what comes until there is one again is told by nobody
	return true
}
