package kafkaoutput

import (
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
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
	return o.table().Unmarshal(d, "it takes a block, and nothing before it", o.check)
}

func (o *Output) table() options.Table {
	return options.Table{
		"brokers":            options.Texts("one host:port or more, such as kafka-1.internal:9092", &o.Brokers),
		"topic":              options.Text("one topic, such as webhooks", &o.Topic),
		"key":                options.Text("one text, such as {http.webhook_receiver.event.subject}", &o.Key),
		"content_mode":       options.Word(&o.ContentMode, modes...),
		"acks":               options.Checked("all", &o.Acks, checkAcks),
		"compression":        options.Checked(expect.OneOf(compressions()), &o.Compression, checkCompression),
		"auto_create_topics": options.Flag(&o.AutoCreateTopics),
		"max_message_size": options.Size("1MiB", func(_ string, size int64) error {
			o.MaxMessageSize = size
			return checkMessageSize(size)
		}),
		"sasl": {Takes: saslTakes, Min: 3, Max: 3, Secret: true, Set: func(_ string, args []string) error {
			o.SASL = &SASL{Mechanism: args[0], User: args[1], Password: args[2]}
			return checkMechanism(args[0])
		}},
		"tls": {Takes: "a block, or nothing", Read: func(d *caddyfile.Dispenser) error {
			o.TLS = new(TLS)
			if err := o.TLS.table().Unmarshal(d, "it takes a block, or nothing", o.TLS.check); err != nil {
				return fmt.Errorf("tls: %w", err)
			}
			return nil
		}},
	}
}

// saslTakes is what follows the option's name.
const saslTakes = "a mechanism, a user and a password, such as scram-sha-512 {env.KAFKA_USER} {env.KAFKA_PASSWORD}"

func (t *TLS) table() options.Table {
	return options.Table{
		"ca":   options.Text("one file, such as /etc/caddy/kafka-ca.pem", &t.CA),
		"cert": options.Text("one file, such as /etc/caddy/kafka-cert.pem", &t.Cert),
		"key":  options.Text("one file, such as /etc/caddy/kafka-key.pem", &t.Key),
	}
}
