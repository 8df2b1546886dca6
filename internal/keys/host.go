package keys

import (
	"context"
	"sync"
	"time"
)

const (
	// between is how long after a fetch the same host is not asked for another key, whatever
	// became of it.
	between = 10 * time.Second

	// maxFetch is how long a fetch takes at most.
	maxFetch = 10 * time.Second
)

// host is a host that keys are fetched from. All receivers share it.
type host struct {
	mu      sync.Mutex
	began   time.Time     // the last fetch
	running chan struct{} // closed when the fetch is over; nil: there is none
	err     error         // of the last fetch
}

// hosts are all of them, over reloads: few, as services say which they can be.
var hosts hostsByName

type hostsByName struct {
	mu  sync.Mutex
	all map[string]*host
}

func (h *hostsByName) of(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[string]*host{}
	}
	if h.all[name] == nil {
		h.all[name] = new(host)
	}
	return h.all[name]
}

// ask has a host asked, unless that was done less than ten seconds ago. While it is being
// asked, others wait for that. A fetch goes on when nobody waits for it any longer: the
// next request has use for the key.
func (h *host) ask(ctx context.Context, fetch func() error) error {
	for {
		h.mu.Lock()
		running := h.running
		if running == nil {
			if time.Since(h.began) < between {
				defer h.mu.Unlock()
				if h.err != nil {
					return h.err
				}
				return errLater
			}
			running = make(chan struct{})
			h.began, h.running, h.err = time.Now(), running, nil
			go h.run(fetch, running)
		}
		h.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (h *host) run(fetch func() error, over chan struct{}) {
	err := fetch()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err, h.running = err, nil
	close(over)
}
