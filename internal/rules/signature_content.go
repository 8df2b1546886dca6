package rules

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// The placeholders in what is signed. A Caddyfile turns {method}, {path} and {host} into
// the longer ones.
const (
	partID           = "{id}"
	partTimestamp    = "{timestamp}"
	PartMethod       = "{method}"
	PartURL          = "{url}"
	partURLHash      = "{url_sha256}"
	partPath         = "{path}"
	partHost         = "{host}"
	PartBody         = "{body}"
	partBodyEncoded  = "{body_base64url}"
	partDecoded      = "{decoded}"
	PartForm         = "{form}"
	partHash         = "{sha256}"
	partHashBase64   = "{sha256_base64}"
	partHashRaw      = "{sha256_raw}"
	partCRC          = "{crc32}"
	PartAccount      = "{account}"
	partSecret       = "{secret}"
	optionalBegins   = "{?"
	optionalEnds     = "?}"
	methodInCaddy    = "{http.request.method}"
	pathInCaddy      = "{http.request.uri.path}"
	hostInCaddy      = "{http.request.host}"
	allPlaceholders  = "{id}, {timestamp}, {method}, {url}, {url_sha256}, {path}, {host}, {body}, {body_base64url}, {decoded}, {form}, {sha256}, {sha256_base64}, {sha256_raw}, {crc32}, {account}, {secret}, {header:NAME} and other sources, and {?…?}"
	placeholderWords = " id timestamp method url url_sha256 path host body body_base64url decoded form sha256 sha256_base64 sha256_raw crc32 account secret sealed "
)

// The placeholders with something of the body in them.
var (
	bodyParts     = []string{PartBody, partDecoded, PartForm, partBodyEncoded, partHash, partHashBase64, partHashRaw}
	bodyHashParts = []string{partBodyEncoded, partHash, partHashBase64, partHashRaw}
	urlParts      = []string{PartURL, partURLHash}
)

// FromCaddyfile returns a content as it was before a Caddyfile's adapter changed it.
var FromCaddyfile = strings.NewReplacer(methodInCaddy, PartMethod, pathInCaddy, partPath, hostInCaddy, partHost).Replace

// part is a piece of a content.
type part struct {
	text     string // a literal, or a placeholder
	source   Source // of which the value is signed
	optional []part // left out where a source in it is not there
}

// contentParts is a content, parsed.
type contentParts []part

// CheckContent returns an error for a text with other placeholders.
func CheckContent(content string) error {
	_, err := parseContent(content)
	return err
}

// parseContent splits a text into its literals and placeholders.
func parseContent(content string) (contentParts, error) { return parseParts(content, true) }

func parseParts(content string, mayBeOptional bool) (parts contentParts, err error) {
	for rest := content; rest != ""; {
		start := strings.IndexByte(rest, '{')
		if start < 0 {
			return append(parts, part{text: rest}), nil
		}
		if start > 0 {
			parts = append(parts, part{text: rest[:start]})
		}
		rest = rest[start:]
		if inner, ok := strings.CutPrefix(rest, optionalBegins); ok && mayBeOptional {
			inner, rest, ok = strings.Cut(inner, optionalEnds)
			if !ok {
				return nil, errors.New("content: a {? in it is not closed with ?}")
			}
			optional, err := parseParts(inner, false)
			if err != nil {
				return nil, err
			}
			sources := 0
			for _, p := range optional {
				if p.source != "" {
					sources++
				} else if p.text[0] == '{' {
					// Whoever takes the source away takes this away as well.
					return nil, fmt.Errorf("content: %s is between {? and ?}, where only sources can be, as in {?;id:{query:id}?}", p.text)
				}
			}
			if sources == 0 {
				return nil, errors.New("content: {?…?} must have a source in it, as in {?;id:{query:id}?}")
			}
			parts = append(parts, part{optional: optional})
			continue
		}
		length := strings.IndexByte(rest, '}') + 1
		if length == 0 {
			return nil, errors.New("content: a { in it is not closed")
		}
		p, err := parsePlaceholder(rest[:length])
		if err != nil {
			return nil, err
		}
		parts, rest = append(parts, p), rest[length:]
	}
	return parts, nil
}

func parsePlaceholder(text string) (part, error) {
	text = FromCaddyfile(text)
	name := text[1 : len(text)-1]
	if name != "" && !strings.Contains(name, " ") && strings.Contains(placeholderWords, " "+name+" ") {
		return part{text: text}, nil
	}
	source := Source(name)
	if !strings.Contains(name, ":") {
		return part{}, fmt.Errorf("content: %s in it is none of %s", expect.Quote(text), allPlaceholders)
	}
	if err := source.check(SourceHeader, SourceQuery, SourceForm, SourceBody, SourceItem, SourceSignature); err != nil {
		return part{}, fmt.Errorf("content: %w", err)
	}
	return part{source: source}, nil
}

// has tells whether one of the placeholders is in the content.
func (c contentParts) has(placeholders ...string) bool {
	return slices.ContainsFunc(c, func(p part) bool {
		return p.source == "" && slices.Contains(placeholders, p.text)
	})
}

// sources returns the sources in the content.
func (c contentParts) sources() (all []Source) {
	for _, p := range c {
		if p.source != "" {
			all = append(all, p.source)
		}
		all = append(all, contentParts(p.optional).sources()...)
	}
	return all
}

// signing is what a signature may be of.
type signing struct {
	r         *Request
	elements  []element // of the signature's headers
	id        []Source
	timestamp string
	body      []byte
	alternative
	item []byte // the element of an array that is signed by itself
}

// secretPart stands for the secret in what is signed.
var secretPart = []byte(partSecret)

func isSecretPart(b []byte) bool { return len(b) == len(secretPart) && &b[0] == &secretPart[0] }

// signed returns what the signature is of, part by part.
func (s *Verifier) signed(of *signing) ([][]byte, error) { return s.expand(s.template, of) }

func (s *Verifier) expand(content contentParts, of *signing) (signed [][]byte, err error) {
	for _, p := range content {
		if p.optional != nil {
			if of.lacks(p.optional) {
				continue
			}
			inner, err := s.expand(p.optional, of)
			if err != nil {
				return nil, err
			}
			signed = append(signed, inner...)
			continue
		}
		value, err := s.value(p, of)
		if err != nil {
			return nil, err
		}
		signed = append(signed, value)
	}
	return signed, nil
}

// lacks tells whether a source in a part that may be left out is not there.
func (of *signing) lacks(optional contentParts) bool {
	return slices.ContainsFunc(optional.sources(), func(source Source) bool {
		_, err := of.one(source)
		return err != nil && len(of.r.values(source)) == 0
	})
}

// one returns the value at a source, which may be in the signature's header.
func (of *signing) one(source Source) (string, error) {
	switch kind, name := source.Split(); kind {
	case SourceSignature:
		return elementAt(source, of.elements)
	case SourceItem:
		raw := orNull(jsonscan.Get(orNull(of.item), strings.Split(name, ".")...))
		text, ok := event.Scalar(raw)
		if !ok && string(raw) != "null" {
			return "", fmt.Errorf("%s is neither a text nor a number", name) // as what is not there it would be signed by nobody
		}
		return text, nil
	}
	return of.r.one(source)
}

func (s *Verifier) value(p part, of *signing) ([]byte, error) {
	if p.source != "" {
		if kind, path := p.source.Split(); kind == SourceBody {
			if text := event.LongText(of.r.Event, path); text != "" {
				return []byte(text), nil
			}
		}
		text, err := of.one(p.source)
		return []byte(text), err
	}
	switch p.text {
	case PartBody:
		return of.body, nil
	case partDecoded:
		return of.r.Decoded, nil
	case PartForm:
		return of.form, nil
	case partSecret:
		return secretPart, nil
	case partHashRaw:
		return sha256Of(of.body), nil
	case partSealed:
		return []byte(of.r.opening.ciphertext), nil
	}
	text := p.text
	switch p.text {
	case partTimestamp:
		text = of.timestamp
	case PartMethod:
		text = of.r.Method
	case PartURL:
		text = of.url
	case partURLHash:
		text = hex.EncodeToString(sha256Of([]byte(of.url)))
	case partPath:
		text = of.r.target()
	case partHost:
		text = s.host(of.r)
	case partHash:
		text = hex.EncodeToString(sha256Of(of.body))
	case partHashBase64:
		text = base64.StdEncoding.EncodeToString(sha256Of(of.body))
	case partCRC:
		text = strconv.FormatUint(uint64(crc32.ChecksumIEEE(of.body)), 10)
	case PartAccount:
		text = of.account
	case partBodyEncoded:
		text = base64.RawURLEncoding.EncodeToString(of.body)
	case partID:
		var err error
		if text, err = of.r.first(of.id); err != nil {
			return nil, err
		}
	}
	return []byte(text), nil
}

// host returns the host that the sender knows.
func (s *Verifier) host(r *Request) string {
	if s.public.Text == "" {
		return r.Host
	}
	_, authority, _ := splitURL(s.public.Text)
	return authority[strings.LastIndexByte(authority, '@')+1:]
}

// SignedContent returns what a service signs of a request that it makes itself: of what
// it may be, the likeliest.
func (s *Verifier) SignedContent(r *Request, timestamp string, body []byte) ([]byte, error) {
	return s.Expand(s.template, r, timestamp, body)
}

// Expand does the same for the parts of any content.
func (s *Verifier) Expand(content contentParts, r *Request, timestamp string, body []byte) ([]byte, error) {
	alternatives, err := s.alternatives(r, body, Unbounded{})
	if err != nil {
		return nil, err
	}
	of := &signing{r: r, id: s.families[0].id, timestamp: timestamp, body: body, alternative: alternatives[0]}
	if array, _, ok := s.itemPath(); ok && r.Event.DataKind == event.DataJSON {
		of.item = jsonscan.Get(r.Event.Data, append(array, "0")...)
	}
	signed, err := s.expand(content, of)
	return bytes.Join(signed, nil), err
}

// Unbounded is the memory of a process that makes or checks one request at a time.
type Unbounded struct{}

// Take returns nil.
func (Unbounded) Take(int64) error { return nil }

// SignsDecoded tells whether it is the decoded body that is signed.
func (s *Verifier) SignsDecoded() bool { return s != nil && s.template.has(partDecoded) }

// forms returns what {form} can stand for.
func (s *Verifier) forms(r *Request, body []byte, mem Memory) ([][]byte, error) {
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		if mediaType, _, _ := mime.ParseMediaType(contentType); mediaType != event.ContentTypeForm {
			return nil, errNothingSigned
		}
	}
	if bytes.Count(body, []byte("&")) >= event.MaxFormFields {
		return nil, fmt.Errorf("the form has more than %d fields", event.MaxFormFields)
	}
	if err := mem.Take(4 * int64(len(body))); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is no form")
	}
	sorted := sortedForm(form, len(body), compareUTF16)
	if len(sorted) == 0 && len(body) > 0 {
		return nil, errNothingSigned
	}
	forms := [][]byte{sorted}
	if other := sortedForm(form, len(body), strings.Compare); !bytes.Equal(sorted, other) {
		forms = append(forms, other)
	}
	return forms, nil
}

// sortedForm returns names and values of a form, one after the other, sorted by
// name. Of a name that is there several times the values are sorted too, and
// equal ones count once. size is that of the form as it was sent.
func sortedForm(form url.Values, size int, compare func(a, b string) int) []byte {
	var names []string
	for name := range form {
		names = append(names, name)
	}
	slices.SortFunc(names, compare)
	sorted := make([]byte, 0, size)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.SortFunc(values, compare)
		for _, value := range slices.Compact(values) {
			sorted = append(append(sorted, name...), value...)
		}
	}
	return sorted
}

// compareUTF16 compares as JavaScript, Java and C# do. Others compare the bytes of
// UTF-8, which is another order where a character above U+FFFF meets one from
// U+E000 on.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		switch {
		case a[:n] == b[:m]:
			a, b = a[n:], b[m:]
			continue
		case x > 0xffff && y <= 0xffff && y >= 0xe000:
			return -1
		case y > 0xffff && x <= 0xffff && x >= 0xe000:
			return 1
		}
		break
	}
	return strings.Compare(a, b)
}

// Signs tells whether a placeholder is in what is signed, or in a claim.
func (s *Signature) Signs(placeholder string) bool {
	for _, content := range s.contents() {
		if parts, err := parseContent(content); err == nil && parts.has(placeholder) {
			return true
		}
	}
	return false
}

// SignsURL tells whether the URL is part of what is signed.
func (s *Signature) SignsURL() bool { return s.Signs(PartURL) || s.Signs(partURLHash) }

// SignsURL is the same, of what is parsed already.
func (s *Verifier) SignsURL() bool {
	signsURL := func(c claim) bool { return c.parts.has(urlParts...) }
	return s.template.has(urlParts...) || slices.ContainsFunc(s.claims, signsURL)
}

// ContentSources returns the sources of which the values are signed.
func (s *Signature) ContentSources() (sources []Source) {
	if s.IsToken() {
		return nil
	}
	for _, content := range s.contents() {
		if parts, err := parseContent(content); err == nil {
			sources = append(sources, parts.sources()...)
		}
	}
	return sources
}

// NeededSources returns the sources of which the values are signed, each by itself, except
// those that may be left out.
func (s *Signature) NeededSources() (needed [][]Source) {
	if s.IsToken() {
		return nil
	}
	for _, content := range s.contents() {
		parts, _ := parseContent(content)
		for _, p := range parts {
			if p.source != "" {
				needed = append(needed, []Source{p.source})
			}
		}
	}
	return needed
}

// SignsHash tells whether a hash of the body is signed.
func (s *Signature) SignsHash() bool {
	parts, err := parseContent(s.WithDefaults().Content)
	return err == nil && parts.has(bodyHashParts...)
}

// needsQuery tells whether something of the query is signed, or a signature.
func (s *Signature) needsQuery() bool {
	if s.SignsURL() || s.Signs(partPath) || s.BodyHash != "" {
		return true
	}
	return slices.ContainsFunc(slices.Concat(s.From, s.ID, s.Timestamp, s.ContentSources()), func(source Source) bool { return source.Is(SourceQuery) })
}

// contents returns the content, or the claims of a token.
func (s *Signature) contents() []string {
	if !s.IsJWT() {
		return []string{s.WithDefaults().Content}
	}
	var all []string
	for _, name := range sortedNames(s.Claims) {
		all = append(all, s.Claims[name])
	}
	return all
}
