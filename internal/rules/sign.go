package rules

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// FirstElement is the prefix that stands for the first element of a signature's header.
const FirstElement = "#1"

// Token returns a secret as it is sent, where the algorithm is that.
func (s *Signature) Token(secret string) string {
	if s.Encoding == EncodingBase64 {
		secret = s.Encode([]byte(secret))
	}
	return s.Prefix + secret
}

// GenerateKey returns a private key for the algorithm, which must have public ones.
func (s *Signature) GenerateKey() (crypto.Signer, error) {
	switch {
	case strings.Contains(s.Algorithm, "ed25519"):
		_, private, err := ed25519.GenerateKey(nil)
		return private, err
	case strings.Contains(s.Algorithm, "rsa"), strings.Contains(s.Algorithm, "-rs"):
		return rsa.GenerateKey(rand.Reader, minRSA)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// SignWith signs with a private key of GenerateKey.
func (s *Signature) SignWith(private crypto.Signer, content []byte) ([]byte, error) {
	scheme := s.scheme()
	switch private := private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(private, content), nil
	case *rsa.PrivateKey:
		digest := sum(scheme.hash.New(), [][]byte{content})
		if strings.Contains(s.Algorithm, "pss") {
			return rsa.SignPSS(rand.Reader, private, scheme.hash, digest, nil)
		}
		return rsa.SignPKCS1v15(rand.Reader, private, scheme.hash, digest)
	case *ecdsa.PrivateKey:
		if scheme.hash != 0 {
			return ecdsa.SignASN1(rand.Reader, private, sum(scheme.hash.New(), [][]byte{content}))
		}
		digest := sha256.Sum256(content)
		a, b, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		return append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...), nil
	}
	return nil, fmt.Errorf("nothing is signed with a %T", private)
}

// IsJWS tells whether the signature is a detached JSON Web Signature.
func (s *Signature) IsJWS() bool { return s.scheme().jose != "" && !s.IsJWT() }

// JWS returns a JSON Web Signature of the payload, detached from it or with it.
func (s *Signature) JWS(payload []byte, isDetached bool, sign func([]byte) ([]byte, error)) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": s.scheme().jose, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	protected := base64.RawURLEncoding.EncodeToString(header)
	encoded := base64.RawURLEncoding.EncodeToString(payload)
	signature, err := sign([]byte(protected + "." + encoded))
	if isDetached {
		encoded = ""
	}
	return protected + "." + encoded + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// ExpandClaims returns the claims that a token for the request must have.
func (s *Verifier) ExpandClaims(r *Request, body []byte) (map[string]string, error) {
	values := map[string]string{}
	for _, c := range s.claims {
		value, err := s.Expand(c.parts, r, "", body)
		if err != nil {
			return nil, err
		}
		values[c.name] = string(value)
	}
	return values, nil
}
