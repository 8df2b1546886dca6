package rules

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/text/unicode/norm"
)

// The values of a signature's options.
const (
	encodingRaw       = "raw"
	encodingSHA1      = "sha1"
	encodingNFKD      = "nfkd"
	EncodingHex       = "hex"
	EncodingBase64    = "base64"
	encodingBase64Hex = "base64_hex"

	timestampUnix      = "unix"
	TimestampUnixMilli = "unix_ms"
	timestampUnixAny   = "unix_any"
	TimestampRFC3339   = "rfc3339"
	TimestampHTTPDate  = "http_date"

	// A tolerance must not refuse a repeat: losing a genuine event is worse than
	// taking one twice. It is five minutes where each attempt is signed anew, which
	// Stripe, Box and Standard Webhooks document, or where the service's own
	// libraries or documents refuse what is older, and so its repeats can't be:
	// Slack and HubSpot (5m), Telnyx (5m), Paddle (5s), Linear (1m), Twitch and Box
	// (10m). Where nothing is said of either, the row covers all of the repeats.
	defaultTolerance = caddy.Duration(5 * time.Minute)
)

// The words that options of these names take.
var (
	Encodings        = []string{EncodingHex, EncodingBase64, encodingBase64Hex}
	KeyEncodings     = []string{encodingRaw, EncodingHex, EncodingBase64, encodingSHA1, encodingNFKD}
	TimestampFormats = []string{timestampUnix, TimestampUnixMilli, timestampUnixAny, TimestampRFC3339, TimestampHTTPDate}
)

// signatureKey is a secret, for the algorithm that it is used with.
type signatureKey struct {
	hashes   []func() hash.Hash // of HMACs and digests
	isDigest bool
	isSorted bool              // what is signed
	secret   []byte            // of HMACs and digests
	public   crypto.PublicKey  // nil: it is a secret
	isTrial  bool              // any signature is right: see verifyNamed
	token    [sha256.Size]byte // hashed, so that comparing takes the same time for any length
}

// newSignatureKey decodes a secret. Its errors don't quote it.
func newSignatureKey(s *Signature, secret string) (key signatureKey, err error) {
	switch {
	case s.IsToken():
		key.token = sha256.Sum256([]byte(secret))
		return key, nil
	case s.HasPublicKey():
		return newPublicKey(s, secret)
	}
	key.isSorted = s.IsSealed() && s.Sealed.Sorted
	if key.secret, err = decodeKey(s, secret); err != nil {
		return key, err
	}
	if scheme := s.scheme(); scheme.isJWT {
		key.hashes = []func() hash.Hash{scheme.hash.New}
	} else if key.hashes = s.HMACHashes(); key.hashes == nil {
		key.hashes, key.isDigest = hashesIn(digests, s.Algorithm), true
	}
	return key, nil
}

// decodeKey returns a secret without its prefix and its encoding.
func decodeKey(s *Signature, secret string) ([]byte, error) {
	isEncoded := s.KeyEncoding == EncodingHex || s.KeyEncoding == EncodingBase64
	if isEncoded {
		secret = strings.Join(strings.Fields(secret), "")
	}
	secret = strings.TrimPrefix(secret, s.KeyPrefix)
	raw, err := []byte(secret), error(nil)
	switch {
	case secret == "":
	case isEncoded:
		raw, err = decodeText(s.KeyEncoding, secret)
	case s.KeyEncoding == encodingSHA1:
		digest := sha1.Sum(raw)
		raw = digest[:]
	case s.KeyEncoding == encodingNFKD:
		raw = norm.NFKD.Bytes(raw)
	}
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("is not a key in %s", s.KeyEncoding)
	}
	return raw, nil
}

// urlAlphabet turns base64 for URLs into that for everything else.
var urlAlphabet = strings.NewReplacer("-", "+", "_", "/")

// decodeText decodes hex, or base64, of either alphabet, with padding or without, and
// percent-encoded or not: services write it in all these ways, and what counts is what it
// stands for.
func decodeText(encoding, text string) ([]byte, error) {
	if encoding == EncodingHex {
		return hex.DecodeString(text)
	}
	if strings.IndexByte(text, '%') >= 0 {
		unescaped, err := url.PathUnescape(text)
		if err != nil {
			return nil, err
		}
		text = unescaped
	}
	raw, err := base64.RawStdEncoding.DecodeString(urlAlphabet.Replace(strings.TrimRight(text, "=")))
	if err == nil && encoding == encodingBase64Hex {
		return hex.DecodeString(string(raw))
	}
	return raw, err
}

// match returns the index of a signature that is one of what is signed, or -1. Public keys
// are given the scheme's message instead.
func (k *signatureKey) match(s *Signature, signed [][]byte, signatures []foundSignature) int {
	if k.isTrial {
		return min(0, len(signatures)-1)
	}
	if k.public != nil {
		scheme := s.scheme()
		return slices.IndexFunc(signatures, func(signature foundSignature) bool {
			return scheme.verify(k.public, scheme.hash, signed[0], signature.bytes)
		})
	}
	match := -1
	for _, newHash := range k.hashes {
		h := k.newHash(newHash)
		if !slices.ContainsFunc(signatures, func(signature foundSignature) bool { return len(signature.bytes) == h.Size() }) {
			continue // none can be of this algorithm
		}
		mac := k.sum(h, signed)
		for i, signature := range signatures {
			if hmac.Equal(mac, signature.bytes) {
				match = i
			}
		}
	}
	return match
}

func (k *signatureKey) newHash(newHash func() hash.Hash) hash.Hash {
	if k.isDigest {
		return newHash()
	}
	return hmac.New(newHash, k.secret)
}

// sum returns the HMAC or the digest of what is signed.
func (k *signatureKey) sum(h hash.Hash, signed [][]byte) []byte {
	if !k.isDigest {
		return sum(h, signed)
	}
	parts := make([][]byte, len(signed))
	for i, part := range signed {
		if isSecretPart(part) {
			part = k.secret
		}
		parts[i] = part
	}
	if k.isSorted {
		slices.SortFunc(parts, bytes.Compare)
	}
	return sum(h, parts)
}

func sum(h hash.Hash, parts [][]byte) []byte {
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// WithDefaults returns the signature with every default filled in.
func (s Signature) WithDefaults() Signature {
	if s.KeyEncoding == "" && s.HasPublicKey() {
		s.KeyEncoding = EncodingBase64
		if s.Algorithm == AlgorithmEd25519 {
			s.KeyEncoding = EncodingHex
		}
	}
	for _, d := range []struct {
		option *string
		value  string
	}{
		{&s.Encoding, EncodingHex},
		{&s.KeyEncoding, encodingRaw},
		{&s.Content, PartBody},
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

// Encode returns a signature as it is sent.
func (s *Signature) Encode(signature []byte) string {
	switch s.Encoding {
	case EncodingBase64:
		return base64.StdEncoding.EncodeToString(signature)
	case encodingBase64Hex:
		return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(signature)))
	}
	return hex.EncodeToString(signature)
}
