package play

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
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

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// signer signs requests as a service does, with the key of one receiver, or with
// one that no receiver has.
type signer struct {
	*rules.Verifier        // nil: nothing is signed but challenges
	secret          string // as it is configured
	key             []byte // of HMACs
	sign            func(content []byte) ([]byte, error)
}

func newSigner(p provider.Row, secret, publicURL string) (*signer, error) {
	public, err := rules.ParsePublicURL(publicURL)
	if err != nil {
		return nil, err
	}
	signature := rules.Signature{Algorithm: rules.HMACSHA256} // for the HMAC of challenges
	if p.Signature != nil {
		signature = *p.Signature
	}
	verifier, err := rules.NewVerifier(signature, []string{secret}, public)
	if err != nil {
		return nil, err
	}
	k := &signer{secret: secret, key: verifier.HMACKey(0)}
	if p.Signature == nil {
		return k, nil
	}
	if k.Verifier = verifier; k.key != nil {
		k.sign = func(content []byte) ([]byte, error) { return verifier.HMAC(content), nil }
	}
	return k, nil
}

// newStranger returns a signer whose key is made up.
func newStranger(p provider.Row, publicURL string) (*signer, error) {
	random := []byte(uuid.NewString())
	secret := random
	var sign func([]byte) ([]byte, error)
	var err error
	switch p.Signature.Algorithm {
	case rules.AlgorithmEd25519:
		var private ed25519.PrivateKey
		if secret, private, err = ed25519.GenerateKey(nil); err != nil {
			return nil, err
		}
		sign = func(content []byte) ([]byte, error) { return ed25519.Sign(private, content), nil }
	case rules.AlgorithmECDSA:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		if secret, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
			return nil, err
		}
		sign = func(content []byte) ([]byte, error) {
			digest := sha256.Sum256(content)
			return ecdsa.SignASN1(rand.Reader, private, digest[:])
		}
	}
	encoded := string(secret)
	switch p.Signature.WithDefaults().KeyEncoding {
	case rules.EncodingHex:
		encoded = hex.EncodeToString(secret)
	case rules.EncodingBase64:
		encoded = base64.StdEncoding.EncodeToString(secret)
	}
	k, err := newSigner(p, encoded, publicURL)
	if err == nil && sign != nil {
		k.sign = sign
	}
	return k, err
}

// prepare puts into the request what goes with the signature: id and time, or the
// token that is in its place, unless that goes into the body. It returns the time
// as it is signed.
func (k *signer) prepare(r *request, at time.Time) (timestamp string, err error) {
	if k.Algorithm == rules.AlgorithmToken {
		if k.From[0].InBody() {
			return "", nil
		}
		return "", k.putToken(r)
	}
	if len(k.ID) > 0 {
		if err := r.put(k.ID[0], uuid.NewString()); err != nil {
			return "", err
		}
	}
	if len(k.Timestamp) == 0 {
		return "", nil
	}
	var value any
	switch k.TimestampFormat {
	case rules.TimestampRFC3339:
		value = at.UTC().Format(time.RFC3339)
	case rules.TimestampUnixMilli:
		value = at.UnixMilli()
	default:
		value = at.Unix()
	}
	timestamp = fmt.Sprint(value)
	if k.Timestamp[0].Is(rules.SourceSignature) {
		return timestamp, nil
	}
	return timestamp, r.put(k.Timestamp[0], value)
}

// complete puts into the request what goes with everything else in the body.
func (k *signer) complete(r *request) error {
	if k.Algorithm == rules.AlgorithmToken && k.From[0].InBody() {
		return k.putToken(r)
	}
	return nil
}

func (k *signer) putToken(r *request) error { return r.put(k.From[0], k.Prefix+k.secret) }

// seal puts the signature into the request, in which everything else is.
func (k *signer) seal(r *request, timestamp string) error {
	if k.Algorithm == rules.AlgorithmToken {
		return nil
	}
	m := &rules.Request{Request: r.Request, Sent: r.URL, Decoded: r.body}
	if r.URL.Scheme == "https" {
		m.TLS = new(tls.ConnectionState) // as the receiver sees it
	}
	if k.BodyHash != "" && !k.Signs(rules.PartForm) {
		sum := sha256.Sum256(r.body)
		if err := r.put(k.BodyHash, hex.EncodeToString(sum[:])); err != nil {
			return err
		}
	}
	content, err := k.SignedContent(m, timestamp, r.body)
	if err != nil {
		return err
	}
	signature, err := k.sign(content)
	if err != nil {
		return err
	}
	encoded := hex.EncodeToString(signature)
	if k.Encoding == rules.EncodingBase64 {
		encoded = base64.StdEncoding.EncodeToString(signature)
	}
	elements := []string{k.Prefix + encoded}
	if len(k.Timestamp) > 0 && k.Timestamp[0].Is(rules.SourceSignature) {
		_, prefix := k.Timestamp[0].Split()
		elements = []string{prefix + timestamp, k.Prefix + encoded}
	}
	if k.Separator != "" {
		elements = []string{strings.Join(elements, k.Separator)}
	}
	if len(elements) > len(k.From) {
		return errors.New("a timestamp beside the signature needs a separator, or a header of its own")
	}
	for i, element := range elements {
		if err := r.put(k.From[i], element); err != nil {
			return err
		}
	}
	return nil
}
