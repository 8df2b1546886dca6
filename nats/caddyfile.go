package natsoutput

import (
	"fmt"

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
	return o.table().Unmarshal(d, "it takes a block, and nothing before it", o.check)
}

func (o *Output) table() options.Table {
	return options.Table{
		"servers":     options.Secret(options.Texts("one URL or more, such as nats://nats-1.internal:4222", &o.Servers)),
		"subject":     options.Text("one subject, such as webhooks.{http.webhook_receiver.event.type}", &o.Subject),
		"stream":      options.Text("the name of one stream, such as WEBHOOKS", &o.Stream),
		"credentials": options.Text("one file, such as /etc/caddy/nats.creds", &o.Credentials),
		"nkey":        options.Text("one file, such as /etc/caddy/nats.nk", &o.NKey),
		"user":        options.Secret(options.Arguments("a name and a password, such as caddy {env.NATS_PASSWORD}", &o.User, &o.Password)),
		"token":       options.Secret(options.Arguments("one token, such as {env.NATS_TOKEN}", &o.Token)),
		"tls": {Takes: "a block, or nothing", Read: func(d *caddyfile.Dispenser) error {
			o.TLS = new(TLS)
			if err := o.TLS.table().Unmarshal(d, "it takes a block, or nothing", o.TLS.check); err != nil {
				return fmt.Errorf("tls: %w", err)
			}
			return nil
		}},
		"content_mode": options.Word(&o.ContentMode, contentModes...),
	}
}

func (t *TLS) table() options.Table {
	return options.Table{
		"ca":   options.Text("one file, such as /etc/caddy/nats-ca.pem", &t.CA),
		"cert": options.Text("one file, such as /etc/caddy/nats-cert.pem", &t.Cert),
		"key":  options.Text("one file, such as /etc/caddy/nats-key.pem", &t.Key),
	}
}
