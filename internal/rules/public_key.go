package rules

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// minRSA is the length, in bits, of the shortest RSA key: a shorter one is no
// protection. https://www.rfc-editor.org/rfc/rfc7518#section-3.3
const minRSA = 2048

// inPEM is a public key, or a certificate. Line breaks may have got lost, or have become
// \n, in the environment.
var inPEM = regexp.MustCompile(`(?s)-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----(.*?)-----END`)

// newPublicKey takes a key in the row's encoding, in PEM, or a JSON Web Key.
func newPublicKey(s *Signature, secret string) (signatureKey, error) {
	public, err := parsePublicKey(s, secret)
	if err != nil {
		return signatureKey{}, err
	}
	fits := false
	switch key := public.(type) {
	case ed25519.PublicKey:
		fits = strings.Contains(s.Algorithm, "ed25519")
	case *ecdsa.PublicKey:
		fits = (strings.Contains(s.Algorithm, "ecdsa") || strings.Contains(s.Algorithm, "es256")) && key.Curve == elliptic.P256()
	case *rsa.PublicKey:
		if fits = strings.Contains(s.Algorithm, "rsa") || strings.Contains(s.Algorithm, "-rs"); fits && key.N.BitLen() < minRSA {
			return signatureKey{}, fmt.Errorf("is an RSA key of %d bits, and fewer than %d are no protection", key.N.BitLen(), minRSA)
		}
	}
	if !fits {
		return signatureKey{}, errors.New(wantedKey(s))
	}
	return signatureKey{public: public}, nil
}

// wantedKey says what a secret is not.
func wantedKey(s *Signature) string {
	switch {
	case strings.Contains(s.Algorithm, "ed25519"):
		return fmt.Sprintf("is not a public key of ed25519, %d bytes in %s, or in PEM", ed25519.PublicKeySize, s.KeyEncoding)
	case strings.Contains(s.Algorithm, "rsa"), strings.Contains(s.Algorithm, "-rs"):
		return "is not a public key of RSA, in DER and base64, or in PEM"
	}
	return "is not a public key of ECDSA with the curve P-256, in DER and base64, or in PEM"
}

func parsePublicKey(s *Signature, secret string) (crypto.PublicKey, error) {
	if strings.HasPrefix(strings.TrimSpace(secret), "{") {
		return parseJWK(secret)
	}
	isPEM := false
	if found := inPEM.FindStringSubmatch(secret); found != nil {
		isPEM = true
		secret = strings.ReplaceAll(found[2], `\n`, "")
		s = &Signature{Algorithm: s.Algorithm, KeyEncoding: EncodingBase64}
	}
	raw, err := decodeKey(s, secret)
	if err != nil {
		return nil, fmt.Errorf("%w, and no public key in PEM", err)
	}
	if !isPEM && strings.Contains(s.Algorithm, "ed25519") && len(raw) == ed25519.PublicKeySize {
		return ed25519.PublicKey(raw), nil
	}
	if public, err := x509.ParsePKIXPublicKey(raw); err == nil {
		return public, nil
	}
	if public, err := x509.ParsePKCS1PublicKey(raw); err == nil {
		return public, nil
	}
	if certificate, err := x509.ParseCertificate(raw); err == nil {
		return certificate.PublicKey, nil
	}
	return nil, errors.New(wantedKey(s))
}

// parseJWK takes a JSON Web Key (RFC 7517), or the only one of a set.
func parseJWK(text string) (crypto.PublicKey, error) {
	type jwk struct{ Kty, Crv, N, E, X, Y, D string }
	var set struct {
		jwk
		Keys []jwk
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, errors.New("is no JSON Web Key")
	}
	k := set.jwk
	if len(set.Keys) == 1 {
		k = set.Keys[0]
	} else if len(set.Keys) > 1 {
		return nil, errors.New("is a set of several JSON Web Keys: write a line for each key")
	}
	if k.D != "" {
		return nil, errors.New("is a private JSON Web Key: the public one is needed")
	}
	var number [4][]byte
	for i, text := range []string{k.N, k.E, k.X, k.Y} {
		var err error
		if number[i], err = decodeText(EncodingBase64, text); err != nil {
			return nil, errors.New("is a JSON Web Key with a number that is none")
		}
	}
	n, e, x, y := number[0], number[1], number[2], number[3]
	switch {
	case k.Kty == "RSA" && len(n) > 0 && len(e) > 0 && len(e) <= 4:
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	case k.Kty == "EC" && k.Crv == "P-256" && len(x) == 32 && len(y) == 32:
		key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
		if _, err := key.ECDH(); err != nil {
			return nil, errors.New("is a JSON Web Key whose point is not on the curve")
		}
		return key, nil
	case k.Kty == "OKP" && k.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize:
		return ed25519.PublicKey(x), nil
	}
	return nil, errors.New("is a JSON Web Key of a kind that is not known here")
}
