package webhookreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// draft is a request of a service in the making, for the test command. What the
// receiver takes from a source is put there.
type draft struct {
	*http.Request
	values map[Source]string // what was put where
	doc    any               // the body, if it is JSON
	form   map[string]any    // the body, if it is a form: texts, and JSON
	body   []byte            // the body, if it is neither; or what it comes to
}

func newDraft(method string, to *url.URL) *draft {
	u := *to
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return &draft{
		Request: &http.Request{Method: method, URL: &u, Host: u.Host, Header: http.Header{}},
		values:  map[Source]string{},
	}
}

// put puts a value, which is a text or a number, at a source.
func (d *draft) put(s Source, value any) error {
	text := fmt.Sprint(value)
	switch kind, name := s.split(); kind {
	case sourceHeader:
		d.Header.Set(name, text)
	case sourceQuery:
		query := d.URL.Query()
		query.Set(name, text)
		d.URL.RawQuery = query.Encode()
	case sourceBody:
		doc, ok := plant(d.doc, strings.Split(name, "."), value)
		if !ok || len(d.form) > 0 {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		d.doc = doc
	case sourceForm:
		path := strings.Split(name, ".")
		field, ok := plant(d.form[path[0]], path[1:], value)
		if !ok || d.doc != nil {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		if d.form == nil {
			d.form = map[string]any{}
		}
		d.form[path[0]] = field
	}
	d.values[s.canonical()] = text
	return nil
}

// offer puts a value at the first of the sources, unless something is there.
func (d *draft) offer(sources []Source, value string) {
	for _, s := range sources {
		if d.at(s) != "" || d.put(s, value) == nil {
			return
		}
	}
}

func (d *draft) at(s Source) string { return d.values[s.canonical()] }

// canonical returns the source as all spellings of it are.
func (s Source) canonical() Source {
	if kind, name := s.split(); kind == sourceHeader {
		return Source(kind + ":" + textproto.CanonicalMIMEHeaderKey(name))
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
func (d *draft) encode() (err error) {
	switch {
	case d.body != nil:
	case d.form != nil:
		form := url.Values{}
		for name, field := range d.form {
			text := []byte(fmt.Sprint(field))
			if _, isText := field.(string); !isText {
				if text, err = encodeJSON(field); err != nil {
					return err
				}
			}
			form.Set(name, string(text))
		}
		d.body = []byte(form.Encode())
		d.Header.Set("Content-Type", contentTypeForm)
	case d.doc != nil:
		d.body, err = encodeJSON(d.doc)
	}
	return err
}

func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// request returns what is to be sent.
func (d *draft) request() (*http.Request, error) {
	req, err := http.NewRequest(d.Method, d.URL.String(), bytes.NewReader(d.body))
	if err != nil {
		return nil, err
	}
	req.Header = d.Header
	return req, nil
}
