package webhookreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxFormFields is the largest number of fields in a form that is signed field
// by field: they are taken apart before it is known who sent them.
const maxFormFields = 1000

// The placeholders in what is signed. A Caddyfile turns {method} into the
// longer one.
const (
	partID         = "{id}"
	partTimestamp  = "{timestamp}"
	partMethod     = "{method}"
	partMethodLong = "{http.request.method}"
	partURL        = "{url}"
	partBody       = "{body}"
	partForm       = "{form}"
)

// parseContent splits a text into its literals and placeholders.
func parseContent(content string) ([]string, error) {
	var parts []string
	for rest := content; rest != ""; {
		start := strings.IndexByte(rest, '{')
		if start < 0 {
			parts = append(parts, rest)
			break
		}
		if start > 0 {
			parts = append(parts, rest[:start])
		}
		length := strings.IndexByte(rest[start:], '}') + 1
		part := rest[start : start+length]
		switch part {
		case partMethodLong:
			part = partMethod
		case partID, partTimestamp, partMethod, partURL, partBody, partForm:
		default:
			return nil, fmt.Errorf("content %q: knows {id}, {timestamp}, {method}, {url}, {body} and {form} only", content)
		}
		parts = append(parts, part)
		rest = rest[start+length:]
	}
	if !slices.Contains(parts, partBody) && !slices.Contains(parts, partForm) {
		return nil, fmt.Errorf("content %q: must have {body} or {form} in it, else the body is not signed", content)
	}
	return parts, nil
}

// timestamp returns the signature's timestamp, or nothing where there is none
// or it is in the body.
func (s *signatureCheck) timestamp(m *message, elements []string) (string, error) {
	switch {
	case len(s.Timestamp) == 0 || s.Timestamp[0].is(sourceBody):
		return "", nil
	case !s.Timestamp[0].is(sourceSignature):
		return m.first(s.Timestamp)
	}
	_, prefix := s.Timestamp[0].split()
	var found []string
	for _, element := range elements {
		if timestamp, ok := strings.CutPrefix(element, prefix); ok {
			found = append(found, timestamp)
		}
	}
	if len(found) != 1 || found[0] == "" {
		return "", errors.New("there must be exactly one timestamp in the signature's header")
	}
	return found[0], nil
}

// signed returns what the signature is of, part by part.
func (s *signatureCheck) signed(m *message, timestamp string, body []byte, l *lease) ([][]byte, error) {
	var signed [][]byte
	for _, part := range s.template {
		text := part
		switch part {
		case partBody:
			signed = append(signed, body)
			continue
		case partForm:
			if err := l.take(3 * int64(len(body))); err != nil {
				return nil, err
			}
			form, err := sortedForm(body)
			if err != nil {
				return nil, err
			}
			signed = append(signed, form)
			continue
		case partTimestamp:
			text = timestamp
		case partMethod:
			text = m.Method
		case partURL:
			text = s.publicURL
			if text == "" {
				text = m.url()
			}
		case partID:
			id, err := m.first(s.ID)
			if err != nil {
				return nil, err
			}
			text = id
		}
		signed = append(signed, []byte(text))
	}
	return signed, nil
}

// url returns the URL of the original request with its query.
func (m *message) url() string {
	original := m.original()
	u := requestURL(m.Request, original)
	if original.RawQuery != "" || original.ForceQuery {
		u += "?" + original.RawQuery
	}
	return u
}

// sortedForm returns names and values of a form, sorted by name, one after the
// other. A name that is there twice is an error: which value counts, and where
// it stands, differs.
func sortedForm(body []byte) ([]byte, error) {
	if bytes.Count(body, []byte("&")) >= maxFormFields {
		return nil, fmt.Errorf("the form has more than %d fields", maxFormFields)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is no form")
	}
	var names []string
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	sorted := make([]byte, 0, len(body))
	for _, name := range names {
		if len(form[name]) > 1 {
			return nil, errors.New("the form has a field twice")
		}
		sorted = append(append(sorted, name...), form[name][0]...)
	}
	return sorted, nil
}
