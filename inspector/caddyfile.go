package inspector

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

func parseCaddyfile(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	webhook_inspector [<matcher>] {
//	    receivers    <name...>
//	    user         <placeholder>
//	    certificates
//	    read_only
//	    no_payload
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive
	return h.table().Unmarshal(d, "webhook_inspector takes nothing but a matcher and a block", h.check)
}

// Options returns the options of an inspector, by their names.
func Options() options.Table { return new(Handler).table() }

func (h *Handler) table() options.Table {
	return options.Table{
		"receivers":    options.Texts("the names of receivers, such as shop billing", &h.Receivers),
		"user":         options.Text("a placeholder, such as {http.reverse_proxy.header.Remote-User}", &h.User),
		"certificates": options.Flag(&h.Certificates),
		"read_only":    options.Flag(&h.ReadOnly),
		"no_payload":   options.Flag(&h.NoPayload),
	}
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Handler)(nil)
