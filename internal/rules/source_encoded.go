package rules

import (
	"bytes"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// formValues returns every value of a form's field, or, where there is none of
// the name, what is at a path in the JSON of the field named before the first
// dot.
func (r *Request) formValues(name string) []string {
	if r.Event == nil || !event.IsForm(r.Event) {
		return nil
	}
	if values := formField(r.Event.Data, name); len(values) > 0 {
		return values
	}
	field, path, ok := strings.Cut(name, ".")
	if !ok {
		return nil
	}
	if r.fieldJSON == nil || r.field != field {
		r.field, r.fieldJSON = field, new(jsonscan.Doc)
		if values := formField(r.Event.Data, field); len(values) == 1 {
			_ = r.fieldJSON.Parse([]byte(values[0]), event.MaxDepth) // else there is nothing in it
		}
	}
	if text, ok := event.JSONText(r.fieldJSON, path); ok {
		return []string{text}
	}
	return nil
}

// formField returns the values of a form's field, of several the first two. What
// does not decode is passed over.
func formField(form []byte, name string) []string {
	var values []string
	for len(form) > 0 && len(values) < 2 {
		var pair []byte
		pair, form, _ = bytes.Cut(form, []byte("&"))
		key, value, _ := bytes.Cut(pair, []byte("="))
		if len(key) > 3*len(name) { // too long for the name, however it is encoded
			continue
		}
		if decoded, err := url.QueryUnescape(string(key)); err != nil || decoded != name {
			continue
		}
		if decoded, err := url.QueryUnescape(string(value)); err == nil {
			values = append(values, decoded)
		}
	}
	return values
}

// decodeCloudEventsHeader returns what the value of a header ce-… stands for. One
// that stands for nothing is returned as it is.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
func decodeCloudEventsHeader(value string) string {
	text := value
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		var b strings.Builder
		for i := 1; i < len(text)-1; i++ {
			if text[i] == '\\' && i+1 < len(text)-1 {
				i++
			}
			b.WriteByte(text[i])
		}
		text = b.String()
	}
	if decoded, err := url.PathUnescape(text); err == nil && utf8.ValidString(decoded) {
		return decoded
	}
	return value
}
