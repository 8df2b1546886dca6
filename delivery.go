package webhookreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
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
	names := make(map[string]bool)
	for _, d := range h.Deliver {
		if err := d.Check(); err != nil {
			return err
		}
		if names[d.DisplayName()] {
			return fmt.Errorf("deliver: two deliveries are called %s: give each a name, as in deliver app http://localhost:3000/", d.DisplayName())
		}
		names[d.DisplayName()] = true
		if d.Sign == "" && d.As != deliver.AsCloudEvents && row.Signature != nil && len(row.Signature.Timestamp) > 0 && len(h.Secrets) > 0 {
			return fmt.Errorf("deliver %s: signatures of %s have a time, and are refused by its libraries when they are old: write sign with a secret, or sign off if nothing checks them", d.DisplayName(), row.Name)
		}
	}
	if _, ok := h.Attributes[event.Receiver]; ok && len(h.Deliver) > 0 {
		return errors.New("attribute receiver: deliver needs it for the receiver's name: take it out")
	}
	return nil
}

// provisionDeliveries registers the deliveries, which begin once the config runs.
func (h *Handler) provisionDeliveries(ctx caddy.Context) error {
	if len(h.Deliver) == 0 {
		return nil
	}
	output := h.deliverable()
	if output == nil {
		return errors.New("deliver: needs an output file with sync always and format cloudevents")
	}
	grace := time.Duration(0)
	if ancestors := ctx.Modules(); len(ancestors) > 0 {
		if app, ok := ancestors[0].(*caddyhttp.App); ok {
			grace = time.Duration(app.GracePeriod)
		}
	}
	loaded, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("deliver: the events app: %w", err)
	}
	events := loaded.(*caddyevents.App)
	mode, dirMode := output.Modes()
	for _, d := range h.Deliver {
		target, err := d.Provision(ctx, h.tokenFields())
		if err != nil {
			return fmt.Errorf("deliver %s: %w", d.DisplayName(), err)
		}
		handle := deliver.Register(deliver.Spec{
			Receiver: h.name, Delivery: d, Target: target, Path: output.Destination(), Journal: output.Journal(),
			Mode: mode, DirMode: dirMode, KeepFor: time.Duration(output.RollKeepFor), Grace: grace,
			Active: func() bool { return file.IsInEffect(ctx) }, Logger: h.logger,
			Emit: func(name string, data map[string]any) { events.Emit(ctx, name, data) },
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
	if s == nil || s.Algorithm != rules.AlgorithmToken || len(h.signatureSecrets) == 0 {
		return nil
	}
	kind, name := s.From[0].Split()
	if kind != rules.SourceHeader {
		return nil
	}
	return http.Header{textproto.CanonicalMIMEHeaderKey(name): {s.Prefix + h.signatureSecrets[0]}}
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
