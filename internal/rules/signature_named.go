package rules

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

// KeyFinder has the public keys of a service, of which each request names one.
type KeyFinder interface {
	// Find returns the key that a request names, in PEM. Its error is a refusal where that
	// is not to be had, and any other where the request names none that the service could have.
	Find(r *Request) (public string, err error)

	// Remedy says what an operator can do about a request whose signature is not right.
	Remedy(r *Request) string
}

var errNotOfNamed = errors.New("the signature is not of the key that the request names")

// verifyNamed verifies with the key that the request names. It is looked for only when
// everything else is right, which is tried with a key that any signature is of: so those
// who can't sign make nobody fetch keys for the mere asking.
func (s *Verifier) verifyNamed(r *Request, body []byte, mem Memory) error {
	err := s.with(signatureKey{isTrial: true}).verify(r, body, mem)
	r.claims = nil
	if err == nil {
		err = s.CheckAccount(r, s.Accounts)
	}
	if err != nil {
		return err
	}
	text, err := s.Finder.Find(r)
	if err != nil {
		return err
	}
	key, err := newPublicKey(&s.Signature, text)
	if err != nil {
		return err
	}
	// What that takes was taken for the trial, and is free again.
	if err = s.with(key).verify(r, body, Unbounded{}); errors.Is(err, errWrongSignature) {
		return errNotOfNamed
	}
	if err == nil {
		r.SignedBy = key.hash()
	}
	return err
}

// with returns a verifier with that key alone.
func (s *Verifier) with(key signatureKey) *Verifier {
	v := &Verifier{
		Signature: s.Signature, Accounts: s.Accounts, template: s.template, claims: s.claims, families: s.families,
		public: s.public, needsData: s.needsData,
	}
	v.known.Store(&secretKeys{keys: []signatureKey{key}})
	return v
}

// hash returns the SHA-256 of a public key, in hexadecimal digits, by which it is known.
func (k *signatureKey) hash() string {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// SignedBy returns the SHA-256 of the public key that a request was signed with.
func (s *Verifier) SignedBy(r *Request) string {
	keys := s.keys()
	if r.SignedBy != "" || r.Key >= len(keys) || keys[r.Key].public == nil {
		return r.SignedBy
	}
	return keys[r.Key].hash()
}

// HashKey returns the SHA-256 of a public key for the signature.
func (s *Signature) HashKey(public string) (string, error) {
	full := s.WithDefaults()
	key, err := newPublicKey(&full, public)
	if err != nil {
		return "", err
	}
	return key.hash(), nil
}
