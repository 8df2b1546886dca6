package webhookreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// Source says where a value is: `header:<name>`, `query:<name>`, `body:<path>`,
// with a path of keys and array indexes in a JSON body, separated by dots, or
// `form:<name>`, a field of a form in the body, which may be followed by a dot
// and a path in the JSON that the field's value is. A signature's own sources are also `signature:<prefix>`, which is the
// element of the signature's header that begins with the prefix, and
// `body:<path>.*.<path>`, which is every element of an array.
type Source string

// The kinds of sources.
const (
	sourceHeader    = "header"
	sourceQuery     = "query"
	sourceBody      = "body"
	sourceForm      = "form"
	sourceSignature = "signature"
)

func (s Source) split() (kind, name string) {
	kind, name, _ = strings.Cut(string(s), ":")
	return kind, name
}

func (s Source) is(kind string) bool {
	k, _ := s.split()
	return k == kind
}

// inBody tells whether the source is known only when the body has been decoded.
func (s Source) inBody() bool { return s.is(sourceBody) || s.is(sourceForm) }

// check returns an error unless the source is of one of the kinds.
func (s Source) check(kinds ...string) error {
	kind, name := s.split()
	switch {
	case !slices.Contains(kinds, kind) || name == "":
		return fmt.Errorf("source %q: must be one of %s:<name>", s, strings.Join(kinds, ":<name>, "))
	case kind == sourceHeader && textproto.TrimString(name) != name, strings.Contains(name, "*"):
		return fmt.Errorf("source %q: there is no such name", s)
	}
	return nil
}

// Request is a request, with what is known of it so far.
type Request struct {
	*http.Request
	Sent   *url.URL // as it came, before rewrites
	Target string   // path and query likewise, in the sender's spelling; empty: it was not sent
	Event  *Event   // its data are set once the body has been decoded

	Authentic bool   // its signature, or token, is right
	Decoded   []byte // the body, nil while it has not been decoded
	Key       int    // index of the secret that the request was signed with

	query    url.Values // parsed when first needed
	queryErr error
	from     int // index of the signature's source that had the right one
	froms    int // how many there are

	field     string // of a form, that was looked into last
	fieldJSON *jsonscan.Doc
}

// values returns every value that the message has at the source: header fields
// and query parameters may be repeated. The order is that of the message.
func (m *Request) values(s Source) []string {
	switch kind, name := s.split(); kind {
	case sourceHeader:
		return m.Header.Values(name)
	case sourceQuery:
		_ = m.parseQuery()
		return m.query[name]
	case sourceBody:
		if text, ok := m.Event.text(name); ok {
			return []string{text}
		}
	case sourceForm:
		return m.formValues(name)
	}
	return nil
}

// parseQuery returns an error for a query of which a part can't be used; the
// others can.
func (m *Request) parseQuery() error {
	if m.query == nil {
		if strings.Count(m.URL.RawQuery, "&") >= maxFormFields {
			// They would take a hundred times the memory that they are sent in.
			m.query, m.queryErr = url.Values{}, errors.New("too many parameters")
		} else {
			m.query, m.queryErr = url.ParseQuery(m.URL.RawQuery)
		}
	}
	return m.queryErr
}

// one returns the value at the source, which must be there exactly once. Its
// errors quote nothing of the message.
func (m *Request) one(s Source) (string, error) {
	kind, name := s.split()
	if kind == sourceBody {
		if text, _ := m.Event.text(name); text != "" {
			return text, nil
		}
	} else if values := m.values(s); len(values) == 1 && values[0] != "" {
		return values[0], nil
	}
	return "", fmt.Errorf("there must be exactly one %s, and not an empty one", name)
}

// first returns the value at the first of the sources that has any.
func (m *Request) first(sources []Source) (string, error) {
	for _, s := range sources {
		if len(m.values(s)) > 0 {
			return m.one(s)
		}
	}
	return m.one(sources[0])
}

// attribute returns the value at the first of the sources that has one, if
// CloudEvents allows it as an attribute, and otherwise nothing. Where each of the
// signature's headers has one of its own for the attribute, at the same place,
// that of the right signature comes first.
func (m *Request) attribute(sources []Source) string {
	noHeader := func(s Source) bool { return !s.is(sourceHeader) }
	if len(sources) > 1 && len(sources) == m.froms && !slices.ContainsFunc(sources, noHeader) {
		if value := m.attributeAt(sources[m.from]); value != "" {
			return value
		}
	}
	for _, s := range sources {
		if value := m.attributeAt(s); value != "" {
			return value
		}
	}
	return ""
}

func (m *Request) attributeAt(s Source) string {
	value, err := m.one(s)
	if err != nil {
		return ""
	}
	kind, name := s.split()
	if kind == sourceHeader && len(name) > 3 && strings.EqualFold(name[:3], "ce-") {
		value = decodeCloudEventsHeader(value)
	}
	if !isAttribute(value) {
		return ""
	}
	return value
}
