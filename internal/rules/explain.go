package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

const (
	// maxExplained is the size, in bytes, of the largest body of which forms are made
	// that a signature may be of.
	maxExplained = 256 << 10

	// maxTried is how much is hashed for one explanation, in bytes, and maxSought for
	// how long is sought.
	maxTried  = 16 << 20
	maxSought = 100 * time.Millisecond

	// maxShown is how much is hashed where no cause is sought, in bytes.
	maxShown = 256 << 10

	// contentShown is how much is shown of what is signed, in bytes.
	contentShown = 2 << 10

	// expectedShown is how many characters of a right signature are shown: enough to
	// compare, and far too few to send.
	expectedShown = 6
)

// Explanation is what an operator is told of a signature that is not right. The
// sender is told nothing of it.
type Explanation struct {
	Remedy string // empty: it was not sought

	// What an HMAC should have been of, the likeliest: its beginning, its size and
	// SHA-256, and the first characters of the HMAC with each secret. Size is 0 where
	// that is not known.
	Content  []byte
	Size     int
	SHA256   string
	Expected []string
}

// Neighbour is another receiver of this Caddy, whose secret may have been mixed up
// with this one's.
type Neighbour struct {
	Name string
	*Verifier
}

// explainer is what is known of one request while an explanation is sought.
type explainer struct {
	*Verifier
	r          *Request
	body       []byte
	family     signatureFamily
	elements   []element
	signatures []foundSignature // however they are written
	timestamp  string
	left       int       // of maxTried
	until      time.Time // of maxSought
}

// Explain seeks why the request was refused with that reason: what would have to
// be different, so that the signature were right. The work is bounded, and small
// unless it is to seek. providerOf tells which provider has its signature in a
// header field, or "".
func (s *Verifier) Explain(r *Request, body []byte, reason error, seek bool, neighbours []Neighbour, providerOf func(header string) string) Explanation {
	e := &explainer{Verifier: s, r: r, body: body, left: maxTried, until: time.Now().Add(maxSought)}
	if !seek {
		neighbours, e.left = nil, maxShown
	}
	switch {
	case errors.Is(reason, errOtherAccount):
		return Explanation{Remedy: "if it is yours, name it with account; anybody can be a customer of the service, and have it send events here"}
	case errors.Is(reason, errUsedNonce):
		return Explanation{Remedy: "whoever has seen a request sends something else with its signature; or the sender repeats an event with another body"}
	case s.Finder != nil:
		return Explanation{Remedy: s.Finder.Remedy(r)}
	case s.IsToken():
		return Explanation{Remedy: e.explainToken(neighbours)}
	case s.IsSealed():
		return Explanation{Remedy: "token, secret and account must be those that are entered at the service, for this receiver: compare them"}
	case s.IsJWT():
		return Explanation{Remedy: e.explainJWT(reason, providerOf)}
	}
	if !e.find() {
		return Explanation{Remedy: e.missing(providerOf)}
	}
	explanation := e.content()
	switch {
	case errors.Is(reason, errNoSignature), errors.Is(reason, errWrongSignature):
		if seek {
			explanation.Remedy = e.explainSignature(neighbours)
		}
	case e.hasOddTimestamp():
		explanation.Remedy = e.explainTime()
	default:
		explanation.Remedy = "what a signature of this provider needs is not there as the reason says: a proxy in front drops, repeats or changes it, or the sender is another provider"
	}
	return explanation
}

// find looks for the family of headers that is there, and tells whether there is
// one.
func (e *explainer) find() bool {
	for _, e.family = range e.families {
		var err error
		if e.elements, err = e.Verifier.elements(e.family, e.r); err == nil && len(e.elements) > 0 {
			e.timestamp, _ = e.signedTimestamp(e.family, e.r, e.elements)
			e.signatures = e.readLeniently()
			return true
		}
	}
	return false
}

// readLeniently returns what may be signatures, with or without a prefix, and in
// either encoding.
func (e *explainer) readLeniently() []foundSignature {
	found := e.Verifier.signatures(e.elements)
	for _, element := range e.elements {
		text := strings.TrimPrefix(element.text, e.Prefix)
		texts := []string{text}
		if i := strings.IndexAny(text, "=, "); i >= 0 && i < len(text)-2 {
			texts = append(texts, text[i+1:])
		}
		for _, text := range texts {
			for _, encoding := range []string{EncodingHex, EncodingBase64} {
				raw, err := decodeText(encoding, text)
				if err == nil && len(raw) >= sha1Size && len(found) < maxSignatures {
					found = append(found, foundSignature{from: element.from, bytes: raw})
				}
			}
		}
	}
	return found
}

// sha1Size is the length of the shortest signature, in bytes.
const sha1Size = 20

// missing says what may be the cause where there is no header with a signature.
func (e *explainer) missing(providerOf func(header string) string) string {
	var wanted []string
	for _, from := range e.From {
		_, name := from.Split()
		wanted = append(wanted, name)
	}
	none := "there is no " + strings.Join(wanted, " or ")
	for i, from := range e.From {
		if len(e.r.values(from)) > 0 {
			return emptyOrTwice(wanted[i])
		}
	}
	var others []string
	for name := range e.r.Header {
		if strings.Contains(strings.ToLower(name), "signature") && len(name) <= 64 {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range others {
		if provider := providerOf(name); provider != "" {
			return fmt.Sprintf("%s, and %s, which is how provider %s signs: is that the sender?", none, name, provider)
		}
	}
	if len(others) > 0 {
		return fmt.Sprintf("%s; the signature is in %s: the provider of this receiver is not the sender's, or it signs in another way than is documented", none, strings.Join(others[:min(3, len(others))], " and "))
	}
	return none + ": if it was the sender, no secret is set there, or a proxy in front drops the field"
}

func emptyOrTwice(name string) string {
	return name + " is empty, or there more than once: see what a proxy in front does to it"
}

// content returns what should have been signed, as far as that is known.
func (e *explainer) content() Explanation {
	alternatives, err := e.alternatives(e.r, e.body, Unbounded{})
	if err != nil || len(e.body) > e.left {
		return Explanation{}
	}
	signed, err := e.signed(e.signing(e.body, alternatives[0]))
	if err != nil {
		return Explanation{}
	}
	var explanation Explanation
	for _, part := range signed {
		explanation.Size += len(part)
		explanation.Content = append(explanation.Content, part[:min(len(part), contentShown-len(explanation.Content))]...)
	}
	explanation.SHA256 = hex.EncodeToString(sum(sha256.New(), signed))
	for _, key := range e.keys() {
		if len(key.hashes) == 0 || !e.spend(signed) {
			break
		}
		text := e.Encode(key.sum(key.newHash(key.hashes[0]), signed))
		explanation.Expected = append(explanation.Expected, text[:expectedShown])
	}
	return explanation
}

func (e *explainer) signing(body []byte, alt alternative) *signing {
	return &signing{r: e.r, elements: e.elements, id: e.family.id, timestamp: e.timestamp, body: body, alternative: alt}
}

// spend tells whether so much may still be hashed.
func (e *explainer) spend(signed [][]byte) bool {
	const least = 4 << 10 // what a signature of a public key costs, and allocations
	e.left -= least
	for _, part := range signed {
		e.left -= len(part)
	}
	return e.left >= 0 && time.Now().Before(e.until)
}

// fits tells whether one of the signatures is of the body, with one of the keys.
func (e *explainer) fits(keys []signatureKey, body []byte) bool {
	if len(keys) == 0 || !time.Now().Before(e.until) {
		return false
	}
	alternatives, err := e.alternatives(e.r, body, Unbounded{})
	return err == nil && e.fitsAny(keys, body, alternatives)
}

func (e *explainer) fitsAny(keys []signatureKey, body []byte, alternatives []alternative) bool {
	with := &Verifier{Signature: e.Signature, template: e.template, public: e.public, Accounts: e.Accounts}
	with.known.Store(&secretKeys{keys: keys})
	for _, alt := range alternatives {
		signed, err := with.signed(e.signing(body, alt))
		if err != nil {
			return false
		}
		for range keys {
			if !e.spend(signed) {
				return false
			}
		}
		if _, _, err = with.match(signed, e.signatures, Unbounded{}); err == nil {
			return true
		}
	}
	return false
}

// explainSignature says what would make the signature right.
func (e *explainer) explainSignature(neighbours []Neighbour) string {
	if len(e.signatures) == 0 {
		return fmt.Sprintf("what is there is no signature in %s%s: is the sender this provider?", e.Encoding, e.withPrefix())
	}
	if e.fits(e.keys(), e.body) {
		return fmt.Sprintf("the signature is right, but not written in %s%s as this provider does: the sender is another one, or a proxy changes the field", e.Encoding, e.withPrefix())
	}
	for _, seek := range []func() string{
		e.otherSecret,
		func() string { return e.neighbour(neighbours) },
		e.otherBody,
		e.otherURL,
	} {
		if remedy := seek(); remedy != "" {
			return remedy
		}
	}
	return e.unknown()
}

func (e *explainer) withPrefix() string {
	if e.Prefix == "" {
		return ""
	}
	return " after " + strconv.Quote(e.Prefix)
}

// unknown says what it may be where nothing fits.
func (e *explainer) unknown() string {
	remedy := "most likely the secret is not the sender's: compare them, and reload Caddy's config, with --force if the secret is in a file"
	if len(e.keys()) > 1 {
		remedy = "most likely none of the secrets is the sender's: compare them, and reload Caddy's config, with --force if they are in files"
	}
	switch {
	case len(e.body) == 0 && e.r.Method == http.MethodPost:
		remedy += "; or a proxy or a redirect has dropped the body, which is empty"
	case e.r.Header.Get("Via") != "" || e.r.Header.Get("X-Forwarded-For") != "":
		remedy += "; or the proxy in front changes the body"
	}
	if e.SignsURL() {
		remedy += "; or the URL that the sender was given is not what Caddy sees, and must be public_url"
	}
	return remedy
}

// explainJWT says what is wrong with a JSON Web Token.
func (e *explainer) explainJWT(reason error, providerOf func(header string) string) string {
	switch {
	case !e.find():
		return e.missing(providerOf)
	case errors.Is(reason, errWrongSignature):
		return "the token is not signed with a secret here: compare them, and reload Caddy's config, with --force if the secret is in a file"
	case errors.Is(reason, errExpired):
		return "the request was held back, or is an old one that was sent again, or this machine's clock is not right"
	case errors.Is(reason, errNoToken), errors.Is(reason, errNoSignature):
		return "what is there is no JSON Web Token by " + e.scheme().jose + e.withPrefix() + ": is the sender this provider?"
	case e.SignsURL():
		return "the token is right, but it is for another request: the URL that the sender was given must be public_url, or a proxy in front changes the body"
	}
	return "the token is right, but it is for another request: a proxy in front changes the body, or the sender is another one"
}

// explainToken says what is wrong with a secret that is sent as it is.
func (e *explainer) explainToken(neighbours []Neighbour) string {
	source := e.From[0]
	_, name := source.Split()
	if source.InBody() {
		return fmt.Sprintf("if it was the sender: what it has as %s in the body is not the secret here", name)
	}
	var value string
	for _, source := range e.From {
		if values := e.r.values(source); len(values) > 0 {
			_, name = source.Split()
			if value = values[0]; value == "" || len(values) > 1 {
				return emptyOrTwice(name)
			}
			break
		}
	}
	if value == "" {
		return fmt.Sprintf("there is no %s: if it was the sender, no secret is set there, or a proxy in front drops it", name)
	}
	if n := len(e.Prefix); len(value) >= n && strings.EqualFold(value[:n], e.Prefix) {
		value = value[n:]
	} else if n > 0 && e.matchToken(value) == nil {
		return fmt.Sprintf("the secret is right, but %s must be %q before it", name, e.Prefix)
	}
	if e.matchToken(strings.TrimSpace(value)) == nil {
		return fmt.Sprintf("the secret is right, but there is white space around it in %s: take that away at the sender", name)
	}
	for _, secret := range e.Secrets() {
		if trimmed := strings.TrimSpace(secret); trimmed != secret && sha256.Sum256([]byte(trimmed)) == sha256.Sum256([]byte(value)) {
			return "the secret here has white space at its ends, such as the line feed at a file's end: take that away"
		}
	}
	for _, n := range neighbours {
		if n.Algorithm == AlgorithmToken && n.matchToken(value) == nil {
			return fmt.Sprintf("it is the secret "+outcome.OfReceiver+"%s: the URLs or the secrets of the two are mixed up, here or at the sender", n.Name)
		}
	}
	return "if it was the sender: save the same secret there and as secret here, then reload Caddy's config, with --force if it is in a file"
}
