package kafkaoutput

import (
	"fmt"
	"math"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

// UnmarshalCaddyfile sets up the output from Caddyfile tokens. Syntax:
//
//	output kafka {
//	    brokers            <host:port...>
//	    topic              <topic>
//	    key                <text>
//	    content_mode       structured|binary
//	    acks               all
//	    compression        none|gzip|snappy|lz4|zstd
//	    max_message_size   <size>
//	    auto_create_topics
//	    sasl               plain|scram-sha-256|scram-sha-512 <user> <password>
//	    tls {
//	        ca   <file>
//	        cert <file>
//	        key  <file>
//	    }
//	}
func (o *Output) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume output name
	return options.Table{
		"brokers":            options.Texts(&o.Brokers),
		"topic":              options.Text(&o.Topic),
		"key":                options.Text(&o.Key),
		"content_mode":       options.Checked(&o.ContentMode, checkContentMode),
		"acks":               options.Checked(&o.Acks, checkAcks),
		"compression":        options.Checked(&o.Compression, checkCompression),
		"auto_create_topics": options.Flag(&o.AutoCreateTopics),
		"max_message_size": options.Value(func(value string) error {
			size, err := humanize.ParseBytes(value)
			if err != nil {
				return fmt.Errorf("parsing max_message_size: %w", err)
			}
			o.MaxMessageSize = int64(min(size, math.MaxInt64))
			return checkMessageSize(o.MaxMessageSize)
		}),
		"sasl": {Read: func(d *caddyfile.Dispenser) error {
			o.SASL = new(SASL)
			if !d.AllArgs(&o.SASL.Mechanism, &o.SASL.User, &o.SASL.Password) {
				return d.ArgErr()
			}
			if err := checkMechanism(o.SASL.Mechanism); err != nil {
				return d.WrapErr(err)
			}
			return nil
		}},
		"tls": {Read: func(d *caddyfile.Dispenser) error {
			o.TLS = new(TLS)
			return options.Table{
				"ca":   options.Text(&o.TLS.CA),
				"cert": options.Text(&o.TLS.Cert),
				"key":  options.Text(&o.TLS.Key),
			}.Unmarshal(d)
		}},
	}.Unmarshal(d)
}
