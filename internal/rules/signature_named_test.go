package rules_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// counted counts what is taken.
type counted struct{ bytes int64 }

func (c *counted) Take(bytes int64) error {
	c.bytes += bytes
	return nil
}

// finds has one key.
type finds string

func (f finds) Find(*rules.Request) (string, error) { return string(f), nil }
func (finds) Remedy(*rules.Request) string          { return "" }

// TestNamedMemory: a request that names its key needs no more memory than any other, as
// what a receiver has at most is meant for those.
func TestNamedMemory(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 1000)
	sum := sha256.Sum256(body)
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"hash":"`+hex.EncodeToString(sum[:])+`"}`))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	token := input + "." + base64.RawURLEncoding.EncodeToString(signature)
	public := base64.StdEncoding.EncodeToString(der)

	verify := func(secrets []string, finder rules.KeyFinder) int64 {
		v, err := rules.NewVerifier(rules.Signature{Algorithm: "jwt-es256", From: []rules.Source{"header:Token"}, Claims: map[string]string{"hash": "{sha256}"}}, secrets, rules.PublicURL{})
		if err != nil {
			t.Fatal(err)
		}
		v.Finder = finder
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header.Set("Token", token)
		mem := new(counted)
		if err := v.Verify(&rules.Request{Request: request, Waits: context.Background(), Decoded: body}, body, mem); err != nil {
			t.Fatal(err)
		}
		return mem.bytes
	}
	if named, other := verify(nil, finds(public)), verify([]string{public}, nil); named != other || other == 0 {
		t.Errorf("%d bytes with a key that is named, %d with one that is not", named, other)
	}
}
