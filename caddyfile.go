package webhookreceiver

import (
	"errors"
	"math"
	"regexp"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
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
//	}
//
// output and attribute may be repeated, an attribute not with the same name. The
// blocks verification, signature and event are for the provider generic.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	previous := ""
	return unmarshalBlock(d, []string{"output", "attribute"}, func(option string) error {
		err := h.unmarshalOption(d, option)
		if err == errUnrecognized {
			err = d.Errf("unrecognized option '%s'", option)
			if (previous == "verify_token" || previous == "secret") && !likeOption.MatchString(option) {
				err = d.Errf("unrecognized option; it is not shown, as it may be a %s: all of them stand in one line", previous)
			}
		}
		previous = option
		return err
	})
}

var errUnrecognized = errors.New("unrecognized option")

// likeOption is what could be meant for an option.
var likeOption = regexp.MustCompile(`^[A-Za-z_]{1,20}$`)

// unmarshalBlock calls f for each option in a block, of which only some may be
// repeated.
func unmarshalBlock(d *caddyfile.Dispenser, repeatable []string, f func(option string) error) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && !slices.Contains(repeatable, option) {
			return d.Errf("%s is already specified", option)
		}
		seen[option] = true
		if err := f(option); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handler) unmarshalOption(d *caddyfile.Dispenser, option string) error {
	switch option {
	case "provider":
		if !d.AllArgs(&h.Provider) {
			return d.ArgErr()
		}
		if _, err := providerNamed(h.Provider); err != nil {
			return d.WrapErr(err)
		}

	case "verification":
		var err error
		h.Verification, err = unmarshalVerification(d)
		return err

	case "signature":
		var err error
		h.Signature, err = unmarshalSignature(d)
		return err

	case "event":
		var err error
		h.Event, err = unmarshalEvent(d)
		return err

	case "verify_token":
		var err error
		h.VerifyTokens, err = unmarshalSecrets(d)
		return err

	case "secret":
		var err error
		h.Secrets, err = unmarshalSecrets(d)
		return err

	case "public_url":
		if !d.AllArgs(&h.PublicURL) {
			return d.Err("wrong argument count: public_url takes one URL, without spaces") // it may hold a password
		}
		if h.PublicURL == "" {
			return d.Err("public_url is empty")
		}
		if err := checkPublicURL(h.PublicURL); err != nil {
			return d.WrapErr(err)
		}

	case "tolerance":
		return unmarshalDuration(d, &h.Tolerance)

	case "output":
		if !d.NextArg() {
			return d.ArgErr()
		}
		name := d.Val()
		output, err := caddyfile.UnmarshalModule(d, "http.webhook_receiver.outputs."+name)
		if err != nil {
			return err
		}
		h.OutputsRaw = append(h.OutputsRaw, caddyconfig.JSONModuleObject(output, "output", name, nil))

	case "attribute":
		var name, value string
		if !d.AllArgs(&name, &value) {
			return d.ArgErr()
		}
		if err := checkAttributeName(name); err != nil {
			return d.WrapErr(err)
		}
		if _, ok := h.Attributes[name]; ok {
			return d.Errf("attribute %s is already specified", name)
		}
		if h.Attributes == nil {
			h.Attributes = make(map[string]string)
		}
		h.Attributes[name] = value

	case "max_body_size":
		var s string
		if !d.AllArgs(&s) {
			return d.ArgErr()
		}
		size, err := humanize.ParseBytes(s)
		if err != nil {
			return d.Errf("parsing max_body_size: %v", err)
		}
		if size == 0 || size > math.MaxInt64 {
			return d.Errf("max_body_size %s: must be positive, and less than 8 EiB", s)
		}
		n := int64(size)
		h.MaxBodySize = &n

	case "timeout":
		h.Timeout = new(caddy.Duration)
		return unmarshalDuration(d, h.Timeout)

	case "accept":
		if !d.AllArgs(&h.Accept) {
			return d.ArgErr()
		}
		if err := checkAccept(h.Accept); err != nil {
			return d.WrapErr(err)
		}

	case "dedupe":
		var err error
		h.Dedupe, err = unmarshalDedupe(d)
		return err

	default:
		return errUnrecognized
	}
	return nil
}

func unmarshalDedupe(d *caddyfile.Dispenser) (*dedupe.Config, error) {
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		return nil, d.ArgErr()
	}
	window, err := caddy.ParseDuration(args[0])
	if err != nil {
		return nil, d.Errf("parsing dedupe: %v", err)
	}
	if window <= 0 {
		return nil, d.Errf("dedupe %s: the window must be positive", args[0])
	}
	config := &dedupe.Config{Window: caddy.Duration(window)}
	if len(args) == 2 {
		if config.Key = args[1]; config.Key == "" {
			return nil, d.Err("dedupe: the key is empty")
		}
	}
	return config, nil
}

// unmarshalSecrets returns the arguments, none of which may be empty. It takes
// care that no error quotes one.
func unmarshalSecrets(d *caddyfile.Dispenser) ([]string, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) == 0 {
		return nil, d.ArgErr()
	}
	for _, arg := range args {
		if arg == "" {
			return nil, d.Errf("%s is empty", option)
		}
	}
	withBlock := d.Errf("%s takes no block", option) // here, as the next call goes to another line
	if d.NextBlock(d.Nesting()) {
		return nil, withBlock
	}
	return args, nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Handler)(nil)
