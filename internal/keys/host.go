package keys

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/netip"
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
	fetches keyName       // what it is of
	err     error         // of the last fetch
	wanted  map[string]wish
}

// wish is a key that clients of a network want: one of all those, chosen by chance.
type wish struct {
	key   keyName
	fetch func() error
	of    int // so many
	at    time.Time
}

const (
	// maxWanted is how many networks' wishes are remembered.
	maxWanted = 256

	// wishFor is how long: what was made up before must not keep others waiting for ever.
	wishFor = 2 * time.Minute
)

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

// ask has a host asked for a key, unless that was done less than ten seconds ago. While it
// is being asked for that key, others wait for it. A fetch goes on when nobody waits for it
// any longer: the next request has use for the key.
//
// Which key is asked for is chosen by chance, of one for each network whose clients want any
// that was not to be had: so whoever makes up many keys does not keep others' from being
// fetched.
func (h *host) ask(ctx context.Context, client string, key keyName, fetch func() error) error {
	h.mu.Lock()
	if h.running == nil || h.fetches != key {
		h.wish(networkOf(client), key, fetch)
	}
	if h.running == nil && time.Since(h.began) >= between {
		chosen := h.choose()
		h.began, h.running, h.fetches, h.err = time.Now(), make(chan struct{}), chosen.key, nil
		go h.run(chosen.fetch, h.running)
	}
	running, isMine, err := h.running, h.fetches == key, h.err
	h.mu.Unlock()
	if running == nil || !isMine {
		return orLater(err)
	}
	select {
	case <-running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return orLater(h.err)
}

// wish remembers what a client of a network wants.
func (h *host) wish(network string, key keyName, fetch func() error) {
	if h.wanted == nil {
		h.wanted = map[string]wish{}
	}
	w, ok := h.wanted[network]
	switch {
	case ok && w.key == key:
		w.fetch = fetch
	case !ok || rand.IntN(w.of+1) == 0:
		w.key, w.fetch = key, fetch
		fallthrough
	default:
		w.of++
	}
	w.at = time.Now()
	if !ok && len(h.wanted) >= maxWanted {
		delete(h.wanted, h.anyNetwork())
	}
	h.wanted[network] = w
}

// choose takes one of the wishes, of which there must be a new one.
func (h *host) choose() wish {
	maps.DeleteFunc(h.wanted, func(_ string, w wish) bool { return time.Since(w.at) > wishFor })
	chosen := h.wanted[h.anyNetwork()]
	for network, w := range h.wanted {
		if w.key == chosen.key {
			delete(h.wanted, network)
		}
	}
	return chosen
}

func (h *host) anyNetwork() string {
	i := rand.IntN(len(h.wanted))
	for network := range h.wanted {
		if i--; i < 0 {
			return network
		}
	}
	return ""
}

// networkOf returns the network that an address is in, as whoever has one address has
// others beside it.
func networkOf(client string) string {
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return ""
	}
	addr, bits := addr.Unmap().WithZone(""), 48
	if addr.Is4() {
		bits = 24
	}
	network, _ := addr.Prefix(bits) // of such an address
	return network.String()
}

func (h *host) run(fetch func() error, over chan struct{}) {
	err := fetch()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err, h.running = err, nil
	close(over)
}

func orLater(err error) error {
	if err == nil {
		return errLater
	}
	return err
}
