package webhookreceiver

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
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
func (h *Handler) unmarshalVerification(d *caddyfile.Dispenser) error {
	v := new(rules.Verification)
	h.Verification = v
	err := options.Table{
		"method":       options.Text(&v.Method),
		"match":        options.Pairs(&v.Match),
		"signed":       options.Flag(&v.Signed),
		"strict_query": options.Flag(&v.StrictQuery),
		"token":        options.Text(&v.Token),
		"challenge":    options.Text(&v.Challenge),
		"hmac":         options.Text(&v.HMAC),
		"status":       options.Status(&v.Status),
		"header":       options.Pairs(&v.Headers),
		"content_type": options.Text(&v.ContentType),
		"body":         options.Text(&v.Body),
	}.Unmarshal(d)
	return checked(d, "verification", err, v)
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
func (h *Handler) unmarshalSignature(d *caddyfile.Dispenser) error {
	s := new(rules.Signature)
	h.Signature = s
	var algorithms []string
	err := options.Table{
		"algorithm":        options.Texts(&algorithms),
		"from":             options.Texts(&s.From),
		"separator":        options.Text(&s.Separator),
		"prefix":           options.Text(&s.Prefix),
		"encoding":         options.Text(&s.Encoding),
		"key_encoding":     options.Text(&s.KeyEncoding),
		"key_prefix":       options.Text(&s.KeyPrefix),
		"content":          options.Text(&s.Content),
		"url_forms":        options.Texts(&s.URLForms),
		"body_hash":        options.Text(&s.BodyHash),
		"id":               options.Texts(&s.ID),
		"timestamp":        options.Texts(&s.Timestamp),
		"timestamp_format": options.Text(&s.TimestampFormat),
		"tolerance":        options.Duration(&s.Tolerance),
	}.Unmarshal(d)
	s.Algorithm = strings.Join(algorithms, " ")
	s.Content = strings.ReplaceAll(s.Content, rules.PartMethodLong, rules.PartMethod)
	return checked(d, "signature", err, s)
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
func (h *Handler) unmarshalEvent(d *caddyfile.Dispenser) error {
	e := new(rules.EventRules)
	h.Event = e
	err := options.Table{
		"id":           options.Texts(&e.ID),
		"type":         options.Texts(&e.Type),
		"subject":      options.Texts(&e.Subject),
		"status":       options.Status(&e.Status),
		"echo":         options.Text(&e.Echo),
		"content_type": options.Text(&e.ContentType),
		"body":         options.Text(&e.Body),
	}.Unmarshal(d)
	return checked(d, "event", err, e)
}

// checked returns the error of reading rules, or else what is wrong with them.
func checked(d *caddyfile.Dispenser, option string, err error, rules interface{ Validate() error }) error {
	if err == nil {
		if err = rules.Validate(); err != nil {
			err = d.Errf("%s: %v", option, err)
		}
	}
	return err
}
