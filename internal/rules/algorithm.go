package rules

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// The algorithms that others ask for by name.
const (
	HMACSHA1         = "hmac-sha1"
	HMACSHA256       = "hmac-sha256"
	AlgorithmEd25519 = "ed25519"
	AlgorithmECDSA   = "ecdsa-p256"
	AlgorithmToken   = "token"
)

// hashes are the hashes of the HMACs, and digests those of plain digests.
var (
	hashes = map[string]func() hash.Hash{
		HMACSHA1:      sha1.New,
		HMACSHA256:    sha256.New,
		"hmac-sha384": sha512.New384,
		"hmac-sha512": sha512.New,
	}
	digests = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
)

// schemes are the algorithms that stand alone.
var schemes = map[string]scheme{
	AlgorithmToken:        {},
	AlgorithmEd25519:      {verify: verifyEd25519},
	AlgorithmECDSA:        {verify: verifyECDSA, hash: crypto.SHA256},
	"ecdsa-p256-raw":      {verify: verifyRawECDSA, hash: crypto.SHA256},
	"rsa-sha256":          {verify: verifyRSA, hash: crypto.SHA256},
	"ecdsa-p256-sha1":     {verify: verifyECDSA, hash: crypto.SHA1},
	"rsa-sha1 rsa-sha256": {verify: verifyEitherRSA, hash: crypto.SHA256, isEither: true},
	"rsa-sha512":          {verify: verifyRSA, hash: crypto.SHA512},
	"rsa-pss-sha256":      {verify: verifyPSS, hash: crypto.SHA256},
	"jwt-hs256":           {jose: "HS256", hash: crypto.SHA256, isJWT: true},
	"jwt-hs384":           {jose: "HS384", hash: crypto.SHA384, isJWT: true},
	"jwt-hs512":           {jose: "HS512", hash: crypto.SHA512, isJWT: true},
	"jwt-rs256":           {jose: "RS256", verify: verifyRSA, hash: crypto.SHA256, isJWT: true},
	"jwt-es256":           {jose: "ES256", verify: verifyRawECDSA, hash: crypto.SHA256, isJWT: true},
	"jws-rs256":           {jose: "RS256", verify: verifyRSA, hash: crypto.SHA256},
	"jws-rs512":           {jose: "RS512", verify: verifyRSA, hash: crypto.SHA512},
	"jws-es256":           {jose: "ES256", verify: verifyRawECDSA, hash: crypto.SHA256},
	"jws-ed25519":         {jose: "EdDSA", verify: verifyEd25519},
}

// scheme is how signatures are made by an algorithm that stands alone.
type scheme struct {
	verify   func(key crypto.PublicKey, hash crypto.Hash, message, signature []byte) bool // nil: with a secret
	hash     crypto.Hash                                                                  // 0: the message is not hashed
	jose     string                                                                       // name of the algorithm in RFC 7518 and 8037; "": it is no JWS
	isJWT    bool                                                                         // else, with jose, it is a detached JWS
	isEither bool                                                                         // it is over either of two hashes, and verified of what is signed
}

func (s *Signature) scheme() scheme { return schemes[s.Algorithm] }

// HasPublicKey tells whether the secret is a public key, with which nobody can sign.
func (s *Signature) HasPublicKey() bool { return s.scheme().verify != nil }

// IsJWT tells whether the signature is a JSON Web Token.
func (s *Signature) IsJWT() bool { return s.scheme().isJWT }

// IsToken tells whether the sender just sends the secret.
func (s *Signature) IsToken() bool { return s.Algorithm == AlgorithmToken }

// HMACHashes returns the hashes of the HMACs, or nothing if the algorithm is none.
func (s *Signature) HMACHashes() []func() hash.Hash { return hashesIn(hashes, s.Algorithm) }

// IsDigest tells whether the signature is a plain digest.
func (s *Signature) IsDigest() bool { return hashesIn(digests, s.Algorithm) != nil }

func hashesIn(table map[string]func() hash.Hash, names string) (all []func() hash.Hash) {
	for _, name := range strings.Fields(names) {
		newHash := table[name]
		if newHash == nil {
			return nil
		}
		all = append(all, newHash)
	}
	return all
}

// CheckAlgorithm returns an error for what no signature is made by.
func CheckAlgorithm(algorithm string) error {
	alone, many := sortedNames(schemes), append(HMACs(), sortedNames(digests)...)
	switch names := strings.Fields(algorithm); {
	case slices.Contains(alone, algorithm):
		return nil
	case len(names) == 0:
		return errors.New("algorithm: is needed, such as hmac-sha256")
	case len(names) == 1:
		return expect.Word("algorithm", names[0], append(many, alone...)...)
	default:
		for _, name := range names {
			if slices.Contains(alone, name) {
				return fmt.Errorf("algorithm %s: stands alone; only HMACs, or digests, can be several, as in hmac-sha1 hmac-sha256", name)
			}
			if err := expect.Word("algorithm", name, many...); err != nil {
				return err
			}
		}
		if hashesIn(hashes, algorithm) == nil && hashesIn(digests, algorithm) == nil {
			return errors.New("algorithm: HMACs and digests can't stand together")
		}
		return nil
	}
}

// HMACs returns the names of the algorithms that are HMACs, sorted.
func HMACs() []string { return sortedNames(hashes) }

func sortedNames[V any](table map[string]V) (names []string) {
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// message returns what public keys verify a signature of, in one piece: what is signed, or
// its hash. It is made once for all keys and signatures, as anybody can send many of them.
func (s scheme) message(signed [][]byte) []byte {
	if s.hash != 0 && !s.isEither {
		return sum(s.hash.New(), signed)
	}
	return bytes.Join(signed, nil)
}

func verifyEd25519(key crypto.PublicKey, _ crypto.Hash, message, signature []byte) bool {
	return ed25519.Verify(key.(ed25519.PublicKey), message, signature)
}

func verifyECDSA(key crypto.PublicKey, _ crypto.Hash, message, signature []byte) bool {
	return ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), message, signature)
}

// verifyRawECDSA verifies r and s, 32 bytes each, as in RFC 7518, section 3.4.
func verifyRawECDSA(key crypto.PublicKey, _ crypto.Hash, message, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key.(*ecdsa.PublicKey), message, r, s)
}

func verifyRSA(key crypto.PublicKey, hash crypto.Hash, message, signature []byte) bool {
	return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), hash, message, signature) == nil
}

// verifyEitherRSA takes a signature over either hash: which one it is over is in the signature.
func verifyEitherRSA(key crypto.PublicKey, _ crypto.Hash, message, signature []byte) bool {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA1} {
		if verifyRSA(key, hash, sum(hash.New(), [][]byte{message}), signature) {
			return true
		}
	}
	return false
}

// verifyPSS takes a salt of any length, as signers differ in that.
func verifyPSS(key crypto.PublicKey, hash crypto.Hash, message, signature []byte) bool {
	return rsa.VerifyPSS(key.(*rsa.PublicKey), hash, message, signature, nil) == nil
}
