package webhookreceiver

import (
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// unmarshalVerification sets up a verification. Syntax:
//
//	verification {
//	    method       GET|HEAD|POST|OPTIONS
//	    match        <source> <value>
//	    signed
//	    strict_query
//	    token        <source>
//	    challenge    <source>
//	    hmac         hex|base64
//	    status       <code>
//	    header       <name> <value>
//	    content_type <type>
//	    body         <text>
//	}
func unmarshalVerification(d *caddyfile.Dispenser) (*Verification, error) {
	v := new(Verification)
	err := unmarshalBlock(d, []string{"match", "header"}, func(option string) error {
		switch option {
		case "method":
			return unmarshalString(d, &v.Method)
		case "match":
			return unmarshalPair(d, &v.Match)
		case "signed":
			v.Signed = true
			return unmarshalNothing(d)
		case "strict_query":
			v.StrictQuery = true
			return unmarshalNothing(d)
		case "token":
			return unmarshalString(d, (*string)(&v.Token))
		case "challenge":
			return unmarshalString(d, (*string)(&v.Challenge))
		case "hmac":
			return unmarshalString(d, &v.HMAC)
		case "status":
			return unmarshalStatus(d, &v.Status)
		case "header":
			return unmarshalPair(d, &v.Headers)
		case "content_type":
			return unmarshalString(d, &v.ContentType)
		case "body":
			return unmarshalString(d, &v.Body)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
	if err == nil {
		if err = v.Validate(); err != nil {
			err = d.Errf("verification: %v", err)
		}
	}
	return v, err
}

// unmarshalSignature sets up a signature. Syntax:
//
//	signature {
//	    algorithm        <name...>
//	    from             <source...>
//	    separator        <text>
//	    prefix           <text>
//	    encoding         hex|base64
//	    key_encoding     raw|hex|base64
//	    key_prefix       <text>
//	    content          <text>
//	    url_forms        port|escaped|decoded...
//	    body_hash        query:<name>
//	    id               <source...>
//	    timestamp        <source...>
//	    timestamp_format unix|unix_ms|rfc3339
//	    tolerance        <duration>
//	}
func unmarshalSignature(d *caddyfile.Dispenser) (*Signature, error) {
	s := new(Signature)
	err := unmarshalBlock(d, nil, func(option string) error {
		switch option {
		case "algorithm":
			names := d.RemainingArgs()
			s.Algorithm = strings.Join(names, " ")
			if len(names) == 0 {
				return d.ArgErr()
			}
			return nil
		case "from":
			return unmarshalSources(d, &s.From)
		case "separator":
			return unmarshalString(d, &s.Separator)
		case "prefix":
			return unmarshalString(d, &s.Prefix)
		case "encoding":
			return unmarshalString(d, &s.Encoding)
		case "key_encoding":
			return unmarshalString(d, &s.KeyEncoding)
		case "key_prefix":
			return unmarshalString(d, &s.KeyPrefix)
		case "content":
			err := unmarshalString(d, &s.Content)
			s.Content = strings.ReplaceAll(s.Content, partMethodLong, partMethod)
			return err
		case "url_forms":
			if s.URLForms = d.RemainingArgs(); len(s.URLForms) == 0 {
				return d.ArgErr()
			}
			return nil
		case "body_hash":
			return unmarshalString(d, (*string)(&s.BodyHash))
		case "id":
			return unmarshalSources(d, &s.ID)
		case "timestamp":
			return unmarshalSources(d, &s.Timestamp)
		case "timestamp_format":
			return unmarshalString(d, &s.TimestampFormat)
		case "tolerance":
			return unmarshalDuration(d, &s.Tolerance)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
	if err == nil {
		if err = s.Validate(); err != nil {
			err = d.Errf("signature: %v", err)
		}
	}
	return s, err
}

// unmarshalEvent sets up the rules for events. Syntax:
//
//	event {
//	    id           <source...>
//	    type         <source...>
//	    subject      <source...>
//	    status       <code>
//	    echo         <header>
//	    content_type <type>
//	    body         <text>
//	}
func unmarshalEvent(d *caddyfile.Dispenser) (*EventRules, error) {
	e := new(EventRules)
	err := unmarshalBlock(d, nil, func(option string) error {
		switch option {
		case "id":
			return unmarshalSources(d, &e.ID)
		case "type":
			return unmarshalSources(d, &e.Type)
		case "subject":
			return unmarshalSources(d, &e.Subject)
		case "status":
			return unmarshalStatus(d, &e.Status)
		case "echo":
			return unmarshalString(d, &e.Echo)
		case "content_type":
			return unmarshalString(d, &e.ContentType)
		case "body":
			return unmarshalString(d, &e.Body)
		}
		return d.Errf("unrecognized option '%s'", option)
	})
	if err == nil {
		if err = e.Validate(); err != nil {
			err = d.Errf("event: %v", err)
		}
	}
	return e, err
}

func unmarshalNothing(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	return nil
}

func unmarshalString(d *caddyfile.Dispenser, s *string) error {
	option := d.Val()
	if !d.AllArgs(s) {
		return d.ArgErr()
	}
	if *s == "" {
		return d.Errf("%s is empty", option)
	}
	return nil
}

func unmarshalSources(d *caddyfile.Dispenser, sources *[]Source) error {
	for d.NextArg() {
		*sources = append(*sources, Source(d.Val()))
	}
	if len(*sources) == 0 {
		return d.ArgErr()
	}
	return nil
}

func unmarshalPair[K ~string](d *caddyfile.Dispenser, pairs *map[K]string) error {
	option := d.Val()
	var key, value string
	if !d.AllArgs(&key, &value) {
		return d.ArgErr()
	}
	if _, ok := (*pairs)[K(key)]; ok {
		return d.Errf("%s %s is already specified", option, key)
	}
	if *pairs == nil {
		*pairs = make(map[K]string)
	}
	(*pairs)[K(key)] = value
	return nil
}

func unmarshalStatus(d *caddyfile.Dispenser, status *int) error {
	var s string
	if !d.AllArgs(&s) {
		return d.ArgErr()
	}
	n, err := strconv.Atoi(s)
	if err != nil || n == 0 {
		return d.Errf("status %q: must be a number", s)
	}
	*status = n
	return nil
}

func unmarshalDuration(d *caddyfile.Dispenser, duration *caddy.Duration) error {
	option := d.Val()
	var s string
	if !d.AllArgs(&s) {
		return d.ArgErr()
	}
	parsed, err := caddy.ParseDuration(s)
	if err != nil {
		return d.Errf("parsing %s: %v", option, err)
	}
	if parsed <= 0 {
		return d.Errf("%s %s: must be positive", option, s)
	}
	*duration = caddy.Duration(parsed)
	return nil
}
