package webhookreceiver

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddyserver/caddy/v2"
)

// maxSignatures is the largest number of signatures in a request that are
// looked at: checking one of a public key takes a while.
const maxSignatures = 16

// Signature says how a service signs its events. A request without a valid,
// timely signature is answered 401. All signatures in it are compared with
// those of all secrets, in constant time.
type Signature struct {
	// `hmac-sha1`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512`, `ed25519`,
	// `ecdsa-p256` (over SHA-256, in ASN.1 DER), or `token`, where the sender just
	// sends the secret. Of HMACs several, separated by spaces, where the sender
	// uses one or the other.
	Algorithm string `json:"algorithm,omitempty"`

	// Where the signature is, `header:<name>`; of several, all count. With
	// `token` also `query:<name>`, `body:<path>`, or `body:<path>.*.<path>`, where
	// every element must have it.
	From []Source `json:"from,omitempty"`

	// What separates the elements of a signature's header, where there can be
	// several. White space around them is removed. Default: there is one element.
	Separator string `json:"separator,omitempty"`

	// How an element that is a signature begins. Others are passed over.
	// Default: every element is one.
	Prefix string `json:"prefix,omitempty"`

	// How signatures are encoded: `hex` (default) or `base64`. Not used by `token`.
	Encoding string `json:"encoding,omitempty"`

	// How secrets are encoded: `raw`, `hex` or `base64`. Keys of `ecdsa-p256` are
	// DER in base64. Default: `raw`; `hex` for `ed25519`, `base64` for `ecdsa-p256`.
	KeyEncoding string `json:"key_encoding,omitempty"`

	// What secrets may begin with, such as `whsec_`, and is no part of the key.
	KeyPrefix string `json:"key_prefix,omitempty"`

	// What is signed, a text with `{body}` (as sent, compressed if it was) in it, or
	// with `{decoded}` (the body before it was compressed), and perhaps
	// `{timestamp}`, `{id}`, `{method}`, `{url}` (`public_url`, else that of the
	// request with its query, as it was sent) and `{form}`. `{form}`, which can stand
	// for `{body}`, is names and values of a form in the body, sorted by name, equal
	// ones once. Default: `{body}`. Not used by `token`.
	Content string `json:"content,omitempty"`

	// Forms of the URL that may be signed instead of it: `port` (with its scheme's
	// port, or without the port), `escaped` (percent-encoded as by browsers, or its
	// query decoded and encoded anew), `decoded` (with some characters of the
	// percent-encoded decoded, as by HubSpot). Default: none.
	URLForms []string `json:"url_forms,omitempty"`

	// Where in the URL, `query:<name>`, the body's SHA-256 in hexadecimal digits may
	// be. A body that has it there is signed with the URL, and `{form}` stands for
	// nothing; any other must be a form. Default: nowhere.
	BodyHash Source `json:"body_hash,omitempty"`

	// Where the delivery's id is, where it is signed. Of several sources the first
	// that has a value counts.
	ID []Source `json:"id,omitempty"`

	// Where the time of signing is: `header:<name>`, `body:<path>`, or
	// `signature:<prefix>`, the element of the signature's header with that prefix.
	// Of several sources the first that has a value counts. Default: there is none.
	Timestamp []Source `json:"timestamp,omitempty"`

	// `unix` (seconds, default), `unix_ms`, or `rfc3339`.
	TimestampFormat string `json:"timestamp_format,omitempty"`

	// How much the timestamp may differ from the time of receipt, to either side.
	// Default: 5m.
	Tolerance caddy.Duration `json:"tolerance,omitempty"`
}

// signatureCheck checks the signatures of one receiver.
type signatureCheck struct {
	Signature
	template []string // literals and placeholders of Content
	keys     []signatureKey
	public   publicURL
	now      func() time.Time
}

// The reasons for 401 quote nothing of the request.
var (
	errNoSignature    = errors.New("there is no signature of the expected form")
	errWrongSignature = errors.New("the signature is not one of a configured secret")
	errStale          = errors.New("the signature's timestamp is too far from now")
)

// check returns an error unless the body, as sent, has a valid signature. What
// the row takes from the body is left to checkData.
func (s *signatureCheck) check(m *message, body []byte, l *lease) error {
	if s.Algorithm == algorithmToken {
		if s.From[0].is(sourceBody) {
			return nil
		}
		return s.checkToken(m)
	}
	elements, err := s.elements(m)
	if err != nil {
		return err
	}
	signatures := s.signatures(elements)
	if len(signatures) == 0 {
		return errNoSignature
	}
	timestamp, err := s.timestamp(m, elements)
	if err != nil {
		return err
	}
	alternatives, err := s.alternatives(m, body, l)
	if err != nil {
		return err
	}
	for i, alt := range alternatives {
		signed, err := s.signed(m, timestamp, body, alt)
		if err != nil {
			return err
		}
		m.key, err = s.match(signed, signatures, l)
		if err == nil {
			break
		}
		if i == len(alternatives)-1 || !errors.Is(err, errWrongSignature) {
			return err
		}
	}
	if timestamp != "" {
		return s.checkTimestamp(timestamp)
	}
	return nil
}

// checkData checks what the row takes from the decoded body.
func (s *signatureCheck) checkData(m *message) error {
	if s.Algorithm == algorithmToken && s.From[0].is(sourceBody) {
		return s.checkToken(m)
	}
	if len(s.Timestamp) > 0 && s.Timestamp[0].is(sourceBody) {
		timestamp, err := m.first(s.Timestamp)
		if err != nil {
			return err
		}
		return s.checkTimestamp(timestamp)
	}
	return nil
}

// elements returns what is in the signature's headers, none of which may be
// there twice: it would not be clear which one counts.
func (s *signatureCheck) elements(m *message) ([]string, error) {
	var elements []string
	for _, source := range s.From {
		values := m.values(source)
		if len(values) == 0 {
			continue
		}
		value, err := m.one(source)
		if err != nil {
			return nil, err
		}
		if s.Separator == "" {
			elements = append(elements, value)
			continue
		}
		for _, element := range strings.Split(value, s.Separator) {
			elements = append(elements, strings.TrimSpace(element))
		}
	}
	return elements, nil
}

// signatures returns those of the elements that can be signatures.
func (s *signatureCheck) signatures(elements []string) [][]byte {
	var signatures [][]byte
	for _, element := range elements {
		encoded, ok := strings.CutPrefix(element, s.Prefix)
		if !ok || encoded == "" || len(signatures) == maxSignatures {
			continue
		}
		var signature []byte
		var err error
		if s.Encoding == encodingBase64 {
			signature, err = base64.StdEncoding.Strict().DecodeString(encoded)
		} else {
			signature, err = hex.DecodeString(encoded)
		}
		if err == nil {
			signatures = append(signatures, signature)
		}
	}
	return signatures
}

// match returns the index of a key that one of the signatures is of.
func (s *signatureCheck) match(signed, signatures [][]byte, l *lease) (int, error) {
	if s.Algorithm == algorithmEd25519 {
		// It takes the whole of it at once.
		size := 0
		for _, part := range signed {
			size += len(part)
		}
		if err := l.take(int64(size)); err != nil {
			return 0, err
		}
		signed = [][]byte{bytes.Join(signed, nil)}
	}
	matched := -1
	for i, key := range s.keys {
		if key.matches(signed, signatures) {
			matched = i
		}
	}
	if matched < 0 {
		return 0, errWrongSignature
	}
	return matched, nil
}

// checkToken compares hashes, and with every secret, so that the time it takes
// tells nothing of them.
func (s *signatureCheck) checkToken(m *message) error {
	for _, source := range s.From {
		_, path := source.split()
		if array, rest, ok := strings.Cut(path, ".*."); ok {
			return s.checkTokens(m.event, array, rest)
		}
		if len(m.values(source)) == 0 {
			continue
		}
		value, err := m.one(source)
		if err != nil {
			return err
		}
		token, ok := strings.CutPrefix(value, s.Prefix)
		if !ok {
			return errNoSignature
		}
		return s.matchToken(token)
	}
	return errNoSignature
}

// checkTokens requires the token of every element of an array in the body.
func (s *signatureCheck) checkTokens(event *Event, array, path string) error {
	if event.DataKind != DataJSON {
		return errNoSignature
	}
	err := errNoSignature // where there is no element
	jsonscan.Each(jsonscan.Get(event.Data, strings.Split(array, ".")...), func(element []byte) bool {
		token, _ := scalar(jsonscan.Get(element, strings.Split(path, ".")...))
		err = s.matchToken(token)
		return err == nil
	})
	return err
}

func (s *signatureCheck) matchToken(token string) error {
	sum := sha256.Sum256([]byte(token))
	match := 0
	for _, key := range s.keys {
		match |= subtle.ConstantTimeCompare(sum[:], key.token[:])
	}
	if match != 1 {
		return errWrongSignature
	}
	return nil
}

// checkTimestamp takes a time that lies ahead for as wrong as one long past.
func (s *signatureCheck) checkTimestamp(timestamp string) error {
	var at time.Time
	var err error
	if s.TimestampFormat == timestampRFC3339 {
		at, err = time.Parse(time.RFC3339, timestamp)
	} else {
		var n int64
		n, err = strconv.ParseInt(timestamp, 10, 64)
		at = time.Unix(n, 0)
		if s.TimestampFormat == timestampUnixMilli {
			at = time.UnixMilli(n)
		}
	}
	if err != nil {
		return errors.New("the signature's timestamp is none")
	}
	tolerance := time.Duration(s.Tolerance)
	if now := s.now(); at.Before(now.Add(-tolerance)) || at.After(now.Add(tolerance)) {
		return errStale
	}
	return nil
}
