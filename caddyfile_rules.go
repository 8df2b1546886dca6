package webhookreceiver

import (
	"fmt"
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
//	    secret       <source>
//	    challenge    <source>
//	    hmac         hex|base64
//	    hmac_algorithm hmac-sha1|hmac-sha256
//	    pattern      <regexp>
//	    digest       <text>
//	    status       <code>
//	    header       <name> <value>
//	    content_type <type>
//	    body         <text>
//	}
func (h *Handler) unmarshalVerification(d *caddyfile.Dispenser) error {
	v := new(rules.Verification)
	h.Verification = v
	return unmarshalRules(d, verificationOptions(v), v.Validate)
}

func verificationOptions(v *rules.Verification) options.Table {
	return options.Table{
		"method":         options.Word(&v.Method, rules.Methods...),
		"match":          options.Pairs("a source and a value, such as query:mode subscribe", &v.Match),
		"signed":         options.Flag(&v.Signed),
		"strict_query":   options.Flag(&v.StrictQuery),
		"token":          options.Text("one source, such as query:verifyToken", &v.Token),
		"secret":         options.Text("one source, such as header:X-Hook-Secret", &v.Secret),
		"challenge":      options.Text("one source, such as query:challenge", &v.Challenge),
		"hmac":           options.Word(&v.HMAC, rules.EncodingHex, rules.EncodingBase64),
		"hmac_algorithm": options.Word(&v.HMACAlgorithm, rules.HMACSHA1, rules.HMACSHA256),
		"pattern":        options.Text("one regular expression, such as [0-9a-f]{32}", &v.Pattern),
		"digest":         options.Text("one text, in quotes if it has spaces, such as {challenge}{verify_token}{url}", &v.Digest),
		"status":         options.Status(&v.Status),
		"header":         options.Pairs("a name and a value, such as X-Challenge {challenge}", &v.Headers),
		"content_type":   options.Text("one media type, such as application/json", &v.ContentType),
		"body":           options.Text("one text, in quotes if it has spaces, such as {challenge}", &v.Body),
	}
}

// unmarshalSignature sets up a signature. Syntax:
//
//	signature {
//	    algorithm        <name...>
//	    from             <source...>
//	    repeated
//	    separator        <text>
//	    prefix           <text>
//	    encoding         hex|base64|base64_hex
//	    key_encoding     raw|hex|base64|sha1|nfkd
//	    key_prefix       <text>
//	    content          <text>
//	    claims           <name> <text>
//	    partial
//	    nonce            <source>
//	    url_forms        port|escaped|decoded...
//	    body_hash        query:<name>
//	    id               <source...>
//	    timestamp        <source...>
//	    timestamp_format unix|unix_ms|unix_any|rfc3339|http_date
//	    tolerance        <duration>
//	    past_only
//	    shared_key
//	    account          <source>
//	}
func (h *Handler) unmarshalSignature(d *caddyfile.Dispenser) error {
	s := new(rules.Signature)
	h.Signature = s
	return unmarshalRules(d, signatureOptions(s), s.Validate)
}

func signatureOptions(s *rules.Signature) options.Table {
	return options.Table{
		"algorithm": {Takes: "one algorithm or several HMACs, such as hmac-sha256", Min: 1, Max: -1, Set: func(_ string, args []string) error {
			s.Algorithm = strings.Join(args, " ")
			return rules.CheckAlgorithm(s.Algorithm)
		}},
		"from":         options.Texts("one source or more, such as header:X-Signature", &s.From),
		"separator":    options.Text("one text, such as ,", &s.Separator),
		"prefix":       options.Text("one text, such as sha256=", &s.Prefix),
		"encoding":     options.Word(&s.Encoding, rules.Encodings...),
		"key_encoding": options.Word(&s.KeyEncoding, rules.KeyEncodings...),
		"key_prefix":   options.Text("one text, such as whsec_", &s.KeyPrefix),
		"content": options.Value("one text, in quotes if it has spaces, such as {timestamp}.{body}", func(_, value string) error {
			s.Content = rules.FromCaddyfile(value)
			return rules.CheckContent(s.Content)
		}),
		"claims":   options.Pairs("a name and a text, such as payload_hash {sha256}", &s.Claims),
		"partial":  options.Flag(&s.Partial),
		"repeated": options.Flag(&s.Repeated),
		"nonce":    options.Text("one source, such as body:nonce", &s.Nonce),
		"url_forms": {Takes: "one form or more, such as port", Min: 1, Max: -1, Set: func(_ string, args []string) error {
			s.URLForms = args
			return rules.CheckURLForms(args)
		}},
		"body_hash":        options.Text("one source, such as query:bodySHA256", &s.BodyHash),
		"id":               options.Texts("one source or more, such as header:X-Delivery", &s.ID),
		"timestamp":        options.Texts("one source or more, such as header:X-Timestamp", &s.Timestamp),
		"timestamp_format": options.Word(&s.TimestampFormat, rules.TimestampFormats...),
		"tolerance":        options.Duration(&s.Tolerance, "5m"),
		"past_only":        options.Flag(&s.PastOnly),
		"shared_key":       options.Flag(&s.SharedKey),
		"account":          options.Text("one source, such as body:account.id", &s.Account),
	}
}

// unmarshalEvent sets up the rules for events. Syntax:
//
//	event {
//	    id           <source...>
//	    type         <source...>
//	    subject      <source...>
//	    empty        <source>
//	    status       <code>
//	    refused      <code>
//	    echo         <header>
//	    content_type <type>
//	    body         <text>
//	}
func (h *Handler) unmarshalEvent(d *caddyfile.Dispenser) error {
	e := new(rules.EventRules)
	h.Event = e
	return unmarshalRules(d, eventOptions(e), e.Validate)
}

func eventOptions(e *rules.EventRules) options.Table {
	return options.Table{
		"id":           options.Texts("one source or more, such as header:X-Delivery", &e.ID),
		"type":         options.Texts("one source or more, such as body:event.name", &e.Type),
		"subject":      options.Texts("one source or more, such as body:event.id", &e.Subject),
		"empty":        options.Text("one source, such as body:events", &e.Empty),
		"status":       options.Status(&e.Status),
		"refused":      options.Status(&e.Refused),
		"echo":         options.Text("one header, such as X-Hook-Secret", &e.Echo),
		"content_type": options.Text("one media type, such as application/json", &e.ContentType),
		"body":         options.Text("one text, in quotes if it has spaces, such as ok", &e.Body),
	}
}

// unmarshalRules reads a block of rules, and checks them.
func unmarshalRules(d *caddyfile.Dispenser, table options.Table, validate func() error) error {
	option := d.Val()
	if err := table.Unmarshal(d, option+" takes a block, { … }, and nothing before it", validate); err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	return nil
}
