package play

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// request is a request of a service in the making, for the test command. What the
// receiver takes from a source is put there.
type request struct {
	*http.Request
	values    map[rules.Source]string // what was put where
	doc       any                     // the body, if it is JSON
	form      map[string]any          // the body, if it is a form: texts, and JSON
	body      []byte                  // the body, if it is neither; or what it comes to
	xml       map[string]string       // the body, if it is XML: texts of elements below the root
	challenge rules.Source            // where that is
	claims    any                     // of a token that it is signed with
}

func newRequest(method string, to *url.URL) *request {
	u := *to
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return &request{
		Request: &http.Request{Method: method, URL: &u, Host: u.Host, Header: http.Header{}},
		values:  map[rules.Source]string{},
	}
}

// put puts a value, which is a text or a number, at a source.
func (r *request) put(s rules.Source, value any) error {
	text := fmt.Sprint(value)
	if s.IsJoined() {
		return r.putJoined(s, text)
	}
	switch kind, name := s.Split(); kind {
	case rules.SourceHeader:
		r.Header.Set(strings.Replace(name, "*", "1", 1), text) // the first of numbered ones
	case rules.SourceEncoded:
		_, path, _ := strings.Cut(name, ".")
		planted, _ := plant(nil, strings.Split(path, "."), value)
		encoded, err := json.Marshal(planted)
		if err != nil {
			return err
		}
		r.Header.Set(s.Field(), base64.StdEncoding.EncodeToString(encoded))
	case rules.SourceClaim:
		claims, ok := plant(r.claims, strings.Split(name, "."), value)
		if !ok {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		r.claims = claims
	case rules.SourceItem:
		return nil // an element has nothing in it except its signature
	case rules.SourceXML:
		if r.xml == nil {
			r.xml = map[string]string{}
		}
		r.xml[name] = text
	case rules.SourceKey:
		return r.put(rules.Source(rules.SourceBody+":"+text), text)
	case rules.SourceQuery:
		query := r.URL.Query()
		query.Set(name, text)
		r.URL.RawQuery = query.Encode()
	case rules.SourceBody:
		doc, ok := plant(r.doc, strings.Split(name, "."), value)
		if !ok || len(r.form) > 0 {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		r.doc = doc
	case rules.SourceForm:
		path := strings.Split(name, ".")
		field, ok := plant(r.form[path[0]], path[1:], value)
		if !ok || r.doc != nil {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		if r.form == nil {
			r.form = map[string]any{}
		}
		r.form[path[0]] = field
	}
	r.values[canonical(s)] = text
	return nil
}

// putJoined puts a value at the first of the sources in a joined one, and something else
// at the others, so that what they make begins with the value.
func (r *request) putJoined(s rules.Source, value string) error {
	for i, part := range s.Parts() {
		if r.at(part) != "" {
			continue
		}
		if i > 0 {
			value = "sample"
		}
		if err := r.put(part, value); err != nil {
			return err
		}
	}
	r.values[canonical(s)] = value
	return nil
}

// offer puts a value at the first of the sources, unless something is there.
func (r *request) offer(sources []rules.Source, value string) {
	for _, s := range sources {
		if r.at(s) != "" || r.put(s, value) == nil {
			return
		}
	}
}

// has tells whether a value was put somewhere.
func (r *request) has(value string) bool {
	for _, other := range r.values {
		if other == value {
			return true
		}
	}
	return false
}

func (r *request) at(s rules.Source) string { return r.values[canonical(s)] }

// canonical returns the source as all spellings of it are.
func canonical(s rules.Source) rules.Source {
	if kind, name := s.Split(); kind == rules.SourceHeader {
		return rules.Source(kind + ":" + textproto.CanonicalMIMEHeaderKey(name))
	}
	return s
}

// plant returns the JSON value with another one at the path, of which numbers are
// indexes of arrays, and * is every element. It fails where a value is in the way.
func plant(node any, path []string, value any) (any, bool) {
	const maxIndex = 1000
	if len(path) == 0 {
		return value, node == nil
	}
	index, err := strconv.Atoi(path[0])
	isIndex := err == nil && index >= 0 && index <= maxIndex
	if path[0] == "*" {
		index, isIndex = 0, true
	}
	if object, ok := node.(map[string]any); ok || node == nil && !isIndex {
		if object == nil {
			object = map[string]any{}
		}
		child, ok := plant(object[path[0]], path[1:], value)
		object[path[0]] = child
		return object, ok
	}
	array, ok := node.([]any)
	if !isIndex || !ok && node != nil {
		return node, false
	}
	for len(array) <= index {
		array = append(array, nil)
	}
	ok = true
	for i := range array {
		if ok && (i == index || path[0] == "*") {
			array[i], ok = plant(array[i], path[1:], value)
		}
	}
	return array, ok
}

// encode makes the body of the JSON or the form, unless there is one.
func (r *request) encode() (err error) {
	switch {
	case r.body != nil:
	case r.form != nil:
		form := url.Values{}
		for name, field := range r.form {
			text := []byte(fmt.Sprint(field))
			if _, isText := field.(string); !isText {
				if text, err = encodeJSON(field); err != nil {
					return err
				}
			}
			form.Set(name, string(text))
		}
		r.body = []byte(form.Encode())
		r.Header.Set("Content-Type", event.ContentTypeForm)
	case r.xml != nil:
		r.body = encodeXML(r.xml)
	case r.doc != nil:
		r.body, err = encodeJSON(r.doc)
	}
	return err
}

// encodeXML returns a document with elements of texts.
func encodeXML(elements map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString("<xml>")
	names := make([]string, 0, len(elements))
	for name := range elements {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(elements[name])) // into memory
		b.WriteString("</" + name + ">")
	}
	b.WriteString("</xml>")
	return b.Bytes()
}

func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// build returns what is to be sent.
func (r *request) build() (*http.Request, error) {
	req, err := http.NewRequest(r.Method, r.URL.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header
	return req, nil
}
