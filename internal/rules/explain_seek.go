package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// otherSecret tries the secrets in other forms, and with other hashes.
func (e *explainer) otherSecret() string {
	for i, text := range e.Secrets() {
		number := ""
		if len(e.Secrets()) > 1 {
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
		for _, secret := range n.Secrets() {
			if key, err := newSignatureKey(&e.Signature, secret); err == nil {
				keys = append(keys, key)
			}
		}
		if e.fits(keys, e.body) {
			return fmt.Sprintf("the signature is of the secret "+outcome.OfReceiver+"%s: the URLs or the secrets of the two are mixed up, here or at the sender", n.Name)
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
		if !bytes.Equal(form.body, e.body) && e.fits(e.keys(), form.body) {
			return form.remedy
		}
	}
	return ""
}

// otherURL tries the URLs that the sender may have been given.
func (e *explainer) otherURL() string {
	if !e.SignsURL() || len(e.r.target()) > maxSignedURL {
		return ""
	}
	for _, text := range e.otherURLs() {
		alternatives, err := e.alternativesOf(append([]string{text}, e.inForms(text)...), e.r, e.body, Unbounded{})
		if err == nil && e.fitsAny(e.keys(), e.body, alternatives) {
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
