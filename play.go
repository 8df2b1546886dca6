package webhookreceiver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// signer signs drafts as a service does, with the key of one receiver, or with
// one that no receiver has.
type signer struct {
	*Verifier        // nil: nothing is signed but challenges
	secret    string // as it is configured
	key       []byte // of HMACs
	sign      func(signed [][]byte) ([]byte, error)
}

func newSigner(p provider, secret, publicURL string) (*signer, error) {
	public, err := ParsePublicURL(publicURL)
	if err != nil {
		return nil, err
	}
	signature := Signature{Algorithm: hmacSHA256} // for the HMAC of challenges
	if p.signature != nil {
		signature = *p.signature
	}
	verifier, err := NewVerifier(signature, []string{secret}, public)
	if err != nil {
		return nil, err
	}
	k := &signer{secret: secret, key: verifier.HMACKey(0)}
	if p.signature == nil {
		return k, nil
	}
	if k.Verifier = verifier; k.key != nil {
		newHash := k.keys[0].hashes[0]
		k.sign = func(signed [][]byte) ([]byte, error) { return sum(hmac.New(newHash, k.key), signed), nil }
	}
	return k, nil
}

// newStranger returns a signer whose key is made up.
func newStranger(p provider, publicURL string) (*signer, error) {
	random := []byte(uuid.NewString())
	secret := random
	var sign func([][]byte) ([]byte, error)
	var err error
	switch p.signature.Algorithm {
	case algorithmEd25519:
		var private ed25519.PrivateKey
		if secret, private, err = ed25519.GenerateKey(nil); err != nil {
			return nil, err
		}
		sign = func(signed [][]byte) ([]byte, error) {
			return ed25519.Sign(private, bytes.Join(signed, nil)), nil
		}
	case algorithmECDSA:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		if secret, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
			return nil, err
		}
		sign = func(signed [][]byte) ([]byte, error) {
			return ecdsa.SignASN1(rand.Reader, private, sum(sha256.New(), signed))
		}
	}
	encoded := string(secret)
	switch p.signature.WithDefaults().KeyEncoding {
	case encodingHex:
		encoded = hex.EncodeToString(secret)
	case encodingBase64:
		encoded = base64.StdEncoding.EncodeToString(secret)
	}
	k, err := newSigner(p, encoded, publicURL)
	if err == nil && sign != nil {
		k.sign = sign
	}
	return k, err
}

// prepare puts into the draft what goes with the signature: id and time, or the
// token that is in its place, unless that goes into the body. It returns the time
// as it is signed.
func (k *signer) prepare(d *draft, at time.Time) (timestamp string, err error) {
	if k.Algorithm == algorithmToken {
		if k.From[0].inBody() {
			return "", nil
		}
		return "", k.putToken(d)
	}
	if len(k.ID) > 0 {
		if err := d.put(k.ID[0], uuid.NewString()); err != nil {
			return "", err
		}
	}
	if len(k.Timestamp) == 0 {
		return "", nil
	}
	var value any
	switch k.TimestampFormat {
	case timestampRFC3339:
		value = at.UTC().Format(time.RFC3339)
	case timestampUnixMilli:
		value = at.UnixMilli()
	default:
		value = at.Unix()
	}
	timestamp = fmt.Sprint(value)
	if k.Timestamp[0].is(sourceSignature) {
		return timestamp, nil
	}
	return timestamp, d.put(k.Timestamp[0], value)
}

// complete puts into the draft what goes with everything else in the body.
func (k *signer) complete(d *draft) error {
	if k.Algorithm == algorithmToken && k.From[0].inBody() {
		return k.putToken(d)
	}
	return nil
}

func (k *signer) putToken(d *draft) error { return d.put(k.From[0], k.Prefix+k.secret) }

// seal puts the signature into the draft, in which everything else is.
func (k *signer) seal(d *draft, timestamp string) error {
	if k.Algorithm == algorithmToken {
		return nil
	}
	m := &Request{Request: d.Request, Sent: d.URL, Decoded: d.body}
	if d.URL.Scheme == "https" {
		m.TLS = new(tls.ConnectionState) // as the receiver sees it
	}
	if k.BodyHash != "" && !k.signs(partForm) {
		if err := d.put(k.BodyHash, hex.EncodeToString(sha256Of(d.body))); err != nil {
			return err
		}
	}
	alternatives, err := k.alternatives(m, d.body, unbounded{})
	if err != nil {
		return err
	}
	signed, err := k.signed(m, k.families[0].id, timestamp, d.body, alternatives[0])
	if err != nil {
		return err
	}
	signature, err := k.sign(signed)
	if err != nil {
		return err
	}
	encoded := hex.EncodeToString(signature)
	if k.Encoding == encodingBase64 {
		encoded = base64.StdEncoding.EncodeToString(signature)
	}
	elements := []string{k.Prefix + encoded}
	if len(k.Timestamp) > 0 && k.Timestamp[0].is(sourceSignature) {
		_, prefix := k.Timestamp[0].split()
		elements = []string{prefix + timestamp, k.Prefix + encoded}
	}
	if k.Separator != "" {
		elements = []string{strings.Join(elements, k.Separator)}
	}
	if len(elements) > len(k.From) {
		return errors.New("a timestamp beside the signature needs a separator, or a header of its own")
	}
	for i, element := range elements {
		if err := d.put(k.From[i], element); err != nil {
			return err
		}
	}
	return nil
}

// unbounded is the memory of a process that makes one request at a time.
type unbounded struct{}

// Take returns nil.
func (unbounded) Take(int64) error { return nil }
