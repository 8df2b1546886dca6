package rules

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// The placeholders in what is signed. A Caddyfile turns {method} into the
// longer one.
const (
	partID         = "{id}"
	partTimestamp  = "{timestamp}"
	PartMethod     = "{method}"
	PartMethodLong = "{http.request.method}"
	PartURL        = "{url}"
	PartBody       = "{body}"
	partDecoded    = "{decoded}"
	PartForm       = "{form}"
)

// CheckContent returns an error for a text with other placeholders.
func CheckContent(content string) error {
	_, err := parseContent(content)
	return err
}

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
		if length == 0 {
			return nil, errors.New("content: a { in it is not closed")
		}
		part := rest[start : start+length]
		switch part {
		case PartMethodLong:
			part = PartMethod
		case partID, partTimestamp, PartMethod, PartURL, PartBody, partDecoded, PartForm:
		default:
			return nil, fmt.Errorf("content: %s in it is none of {id}, {timestamp}, {method}, {url}, {body}, {decoded} and {form}", expect.Quote(part))
		}
		parts = append(parts, part)
		rest = rest[start+length:]
	}
	return parts, nil
}

// signsBody tells whether anything of the body is in the parts of a content.
func signsBody(parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return part == PartBody || part == partDecoded || part == PartForm })
}

// signed returns what the signature is of, part by part.
func (s *Verifier) signed(r *Request, id []Source, timestamp string, body []byte, alt alternative) ([][]byte, error) {
	var signed [][]byte
	for _, part := range s.template {
		text := part
		switch part {
		case PartBody:
			signed = append(signed, body)
			continue
		case partDecoded:
			signed = append(signed, r.Decoded)
			continue
		case PartForm:
			signed = append(signed, alt.form)
			continue
		case partTimestamp:
			text = timestamp
		case PartMethod:
			text = r.Method
		case PartURL:
			text = alt.url
		case partID:
			var err error
			if text, err = r.first(id); err != nil {
				return nil, err
			}
		}
		signed = append(signed, []byte(text))
	}
	return signed, nil
}

// SignedContent returns what a service signs of a request that it makes itself: of what
// it may be, the likeliest.
func (s *Verifier) SignedContent(r *Request, timestamp string, body []byte) ([]byte, error) {
	alternatives, err := s.alternatives(r, body, Unbounded{})
	if err != nil {
		return nil, err
	}
	signed, err := s.signed(r, s.families[0].id, timestamp, body, alternatives[0])
	return bytes.Join(signed, nil), err
}

// Unbounded is the memory of a process that makes or checks one request at a time.
type Unbounded struct{}

// Take returns nil.
func (Unbounded) Take(int64) error { return nil }

// SignsDecoded tells whether it is the decoded body that is signed.
func (s *Verifier) SignsDecoded() bool {
	return s != nil && slices.Contains(s.template, partDecoded)
}

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

// Signs tells whether a placeholder is in what is signed.
func (s *Signature) Signs(part string) bool {
	parts, err := parseContent(s.WithDefaults().Content)
	return err == nil && slices.Contains(parts, part)
}
