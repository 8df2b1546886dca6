package natsoutput

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile sets up the output from Caddyfile tokens. Syntax:
//
//	output nats {
//	    servers      <url...>
//	    subject      <subject>
//	    stream       <name>
//	    credentials  <file>
//	    nkey         <file>
//	    user         <name> <password>
//	    token        <token>
//	    tls {
//	        ca   <file>
//	        cert <file>
//	        key  <file>
//	    }
//	    content_mode structured|binary
//	}
//
// The block of tls may be left out. No error quotes a secret.
func (o *Output) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume output name
	return unmarshalBlock(d, func(option string) error {
		switch option {
		case "servers":
			if o.Servers = d.RemainingArgs(); len(o.Servers) == 0 {
				return d.ArgErr()
			}
			return nil
		case "subject":
			return argument(d, &o.Subject)
		case "stream":
			return argument(d, &o.Stream)
		case "credentials":
			return argument(d, &o.Credentials)
		case "nkey":
			return argument(d, &o.NKey)
		case "user":
			return argument(d, &o.User, &o.Password)
		case "token":
			return argument(d, &o.Token)
		case "tls":
			o.TLS = new(TLS)
			return o.TLS.unmarshalCaddyfile(d)
		case "content_mode":
			if err := argument(d, &o.ContentMode); err != nil {
				return err
			}
			if err := checkContentMode(o.ContentMode); err != nil {
				return d.WrapErr(err)
			}
			return nil
		}
		return d.Errf("unrecognized option '%s'", option)
	})
}

func (t *TLS) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return unmarshalBlock(d, func(option string) error {
		switch option {
		case "ca":
			return argument(d, &t.CA)
		case "cert":
			return argument(d, &t.Cert)
		case "key":
			return argument(d, &t.Key)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
}

// unmarshalBlock calls f for each option in a block, none of which may come twice.
func unmarshalBlock(d *caddyfile.Dispenser, f func(option string) error) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("%s is already specified", option)
		}
		seen[option] = true
		if err := f(option); err != nil {
			return err
		}
	}
	return nil
}

// argument sets the values to the option's arguments: just as many, none empty.
func argument(d *caddyfile.Dispenser, values ...*string) error {
	option := d.Val()
	if !d.AllArgs(values...) {
		return d.Errf("%s: wrong argument count", option)
	}
	for _, value := range values {
		if *value == "" {
			return d.Errf("%s is empty", option)
		}
	}
	return nil
}
