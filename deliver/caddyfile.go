package deliver

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

const takes = "perhaps a name, and " + urlSuch

// UnmarshalCaddyfile sets up the delivery from Caddyfile tokens. Syntax:
//
//	deliver [<name>] <url> {
//	    as          original|cloudevents
//	    sign        <secret>|off
//	    order       subject|strict
//	    concurrency <n>
//	    rate        <n>
//	    timeout     <duration>
//	    retry       <duration...>
//	    only        <type...>
//	    header      [+|-]<field> [<value> [<replacement>]]
//	    transport   <module> { ... }
//	}
//
// header may be repeated.
func (d *Delivery) UnmarshalCaddyfile(c *caddyfile.Dispenser) error {
	place := *c // of the word deliver
	switch args := c.RemainingArgs(); len(args) {
	case 1:
		d.URL = args[0]
	case 2:
		d.Name, d.URL = args[0], args[1]
	default:
		return place.Errf("deliver takes %s; here %s", takes, counted(len(args)))
	}
	if d.URL == "" {
		return place.Errf("deliver: the URL is empty, as is a {$VARIABLE} that is not set; it takes %s", takes)
	}
	if err := d.checkArguments(); err != nil {
		return place.WrapErr(err)
	}
	return d.table().Unmarshal(c, "deliver takes "+takes, d.Check)
}

func counted(n int) string {
	if n == 0 {
		return "is nothing, or a {$VARIABLE} that is not set"
	}
	return fmt.Sprintf("are %d arguments", n)
}

func (d *Delivery) checkArguments() error {
	switch {
	case strings.Contains(d.Name, "/"):
		return errors.New("deliver takes one URL, and perhaps a name before it, such as app http://localhost:3000/webhooks; here is a URL where the name should be")
	case d.Name != "":
		if err := checkName("deliver", d.Name, ", before the URL"); err != nil {
			return err
		}
	}
	return checkURL("deliver", d.URL)
}

// Options returns the options of a delivery, by their names.
func Options() options.Table { return new(Delivery).table() }

func (d *Delivery) table() options.Table {
	return options.Table{
		"as": options.Word(&d.As, AsOriginal, AsCloudEvents),
		"sign": options.Secret(options.Value("a secret of Standard Webhooks, such as {env.APP_SECRET}, or off", func(_, value string) error {
			d.Sign = value
			return checkSign(value)
		})),
		"order":       options.Word(&d.Order, OrderSubject, OrderStrict),
		"concurrency": number(&d.Concurrency, "8"),
		"rate":        number(&d.Rate, "50"),
		"timeout":     options.Duration(&d.Timeout, "30s"),
		"retry": {Takes: "one duration or more, such as 5s 5m 1h", Min: 1, Max: -1, Set: func(name string, args []string) error {
			for _, arg := range args {
				wait, err := expect.Duration(name, arg, "5s", 1)
				if err != nil {
					return err
				}
				d.Retry = append(d.Retry, caddy.Duration(wait))
			}
			return nil
		}},
		"only": {Takes: "one type or more, with * for any characters, such as order.*", Min: 1, Max: -1, Set: func(_ string, args []string) error {
			d.Only = args
			return checkPatterns(args)
		}},
		"header":    {Takes: "a field, with + before it to add and - to remove one, and its value, such as X-Tenant acme", Read: d.unmarshalHeader, Repeatable: true},
		"transport": {Takes: "a transport as in reverse_proxy, such as http { … }", Read: d.unmarshalTransport},
	}
}

// number is an option with a positive number.
func number(n *int, such string) options.Option {
	return options.Value("one number, such as "+such, func(name, value string) error {
		var err error
		if *n, err = strconv.Atoi(value); err != nil || *n < 1 {
			return expect.Wrong(name, value, "a number from 1 on, such as "+such)
		}
		return nil
	})
}

func (d *Delivery) unmarshalHeader(c *caddyfile.Dispenser) error {
	place := *c
	args := c.RemainingArgs()
	if len(args) < 1 || len(args) > 3 {
		return place.Errf("header takes a field and perhaps a value and a replacement, such as X-Tenant acme; here %s", counted(len(args)))
	}
	if d.Header == nil {
		d.Header = new(headers.HeaderOps)
	}
	value := ""
	if len(args) > 1 {
		value = args[1]
	}
	var replacement *string
	if len(args) > 2 {
		replacement = &args[2]
	}
	if err := headers.CaddyfileHeaderOp(d.Header, strings.TrimSuffix(args[0], ":"), value, replacement); err != nil {
		return place.WrapErr(fmt.Errorf("header: %w", err))
	}
	return nil
}

// transportNamespace is that of Caddy's transports.
const transportNamespace = "http.reverse_proxy.transport"

func (d *Delivery) unmarshalTransport(c *caddyfile.Dispenser) error {
	place := *c
	if !c.NextArg() {
		return place.Err("transport takes a transport as in reverse_proxy, such as http { … }")
	}
	name := c.Val()
	if err := checkTransportName(name); err != nil {
		return place.WrapErr(err)
	}
	module, err := caddyfile.UnmarshalModule(c, transportNamespace+"."+name)
	if err != nil {
		return fmt.Errorf("transport %s: %w", name, err)
	}
	if _, ok := module.(http.RoundTripper); !ok {
		return place.Errf("transport %s: is no transport that sends requests", name)
	}
	if t, ok := module.(*reverseproxy.HTTPTransport); ok && t.Compression == nil {
		t.Compression = new(bool) // else Go asks for it in the sender's name
	}
	t, hasTLS := module.(reverseproxy.TLSTransport)
	scheme, _, _ := strings.Cut(strings.ToLower(d.URL), ":")
	switch {
	case !hasTLS || strings.Contains(d.URL, "{"):
	case scheme == "https" && !t.TLSEnabled():
		if err := t.EnableTLS(new(reverseproxy.TLSConfig)); err != nil {
			return place.WrapErr(fmt.Errorf("transport %s: %w", name, err))
		}
	case scheme != "https" && t.TLSEnabled():
		return place.WrapErr(errNotHTTPS)
	}
	d.TransportRaw = caddyconfig.JSONModuleObject(module, "protocol", name, nil)
	return nil
}

var errNotHTTPS = errors.New("transport: has TLS, which takes a URL that begins with https://")

// checkTransportName returns an error for a transport that is not in this Caddy.
func checkTransportName(name string) error {
	var names []string
	for _, module := range caddy.GetModules(transportNamespace) {
		if module.ID.Name() == name {
			return nil
		}
		names = append(names, module.ID.Name())
	}
	return expect.NearWord("transport", name, "one that is in this Caddy, such as http", names...)
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Delivery)(nil)
