package rules

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// counted is a hash of which the bytes are counted.
type counted struct {
	hash.Hash
	bytes *int
}

func (c counted) Write(b []byte) (int, error) {
	*c.bytes += len(b)
	return c.Hash.Write(b)
}

// TestManySignatures: a body that comes with many signatures, of which none is right, is
// hashed once for all of them and all keys, except where each has a header of its own.
func TestManySignatures(t *testing.T) {
	hashed := 0
	crypto.RegisterHash(crypto.MD4, func() hash.Hash { return counted{sha256.New(), &hashed} })
	defer crypto.RegisterHash(crypto.MD4, nil)
	const size = 1 << 20
	key := strings.Split(schemeTests[0].secret, "\n")[0]
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`))
	for name, test := range map[string]struct {
		scheme    scheme
		signature string
		most      int
	}{
		"rsa-counted":    {scheme{hash: crypto.MD4}, "AAAA", 2 * size},
		"jws-rs-counted": {scheme{hash: crypto.MD4, jose: "RS256"}, header + "..AAAA", 2 * size * maxSignatures},
	} {
		test.scheme.verify = func(crypto.PublicKey, crypto.Hash, []byte, []byte) bool { return false }
		schemes[name] = test.scheme
		defer delete(schemes, name)
		s := Signature{Algorithm: name, From: []Source{"header:S"}, Separator: ",", Encoding: EncodingBase64}
		verifier, err := NewVerifier(s, []string{key, key, key, key}, PublicURL{})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("S", strings.Repeat(test.signature+",", 100))
		hashed = 0
		if err := verifier.Verify(&Request{Request: r}, make([]byte, size), noLimit{}); err == nil || hashed < size || hashed > test.most {
			t.Errorf("%s: %v, and %d bytes were hashed, at most %d should be", name, err, hashed, test.most)
		}
	}
}

// TestManyElements: of a header with very many elements no more are kept than can count.
func TestManyElements(t *testing.T) {
	verifier, err := NewVerifier(Signature{Algorithm: HMACSHA256, From: []Source{"header:S"}, Separator: ","}, []string{"key"}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	if elements := verifier.split(nil, 0, strings.Repeat("a,", 1<<20)); len(elements) != maxElements {
		t.Errorf("%d elements", len(elements))
	}
}

// memory counts what is taken.
type memory int64

func (m *memory) Take(n int64) error {
	*m += memory(n)
	return nil
}

// TestTokenInCompressedBody: what a token takes is counted by what it decodes to.
func TestTokenInCompressedBody(t *testing.T) {
	s := Signature{Algorithm: "jwt-hs256", From: []Source{WholeBody}}
	verifier, err := NewVerifier(s, []string{"key"}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Request: httptest.NewRequest(http.MethodPost, "/", nil), Decoded: make([]byte, 1<<20)}
	var taken memory
	if err := verifier.VerifyData(r, make([]byte, 1<<10), &taken); err == nil || taken < 2<<20 {
		t.Errorf("%v, %d bytes are counted", err, taken)
	}
}
