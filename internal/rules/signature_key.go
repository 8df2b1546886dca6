package rules

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

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// The values of a signature's options.
const (
	HMACSHA1         = "hmac-sha1"
	HMACSHA256       = "hmac-sha256"
	AlgorithmEd25519 = "ed25519"
	AlgorithmECDSA   = "ecdsa-p256"
	AlgorithmToken   = "token"

	encodingRaw    = "raw"
	EncodingHex    = "hex"
	EncodingBase64 = "base64"

	timestampUnix      = "unix"
	TimestampUnixMilli = "unix_ms"
	TimestampRFC3339   = "rfc3339"

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
	KeyEncodings     = []string{encodingRaw, EncodingHex, EncodingBase64}
	TimestampFormats = []string{timestampUnix, TimestampUnixMilli, TimestampRFC3339}
)

// hashes are the hashes of the HMACs.
var hashes = map[string]func() hash.Hash{
	HMACSHA1:      sha1.New,
	HMACSHA256:    sha256.New,
	"hmac-sha384": sha512.New384,
	"hmac-sha512": sha512.New,
}

// signatureKey is a secret, for the algorithm that it is used with.
type signatureKey struct {
	hashes  []func() hash.Hash // of HMACs
	secret  []byte             // of HMACs
	ed25519 ed25519.PublicKey
	ecdsa   *ecdsa.PublicKey
	token   [sha256.Size]byte // hashed, so that comparing takes the same time for any length
}

// newSignatureKey decodes a secret. Its errors don't quote it.
func newSignatureKey(s *Signature, secret string) (key signatureKey, err error) {
	switch s.Algorithm {
	case AlgorithmToken:
		key.token = sha256.Sum256([]byte(secret))
		return key, nil
	case AlgorithmEd25519, AlgorithmECDSA:
		return newPublicKey(s, secret)
	}
	raw, err := decodeKey(s, secret)
	if err != nil {
		return key, err
	}
	return signatureKey{hashes: s.HMACHashes(), secret: raw}, nil
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
		s = &Signature{Algorithm: s.Algorithm, KeyEncoding: EncodingBase64}
		secret = pem
	}
	raw, err := decodeKey(s, secret)
	if err != nil {
		return key, fmt.Errorf("%w, and no public key in PEM", err)
	}
	if s.Algorithm == AlgorithmEd25519 && len(raw) == ed25519.PublicKeySize {
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
	case s.Algorithm == AlgorithmEd25519 && key.ed25519 == nil:
		return signatureKey{}, fmt.Errorf("is not a public key of ed25519, %d bytes in %s, or in PEM", ed25519.PublicKeySize, s.KeyEncoding)
	case s.Algorithm == AlgorithmECDSA && key.ecdsa == nil:
		return signatureKey{}, errors.New("is not a public key of ECDSA with the curve P-256, in DER and base64, or in PEM")
	}
	return key, nil
}

// urlAlphabet turns base64 for URLs into that for everything else.
var urlAlphabet = strings.NewReplacer("-", "+", "_", "/")

// decodeText decodes hex, or base64, of either alphabet, with padding or without:
// services write it in all these ways, and what counts is what it stands for.
func decodeText(encoding, text string) ([]byte, error) {
	if encoding == EncodingHex {
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
	for _, newHash := range k.hashes {
		h := hmac.New(newHash, k.secret)
		if !slices.ContainsFunc(signatures, func(signature foundSignature) bool { return len(signature.bytes) == h.Size() }) {
			continue // none can be of this algorithm
		}
		mac := sum(h, signed)
		for i, signature := range signatures {
			if hmac.Equal(mac, signature.bytes) {
				match = i
			}
		}
	}
	return match
}

// HMACHashes returns the hashes of the HMACs, or nothing if the algorithm is none.
func (s *Signature) HMACHashes() []func() hash.Hash {
	var all []func() hash.Hash
	for _, name := range strings.Fields(s.Algorithm) {
		newHash := hashes[name]
		if newHash == nil {
			return nil
		}
		all = append(all, newHash)
	}
	return all
}

func sum(h hash.Hash, parts [][]byte) []byte {
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// WithDefaults returns the signature with every default filled in.
func (s Signature) WithDefaults() Signature {
	if s.KeyEncoding == "" {
		s.KeyEncoding = map[string]string{AlgorithmEd25519: EncodingHex, AlgorithmECDSA: EncodingBase64}[s.Algorithm]
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

// CheckAlgorithm returns an error for what no signature is made by.
func CheckAlgorithm(algorithm string) error {
	names := strings.Fields(algorithm)
	words := []string{AlgorithmEd25519, AlgorithmECDSA, AlgorithmToken}
	switch hmacs := HMACs(); {
	case len(names) == 0:
		return errors.New("algorithm: is needed, such as hmac-sha256")
	case len(names) == 1:
		return expect.Word("algorithm", names[0], append(hmacs, words...)...)
	default:
		for _, name := range names {
			if slices.Contains(words, name) {
				return fmt.Errorf("algorithm %s: stands alone; only HMACs can be several, as in hmac-sha1 hmac-sha256", name)
			}
			if err := expect.Word("algorithm", name, hmacs...); err != nil {
				return err
			}
		}
		return nil
	}
}

// HMACs returns the names of the algorithms that are HMACs, sorted.
func HMACs() (names []string) {
	for name := range hashes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Validate returns an error for a signature that could not work, or would let
// anything pass. It begins with the name of the option that it is about.
func (s *Signature) Validate() error {
	full := s.WithDefaults()
	if err := CheckAlgorithm(s.Algorithm); err != nil {
		return err
	}
	if len(s.From) == 0 {
		return errors.New("from: is needed, as in from header:X-Signature")
	}
	if s.Algorithm == AlgorithmToken {
		if err := s.checkAlone(); err != nil {
			return err
		}
	}
	for _, err := range []error{
		expect.Word("encoding", full.Encoding, EncodingHex, EncodingBase64),
		expect.Word("key_encoding", full.KeyEncoding, KeyEncodings...),
		expect.Word("timestamp_format", full.TimestampFormat, TimestampFormats...),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case full.KeyEncoding == encodingRaw && s.Algorithm == AlgorithmEd25519:
		return fmt.Errorf("key_encoding %s: keys of %s are in hex or base64", full.KeyEncoding, s.Algorithm)
	case full.KeyEncoding != EncodingBase64 && s.Algorithm == AlgorithmECDSA:
		return fmt.Errorf("key_encoding %s: keys of %s are in base64", full.KeyEncoding, s.Algorithm)
	case s.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive, a duration such as 5m", time.Duration(s.Tolerance))
	case len(s.Timestamp) == 0 && s.Tolerance != 0:
		return errors.New("tolerance: needs a timestamp, as in timestamp header:X-Timestamp")
	case len(s.Timestamp) == 0 && s.TimestampFormat != "":
		return errors.New("timestamp_format: needs a timestamp, as in timestamp header:X-Timestamp")
	}
	return s.checkSources(full.Content)
}

// checkAlone returns an error for what a token has no use for.
func (s *Signature) checkAlone() error {
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"separator", s.Separator != ""},
		{"encoding", s.Encoding != ""},
		{"key_encoding", s.KeyEncoding != ""},
		{"key_prefix", s.KeyPrefix != ""},
		{"content", s.Content != ""},
		{"url_forms", len(s.URLForms) > 0},
		{"body_hash", s.BodyHash != ""},
		{"id", len(s.ID) > 0},
		{"timestamp", len(s.Timestamp) > 0},
	} {
		if option.set {
			return fmt.Errorf("%s: algorithm token goes with from and prefix only: take it out", option.name)
		}
	}
	return nil
}

func (s *Signature) checkSources(content string) error {
	for _, source := range s.From {
		kinds := []string{SourceHeader}
		if s.Algorithm == AlgorithmToken {
			kinds = []string{SourceHeader, SourceQuery, SourceForm, SourceBody}
			if source.Is(SourceBody) {
				source = Source(strings.Replace(string(source), ".*.", ".", 1))
			}
		}
		if err := source.check(kinds...); err != nil {
			return fmt.Errorf("from: %w", err)
		}
		if source.InBody() && len(s.From) > 1 {
			return errors.New("from: a source in the body must be the only one")
		}
	}
	for _, source := range s.ID {
		if err := source.check(SourceHeader); err != nil {
			return fmt.Errorf("id: %w", err)
		}
	}
	for _, source := range s.Timestamp {
		if err := source.check(SourceHeader, SourceForm, SourceBody, SourceSignature); err != nil {
			return fmt.Errorf("timestamp: %w", err)
		}
		if !source.Is(SourceHeader) && len(s.Timestamp) > 1 {
			return errors.New("timestamp: one that is not in a header must be the only source")
		}
	}
	parts, err := parseContent(content)
	if err != nil {
		return err
	}
	timestampSigned := len(s.Timestamp) > 0 && !s.Timestamp[0].InBody()
	signs := func(part string) bool { return slices.Contains(parts, part) }
	switch {
	case !signs(partID) && len(s.ID) > 0:
		return errors.New("id: is used in content only, which must have {id} in it")
	case signs(partID) && len(s.ID) == 0:
		return errors.New("content: {id} in it needs id, as in id header:X-Delivery")
	case !signs(partTimestamp) && timestampSigned:
		return errors.New("timestamp: is not signed unless content has {timestamp} in it")
	case signs(partTimestamp) && !timestampSigned:
		return errors.New("content: {timestamp} in it needs timestamp, as in timestamp header:X-Timestamp")
	}
	return s.checkURL(parts)
}

// checkURL checks what there is for the URL, and that the body is signed.
func (s *Signature) checkURL(parts []string) error {
	signsURL := slices.Contains(parts, PartURL)
	if !signsURL && len(s.URLForms) > 0 {
		return errors.New("url_forms: need {url} in content")
	}
	if err := CheckURLForms(s.URLForms); err != nil {
		return err
	}
	if s.BodyHash == "" {
		if !signsBody(parts) {
			return errors.New("content: must have {body}, {decoded} or {form} in it, as in {timestamp}.{body}, else the body is not signed")
		}
		return nil
	}
	if err := s.BodyHash.check(SourceQuery); err != nil {
		return fmt.Errorf("body_hash: %w", err)
	}
	if !signsURL || slices.Contains(parts, PartBody) || slices.Contains(parts, partDecoded) {
		return errors.New("body_hash: needs {url} in content, and there neither {body} nor {decoded}")
	}
	return nil
}
