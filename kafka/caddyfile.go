package kafkaoutput

import (
	"math"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"
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
	if d.NextArg() {
		return d.ArgErr()
	}
	return unmarshalBlock(d, func(option string) error {
		switch option {
		case "brokers":
			if o.Brokers = d.RemainingArgs(); len(o.Brokers) == 0 {
				return d.ArgErr()
			}
			return nil
		case "topic":
			return unmarshalText(d, &o.Topic)
		case "key":
			return unmarshalText(d, &o.Key)
		case "content_mode":
			return unmarshalChecked(d, &o.ContentMode, checkContentMode)
		case "acks":
			return unmarshalChecked(d, &o.Acks, checkAcks)
		case "compression":
			return unmarshalChecked(d, &o.Compression, checkCompression)
		case "max_message_size":
			return o.unmarshalSize(d)
		case "auto_create_topics":
			if d.NextArg() {
				return d.ArgErr()
			}
			o.AutoCreateTopics = true
			return nil
		case "sasl":
			o.SASL = new(SASL)
			if !d.AllArgs(&o.SASL.Mechanism, &o.SASL.User, &o.SASL.Password) {
				return d.ArgErr()
			}
			return wrapErr(d, checkMechanism(o.SASL.Mechanism))
		case "tls":
			return o.unmarshalTLS(d)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
}

func (o *Output) unmarshalSize(d *caddyfile.Dispenser) error {
	var text string
	if err := unmarshalText(d, &text); err != nil {
		return err
	}
	size, err := humanize.ParseBytes(text)
	if err != nil {
		return d.Errf("parsing max_message_size: %v", err)
	}
	o.MaxMessageSize = int64(min(size, math.MaxInt64))
	return wrapErr(d, checkMessageSize(o.MaxMessageSize))
}

func (o *Output) unmarshalTLS(d *caddyfile.Dispenser) error {
	o.TLS = new(TLS)
	if d.NextArg() {
		return d.ArgErr()
	}
	return unmarshalBlock(d, func(option string) error {
		switch option {
		case "ca":
			return unmarshalText(d, &o.TLS.CA)
		case "cert":
			return unmarshalText(d, &o.TLS.Cert)
		case "key":
			return unmarshalText(d, &o.TLS.Key)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
}

// unmarshalBlock calls f for each option in a block. None may be repeated.
func unmarshalBlock(d *caddyfile.Dispenser, f func(option string) error) error {
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

// unmarshalText sets the only argument, which must not be empty.
func unmarshalText(d *caddyfile.Dispenser, text *string) error {
	option := d.Val()
	if !d.AllArgs(text) {
		return d.ArgErr()
	}
	if *text == "" {
		return d.Errf("%s is empty", option)
	}
	return nil
}

func unmarshalChecked(d *caddyfile.Dispenser, text *string, check func(string) error) error {
	if err := unmarshalText(d, text); err != nil {
		return err
	}
	return wrapErr(d, check(*text))
}

// wrapErr adds file and line, if there is an error.
func wrapErr(d *caddyfile.Dispenser, err error) error {
	if err == nil {
		return nil
	}
	return d.WrapErr(err)
}
