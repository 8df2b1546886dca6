package rules

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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
	if s.Algorithm == AlgorithmToken {
		return Explanation{Remedy: e.explainToken(neighbours)}
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
			e.timestamp, _ = e.family.signedTimestamp(e.r, e.elements)
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
					found = append(found, foundSignature{element.from, raw})
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
	signed, err := e.signed(e.r, e.family.id, e.timestamp, e.body, alternatives[0])
	if err != nil {
		return Explanation{}
	}
	var explanation Explanation
	for _, part := range signed {
		explanation.Size += len(part)
		explanation.Content = append(explanation.Content, part[:min(len(part), contentShown-len(explanation.Content))]...)
	}
	explanation.SHA256 = hex.EncodeToString(sum(sha256.New(), signed))
	for _, key := range e.keys {
		if len(key.hashes) == 0 || !e.spend(signed) {
			break
		}
		mac := sum(hmac.New(key.hashes[0], key.secret), signed)
		text := base64.StdEncoding.EncodeToString(mac)
		if e.Encoding == EncodingHex {
			text = hex.EncodeToString(mac)
		}
		explanation.Expected = append(explanation.Expected, text[:expectedShown])
	}
	return explanation
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
	with := &Verifier{Signature: e.Signature, template: e.template, keys: keys}
	for _, alt := range alternatives {
		signed, err := with.signed(e.r, e.family.id, e.timestamp, body, alt)
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
	if e.fits(e.keys, e.body) {
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
	if len(e.keys) > 1 {
		remedy = "most likely none of the secrets is the sender's: compare them, and reload Caddy's config, with --force if they are in files"
	}
	switch {
	case len(e.body) == 0 && e.r.Method == http.MethodPost:
		remedy += "; or a proxy or a redirect has dropped the body, which is empty"
	case e.r.Header.Get("Via") != "" || e.r.Header.Get("X-Forwarded-For") != "":
		remedy += "; or the proxy in front changes the body"
	}
	if slices.Contains(e.template, PartURL) {
		remedy += "; or the URL that the sender was given is not what Caddy sees, and must be public_url"
	}
	return remedy
}

// otherSecret tries the secrets in other forms, and with other hashes.
func (e *explainer) otherSecret() string {
	for i, text := range e.secrets {
		number := ""
		if len(e.secrets) > 1 {
			number = fmt.Sprintf(" number %d", i+1)
		}
		for _, form := range e.formsOf(text) {
			if e.fits([]signatureKey{form.key}, e.body) {
				return fmt.Sprintf(form.remedy, "secret"+number)
			}
		}
	}
	return ""
}

// secretForm is a secret as it may be meant, and what is to be done then.
type secretForm struct {
	key    signatureKey
	remedy string // with a place for the secret's name
}

func (e *explainer) formsOf(text string) (forms []secretForm) {
	own := e.HMACHashes()
	if own == nil {
		return nil // a public key is none in another form
	}
	add := func(secret []byte, remedy string) {
		if len(secret) > 0 {
			forms = append(forms, secretForm{signatureKey{hashes: own, secret: secret}, remedy})
		}
	}
	trimmed := strings.TrimSpace(text)
	if trimmed != text {
		add([]byte(trimmed), "the signature fits %s without the white space at its ends: take that away, such as the line feed at a file's end")
	}
	if unquoted := strings.Trim(trimmed, `"'`); unquoted != trimmed {
		add([]byte(unquoted), "the signature fits %s without the quotes around it: take them away")
	}
	add([]byte(trimmed+"\n"), "the signature fits %s with a line feed at its end: the sender has one too many")
	bare := trimmed
	if i := strings.LastIndexByte(trimmed[:min(len(trimmed), 12)], '_'); i > 0 && i < len(trimmed)-1 {
		bare = trimmed[i+1:] // whsec_…
		add([]byte(bare), "the signature fits %s without what is before the _: write it without that, or see whether the sender is another provider")
	}
	asText := "the signature fits %s as it is written, which is not how this provider's are used: see whether the sender is another provider"
	add([]byte(trimmed), asText)
	for _, encoding := range []string{EncodingBase64, EncodingHex} {
		if raw, err := decodeText(encoding, bare); err == nil && len(raw) >= 8 {
			add(raw, "the signature fits what %s stands for in "+encoding+", which is not how this provider's are used: see whether the sender is another provider, such as standard_webhooks")
		}
	}
	for name, hash := range hashes {
		if !slices.Contains(strings.Fields(e.Algorithm), name) {
			if key, err := newSignatureKey(&e.Signature, text); err == nil {
				key.hashes = append(key.hashes[:0:0], hash)
				forms = append(forms, secretForm{key, "the signature fits %s, but it is " + name + ", which this provider does not use: see whether the sender is another provider, or can be told to use another"})
			}
		}
	}
	return forms
}

// neighbour tries the secrets of other receivers.
func (e *explainer) neighbour(neighbours []Neighbour) string {
	for _, n := range neighbours {
		var keys []signatureKey
		for _, secret := range n.secrets {
			if key, err := newSignatureKey(&e.Signature, secret); err == nil {
				keys = append(keys, key)
			}
		}
		if e.fits(keys, e.body) {
			return fmt.Sprintf("the signature is of the secret of the receiver %s: the URLs or the secrets of the two are mixed up, here or at the sender", n.Name)
		}
	}
	return ""
}

// otherBody tries bodies of which a proxy may have made this one.
func (e *explainer) otherBody() string {
	if len(e.body) > maxExplained {
		return ""
	}
	for _, form := range bodyForms(e.body, e.r.Decoded) {
		if !bytes.Equal(form.body, e.body) && e.fits(e.keys, form.body) {
			return form.remedy
		}
	}
	return ""
}

// otherURL tries the URLs that the sender may have been given.
func (e *explainer) otherURL() string {
	if !slices.Contains(e.template, PartURL) || len(e.r.target()) > maxSignedURL {
		return ""
	}
	for _, text := range e.otherURLs() {
		alternatives, err := e.alternativesOf(append([]string{text}, e.inForms(text)...), e.r, e.body, Unbounded{})
		if err == nil && e.fitsAny(e.keys, e.body, alternatives) {
			return e.urlRemedy(text)
		}
	}
	return ""
}

func (e *explainer) inForms(text string) (all []string) {
	for _, form := range e.URLForms {
		all = append(all, urlForms[form](text)...)
	}
	return all
}

// otherURLs returns schemes, hosts and paths in all combinations.
func (e *explainer) otherURLs() (urls []string) {
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	var hosts, paths []string
	add(&hosts, e.r.Host)
	add(&hosts, strings.TrimSpace(strings.Split(e.r.Header.Get("X-Forwarded-Host"), ",")[0]))
	if e.public.Text != "" {
		_, authority, rest := splitURL(e.public.Text)
		add(&hosts, authority)
		add(&paths, rest)
	}
	for _, host := range slices.Clone(hosts) {
		if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
			add(&hosts, host[:i])
		} else {
			add(&hosts, host+":443")
			add(&hosts, host+":80")
		}
	}
	target := e.r.target()
	add(&paths, target)
	add(&paths, e.r.URL.RequestURI()) // after rewrites
	for _, target := range slices.Clone(paths) {
		path, query, hasQuery := strings.Cut(target, "?")
		other := path + "/"
		if trimmed, ok := strings.CutSuffix(path, "/"); ok {
			other = trimmed
		}
		if hasQuery {
			add(&paths, path)
			other += "?" + query
		}
		add(&paths, other)
	}
	for _, path := range paths[:min(len(paths), 8)] {
		for _, host := range hosts[:min(len(hosts), 6)] {
			urls = append(urls, "https://"+host+path, "http://"+host+path)
		}
	}
	return urls
}

// urlRemedy says what to do so that a URL is the one that is expected.
func (e *explainer) urlRemedy(text string) string {
	scheme, authority, rest := splitURL(text)
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	path, _, _ := strings.Cut(rest, "?")
	signed := scheme + host + path
	if rest == e.r.target() {
		return fmt.Sprintf("the sender has signed the URL %s, and Caddy expected another: set public_url to %s (or to the whole URL that was entered at the sender)", signed, scheme+host)
	}
	return fmt.Sprintf("the sender has signed the URL %s, and Caddy expected another: set public_url to the URL that was entered at the sender, with its query, word for word", signed)
}

// signedTime returns the timestamp, wherever it is, or nothing.
func (e *explainer) signedTime() string {
	if len(e.Timestamp) > 0 && e.Timestamp[0].InBody() {
		timestamp, _ := e.r.one(e.Timestamp[0])
		return timestamp
	}
	return e.timestamp
}

// hasOddTimestamp tells whether there is a timestamp, and it is not a timely one.
func (e *explainer) hasOddTimestamp() bool {
	return e.signedTime() != "" && e.checkTimestamp(e.r, e.signedTime()) != nil
}

// explainTime says what is wrong with a timestamp.
func (e *explainer) explainTime() string {
	timestamp := e.signedTime()
	formats := []struct{ format, name string }{
		{timestampUnix, "seconds"}, {TimestampUnixMilli, "milliseconds"}, {TimestampRFC3339, "RFC 3339"},
	}
	for _, f := range formats {
		if f.format == e.TimestampFormat {
			continue
		}
		other := &Verifier{Signature: e.Signature}
		other.TimestampFormat = f.format
		if other.checkTimestamp(e.r, timestamp) == nil {
			return fmt.Sprintf("the timestamp is in %s, which this provider does not use: see whether the sender is another one (with provider generic: timestamp_format %s)", f.name, f.format)
		}
	}
	own, err := e.timeOf(timestamp)
	if err != nil {
		return "the timestamp is none in the format of this provider: see whether the sender is another one"
	}
	off := Now().Sub(own).Round(time.Second)
	if off < 0 {
		return fmt.Sprintf("the timestamp lies %s ahead, and %s is allowed: set this machine's clock, which is behind, or the sender's", -off, time.Duration(e.Tolerance))
	}
	return fmt.Sprintf("the timestamp is %s old, and %s is allowed: the request was held back, or is an old one that was sent again, or this machine's clock is ahead; tolerance can allow more", off, time.Duration(e.Tolerance))
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
	for _, secret := range e.secrets {
		if trimmed := strings.TrimSpace(secret); trimmed != secret && sha256.Sum256([]byte(trimmed)) == sha256.Sum256([]byte(value)) {
			return "the secret here has white space at its ends, such as the line feed at a file's end: take that away"
		}
	}
	for _, n := range neighbours {
		if n.Algorithm == AlgorithmToken && n.matchToken(value) == nil {
			return fmt.Sprintf("it is the secret of the receiver %s: the URLs or the secrets of the two are mixed up, here or at the sender", n.Name)
		}
	}
	return "if it was the sender: save the same secret there and as secret here, then reload Caddy's config, with --force if it is in a file"
}

// bodyForm is a body as it may have been sent, and what is to be done then.
type bodyForm struct {
	body   []byte
	remedy string
}

// payloadOf returns the value of a form's field that has the event, with GitHub
// and Slack.
func payloadOf(body []byte) []byte {
	if !bytes.Contains(body, []byte("payload=")) {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return []byte(form.Get("payload"))
}
