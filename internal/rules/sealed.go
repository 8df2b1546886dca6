package rules

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// partSealed stands for the ciphertext in what is signed, in the base64 that it is sent in.
const partSealed = "{sealed}"

// SealedTimes is how many times its size it takes to open a body: most of it while it is read
// as XML.
const SealedTimes = 8

// Sealed is how a service encrypts what it sends. The secret is the cipher's key.
type Sealed struct {
	Cipher   Cipher
	Envelope Envelope

	// The media type of what is encrypted, which becomes the event's data. Default: JSON.
	MediaType string

	// Whether the verify token signs, and not the secret.
	TokenSigns bool

	// Whether the parts of what is signed are sorted, as bytes, before they are joined.
	Sorted bool

	// Whether the option account must say whose events are taken.
	HasAccount bool

	// Where the verify token is in what is encrypted, of which the first that is there must
	// be one that is configured, if any is. Default: nowhere.
	Token []Source

	// Whether a verification comes without a signature, and may come without encryption.
	OpenVerification bool

	// What the answer to a POST is made of. Default: it is that of the row.
	Reply *SealedReply
}

// SealedReply is an answer that is encrypted and signed as what it answers.
type SealedReply struct {
	Message     string
	ContentType string
	Encode      func(p ReplyParts) (body string)
	Decode      func(body string) (p ReplyParts)
}

// ReplyParts are what is in an encrypted answer.
type ReplyParts struct{ Ciphertext, Signature, Timestamp, Nonce string }

// Cipher encrypts messages for an account, and decrypts them.
type Cipher interface {
	// CheckKey returns an error for a secret that is no key. It does not quote it.
	CheckKey(secret string) error

	// Seal encrypts a message.
	Seal(message []byte, secret, account string) (ciphertext []byte, err error)

	// Open decrypts into memory as large as the ciphertext. All errors are the same to
	// whoever sent it.
	Open(into, ciphertext []byte, secret string) (message []byte, account string, err error)
}

// Envelope is what is around a ciphertext.
type Envelope interface {
	// Find returns the ciphertext in a body, in the base64 that it is sent in.
	Find(body []byte) (string, error)

	// Wrap returns a body with a ciphertext in it.
	Wrap(ciphertext string) (body []byte)
}

// Keys are what a receiver shares with its sender.
type Keys struct{ Secrets, Tokens, Accounts []string }

// opening is what was found in opening a request.
type opening struct {
	ciphertext      string
	secret, account string // that it is sealed for
}

var (
	errNothingSealed = errors.New("there is nothing encrypted where it should be")
	errNotOpened     = errors.New("the signature is right, but none of the secrets decrypts what it is of")
	errNotAddressed  = errors.New("the event is of an account that is not configured")
	errSealedToken   = errors.New("the verify token in it is not a configured one")
	errNotPlain      = errors.New("what is encrypted is no challenge")
)

// NewOpener returns a verifier of events that may be sealed.
func NewOpener(signature Signature, keys Keys, public PublicURL) (*Verifier, error) {
	if signature.Sealed == nil {
		return NewVerifier(signature, keys.Secrets, public)
	}
	signing := keys.Secrets
	if signature.Sealed.TokenSigns {
		signing = keys.Tokens
	}
	if len(signing) == 0 {
		return nil, errors.New("the verify token is needed, with which its events are signed")
	}
	for i, secret := range keys.Secrets {
		if err := signature.Sealed.Cipher.CheckKey(secret); err != nil {
			return nil, fmt.Errorf("secret number %d: %w", i+1, err)
		}
	}
	s, err := NewVerifier(signature, signing, public)
	if err == nil {
		s.shared = keys
	}
	return s, err
}

// IsSealed tells whether events are encrypted.
func (s *Signature) IsSealed() bool { return s != nil && s.Sealed != nil }

// IsSealed tells whether events are encrypted.
func (s *Verifier) IsSealed() bool { return s != nil && s.Sealed != nil }

// FirstToken returns the first verify token of events that are sealed, or nothing.
func (s *Verifier) FirstToken() string {
	if s == nil || len(s.shared.Tokens) == 0 {
		return ""
	}
	return s.shared.Tokens[0]
}

// OpenData returns what is encrypted in the body, if it is signed by one who may, or
// verifies the endpoint. A body that is not signed is decrypted only where verifications
// come so, and everything else in it is refused as if it had not been.
func (s *Verifier) OpenData(r *Request, body []byte, v *Verification, mem Memory) ([]byte, error) {
	// The ciphertext is read, copied, decoded, and decrypted.
	if err := mem.Take(SealedTimes * int64(len(r.Decoded))); err != nil {
		return nil, err
	}
	var err error
	if r.opening.ciphertext, err = s.Sealed.Envelope.Find(r.Decoded); err != nil {
		if s.Sealed.OpenVerification && s.isVerification(r, v, r.Decoded) {
			return r.Decoded, unauthorized(s.checkSealedToken(r, r.Decoded))
		}
		return nil, outcome.Unauthorized(errNothingSealed)
	}
	if signErr := s.verify(r, body, mem); signErr != nil {
		if s.Sealed.OpenVerification && !isRefusal(signErr) {
			for i := range s.shared.Secrets {
				message, err := s.unseal(r, s.shared.Secrets[i:i+1])
				if err == nil && s.isVerification(r, v, message) {
					return message, unauthorized(s.checkSealedToken(r, message))
				}
			}
		}
		return nil, unauthorized(signErr)
	}
	secrets := s.shared.Secrets
	if !s.Sealed.TokenSigns {
		secrets = secrets[r.Key : r.Key+1]
	}
	message, err := s.unseal(r, secrets)
	if err == nil {
		err = s.checkSealedToken(r, message)
	}
	return message, unauthorized(err)
}

// OpenChallenge returns what is encrypted in a challenge, of which the signature must be. It
// must be of letters, digits and little else: so whoever has an event as it was sent does not
// get it decrypted by sending it as a challenge.
func (s *Verifier) OpenChallenge(r *Request, challenge string, mem Memory) (string, error) {
	// Base64 has no spaces: a sender that does not escape its plus signs means those.
	r.opening.ciphertext = strings.ReplaceAll(challenge, " ", "+")
	if err := s.verify(r, nil, mem); err != nil {
		return "", unauthorized(err)
	}
	message, err := s.unseal(r, s.shared.Secrets)
	if err == nil && !harmlessChallenge.Match(message) {
		err = errNotPlain
	}
	if err != nil {
		return "", unauthorized(err)
	}
	return string(message), nil
}

// unseal decrypts with the secret that does it.
func (s *Verifier) unseal(r *Request, secrets []string) ([]byte, error) {
	ciphertext, err := base64.StdEncoding.DecodeString(r.opening.ciphertext)
	if err != nil {
		return nil, errNotOpened
	}
	err = errNotOpened
	into := make([]byte, len(ciphertext))
	for _, secret := range secrets {
		message, account, openErr := s.Sealed.Cipher.Open(into, ciphertext, secret)
		if openErr != nil {
			continue
		}
		if accounts := s.shared.Accounts; len(accounts) > 0 && !slices.Contains(accounts, account) {
			err = errNotAddressed
			continue
		}
		r.opening.secret, r.opening.account = secret, account
		return message, nil
	}
	return nil, err
}

// ofMessage returns the request as if the message were its body.
func ofMessage(r *Request, message []byte) (*Request, error) {
	opened := &Request{Request: r.Request, Event: new(event.Event)}
	return opened, event.SetData(opened.Event, message, event.ContentTypeJSON, event.AcceptJSON)
}

// isVerification tells whether a message that is not signed verifies the endpoint.
func (s *Verifier) isVerification(r *Request, v *Verification, message []byte) bool {
	opened, err := ofMessage(r, message)
	if err != nil || !v.Recognizes(opened, true) {
		return false
	}
	_, _, err = v.Parse(opened)
	return err == nil
}

// checkSealedToken compares with every token, in constant time.
func (s *Verifier) checkSealedToken(r *Request, message []byte) error {
	if len(s.Sealed.Token) == 0 || len(s.shared.Tokens) == 0 {
		return nil
	}
	opened, err := ofMessage(r, message)
	if err != nil {
		return nil // it is no event either
	}
	token, err := opened.first(s.Sealed.Token)
	sum, match := sha256.Sum256([]byte(token)), 0
	for _, want := range s.shared.Tokens {
		wanted := sha256.Sum256([]byte(want))
		match |= subtle.ConstantTimeCompare(sum[:], wanted[:])
	}
	if err != nil || match != 1 {
		return errSealedToken
	}
	return nil
}

// Reply returns the answer to what was opened, where the service wants one of its own.
func (s *Verifier) Reply(r *Request) (contentType, body string, err error) {
	if !s.IsSealed() || s.Sealed.Reply == nil {
		return "", "", nil
	}
	reply := s.Sealed.Reply
	ciphertext, err := s.Sealed.Cipher.Seal([]byte(reply.Message), r.opening.secret, r.opening.account)
	if err != nil {
		return "", "", err
	}
	sealed := base64.StdEncoding.EncodeToString(ciphertext)
	random := make([]byte, 8)
	_, _ = rand.Read(random) // which never fails
	timestamp, nonce := strconv.FormatInt(r.now().UnixMilli(), 10), hex.EncodeToString(random)
	p := ReplyParts{Ciphertext: sealed, Timestamp: timestamp, Nonce: nonce}
	p.Signature = s.signReply(r.Key, p)
	return reply.ContentType, reply.Encode(p), nil
}

func (s *Verifier) signReply(key int, p ReplyParts) string {
	k := &s.keys()[key]
	return hex.EncodeToString(k.sum(k.newHash(k.hashes[0]), [][]byte{secretPart, []byte(p.Timestamp), []byte(p.Nonce), []byte(p.Ciphertext)}))
}

// OpenReply returns what is encrypted in an answer, if that is signed right, as the service
// does.
func (s *Verifier) OpenReply(body string) string {
	p := s.Sealed.Reply.Decode(body)
	if !hmac.Equal([]byte(s.signReply(0, p)), []byte(p.Signature)) {
		return ""
	}
	message, err := s.unseal(&Request{opening: opening{ciphertext: p.Ciphertext}}, s.shared.Secrets)
	if err != nil {
		return ""
	}
	return string(message)
}

// Seal encrypts a message with the first of the secrets, for an account, and returns a body
// with it, or without an envelope the ciphertext, and the signature of that. Everything else
// that is signed must be in the request.
func (s *Verifier) Seal(r *Request, message []byte, account string, inEnvelope bool) (body []byte, signature string, err error) {
	ciphertext, err := s.Sealed.Cipher.Seal(message, s.shared.Secrets[0], account)
	if err != nil {
		return nil, "", err
	}
	r.opening.ciphertext = base64.StdEncoding.EncodeToString(ciphertext)
	body = []byte(r.opening.ciphertext)
	if inEnvelope {
		body = s.Sealed.Envelope.Wrap(r.opening.ciphertext)
	}
	signed, err := s.expand(s.template, &signing{r: r, body: body})
	if err != nil {
		return nil, "", err
	}
	key := &s.keys()[0]
	return body, s.Encode(key.sum(key.newHash(key.hashes[0]), signed)), nil
}
