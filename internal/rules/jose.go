package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

const (
	// leeway is how far clocks may differ for exp and nbf of a token.
	leeway = time.Minute

	// maxTokenDepth is how deep a token's JSON may be.
	maxTokenDepth = 64
)

// joseHeader is what counts of the header of a JSON Web Signature. Keys that it names
// (jku, x5u, jwk, x5c) do not.
type joseHeader struct {
	Alg  string
	B64  *bool
	Crit []string
}

// parseJOSE returns the header of a JSON Web Signature whose algorithm is the row's.
func (s *Signature) parseJOSE(encoded string) (h joseHeader, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || json.Unmarshal(raw, &h) != nil || h.Alg != s.scheme().jose {
		return h, false
	}
	// An extension that must be understood is none that is. RFC 7515, section 4.1.11.
	unknown := slices.ContainsFunc(h.Crit, func(name string) bool { return name != "b64" })
	return h, !unknown
}

// detached returns a detached JSON Web Signature. RFC 7515, appendix F; RFC 7797.
func (s *Signature) detached(from int, text string) (foundSignature, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[1] != "" {
		return foundSignature{}, false
	}
	header, ok := s.parseJOSE(parts[0])
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return foundSignature{from, signature, parts[0], header.B64 == nil || *header.B64}, ok && err == nil
}

// matchDetached is match for JSON Web Signatures, each of which signs its own header too.
func (s *Verifier) matchDetached(payload [][]byte, signatures []foundSignature) (key, from int, err error) {
	encoded := base64.RawURLEncoding.AppendEncode(nil, bytes.Join(payload, nil))
	for i, signature := range signatures {
		signed := append([][]byte{[]byte(signature.protected + ".")}, payload...)
		if signature.isEncoded {
			signed = [][]byte{signed[0], encoded}
		}
		message := s.scheme().message(signed)
		if key, from, err = s.matchKeys([][]byte{message}, signatures[i:i+1]); err == nil {
			return key, from, nil
		}
	}
	return 0, 0, errWrongSignature
}

// claim is what a claim of a token must be.
type claim struct {
	name  string
	parts contentParts
}

func parseClaims(texts map[string]string) (claims []claim, err error) {
	for _, name := range sortedNames(texts) {
		parts, err := parseContent(texts[name])
		if err != nil {
			return nil, fmt.Errorf("claims %s: %w", name, err)
		}
		claims = append(claims, claim{name, parts})
	}
	return claims, nil
}

var (
	errNoToken = errors.New("there is no JSON Web Token of the expected form")
	errExpired = errors.New("the token's time is over, or has not come yet")
)

// checkJWT returns an error unless there is a valid, timely token, with the claims that it
// must have. Of several the first that is right counts.
func (s *Verifier) checkJWT(f signatureFamily, r *Request, elements []element, body []byte, mem Memory) error {
	if err := mem.Take(4 * int64(max(len(body), len(r.Decoded)))); err != nil {
		return err
	}
	err := errNoSignature
	for _, e := range elements[:min(len(elements), maxSignatures)] {
		token, ok := s.withoutPrefix(s.From[e.from], e.text)
		if !ok {
			continue
		}
		tokenErr := s.checkOneJWT(f, r, e.from, token, body, mem)
		if tokenErr == nil || isRefusal(tokenErr) {
			return tokenErr
		}
		err = tokenErr
	}
	return err
}

func (s *Verifier) checkOneJWT(f signatureFamily, r *Request, from int, token string, body []byte, mem Memory) error {
	input, encoded, ok := cutLast(strings.TrimSpace(token), '.')
	protected, payload, isTwo := strings.Cut(input, ".")
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	header, isRight := s.parseJOSE(protected)
	if !ok || !isTwo || err != nil || !isRight || header.B64 != nil && !*header.B64 {
		return errNoToken
	}
	signed := [][]byte{[]byte(input)}
	if s.HasPublicKey() {
		signed[0] = s.scheme().message(signed)
	}
	key, _, err := s.matchKeys(signed, []foundSignature{{from: from, bytes: signature}})
	if err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return errNoToken
	}
	claims := new(jsonscan.Doc)
	if err := claims.Parse(raw, maxTokenDepth); err != nil {
		return errNoToken
	}
	r.claims = claims
	if err = s.checkClaims(f, r, body, mem); err != nil {
		r.claims = nil
		return err
	}
	r.Key, r.from, r.froms, r.signed = key, from, len(s.From), sha256.Sum256([]byte(input))
	return nil
}

func cutLast(text string, separator byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(text, separator); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, "", false
}

// checkClaims returns an error unless the claims are those that must be, and timely.
func (s *Verifier) checkClaims(f signatureFamily, r *Request, body []byte, mem Memory) error {
	alternatives, err := s.alternatives(r, body, mem)
	if err != nil {
		return err
	}
	of := &signing{r: r, id: f.id, body: body}
	for _, of.alternative = range alternatives {
		if err = s.checkOwnClaims(of); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	now := r.now()
	for name, isPast := range map[string]func(time.Time) bool{
		"exp": func(at time.Time) bool { return at.Add(leeway).Before(now) },
		"nbf": func(at time.Time) bool { return at.Add(-leeway).After(now) },
	} {
		if at := r.claims.Get(name); len(at) > 0 {
			seconds, err := strconv.ParseFloat(string(at), 64)
			if err != nil || isPast(time.Unix(int64(seconds), 0)) {
				return errExpired
			}
		}
	}
	if len(f.timestamp) > 0 && !f.timestamp[0].InBody() {
		timestamp, err := r.first(f.timestamp)
		if err != nil {
			return err
		}
		return s.checkTimestamp(r, timestamp)
	}
	return nil
}

// checkOwnClaims compares the claims that the row names. One that is an array must have
// the value among its elements.
func (s *Verifier) checkOwnClaims(of *signing) error {
	for _, c := range s.claims {
		parts, err := s.expand(c.parts, of)
		if err != nil {
			return err
		}
		want := ""
		for _, part := range parts {
			want += string(part)
		}
		raw := of.r.claims.Get(c.name)
		text, _ := event.Scalar(raw)
		isRight := text == want && text != ""
		jsonscan.Each(orNull(raw), func(element []byte) bool {
			text, _ := event.Scalar(element)
			isRight = isRight || text == want && text != ""
			return !isRight
		})
		if !isRight {
			return fmt.Errorf("the token's %s is not the expected one", c.name)
		}
	}
	return nil
}

// orNull returns a JSON value, which may be missing.
func orNull(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte("null")
	}
	return raw
}
