package webhookreceiver

import (
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("webhook_receiver", parseCaddyfile)
	// Before respond, and before webhook_inspector, which is right before that and answers all that gets to it.
	httpcaddyfile.RegisterDirectiveOrder("webhook_receiver", httpcaddyfile.After, "copy_response")
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
//	    account       <value...>
//	    secret        <secret...>
//	    keys          <file>
//	    public_url    <url>
//	    tolerance     <duration>
//	    output        <module> ...
//	    attribute     <name> <value>
//	    max_body_size <size>
//	    timeout       <duration>
//	    accept        json|any
//	    dedupe        <window> [<key>]
//	    headers       all|none|<name...>
//	    deliver       [<name>] <url> { ... }
//	}
//
// output, deliver and attribute may be repeated, an attribute not with the same name. The
// blocks verification, signature and event are for the provider generic.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	return h.options().Unmarshal(d, "webhook_receiver takes one matcher at most, such as /webhooks or @name; all else stands in its block, { … }", h.check)
}

// options are those of the directive.
func (h *Handler) options() options.Table {
	table := options.Table{
		"name": options.Value("one name, such as tickets", func(_, name string) error {
			h.Name = name
			return checkName(name)
		}),
		"provider":      options.Value("the name of one provider, such as github", h.setProvider),
		"verification":  {Takes: "a block", Read: h.unmarshalVerification},
		"signature":     {Takes: "a block", Read: h.unmarshalSignature},
		"event":         {Takes: "a block", Read: h.unmarshalEvent},
		"verify_token":  options.Secret(options.Texts("one token or more, such as {env.WEBHOOK_VERIFY_TOKEN}", &h.VerifyTokens)),
		"secret":        options.Secret(options.Texts("one secret or more, such as {env.WEBHOOK_SECRET}", &h.Secrets)),
		"keys":          options.Text("one file with public keys, such as /etc/caddy/keys.pem", &h.KeysFile),
		"account":       options.Texts("one account or more, such as 12345", &h.Accounts),
		"public_url":    options.Value("one URL without spaces, such as https://hooks.example.com/webhooks", h.setPublicURL),
		"tolerance":     options.Duration(&h.Tolerance, "5m"),
		"output":        {Takes: "the name of an output, such as file", Read: h.unmarshalOutput, Repeatable: true},
		"attribute":     h.attribute(),
		"max_body_size": options.Size("5MiB", h.setMaxBodySize),
		"timeout": options.Value("one duration, such as 15s", func(name, value string) error {
			h.Timeout = new(caddy.Duration)
			return options.Duration(h.Timeout, "15s").Set(name, []string{value})
		}),
		"accept": options.Word(&h.Accept, event.AcceptJSON, event.AcceptAny),
		"dedupe": {Takes: "a window and perhaps a key, such as 10m {http.webhook_receiver.body_sha256}", Min: 1, Max: 2, Set: h.setDedupe},
		"headers": {Takes: "names of header fields, all, or none, such as X-Request-Id", Min: 1, Max: -1, Set: func(_ string, args []string) error {
			h.Headers = args
			return rules.CheckHeaders(args)
		}},
		"deliver": {Takes: "a URL, and perhaps a name before it, such as http://localhost:3000/webhooks", Read: h.unmarshalDeliver, Repeatable: true},
	}
	for name := range deliver.Options() {
		if _, ok := table[name]; !ok && name != "header" { // which is likelier to be meant for headers
			table[name] = options.Option{Elsewhere: "is an option of deliver, and stands in its block: deliver http://localhost:3000/ { … }"}
		}
	}
	for name := range file.Options() {
		table[name] = options.Option{Elsewhere: "is an option of the output file, and stands in its block: output file { … }"}
	}
	return table
}

func (h *Handler) setProvider(_, name string) error {
	h.Provider = name
	_, err := provider.Named(name)
	return err
}

func (h *Handler) setPublicURL(_, url string) error {
	h.PublicURL = url
	_, err := rules.ParsePublicURL(url)
	return err
}

func (h *Handler) attribute() options.Option {
	o := options.Pairs("a name and a value, such as tenant acme", &h.Attributes)
	set := o.Set
	o.Set = func(name string, args []string) error {
		return errors.Join(checkAttributeName(args[0]), set(name, args))
	}
	return o
}

func (h *Handler) setMaxBodySize(_ string, size int64) error {
	h.MaxBodySize = &size
	return checkMaxBodySize(size)
}

func (h *Handler) setDedupe(name string, args []string) error {
	window, err := expect.Duration(name, args[0], "10m", 1)
	h.Dedupe = &dedupe.Config{Window: caddy.Duration(window)}
	if len(args) == 2 {
		h.Dedupe.Key = args[1]
	}
	return err
}

func (h *Handler) unmarshalOutput(d *caddyfile.Dispenser) error {
	if place := *d; !d.NextArg() {
		return place.Errf("output takes the name of an output, such as file; those in this Caddy are %s", expect.AllOf(outputNames()))
	}
	name := d.Val()
	if err := checkOutputName(name); err != nil {
		return d.WrapErr(err)
	}
	output, err := caddyfile.UnmarshalModule(d, outputNamespace+"."+name)
	if err != nil {
		return fmt.Errorf("output %s: %w", name, err)
	}
	h.OutputsRaw = append(h.OutputsRaw, caddyconfig.JSONModuleObject(output, "output", name, nil))
	return nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Handler)(nil)
