package rules

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// maxSignatures is the largest number of signatures in a request that are
// looked at: checking one of a public key takes a while.
const maxSignatures = 16

// maxElements is the same of the elements of a header: each takes a multiple of the memory
// that it is sent in.
const maxElements = 256

// Signature says how a service signs its events. A request without a valid,
// timely signature is answered 401. All signatures in it are compared with
// those of all secrets, in constant time. An example:
//
//	{
//		"algorithm": "hmac-sha256",
//		"from": ["header:X-Acme-Signature"],
//		"prefix": "v1=",
//		"content": "{timestamp}.{body}",
//		"timestamp": ["header:X-Acme-Timestamp"]
//	}
//
// A source says where a value is:
//
//	header:<name>                 a header field
//	header_json:<name>.<path>     JSON that a header field has in base64
//	query:<name>                  the URL's query
//	body:<path>                   a JSON body: keys and array indexes, separated by dots
//	form:<name>, form:<name>.<path>
//	                              a field of a form, or in the JSON that it has
//	xml:<path>                    a body in XML: names below the root element
//	claim:<path>                  the claims of the token that signs the event
//	key:<name>                    the name of a JSON body's first key except that one
//	{body:a}.{body:b}             a text with sources in it, where all of them are there
type Signature struct {
	// How a signature is made. Required. It is one of these, or several HMACs or several
	// digests, separated by spaces, where the sender uses one or the other:
	//
	//	hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512
	//	sha1, sha256, sha512           a plain digest, with {secret} in what is signed
	//	ed25519
	//	ecdsa-p256, ecdsa-p256-raw     over SHA-256, in ASN.1 DER, or as r and s
	//	ecdsa-p256-sha1                over SHA-1, in ASN.1 DER
	//	rsa-sha256, rsa-sha512         PKCS #1 v1.5
	//	rsa-sha1 rsa-sha256            over either hash
	//	rsa-pss-sha256
	//	jwt-hs256, jwt-hs384, jwt-hs512, jwt-rs256, jwt-es256
	//	                               a JSON Web Token (RFC 7519) with claims
	//	jws-rs256, jws-rs512, jws-es256, jws-ed25519
	//	                               a detached JSON Web Signature (RFC 7515, appendix F)
	//	token                          the sender just sends the secret
	//
	// What a token's header says of its algorithm must be the same; what it says of keys
	// counts for nothing.
	Algorithm string `json:"algorithm,omitempty"`

	// Where the signature is: any source except `key`. Of several, any may have the right
	// one. Required.
	//
	// The name of a header may end in `*`, which is any number from 1 to 16. With
	// `body:<path>.*.<path>` every element of an array must have a signature: of what `content`
	// takes from the element, as in `{item:id}`, or the `token`. With a `jwt-…` it may also be
	// `body:`, the whole body.
	From []Source `json:"from,omitempty"`

	// Whether a signature's header may be there several times. Default: one that is there
	// twice counts for nothing.
	Repeated bool `json:"repeated,omitempty"`

	// What separates the elements of a signature's header, where there can be
	// several. White space and commas around them are removed. Default: there is
	// one element.
	Separator string `json:"separator,omitempty"`

	// How an element that is a signature begins; others are passed over. `{account}` may be in
	// it. With `token` and `jwt-…` it is what comes before the token, with its space, as in
	// `Bearer eyJ…`, in upper or lower case, and only headers must have it. Default: every
	// element is a signature.
	Prefix string `json:"prefix,omitempty"`

	// How signatures are encoded: `hex`; `base64`, in either alphabet, with or without
	// padding, and percent-encoded or not; or `base64_hex`, hexadecimal digits in base64.
	// There may be double quotes around it. A `token` is encoded only with `base64`, as in
	// HTTP's Basic authentication, where the secret is `user:password`. Default: `hex`.
	Encoding string `json:"encoding,omitempty"`

	// How secrets are encoded: `raw`, `hex` or `base64`. `sha1` is a raw secret whose SHA-1 is
	// the key, and `nfkd` one whose normalization form KD of Unicode is. White space in
	// `hex` and `base64` is no part of the key. Public keys are in DER; PEM, a certificate
	// and a JSON Web Key will do, too. Default: `raw`; for `ed25519` it is `hex`, for other
	// public keys `base64`.
	KeyEncoding string `json:"key_encoding,omitempty"`

	// What secrets may begin with, such as `whsec_`, and is no part of the key. Default: nothing.
	KeyPrefix string `json:"key_prefix,omitempty"`

	// What is signed, a text with placeholders in it:
	//
	//	{body}                    as sent, compressed if it was
	//	{decoded}                 the body before it was compressed
	//	{body_base64url}          the body in base64 for URLs, without padding
	//	{sha256}                  the body's SHA-256 in hexadecimal digits; {sha256_base64}
	//	                          in base64, {sha256_raw} its bytes
	//	{timestamp}, {id}, {method}
	//	{url}                     public_url, else that of the request, with its query, as sent
	//	{url_sha256}              its SHA-256 in hexadecimal digits
	//	{path}                    path and query, as sent
	//	{host}                    of public_url, else of the request
	//	{form}                    names and values of a form in the body, sorted by name, equal
	//	                          ones once
	//	{crc32}                   the body's CRC-32 as a decimal number, which binds no body:
	//	                          anybody can make another one of the same number
	//	{account}                 one of the receiver's accounts
	//	{secret}                  the secret, for a plain digest
	//	{header:<name>} …         what is at a source
	//	{item:<path>}             what an element of an array has, where each is signed
	//	{?text {query:a} more?}   text and sources, left out where one of these is not there
	//
	// Something of the body must be in it, unless `partial` is set. Default: `{body}`.
	// Not used by `token`, and by `jwt-…` in claims only.
	Content string `json:"content,omitempty"`

	// What claims of a token must be: texts with placeholders, as in `content`. One with
	// something of the body in it binds the body. `exp` and `nbf` count, where they are
	// there, give or take a minute. Default: none.
	Claims map[string]string `json:"claims,omitempty"`

	// Whether the body, or a part of it, is not signed: then an event says so, with
	// `verification` `partial`. Default: false.
	Partial bool `json:"partial,omitempty"`

	// Where a value is that is signed and that the service never uses twice, for a `partial`
	// signature. Another body with the same signed text is refused, the same body is a
	// repeat. The last 100,000 since the config was loaded are known. Default: nowhere.
	Nonce Source `json:"nonce,omitempty"`

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
	// that has a value counts. But if there are as many as in `from`, those at the same
	// place belong together, and each place is checked by itself. Default: it is not signed.
	ID []Source `json:"id,omitempty"`

	// Where the time of signing is: `header:<name>`, `query:<name>`, `body:<path>`,
	// `form:<name>`, `claim:<name>`, or `signature:<prefix>`, the element of the
	// signature's header with that prefix, or its first with `signature:#1`. Several
	// headers count as with `id`. Default: there is none.
	Timestamp []Source `json:"timestamp,omitempty"`

	// How the timestamp is written: `unix` (seconds), `unix_ms`, `unix_any` (milliseconds, if
	// it has more than 11 digits), `rfc3339` (without a zone it is UTC) or `http_date`.
	// Default: `unix`.
	TimestampFormat string `json:"timestamp_format,omitempty"`

	// How much the timestamp may differ from the time of receipt, to either side.
	// Default: `5m`.
	Tolerance caddy.Duration `json:"tolerance,omitempty"`

	// Whether a timestamp that lies ahead is taken, however far. Default: false.
	PastOnly bool `json:"past_only,omitempty"`

	// Whether the key is the service's, so that it signs the events of all its customers
	// with it: `verification` is `service` then, unless `account` binds the event. Default: false.
	SharedKey bool `json:"shared_key,omitempty"`

	// How what is sent is encrypted. Default: it is not.
	Sealed *Sealed `json:"-"`

	// Where the account is that an event is for. It must be signed, and be one of the
	// receiver's `accounts`. Default: events name none.
	Account Source `json:"account,omitempty"`
}

// Verifier verifies the signatures of one receiver's events.
type Verifier struct {
	Signature
	Accounts  []string       // of which an event may be
	Forgeable *regexp.Regexp // what anybody can have signed; nil: nothing
	Finder    KeyFinder      // of keys that requests name; nil: the keys are the secrets

	template  contentParts // of Content
	claims    []claim      // of Claims
	families  []signatureFamily
	known     atomic.Pointer[secretKeys]
	public    PublicURL
	needsData bool
	nonces    nonces
	shared    Keys // of Sealed
}

// secretKeys are secrets, and the keys that they are. They are replaced together, so that
// whoever has them needs no lock.
type secretKeys struct {
	keys    []signatureKey
	secrets []string // as they were given
}

// Memory bounds what many requests take together. Its error is a refusal.
type Memory interface {
	// Take takes so many bytes.
	Take(bytes int64) error
}

// NewVerifier returns a verifier of events that are signed with any of the
// secrets, for a receiver whose sender was given that URL. Its errors quote none.
func NewVerifier(signature Signature, secrets []string, public PublicURL) (*Verifier, error) {
	s := &Verifier{Signature: signature.WithDefaults(), families: signature.inFamilies(), public: public, needsData: signature.NeedsData()}
	var err error
	if s.template, err = parseContent(s.Content); err != nil {
		return nil, err
	}
	if s.claims, err = parseClaims(s.Claims); err != nil {
		return nil, err
	}
	if err := s.SetSecrets(secrets); err != nil {
		return nil, err
	}
	return s, nil
}

// SetSecrets has these secrets count from now on, instead of those before. Its errors
// quote none, and change nothing.
func (s *Verifier) SetSecrets(secrets []string) error {
	known := &secretKeys{secrets: secrets}
	for i, secret := range secrets {
		key, err := newSignatureKey(&s.Signature, secret)
		if err != nil {
			return fmt.Errorf("secret number %d: %w", i+1, err)
		}
		known.keys = append(known.keys, key)
	}
	s.known.Store(known)
	return nil
}

// WithSecret returns a verifier of the same signatures, with another secret.
func (s *Verifier) WithSecret(secret string) (*Verifier, error) {
	return NewVerifier(s.Signature, []string{secret}, s.public)
}

// Knows tells whether a secret is one of those that count, in a time that tells nothing
// of them.
func (s *Verifier) Knows(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	match := 0
	for _, known := range s.Secrets() {
		other := sha256.Sum256([]byte(known))
		match |= subtle.ConstantTimeCompare(sum[:], other[:])
	}
	return match == 1
}

// Secrets returns the secrets that count.
func (s *Verifier) Secrets() []string { return s.known.Load().secrets }

func (s *Verifier) keys() []signatureKey { return s.known.Load().keys }

// CheckSecret returns an error for a secret that is no key for the signature. It
// does not quote it.
func (s Signature) CheckSecret(secret string) error {
	if s.Sealed != nil {
		return s.Sealed.Cipher.CheckKey(secret)
	}
	full := s.WithDefaults()
	_, err := newSignatureKey(&full, secret)
	return err
}

// Sum returns what the first secret makes of a text, by the first algorithm: an HMAC or
// a digest.
func (s *Verifier) Sum(text []byte) []byte {
	k := &s.keys()[0]
	text = bytes.ReplaceAll(text, secretPart, k.secret)
	return k.sum(k.newHash(k.hashes[0]), [][]byte{text})
}

// HMACKey returns the key that a secret is for HMACs, by its index.
func (s *Verifier) HMACKey(secret int) []byte { return s.keys()[secret].secret }

// The reasons for 401 quote nothing of the request.
var (
	errNoSignature    = errors.New("there is no signature of the expected form")
	errWrongSignature = errors.New("the signature is not one of a configured secret")
	errStale          = errors.New("the signature's timestamp is too far from now")
	errOtherAccount   = errors.New("the event is of an account that is not configured")
	errUsedNonce      = errors.New("the nonce has come with another body")
)

// IsWrongSignature tells whether that is why a request was refused: it has a signature, of
// none of the secrets.
func IsWrongSignature(err error) bool { return errors.Is(err, errWrongSignature) }

// NeedsData tells whether the signature, or what is signed, is in what the body decodes to.
func (s *Signature) NeedsData() bool {
	if s.Sealed != nil {
		return true
	}
	inBody := func(source Source) bool { return source.InBody() }
	if slices.ContainsFunc(s.From, inBody) {
		return true
	}
	if s.IsToken() {
		return false
	}
	if len(s.Timestamp) > 0 && s.Timestamp[0].InBody() && s.Signs(partTimestamp) {
		return true
	}
	for _, content := range s.contents() {
		if parts, err := parseContent(content); err == nil && slices.ContainsFunc(parts.sources(), inBody) {
			return true
		}
	}
	return false
}

// NeedsData is the same, known once.
func (s *Verifier) NeedsData() bool { return s.needsData }

// Verify returns an error unless the body, as sent, has a valid signature. Where that
// needs the decoded body, it is left to VerifyData.
func (s *Verifier) Verify(r *Request, body []byte, mem Memory) error {
	if s.needsData {
		return nil
	}
	return unauthorized(s.verify(r, body, mem))
}

// VerifyData verifies what needs the decoded body.
func (s *Verifier) VerifyData(r *Request, body []byte, mem Memory) error {
	if s.needsData {
		if err := s.verify(r, body, mem); err != nil {
			return unauthorized(err)
		}
	}
	if len(s.Timestamp) > 0 && s.Timestamp[0].InBody() && !s.template.has(partTimestamp) {
		timestamp, err := r.one(s.Timestamp[0])
		if err == nil {
			err = s.checkTimestamp(r, timestamp)
		}
		return unauthorized(err)
	}
	return nil
}

// Says returns what the event attribute verification says of events whose signature is
// right, where so many accounts are configured.
func (s *Signature) Says(accounts int) string {
	switch {
	case s.IsToken():
		return event.VerifiedToken
	case s.Partial:
		return event.VerifiedPartial
	case s.SharedKey && accounts == 0:
		return event.VerifiedService
	}
	return event.VerifiedSignature
}

// CheckAccount returns an error for an event of another account than those.
func (s *Verifier) CheckAccount(r *Request, accounts []string) error {
	if s.Account == "" || len(accounts) == 0 {
		return nil
	}
	account, err := r.one(s.Account)
	if err == nil && !slices.Contains(accounts, account) {
		err = errOtherAccount
	}
	return unauthorized(err)
}

func unauthorized(err error) error {
	if err == nil || isRefusal(err) {
		return err
	}
	return outcome.Unauthorized(err)
}

// isRefusal tells whether it is for want of memory that the signature is not
// known to be right.
func isRefusal(err error) bool {
	var refusal *outcome.Refusal
	return errors.As(err, &refusal)
}

func (s *Verifier) verify(r *Request, body []byte, mem Memory) error {
	if s.IsToken() {
		return s.checkToken(r)
	}
	if s.Finder != nil {
		return s.verifyNamed(r, body, mem)
	}
	if array, path, ok := s.itemPath(); ok {
		return s.checkItems(r, array, path, mem)
	}
	err := errNoSignature
	for _, f := range s.families {
		familyErr := s.checkFamily(f, r, body, mem)
		switch {
		case familyErr == nil, isRefusal(familyErr):
			return familyErr
		case errors.Is(err, errNoSignature), errors.Is(familyErr, errStale):
			err = familyErr // says most of what is wrong
		}
	}
	return err
}

// checkToken compares hashes, and with every secret, so that the time it takes
// tells nothing of them.
func (s *Verifier) checkToken(r *Request) error {
	err := errNoSignature
	for _, source := range s.From {
		_, path := source.Split()
		if array, rest, ok := strings.Cut(path, ".*."); ok {
			return s.checkTokens(r.Event, array, rest)
		}
		for _, source := range source.Numbered() {
			if len(r.values(source)) == 0 {
				continue
			}
			return s.checkTokenAt(r, source)
		}
	}
	return err
}

func (s *Verifier) checkTokenAt(r *Request, source Source) error {
	value, err := r.one(source)
	if err != nil {
		return err
	}
	value, ok := s.withoutPrefix(source, value)
	if !ok {
		return errNoSignature
	}
	if s.Encoding == EncodingBase64 {
		decoded, err := decodeText(EncodingBase64, value)
		if err != nil {
			return errNoSignature
		}
		value = string(decoded)
	}
	return s.matchToken(value)
}

// withoutPrefix returns a token without what comes before it. An authentication scheme, as
// in "Bearer ", is the same in any case. What is not in a header needs none.
func (s *Signature) withoutPrefix(source Source, value string) (token string, ok bool) {
	if n := len(s.Prefix); len(value) >= n && strings.EqualFold(value[:n], s.Prefix) {
		return value[n:], true
	}
	return value, !source.Is(SourceHeader)
}

// checkTokens requires the token of every element of an array in the body.
func (s *Verifier) checkTokens(e *event.Event, array, path string) error {
	if e.DataKind != event.DataJSON {
		return errNoSignature
	}
	err := errNoSignature // where there is no element
	jsonscan.Each(jsonscan.Get(e.Data, strings.Split(array, ".")...), func(element []byte) bool {
		token, _ := event.Scalar(jsonscan.Get(element, strings.Split(path, ".")...))
		err = s.matchToken(token)
		return err == nil
	})
	return err
}

func (s *Verifier) matchToken(token string) error {
	sum := sha256.Sum256([]byte(token))
	match := 0
	for _, key := range s.keys() {
		match |= subtle.ConstantTimeCompare(sum[:], key.token[:])
	}
	if match != 1 {
		return errWrongSignature
	}
	return nil
}

// Now is the clock that timestamps are compared with, unless it is known when the
// request came. Only tests set it.
var Now = time.Now

// checkTimestamp takes a time that lies ahead for as wrong as one long past.
func (s *Verifier) checkTimestamp(r *Request, timestamp string) error {
	at, err := s.timeOf(timestamp)
	if err != nil {
		return errors.New("the signature's timestamp is none")
	}
	tolerance := time.Duration(s.Tolerance)
	now := r.now()
	if at.Before(now.Add(-tolerance)) || !s.PastOnly && at.After(now.Add(tolerance)) {
		return errStale
	}
	return nil
}

// timeOf returns the time that a timestamp stands for.
func (s *Verifier) timeOf(timestamp string) (time.Time, error) {
	switch s.TimestampFormat {
	case TimestampRFC3339:
		at, err := time.Parse(time.RFC3339, timestamp)
		if err != nil {
			at, err = time.Parse("2006-01-02T15:04:05", timestamp) // a fraction may follow
		}
		return at, err
	case TimestampHTTPDate:
		return http.ParseTime(timestamp)
	}
	n, err := strconv.ParseInt(timestamp, 10, 64)
	if strconv.FormatInt(n, 10) != timestamp {
		// A digit more, 0, could be the end of what is signed before it.
		err = strconv.ErrSyntax
	}
	const maxSeconds = 99_999_999_999 // the year 5138
	if s.TimestampFormat == TimestampUnixMilli || s.TimestampFormat == timestampUnixAny && n > maxSeconds {
		return time.UnixMilli(n), err
	}
	return time.Unix(n, 0), err
}
