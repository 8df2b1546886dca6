package webhookreceiver

import (
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/sites"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// maxNeighbours is how many other receivers' secrets are tried.
const maxNeighbours = 16

// running is a receiver beside others, of its own config and of another one.
type running struct {
	*Handler
	ctx       caddy.Context
	config    string
	published *status.Receiver
}

var all struct {
	sync.Mutex
	receivers []*running
}

// publish has the receiver show up in the status, and be known to others.
func (h *Handler) publish(ctx caddy.Context, config string) {
	r := &status.Receiver{
		Name: h.name, Provider: h.provider.Name, Service: h.service(), PublicURL: h.public.Source, PublicBase: h.public.IsBase,
		Verifies: h.verification != nil, Loaded: time.Now(),
		InEffect: func() bool { return file.IsInEffect(ctx) },
		Sites:    sync.OnceValue(func() []string { return sites.Of(ctx, h) }),

		Certificates: sites.Certificates,
		Test:         h.tester(),
	}
	for _, o := range h.outputs {
		output := status.Output{Name: o.name, Durable: o.Durable(), Failing: o.failing.Load}
		if o, ok := o.Output.(*file.Output); ok {
			output.File, output.Raw = o.Destination(), o.Format == file.FormatRaw
		}
		r.Outputs = append(r.Outputs, output)
	}
	h.running = &running{h, ctx, config, r}
	r.Resumed = r.HasFiles()
	h.counts = sync.OnceValue(func() *status.Counts { return status.CountsOf(r) })
	r.Counts = h.counts
	withdraw := status.Publish(r)

	all.Lock()
	defer all.Unlock()
	for _, other := range all.receivers {
		// The same receiver may be in several sites.
		if other.name == h.name && other.ctx.Done() == ctx.Done() && other.config != config {
			h.logger.Warn("another receiver has the same name, so that metrics and alerts can't tell them apart: give each its own")
			break
		}
	}
	all.receivers = append(all.receivers, h.running)
	h.release = append(h.release, func() {
		withdraw()
		all.Lock()
		defer all.Unlock()
		all.receivers = slices.DeleteFunc(all.receivers, func(other *running) bool { return other == h.running })
	})
}

// neighbours returns the other receivers of the same config that have secrets.
func (h *Handler) neighbours() (neighbours []rules.Neighbour) {
	all.Lock()
	defer all.Unlock()
	for _, other := range all.receivers {
		if other != h.running && other.signature != nil && other.ctx.Done() == h.running.ctx.Done() && len(neighbours) < maxNeighbours {
			neighbours = append(neighbours, rules.Neighbour{Name: other.name, Verifier: other.signature})
		}
	}
	return neighbours
}
