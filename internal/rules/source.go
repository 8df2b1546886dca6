// Package rules interprets what a row of the table of providers says, or a config:
// where values are in a request, how an endpoint is verified, and how events are
// signed. It knows requests and bytes, and gives verdicts; whoever answers is
// elsewhere.
package rules

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// Source says where a value is: `header:<name>`, `query:<name>`, `body:<path>`,
// with a path of keys and array indexes in a JSON body, separated by dots, or
// `form:<name>`, a field of a form in the body, which may be followed by a dot
// and a path in the JSON that the field's value is. `claim:<path>` is in the claims of the
// JSON Web Token that the event is signed with, and `key:<name>` the name of the first key
// of a JSON body except that one. `xml:<path>` is the text of an element in a body that is
// XML, with a path of names below the root element, separated by dots. A text with sources in braces is made of what they have,
// such as `{body:resource}.{body:action}`, where all of them are there.
// `header_json:<name>.<path>` is in JSON that a header field has in base64.
//
// A signature's own sources are also `signature:<prefix>`, which is the element of the
// signature's header that begins with the prefix, and `body:<path>.*.<path>`, which is
// every element of an array. Where each element has a signature, `item:<path>` is what the
// element has there, or nothing.
type Source string

// The kinds of sources.
const (
	SourceHeader    = "header"
	SourceEncoded   = "header_json" // JSON in base64 in a header
	SourceQuery     = "query"
	SourceBody      = "body"
	SourceForm      = "form"
	SourceClaim     = "claim"
	SourceKey       = "key"
	SourceItem      = "item"
	SourceXML       = "xml"
	SourceSignature = "signature"
)

// WholeBody is where a token is that is the body.
const WholeBody Source = SourceBody + ":"

func (s Source) Split() (kind, name string) {
	kind, name, _ = strings.Cut(string(s), ":")
	return kind, name
}

func (s Source) Is(kind string) bool {
	k, _ := s.Split()
	return k == kind
}

// InBody tells whether the source is known only when the body has been decoded.
func (s Source) InBody() bool {
	if s.IsJoined() {
		return slices.ContainsFunc(s.Parts(), Source.InBody)
	}
	return s.Is(SourceBody) || s.Is(SourceForm) || s.Is(SourceKey) || s.Is(SourceXML)
}

// IsJoined tells whether the source is a text with sources in it.
func (s Source) IsJoined() bool { return strings.IndexByte(string(s), '{') >= 0 }

// Parts returns the sources in a joined one, or the source itself.
func (s Source) Parts() []Source {
	if !s.IsJoined() {
		return []Source{s}
	}
	var parts []Source
	_, _ = s.Join(func(part Source) (string, error) {
		parts = append(parts, part)
		return "", nil
	})
	return parts
}

// Join returns a joined source with what its parts stand for.
func (s Source) Join(valueOf func(Source) (string, error)) (string, error) {
	var b strings.Builder
	for rest := string(s); rest != ""; {
		literal, after, ok := strings.Cut(rest, "{")
		b.WriteString(literal)
		if !ok {
			break
		}
		name, after, ok := strings.Cut(after, "}")
		if !ok {
			return "", errors.New("a { in it is not closed")
		}
		value, err := valueOf(Source(name))
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		rest = after
	}
	return b.String(), nil
}

// maxNumbered is the highest number of a numbered header.
const maxNumbered = 16

// Numbered returns the headers that a source with * at its end stands for, or the source.
func (s Source) Numbered() []Source {
	name, ok := strings.CutSuffix(string(s), "*")
	if !ok {
		return []Source{s}
	}
	all := make([]Source, maxNumbered)
	for i := range all {
		all[i] = Source(name + strconv.Itoa(i+1))
	}
	return all
}

// check returns an error unless the source is of one of the kinds. What may be the
// token itself, and not where it is, is not quoted.
func (s Source) check(kinds ...string) error {
	if s.IsJoined() {
		return s.checkJoined(kinds)
	}
	kind, name := s.Split()
	if !slices.Contains(kinds, kind) || name == "" {
		near, quoted, meant := expect.Nearest(kind, kinds), expect.Quote(string(s)), ""
		switch {
		case near != "" && name != "":
			quoted, meant = fmt.Sprintf("%q", s), fmt.Sprintf("; did you mean %s:%s?", near, name)
		case likeHeader.MatchString(string(s)):
			quoted, meant = fmt.Sprintf("%q", s), fmt.Sprintf("; did you mean %s:%s?", SourceHeader, s)
		}
		of := "one of "
		if len(kinds) == 1 {
			of = ""
		}
		return fmt.Errorf("source %s: must be %s%s%s", quoted, of, strings.Join(forms(kinds), ", "), meant)
	}
	if kind == SourceHeader && textproto.TrimString(name) != name || strings.Contains(name, "*") {
		return fmt.Errorf("source %q: there is no such name", s)
	}
	return nil
}

func (s Source) checkJoined(kinds []string) error {
	some := false
	_, err := s.Join(func(part Source) (string, error) {
		some = true
		return "", part.check(kinds...)
	})
	if err == nil && !some {
		err = errors.New("there is no source in it")
	}
	if err != nil {
		return fmt.Errorf("source %s: %w", expect.Quote(string(s)), err)
	}
	return nil
}

// likeHeader is what headers are mostly called.
var likeHeader = regexp.MustCompile(`^(X|[A-Z][a-z]+)(-[A-Z0-9][A-Za-z0-9]*)+$`)

// forms returns what sources of these kinds look like.
func forms(kinds []string) (forms []string) {
	for _, kind := range kinds {
		switch kind {
		case SourceBody, SourceClaim, SourceItem, SourceXML:
			forms = append(forms, kind+":PATH")
		case SourceEncoded:
			forms = append(forms, kind+":NAME.PATH")
		case SourceSignature:
			forms = append(forms, "signature:PREFIX")
		default:
			forms = append(forms, kind+":NAME")
		}
	}
	return forms
}

// Request is a request, with what is known of it so far.
type Request struct {
	*http.Request
	Sent   *url.URL     // as it came, before rewrites
	Target string       // path and query likewise, in the sender's spelling; empty: it was not sent
	Event  *event.Event // its data are set once the body has been decoded
	At     time.Time    // when it came, for timestamps; zero: now

	Authentic bool   // its signature, or token, is right
	Decoded   []byte // the body, nil while it has not been decoded
	Key       int    // index of the secret that the request was signed with
	SignedBy  string // SHA-256 of the public key that it was signed with, where it has named that

	Client string          // address of whoever sent it
	Waits  context.Context // how long to wait for a key that must be fetched; nil: not at all

	opening  opening       // of what is sealed
	claims   *jsonscan.Doc // of the token that is right
	query    url.Values    // parsed when first needed
	queryErr error
	signed   [sha256.Size]byte // hash of what was signed, where the row has a nonce
	from     int               // index of the signature's source that had the right one
	froms    int               // how many there are

	field     string // of a form, that was looked into last
	fieldJSON *jsonscan.Doc
}

// values returns every value that the request has at the source: header fields
// and query parameters may be repeated. The order is that of the request.
func (r *Request) values(s Source) []string {
	switch kind, name := s.Split(); kind {
	case SourceHeader:
		return r.Header.Values(name)
	case SourceEncoded:
		return r.encodedValues(name)
	case SourceQuery:
		_ = r.parseQuery()
		return r.query[name]
	case SourceBody:
		if s == WholeBody {
			return []string{string(r.Decoded)}
		}
		if text, ok := event.Text(r.Event, name); ok {
			return []string{text}
		}
	case SourceForm:
		return r.formValues(name)
	case SourceKey:
		if key := event.FirstKey(r.Event, name); key != "" {
			return []string{key}
		}
	case SourceXML:
		return event.XMLText(r.Event, name)
	case SourceClaim:
		if r.claims == nil {
			return nil
		}
		if text, ok := event.JSONText(r.claims, name); ok {
			return []string{text}
		}
	}
	return nil
}

// Field returns the name of the header field that a source is in, or nothing.
func (s Source) Field() string {
	kind, name := s.Split()
	if kind == SourceEncoded {
		name, _, _ = strings.Cut(name, ".")
	} else if kind != SourceHeader {
		return ""
	}
	return name
}

// encodedValues returns what is at a path in the JSON that header fields have in base64.
func (r *Request) encodedValues(name string) (values []string) {
	field, path, _ := strings.Cut(name, ".")
	all := r.Header.Values(field)
	for _, value := range all[:min(len(all), maxSignatures)] {
		raw, err := decodeText(EncodingBase64, value)
		doc := new(jsonscan.Doc)
		if err != nil || doc.Parse(raw, maxTokenDepth) != nil {
			continue
		}
		if text, ok := event.JSONText(doc, path); ok {
			values = append(values, text)
		}
	}
	return values
}

// Value returns the value at a source, which must be there exactly once.
func (r *Request) Value(s Source) (string, error) { return r.one(s) }

// now is what timestamps are compared with.
func (r *Request) now() time.Time {
	if r.At.IsZero() {
		return Now()
	}
	return r.At
}

// parseQuery returns an error for a query of which a part can't be used; the
// others can.
func (r *Request) parseQuery() error {
	if r.query == nil {
		sent := r.URL
		if r.Sent != nil {
			sent = r.Sent
		}
		if strings.Count(sent.RawQuery, "&") >= event.MaxFormFields {
			// They would take a hundred times the memory that they are sent in.
			r.query, r.queryErr = url.Values{}, errors.New("too many parameters")
		} else {
			r.query, r.queryErr = url.ParseQuery(sent.RawQuery)
		}
	}
	return r.queryErr
}

// one returns the value at the source, which must be there exactly once. Its
// errors quote nothing of the request.
func (r *Request) one(s Source) (string, error) {
	if s.IsJoined() {
		return s.Join(r.one)
	}
	kind, name := s.Split()
	if kind == SourceBody && s != WholeBody {
		if text, _ := event.Text(r.Event, name); text != "" {
			return text, nil
		}
	} else if values := r.values(s); len(values) == 1 && values[0] != "" {
		return values[0], nil
	}
	return "", fmt.Errorf("there must be exactly one %s, and not an empty one", name)
}

// first returns the value at the first of the sources that has any.
func (r *Request) first(sources []Source) (string, error) {
	for _, s := range sources {
		if len(r.values(s)) > 0 {
			return r.one(s)
		}
	}
	return r.one(sources[0])
}

// Attribute returns the value at the first of the sources that has one, if
// CloudEvents allows it as an attribute, and otherwise nothing. Where each of the
// signature's headers has one of its own for the attribute, at the same place,
// that of the right signature comes first.
func (r *Request) Attribute(sources []Source) string {
	noHeader := func(s Source) bool { return !s.Is(SourceHeader) }
	if len(sources) > 1 && len(sources) == r.froms && !slices.ContainsFunc(sources, noHeader) {
		if value := r.attributeAt(sources[r.from]); value != "" {
			return value
		}
	}
	for _, s := range sources {
		if value := r.attributeAt(s); value != "" {
			return value
		}
	}
	return ""
}

func (r *Request) attributeAt(s Source) string {
	value, err := r.one(s)
	if err != nil {
		return ""
	}
	kind, name := s.Split()
	if kind == SourceHeader && len(name) > 3 && strings.EqualFold(name[:3], "ce-") {
		value = decodeCloudEventsHeader(value)
	}
	if !event.IsAttribute(value) {
		return ""
	}
	return value
}
