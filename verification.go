package webhookreceiver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxChallenge is the length, in bytes, of the longest challenge that is echoed.
const maxChallenge = 4 << 10

// verification says how a provider makes sure, by GET or HEAD, that the
// endpoint is its customer's: it sends a challenge and a token, and the answer
// to the right token is the challenge.
type verification struct {
	challenge, token string // names of query parameters
}

// verify answers a verification request.
func (h *Handler) verify(w http.ResponseWriter, r *http.Request) error {
	challenge, token, err := h.provider.verification.parse(r.URL.RawQuery)
	if err != nil {
		return caddyhttp.Error(http.StatusBadRequest, err)
	}
	if !h.isVerifyToken(token) {
		return caddyhttp.Error(http.StatusForbidden, fmt.Errorf("%s is not the configured one", h.provider.verification.token))
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(challenge)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	// The sender that does not get it verifies again: nothing is lost.
	_, _ = w.Write([]byte(challenge))
	return nil
}

// parse returns the two parameters, each of which must be there exactly once.
// Its errors quote nothing of the query.
func (v verification) parse(rawQuery string) (challenge, token string, err error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", "", errors.New("the query does not parse")
	}
	for _, name := range []string{v.challenge, v.token} {
		if values := query[name]; len(values) != 1 || values[0] == "" {
			return "", "", fmt.Errorf("the query must have exactly one %s, and not an empty one", name)
		}
	}
	challenge = query.Get(v.challenge)
	if len(challenge) > maxChallenge {
		return "", "", fmt.Errorf("%s is longer than %d bytes", v.challenge, maxChallenge)
	}
	if !utf8.ValidString(challenge) || strings.ContainsFunc(challenge, unicode.IsControl) {
		return "", "", fmt.Errorf("%s is not plain text", v.challenge)
	}
	return challenge, query.Get(v.token), nil
}

// isVerifyToken compares hashes, and with every token, so that the time it
// takes tells nothing of the configured ones.
func (h *Handler) isVerifyToken(token string) bool {
	sum := sha256.Sum256([]byte(token))
	match := 0
	for i := range h.tokens {
		match |= subtle.ConstantTimeCompare(sum[:], h.tokens[i][:])
	}
	return match == 1
}
