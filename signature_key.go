package webhookreceiver

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// The values of a signature's options.
const (
	hmacSHA1         = "hmac-sha1"
	hmacSHA256       = "hmac-sha256"
	algorithmEd25519 = "ed25519"
	algorithmECDSA   = "ecdsa-p256"
	algorithmToken   = "token"

	encodingRaw    = "raw"
	encodingHex    = "hex"
	encodingBase64 = "base64"

	timestampUnix      = "unix"
	timestampUnixMilli = "unix_ms"
	timestampRFC3339   = "rfc3339"

	defaultTolerance = caddy.Duration(5 * time.Minute)
)

// hashes are the hashes of the HMACs.
var hashes = map[string]func() hash.Hash{
	hmacSHA1:      sha1.New,
	hmacSHA256:    sha256.New,
	"hmac-sha384": sha512.New384,
	"hmac-sha512": sha512.New,
}

// signatureKey is a secret, for the algorithm that it is used with.
type signatureKey struct {
	newHash func() hash.Hash
	secret  []byte // of an HMAC
	ed25519 ed25519.PublicKey
	ecdsa   *ecdsa.PublicKey
	token   [sha256.Size]byte // hashed, so that comparing takes the same time for any length
}

// newSignatureKey decodes a secret. Its errors don't quote it.
func newSignatureKey(s *Signature, secret string) (key signatureKey, err error) {
	switch s.Algorithm {
	case algorithmToken:
		key.token = sha256.Sum256([]byte(secret))
		return key, nil
	case algorithmEd25519, algorithmECDSA:
		return newPublicKey(s, secret)
	}
	raw, err := decodeKey(s, secret)
	if err != nil {
		return key, err
	}
	return signatureKey{newHash: hashes[s.Algorithm], secret: raw}, nil
}

// decodeKey returns a secret without its prefix and its encoding.
func decodeKey(s *Signature, secret string) ([]byte, error) {
	if s.KeyEncoding != encodingRaw {
		secret = strings.Join(strings.Fields(secret), "")
	}
	secret = strings.TrimPrefix(secret, s.KeyPrefix)
	raw, err := []byte(secret), error(nil)
	if s.KeyEncoding != encodingRaw {
		raw, err = decodeText(s.KeyEncoding, secret)
	}
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("is not a key in %s", s.KeyEncoding)
	}
	return raw, nil
}

// newPublicKey takes a key in the row's encoding, or any public key in PEM.
func newPublicKey(s *Signature, secret string) (key signatureKey, err error) {
	if _, pem, ok := strings.Cut(secret, "-----BEGIN PUBLIC KEY-----"); ok {
		// Line breaks may have got lost, or have become \n, in the environment.
		pem, _, _ = strings.Cut(strings.ReplaceAll(pem, `\n`, ""), "-----END")
		s = &Signature{Algorithm: s.Algorithm, KeyEncoding: encodingBase64}
		secret = pem
	}
	raw, err := decodeKey(s, secret)
	if err != nil {
		return key, fmt.Errorf("%w, and no public key in PEM", err)
	}
	if s.Algorithm == algorithmEd25519 && len(raw) == ed25519.PublicKeySize {
		key.ed25519 = raw
		return key, nil
	}
	public, err := x509.ParsePKIXPublicKey(raw)
	if err != nil {
		public = nil
	}
	switch public := public.(type) {
	case ed25519.PublicKey:
		key.ed25519 = public
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P256() {
			key.ecdsa = public
		}
	}
	switch {
	case s.Algorithm == algorithmEd25519 && key.ed25519 == nil:
		return signatureKey{}, fmt.Errorf("is not a public key of ed25519, %d bytes in %s, or in PEM", ed25519.PublicKeySize, s.KeyEncoding)
	case s.Algorithm == algorithmECDSA && key.ecdsa == nil:
		return signatureKey{}, errors.New("is not a public key of ECDSA with the curve P-256, in DER and base64, or in PEM")
	}
	return key, nil
}

// urlAlphabet turns base64 for URLs into that for everything else.
var urlAlphabet = strings.NewReplacer("-", "+", "_", "/")

// decodeText decodes hex, or base64, of either alphabet, with padding or without:
// services write it in all these ways, and what counts is what it stands for.
func decodeText(encoding, text string) ([]byte, error) {
	if encoding == encodingHex {
		return hex.DecodeString(text)
	}
	return base64.RawStdEncoding.DecodeString(urlAlphabet.Replace(strings.TrimRight(text, "=")))
}

// match returns the index of a signature that is one of what is signed, or -1.
func (k *signatureKey) match(signed [][]byte, signatures []foundSignature) int {
	switch {
	case k.ed25519 != nil:
		return slices.IndexFunc(signatures, func(signature foundSignature) bool {
			return ed25519.Verify(k.ed25519, signed[0], signature.bytes)
		})
	case k.ecdsa != nil:
		digest := sum(sha256.New(), signed)
		return slices.IndexFunc(signatures, func(signature foundSignature) bool {
			return ecdsa.VerifyASN1(k.ecdsa, digest, signature.bytes)
		})
	}
	match := -1
	mac := sum(hmac.New(k.newHash, k.secret), signed)
	for i, signature := range signatures {
		if hmac.Equal(mac, signature.bytes) {
			match = i
		}
	}
	return match
}

func sum(h hash.Hash, parts [][]byte) []byte {
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// withDefaults returns the signature with every default filled in.
func (s Signature) withDefaults() Signature {
	if s.KeyEncoding == "" {
		s.KeyEncoding = map[string]string{algorithmEd25519: encodingHex, algorithmECDSA: encodingBase64}[s.Algorithm]
	}
	for _, d := range []struct {
		option *string
		value  string
	}{
		{&s.Encoding, encodingHex},
		{&s.KeyEncoding, encodingRaw},
		{&s.Content, partBody},
		{&s.TimestampFormat, timestampUnix},
	} {
		if *d.option == "" {
			*d.option = d.value
		}
	}
	if s.Tolerance == 0 {
		s.Tolerance = defaultTolerance
	}
	return s
}

// check returns an error for a signature that could not work, or would let
// anything pass.
func (s *Signature) check() error {
	full := s.withDefaults()
	isToken := s.Algorithm == algorithmToken
	switch {
	case !isToken && s.Algorithm != algorithmEd25519 && s.Algorithm != algorithmECDSA && hashes[s.Algorithm] == nil:
		return fmt.Errorf("algorithm %q: must be hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512, ed25519, ecdsa-p256 or token", s.Algorithm)
	case len(s.From) == 0:
		return errors.New("from: is needed")
	case isToken && (s.Separator != "" || s.Encoding != "" || s.KeyEncoding != "" || s.KeyPrefix != "" || s.Content != "" || len(s.ID) > 0 || len(s.Timestamp) > 0):
		return errors.New("algorithm token: goes with from and prefix only")
	case full.Encoding != encodingHex && full.Encoding != encodingBase64:
		return fmt.Errorf("encoding %q: must be hex or base64", s.Encoding)
	case full.KeyEncoding != encodingRaw && full.KeyEncoding != encodingHex && full.KeyEncoding != encodingBase64:
		return fmt.Errorf("key_encoding %q: must be raw, hex or base64", s.KeyEncoding)
	case full.KeyEncoding == encodingRaw && s.Algorithm == algorithmEd25519, full.KeyEncoding != encodingBase64 && s.Algorithm == algorithmECDSA:
		return fmt.Errorf("key_encoding %q: is none for keys of %s", s.KeyEncoding, s.Algorithm)
	case full.TimestampFormat != timestampUnix && full.TimestampFormat != timestampUnixMilli && full.TimestampFormat != timestampRFC3339:
		return fmt.Errorf("timestamp_format %q: must be unix, unix_ms or rfc3339", s.TimestampFormat)
	case s.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive", time.Duration(s.Tolerance))
	case len(s.Timestamp) == 0 && (s.Tolerance != 0 || s.TimestampFormat != ""):
		return errors.New("tolerance and timestamp_format: need a timestamp")
	}
	return s.checkSources(full.Content)
}

func (s *Signature) checkSources(content string) error {
	for _, source := range s.From {
		kinds := []string{sourceHeader}
		if s.Algorithm == algorithmToken {
			kinds = []string{sourceHeader, sourceQuery, sourceForm, sourceBody}
			if source.is(sourceBody) {
				source = Source(strings.Replace(string(source), ".*.", ".", 1))
			}
		}
		if err := source.check(kinds...); err != nil {
			return fmt.Errorf("from: %w", err)
		}
		if source.inBody() && len(s.From) > 1 {
			return errors.New("from: a source in the body must be the only one")
		}
	}
	for _, source := range s.ID {
		if err := source.check(sourceHeader); err != nil {
			return fmt.Errorf("id: %w", err)
		}
	}
	for _, source := range s.Timestamp {
		if err := source.check(sourceHeader, sourceForm, sourceBody, sourceSignature); err != nil {
			return fmt.Errorf("timestamp: %w", err)
		}
		if !source.is(sourceHeader) && len(s.Timestamp) > 1 {
			return errors.New("timestamp: one that is not in a header must be the only source")
		}
	}
	parts, err := parseContent(content)
	if err != nil {
		return err
	}
	timestampSigned := len(s.Timestamp) > 0 && !s.Timestamp[0].inBody()
	switch {
	case slices.Contains(parts, partID) != (len(s.ID) > 0):
		return errors.New("id: must be given, and {id} be in content, or neither")
	case slices.Contains(parts, partTimestamp) != timestampSigned:
		return errors.New("timestamp: must be given, and {timestamp} be in content, or neither")
	}
	return nil
}
