package webhookreceiver

import (
	"fmt"
	"math"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("webhook_receiver", parseCaddyfile)
	httpcaddyfile.RegisterDirectiveOrder("webhook_receiver", httpcaddyfile.Before, "respond")
}

func parseCaddyfile(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	err := handler.UnmarshalCaddyfile(h.Dispenser)
	return handler, err
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	webhook_receiver [<matcher>] {
//	    name          <name>
//	    provider      <name>
//	    verification  { ... }
//	    signature     { ... }
//	    event         { ... }
//	    verify_token  <token...>
//	    secret        <secret...>
//	    public_url    <url>
//	    tolerance     <duration>
//	    output        <module> ...
//	    attribute     <name> <value>
//	    max_body_size <size>
//	    timeout       <duration>
//	    accept        json|any
//	    dedupe        <window> [<key>]
//	    headers       all|none|<name...>
//	}
//
// output and attribute may be repeated, an attribute not with the same name. The
// blocks verification, signature and event are for the provider generic.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	return options.Table{
		"name": options.Text(&h.Name),
		"provider": options.Value(func(name string) error {
			h.Provider = name
			_, err := provider.Named(name)
			return err
		}),
		"verification":  {Read: h.unmarshalVerification},
		"signature":     {Read: h.unmarshalSignature},
		"event":         {Read: h.unmarshalEvent},
		"verify_token":  secrets(&h.VerifyTokens),
		"secret":        secrets(&h.Secrets),
		"public_url":    {Read: h.unmarshalPublicURL},
		"tolerance":     options.Duration(&h.Tolerance),
		"output":        {Read: h.unmarshalOutput, Repeatable: true},
		"attribute":     {Read: h.unmarshalAttribute, Repeatable: true},
		"max_body_size": options.Value(h.setMaxBodySize),
		"timeout": {Read: func(d *caddyfile.Dispenser) error {
			h.Timeout = new(caddy.Duration)
			return options.Duration(h.Timeout).Read(d)
		}},
		"accept":  options.Checked(&h.Accept, checkAccept),
		"dedupe":  {Read: h.unmarshalDedupe},
		"headers": {Read: h.unmarshalHeaders},
	}.Unmarshal(d)
}

func (h *Handler) unmarshalPublicURL(d *caddyfile.Dispenser) error {
	if !d.AllArgs(&h.PublicURL) {
		return d.Err("wrong argument count: public_url takes one URL, without spaces") // it may hold a password
	}
	if h.PublicURL == "" {
		return d.Err("public_url is empty")
	}
	if _, err := rules.ParsePublicURL(h.PublicURL); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (h *Handler) unmarshalOutput(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	output, err := caddyfile.UnmarshalModule(d, "http.webhook_receiver.outputs."+name)
	if err != nil {
		return err
	}
	h.OutputsRaw = append(h.OutputsRaw, caddyconfig.JSONModuleObject(output, "output", name, nil))
	return nil
}

func (h *Handler) unmarshalAttribute(d *caddyfile.Dispenser) error {
	if err := options.Pairs(&h.Attributes).Read(d); err != nil {
		return err
	}
	for name := range h.Attributes {
		if err := checkAttributeName(name); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

func (h *Handler) setMaxBodySize(value string) error {
	size, err := humanize.ParseBytes(value)
	if err != nil {
		return fmt.Errorf("parsing max_body_size: %v", err)
	}
	if size == 0 || size > math.MaxInt64 {
		return fmt.Errorf("max_body_size %s: must be positive, and less than 8 EiB", value)
	}
	n := int64(size)
	h.MaxBodySize = &n
	return nil
}

func (h *Handler) unmarshalHeaders(d *caddyfile.Dispenser) error {
	if err := options.Texts(&h.Headers).Read(d); err != nil {
		return err
	}
	if err := rules.CheckHeaders(h.Headers); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (h *Handler) unmarshalDedupe(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		return d.ArgErr()
	}
	h.Dedupe = new(dedupe.Config)
	window, err := caddy.ParseDuration(args[0])
	if err != nil {
		return d.Errf("parsing dedupe: %v", err)
	}
	if window <= 0 {
		return d.Errf("dedupe %s: the window must be positive", args[0])
	}
	h.Dedupe.Window = caddy.Duration(window)
	if len(args) == 2 {
		if h.Dedupe.Key = args[1]; args[1] == "" {
			return d.Err("dedupe: the key is empty")
		}
	}
	return nil
}

// secrets is an option whose arguments, of which none may be empty, are in no
// error.
func secrets(values *[]string) options.Option {
	return options.Option{Secret: true, Read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if *values = d.RemainingArgs(); len(*values) == 0 {
			return d.ArgErr()
		}
		if slices.Contains(*values, "") {
			return d.Errf("%s is empty", name)
		}
		withBlock := d.Errf("%s takes no block", name) // here, as the next call goes to another line
		if d.NextBlock(d.Nesting()) {
			return withBlock
		}
		return nil
	}}
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Handler)(nil)
