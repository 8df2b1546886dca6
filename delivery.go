package webhookreceiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

func (h *Handler) unmarshalDeliver(d *caddyfile.Dispenser) error {
	delivery := new(deliver.Delivery)
	if err := delivery.UnmarshalCaddyfile(d); err != nil {
		return err
	}
	h.Deliver = append(h.Deliver, delivery)
	return nil
}

// checkDeliveries returns what is wrong with the deliveries, and with the rest for their sake.
func (h *Handler) checkDeliveries(row provider.Row) error {
	if len(h.Deliver) == 0 {
		return nil
	}
	names := make(map[string]bool)
	for i, d := range h.Deliver {
		if d == nil {
			return fmt.Errorf("deliver number %d: is null: must have a url, such as http://localhost:3000/webhooks", i+1)
		}
		if err := d.Check(); err != nil {
			return fmt.Errorf("deliver %s: %w", expect.Quote(d.DisplayName()), err)
		}
		if names[d.DisplayName()] {
			return fmt.Errorf("deliver: two deliveries are called %s: give each a name, as in deliver app http://localhost:3000/", d.DisplayName())
		}
		names[d.DisplayName()] = true
		if d.Sign == "" && d.As != deliver.AsCloudEvents && row.Signature != nil && len(row.Signature.Timestamp) > 0 && (len(h.Secrets) > 0 || row.Keys != nil) {
			return fmt.Errorf("deliver %s: signatures of %s have a time, and are refused by its libraries when they are old: write sign with a secret, or sign off if nothing checks them", d.DisplayName(), row.Name)
		}
	}
	if _, ok := h.Attributes[event.Receiver]; ok {
		return errors.New("attribute receiver: deliver needs it for the receiver's name: take it out")
	}
	return h.checkDeliverable()
}

// checkDeliverable returns an error unless there is an output from which events can be
// delivered.
func (h *Handler) checkDeliverable() error {
	if len(h.OutputsRaw) == 0 {
		return nil // the default is one
	}
	lacks := "there is none: add a line such as output file"
	for _, raw := range h.OutputsRaw {
		var output struct {
			Output, Format string
			Sync           file.SyncMode
		}
		if json.Unmarshal(raw, &output) != nil || output.Output != "file" {
			continue // what is wrong with it is told by itself
		}
		switch {
		case output.Sync != file.SyncMode(journal.SyncAlways):
			lacks = "its sync is another one, so that a crash could take back what was delivered"
		case output.Format == file.FormatRaw:
			lacks = "its format is raw, which has neither ids nor headers"
		default:
			return nil
		}
	}
	return fmt.Errorf("deliver: sends from an output file with sync always and format cloudevents, and %s", lacks)
}

// checkTogether returns an error if another receiver of the config stores in the file from which
// events are delivered, and can't be told from this one.
func (h *Handler) checkTogether(ctx caddy.Context, config string) error {
	all.Lock()
	defer all.Unlock()
	for _, other := range all.receivers {
		// The same receiver may be in several sites.
		if other.name != h.name || other.ctx.Done() != ctx.Done() || other.config == config {
			continue
		}
		for _, two := range [][2]*Handler{{h, other.Handler}, {other.Handler, h}} {
			if from := two[0].deliverable(); len(two[0].Deliver) > 0 && two[1].storesIn(from.Destination()) {
				return fmt.Errorf("name %s: two receivers of this name store in %s, and deliver could not tell their events apart: "+
					"give each a name of its own, such as name %[1]s-2, or a file of its own, or the same options, where they are one receiver in several sites", h.name, from.Destination())
			}
		}
	}
	return nil
}

func (h *Handler) storesIn(path string) bool {
	for _, o := range h.outputs {
		if output, ok := o.Output.(*file.Output); ok && output.Destination() == path {
			return true
		}
	}
	return false
}

// provisionDeliveries registers the deliveries, which begin once the config runs.
func (h *Handler) provisionDeliveries(ctx caddy.Context) error {
	if len(h.Deliver) == 0 {
		return nil
	}
	output := h.deliverable()
	grace := time.Duration(0)
	if ancestors := ctx.Modules(); len(ancestors) > 0 {
		if app, ok := ancestors[0].(*caddyhttp.App); ok {
			grace = time.Duration(app.GracePeriod)
		}
	}
	emit := emitter(ctx, h.logger)
	mode, dirMode := output.Modes()
	for _, d := range h.Deliver {
		target, err := d.Provision(ctx, h.tokenFields())
		if err != nil {
			return fmt.Errorf("deliver %s: %w", d.DisplayName(), err)
		}
		if err := output.CheckBeside(deliver.FilesBeside(h.name, d.DisplayName())); err != nil {
			return fmt.Errorf("deliver %s: needs files beside the receiver's: %w", d.DisplayName(), err)
		}
		handle := deliver.Register(deliver.Spec{
			Receiver: h.name, Delivery: d, Target: target, Path: output.Destination(), Journal: output.Journal(),
			Mode: mode, DirMode: dirMode, KeepFor: time.Duration(output.RollKeepFor), Grace: grace,
			Active: func() bool { return file.IsInEffect(ctx) }, Logger: h.logger,
			Emit: emit,
		})
		h.deliveries = append(h.deliveries, handle)
		h.release = append(h.release, handle.Release)
	}
	return nil
}

// deliverable returns the output from which events can be delivered, or nil.
func (h *Handler) deliverable() *file.Output {
	for _, o := range h.outputs {
		if output, ok := o.Output.(*file.Output); ok && output.Durable() && output.Format != file.FormatRaw {
			return output
		}
	}
	return nil
}

// tokenFields returns the header field with the receiver's first secret, where the provider sends
// that: it is never stored.
func (h *Handler) tokenFields() http.Header {
	s := h.provider.Signature
	if s == nil || !s.IsToken() || len(h.signatureSecrets) == 0 {
		return nil
	}
	kind, name := s.From[0].Split()
	if kind != rules.SourceHeader {
		return nil
	}
	return http.Header{textproto.CanonicalMIMEHeaderKey(name): {s.Token(h.signatureSecrets[0])}}
}

// readyToDeliver returns once an event that is stored from now on is sure to be delivered.
func (h *Handler) readyToDeliver() error {
	for _, handle := range h.deliveries {
		if err := handle.Ready(); err != nil {
			return err
		}
	}
	return nil
}

// storedName is the name that events have.
func (h *Handler) storedName() string {
	if len(h.Deliver) > 0 {
		return h.name
	}
	return h.Name
}

// maxDepth is through how many deliveries an event may come: one that is sent to itself, over
// whatever detours, ends there.
const maxDepth = 8

// depthOf returns through how many deliveries the event has come. What is no number counts as
// none, and one that is too large as the largest.
func depthOf(req *request) uint64 {
	text := req.Header.Get(deliver.HeaderDepth)
	if text == "" { // as mostly, and the error that tells so has a price
		return 0
	}
	depth, _ := strconv.ParseUint(text, 10, 16)
	return depth
}

// checkDepth refuses an event that goes round in circles.
func checkDepth(req *request) error {
	if depthOf(req) < maxDepth {
		return nil
	}
	return &outcome.Refusal{
		Status: http.StatusLoopDetected, Outcome: outcome.BadRequest,
		Reason: fmt.Errorf("the event has come through %d deliveries: one of them leads back to where it came from", maxDepth),
		Remedy: "see what deliver sends to, here and on the way: none may lead back; the event itself is stored, as often as it came through",
	}
}
