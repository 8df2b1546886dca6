package webhookreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Source says where a value is: `header:<name>`, `query:<name>`, or
// `body:<path>`, with a path of keys and array indexes in a JSON body, separated
// by dots. A signature's own sources are also `signature:<prefix>`, which is the
// element of the signature's header that begins with the prefix, and
// `body:<path>.*.<path>`, which is every element of an array.
type Source string

// The kinds of sources.
const (
	sourceHeader    = "header"
	sourceQuery     = "query"
	sourceBody      = "body"
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

// message is a request, with what is known of it so far.
type message struct {
	*http.Request
	event *Event // its data are set once the body has been decoded

	unread bool // the body has not been read to its end

	query    url.Values // parsed when first needed
	queryErr error
	key      int // index of the secret that the request was signed with
}

// values returns every value that the message has at the source: header fields
// and query parameters may be repeated. The order is that of the message.
func (m *message) values(s Source) []string {
	switch kind, name := s.split(); kind {
	case sourceHeader:
		return m.Header.Values(name)
	case sourceQuery:
		_ = m.parseQuery()
		return m.query[name]
	case sourceBody:
		if text, ok := m.event.text(name); ok {
			return []string{text}
		}
	}
	return nil
}

// parseQuery returns an error for a query of which a part can't be used.
func (m *message) parseQuery() error {
	if m.query == nil {
		if strings.Count(m.URL.RawQuery, "&") >= maxFormFields {
			// They would take a hundred times the memory that they are sent in.
			m.query, m.queryErr = url.Values{}, errors.New("too many parameters")
		} else {
			m.query, m.queryErr = url.ParseQuery(m.URL.RawQuery)
		}
	}
	if m.queryErr != nil {
		return errors.New("the query does not parse")
	}
	return nil
}

// one returns the value at the source, which must be there exactly once. Its
// errors quote nothing of the message.
func (m *message) one(s Source) (string, error) {
	kind, name := s.split()
	if kind == sourceBody {
		if text, _ := m.event.text(name); text != "" {
			return text, nil
		}
	} else if values := m.values(s); len(values) == 1 && values[0] != "" {
		return values[0], nil
	}
	return "", fmt.Errorf("there must be exactly one %s, and not an empty one", name)
}

// first returns the value at the first of the sources that has any.
func (m *message) first(sources []Source) (string, error) {
	for _, s := range sources {
		if len(m.values(s)) > 0 {
			return m.one(s)
		}
	}
	return m.one(sources[0])
}

// attribute returns the value at the first of the sources that has one, if
// CloudEvents allows it as an attribute, and otherwise nothing.
func (m *message) attribute(sources []Source) string {
	for _, s := range sources {
		if value, err := m.one(s); err == nil && isAttribute(value) {
			return value
		}
	}
	return ""
}

// original returns the URL of the request before rewrites.
func (m *message) original() *url.URL {
	if o, ok := m.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return o.URL
	}
	return m.URL
}
