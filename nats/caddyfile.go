package natsoutput

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
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
	return options.Table{
		"servers":     options.Texts(&o.Servers),
		"subject":     options.Arguments(&o.Subject),
		"stream":      options.Arguments(&o.Stream),
		"credentials": options.Arguments(&o.Credentials),
		"nkey":        options.Arguments(&o.NKey),
		"user":        options.Arguments(&o.User, &o.Password),
		"token":       options.Arguments(&o.Token),
		"tls": {Read: func(d *caddyfile.Dispenser) error {
			o.TLS = new(TLS)
			return options.Table{
				"ca":   options.Arguments(&o.TLS.CA),
				"cert": options.Arguments(&o.TLS.Cert),
				"key":  options.Arguments(&o.TLS.Key),
			}.Unmarshal(d)
		}},
		"content_mode": options.Checked(&o.ContentMode, checkContentMode),
	}.Unmarshal(d)
}
