package rules

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// maxChallenge is the length, in bytes, of the longest challenge that is echoed.
const maxChallenge = 4 << 10

// harmlessChallenge is what anybody may get an HMAC of under a key that events
// are signed with: no event, as those are JSON objects or arrays then.
var harmlessChallenge = regexp.MustCompile(`^[A-Za-z0-9_.~+/=-]{1,256}$`)

// likeSecret is what a secret in a verification must be: nobody could guess it.
var likeSecret = regexp.MustCompile(`^[!-~]{16,256}$`)

// EmptyArray is what the value at a source in the body must be where it is an array, and
// has nothing in it.
const EmptyArray = "[]"

// The placeholders in a verification's answer.
const (
	partChallenge = "{challenge}"
	partHMAC      = "{hmac}"
	partDigest    = "{digest}"
	partToken     = "{verify_token}"
)

// Verification says how a service makes sure that the endpoint is its
// customer's. The answer to a request that lacks something, or has it twice, is
// 400; to a wrong token it is 403.
type Verification struct {
	// The method of the request: `GET`, `HEAD`, `POST` or `OPTIONS`. Every request of this
	// method is a verification, except with `POST`. With `GET`, HEAD is answered the same
	// without the body. Default: `GET`.
	Method string `json:"method,omitempty"`

	// What the values at these sources must be: a text, a number, or `[]`, an empty array in
	// the body. A POST with all of them is a verification, and any other an event.
	// Default for POST: it is a verification if the challenge is there.
	Match map[Source]string `json:"match,omitempty"`

	// Whether the request must be signed as events are. Default: false.
	Signed bool `json:"signed,omitempty"`

	// Whether a query of which any part does not parse is answered 400. Default: such
	// a part is passed over.
	StrictQuery bool `json:"strict_query,omitempty"`

	// Where the verify token is, `query:<name>` or `header:<name>`. Default: there
	// is none.
	Token Source `json:"token,omitempty"`

	// Where the secret is that events will be signed with, `header:<name>` or, if the
	// request is a signed POST, `body:<path>`: the request is signed with that same secret
	// then. It counts from when `caddy webhook learn` has asked for it, and had it confirmed;
	// until then the answer is 403. It may be the challenge as well. Default: there is none.
	Secret Source `json:"secret,omitempty"`

	// Where the challenge is, `query:<name>`, `header:<name>` or, if the request is
	// a POST, `body:<path>` or `form:<name>`: up to 4 KiB of UTF-8 without
	// control characters. It may be the token as well. Default: there is none.
	Challenge Source `json:"challenge,omitempty"`

	// The encoding of the HMAC-SHA256 of the challenge under the first secret (of a
	// signed request: the secret that it is signed with), `hex` or `base64`.
	// Default: there is none. With methods other than POST the challenge must
	// then match `[A-Za-z0-9_.~+/=-]{1,256}`, and events must be JSON objects or
	// arrays: else an event could be forged through a challenge.
	HMAC string `json:"hmac,omitempty"`

	// A text of which the SHA-256 is answered, in hexadecimal digits, as `{digest}`. In it
	// `{challenge}`, `{verify_token}`, the first one, and `{url}`, the `public_url`.
	// Default: there is none.
	Digest string `json:"digest,omitempty"`

	// The algorithm of the HMAC that is the answer to a challenge, `hmac-sha1` or
	// `hmac-sha256`. Default: `hmac-sha256`.
	HMACAlgorithm string `json:"hmac_algorithm,omitempty"`

	// What the challenge must be: a regular expression (RE2) for all of it. Default: what
	// is said of `challenge` and `hmac`. With `hmac` and a method other than POST, an event
	// is refused if what is signed of it matches: so none can be forged through a challenge,
	// and events need not be JSON objects or arrays.
	Pattern string `json:"pattern,omitempty"`

	// The answer's status. Default: 200.
	Status int `json:"status,omitempty"`

	// Header fields of the answer, with `{challenge}`, `{hmac}` and `{digest}` in the values.
	// Default: none.
	Headers map[string]string `json:"headers,omitempty"`

	// The answer's Content-Type. Default: `text/plain; charset=utf-8`.
	ContentType string `json:"content_type,omitempty"`

	// The answer's body, with `{challenge}`, `{hmac}` and `{digest}` in it, which are escaped
	// where the Content-Type is JSON. Default: the challenge, where there is one
	// and no header is set.
	Body string `json:"body,omitempty"`
}

// WithDefaults returns the verification with every default filled in.
func (v *Verification) WithDefaults() *Verification {
	full := *v
	if full.Method == "" {
		full.Method = http.MethodGet
	}
	if full.Status == 0 {
		full.Status = http.StatusOK
	}
	if full.Body == "" && full.Challenge != "" && len(full.Headers) == 0 {
		full.Body = partChallenge
	}
	return &full
}

// IsMethod tells whether every request with the method is a verification.
func (v *Verification) IsMethod(method string) bool {
	return v != nil && v.Method != http.MethodPost &&
		(method == v.Method || method == http.MethodHead && v.Method == http.MethodGet)
}

// NeedsBody tells whether it can be told from the body only that a POST is a verification
// that is not signed.
func (v *Verification) NeedsBody() bool {
	if v == nil || v.Method != http.MethodPost || v.Signed {
		return false
	}
	for source := range v.Match {
		if source.InBody() {
			return true
		}
	}
	return v.Challenge.InBody()
}

// Recognizes tells whether a POST is a verification. It is asked before the
// request's signature has been verified, and after that.
func (v *Verification) Recognizes(r *Request, isVerified bool) bool {
	if v == nil || v.Method != http.MethodPost || v.Signed != isVerified {
		return false
	}
	if len(v.Match) == 0 {
		return len(r.values(cmp.Or(v.Challenge, v.Secret))) > 0
	}
	return v.checkMatch(r) == nil
}

// IsOffer tells whether a request whose signature is of no known secret is a verification
// that brings the secret that it is signed with.
func (v *Verification) IsOffer(r *Request) bool {
	return v != nil && v.Secret.Is(SourceBody) && v.Recognizes(r, true)
}

// OfferedSecret returns the secret that a verification brings.
func (v *Verification) OfferedSecret(r *Request) (string, error) {
	secret, err := r.one(v.Secret)
	if err == nil && !likeSecret.MatchString(secret) {
		_, name := v.Secret.Split()
		err = fmt.Errorf("%s is no secret: it must be of 16 to 256 characters, all of which print, and none of which is a space", name)
	}
	if err != nil {
		return "", outcome.Malformed(err)
	}
	return secret, nil
}

func (v *Verification) checkMatch(r *Request) error {
	for source, want := range v.Match {
		if want == EmptyArray && source.Is(SourceBody) {
			if _, name := source.Split(); !event.IsEmptyArray(r.Event, name) {
				return fmt.Errorf("%s is not empty", name)
			}
			continue
		}
		value, err := r.one(source)
		if err != nil {
			return err
		}
		if _, name := source.Split(); value != want {
			return fmt.Errorf("%s is not the expected one", name)
		}
	}
	return nil
}

// Answer returns header fields and body of the answer.
func (v *Verification) Answer(challenge, mac, digest, account string) (headers map[string]string, body string) {
	fill := strings.NewReplacer(partChallenge, challenge, partHMAC, mac, partDigest, digest, PartAccount, account)
	headers = make(map[string]string, len(v.Headers))
	for name, value := range v.Headers {
		headers[name] = fill.Replace(value)
	}
	mediaType, _, _ := mime.ParseMediaType(v.ContentType)
	if event.IsJSONMediaType(mediaType) {
		fill = strings.NewReplacer(partChallenge, escapeJSON(challenge), partHMAC, escapeJSON(mac), partDigest, digest, PartAccount, escapeJSON(account))
	}
	return headers, fill.Replace(v.Body)
}

// Parse returns challenge and token, each of which must be there exactly once
// where the provider has it.
func (v *Verification) Parse(r *Request) (challenge, token string, err error) {
	if challenge, token, err = v.parse(r); err != nil {
		err = outcome.Malformed(err)
	}
	return challenge, token, err
}

func (v *Verification) parse(r *Request) (challenge, token string, err error) {
	if v.StrictQuery && r.parseQuery() != nil {
		return "", "", errors.New("the query does not parse")
	}
	if err := v.checkMatch(r); err != nil {
		return "", "", err
	}
	if v.Challenge != "" {
		if challenge, err = r.one(v.Challenge); err != nil {
			return "", "", err
		}
	}
	if v.Token != "" {
		if token, err = r.one(v.Token); err != nil {
			return "", "", err
		}
	}
	_, name := v.Challenge.Split()
	if len(challenge) > maxChallenge {
		return "", "", fmt.Errorf("%s is longer than %d bytes", name, maxChallenge)
	}
	if !utf8.ValidString(challenge) || strings.ContainsFunc(challenge, unicode.IsControl) {
		return "", "", fmt.Errorf("%s is not plain text", name)
	}
	if v.Pattern != "" {
		if !v.pattern().MatchString(challenge) {
			return "", "", fmt.Errorf("%s is none of the provider's", name)
		}
	} else if v.IsOracle() && !harmlessChallenge.MatchString(challenge) {
		return "", "", fmt.Errorf("%s is not of letters, digits and _.~+/=- only, or longer than 256 bytes", name)
	}
	return challenge, token, nil
}

// IsOracle tells whether the HMAC of a challenge can be had without a signature
// of the challenge. What is not a POST has no body that a signature could be of.
func (v *Verification) IsOracle() bool {
	return v != nil && v.HMAC != "" && v.Method != http.MethodPost
}

// patterns are the regular expressions of verifications, by their texts.
var patterns sync.Map

// pattern returns what the whole challenge must be.
func (v *Verification) pattern() *regexp.Regexp {
	if known, ok := patterns.Load(v.Pattern); ok {
		return known.(*regexp.Regexp)
	}
	pattern := regexp.MustCompile(`^(?:` + v.Pattern + `)$`)
	patterns.Store(v.Pattern, pattern)
	return pattern
}

// Forgeable returns what challenges may be, if their HMACs can be had by anybody, and else
// nil: what an event is signed of must be nothing of that kind.
func (v *Verification) Forgeable() *regexp.Regexp {
	if !v.IsOracle() || v.Pattern == "" {
		return nil
	}
	return v.pattern()
}

// MAC returns the HMAC of the challenge, encoded.
func (v *Verification) MAC(key []byte, challenge string) string {
	newHash := sha256.New
	if v.HMACAlgorithm != "" {
		newHash = hashes[v.HMACAlgorithm]
	}
	mac := sum(hmac.New(newHash, key), [][]byte{[]byte(challenge)})
	if v.HMAC == EncodingBase64 {
		return base64.StdEncoding.EncodeToString(mac)
	}
	return hex.EncodeToString(mac)
}

// DigestOf returns the digest for a challenge, or nothing where there is none.
func (v *Verification) DigestOf(challenge, token, url string) string {
	if v.Digest == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.NewReplacer(partChallenge, challenge, partToken, token, PartURL, url).Replace(v.Digest)))
	return hex.EncodeToString(sum[:])
}

// DigestsToken tells whether the verify token is in the text of the digest.
func (v *Verification) DigestsToken() bool { return strings.Contains(v.Digest, partToken) }

// DigestsURL tells whether the public URL is in it.
func (v *Verification) DigestsURL() bool { return strings.Contains(v.Digest, PartURL) }

// hasNoBody tells whether answers with the status have no body, of those from 200
// to 299. Go does not send one with 204; that 205 has none is up to the handler.
// https://www.rfc-editor.org/rfc/rfc9110.html#section-15.3.6
func hasNoBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent
}

// escapeJSON returns the text as it stands inside a JSON string.
func escapeJSON(text string) string {
	quoted := jsonscan.AppendString(nil, text)
	return string(quoted[1 : len(quoted)-1])
}

// Methods are those that a verification can have.
var Methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}

// Validate returns an error for a verification that could not work, or would give
// away what it must not. It begins with the name of the option that it is about.
func (v *Verification) Validate() error {
	full := v.WithDefaults()
	isPOST := full.Method == http.MethodPost
	if err := expect.Word("method", full.Method, Methods...); err != nil {
		return err
	}
	if v.HMACAlgorithm != "" {
		if err := expect.Word("hmac_algorithm", v.HMACAlgorithm, HMACSHA1, HMACSHA256); err != nil {
			return err
		}
	}
	if _, err := regexp.Compile(v.Pattern); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	switch {
	case v.HMACAlgorithm != "" && v.HMAC == "":
		return errors.New("hmac_algorithm: needs hmac, as in hmac hex")
	case v.Pattern != "" && v.Challenge == "":
		return errors.New("pattern: needs a challenge, as in challenge query:challenge")
	}
	if v.HMAC != "" {
		if err := expect.Word("hmac", v.HMAC, EncodingHex, EncodingBase64); err != nil {
			return err
		}
	}
	switch {
	case v.Secret != "" && !isPOST:
		return errors.New("secret: comes by POST only: write method POST")
	case v.Secret != "" && v.HMAC != "":
		return errors.New("hmac: is of a secret that is known, and this one comes in the verification: take it out")
	case v.Secret != "" && v.Secret.Is(SourceBody) != v.Signed:
		return errors.New("secret: one in the body goes with signed, as the request is signed with it, and one in a header without")
	case isPOST && len(v.Match) == 0 && v.Challenge == "" && v.Secret == "":
		return errors.New("method POST: needs match or challenge, to tell a verification from an event, as in match body:type url_verification")
	case v.HMAC != "" && v.Challenge == "":
		return errors.New("hmac: needs a challenge, as in challenge query:challenge")
	case v.HMAC != "" && full.user(partHMAC) == "":
		return errors.New("hmac: is not used unless the answer has {hmac} in it, as in body {hmac}")
	case v.HMAC == "" && full.user(partHMAC) != "":
		return fmt.Errorf("%s: {hmac} in it needs hmac, as in hmac hex", full.user(partHMAC))
	case v.HMAC != "" && isPOST && !v.Signed:
		return errors.New("hmac: a POST must be signed, else anybody gets signatures of their events: write signed")
	case (v.Digest != "") != (full.user(partDigest) != ""):
		return errors.New("digest: goes with an answer that has {digest} in it, as in digest {challenge}{verify_token}, body {digest}")
	case v.Digest != "" && (v.Challenge == "" || !strings.Contains(v.Digest, partChallenge)):
		return errors.New("digest: needs a challenge, and {challenge} in it, as in digest {challenge}{verify_token}")
	case v.Challenge == "" && full.user(partChallenge) != "":
		return fmt.Errorf("%s: {challenge} in it needs challenge, as in challenge query:challenge", full.user(partChallenge))
	case full.Status < 200 || full.Status > 299:
		return fmt.Errorf("status %d: must be from 200 to 299", v.Status)
	case full.Body != "" && hasNoBody(full.Status):
		return fmt.Errorf("status %d: an answer with it has no body, so the challenge or body would not be sent; use 200, or a header", full.Status)
	case full.Body != "" && full.Method == http.MethodHead:
		return errors.New("method HEAD: an answer to it has no body, so the challenge or body would not be sent; use a header, as in header X-Challenge {challenge}")
	}
	return v.checkSources(isPOST)
}

// user returns the option of the answer that has a placeholder in it, or nothing.
func (v *Verification) user(part string) string {
	for name, value := range v.Headers {
		if strings.Contains(value, part) {
			return "header " + name
		}
	}
	if strings.Contains(v.Body, part) {
		return "body"
	}
	return ""
}

// checkSources allows sources in the body only where that has been read.
func (v *Verification) checkSources(body bool) error {
	kinds := []string{SourceQuery, SourceHeader}
	if v.Token != "" {
		if err := v.Token.check(kinds...); err != nil {
			return fmt.Errorf("token: %w", err)
		}
	}
	if v.Secret != "" {
		if err := v.Secret.check(SourceHeader, SourceBody); err != nil {
			return fmt.Errorf("secret: %w", err)
		}
	}
	if body {
		kinds = append(kinds, SourceForm, SourceBody)
	}
	if v.Challenge != "" {
		if err := v.Challenge.check(kinds...); err != nil {
			return fmt.Errorf("challenge: %w", err)
		}
	}
	for source := range v.Match {
		if err := source.check(kinds...); err != nil {
			if !expect.IsHarmless(string(source)) {
				return fmt.Errorf("match: %w", err)
			}
			return fmt.Errorf("match %s: %w", source, err)
		}
	}
	return nil
}
