package reader

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// Binary returns the event as a CloudEvent in binary content mode. Attributes that say how the
// body was sent, or why it is a dead letter, and those over event.MaxBinary bytes, are left out.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func (e *Event) Binary(ctx context.Context, to *url.URL) (*http.Request, error) {
	body, err := e.BodyDecoded()
	if err != nil { // somebody has changed the line, as jq does: then the data are what there is
		if body, err = e.Body(); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	contentType := e.ContentType
	if contentType == "" && body != nil {
		contentType = "application/json" // what the JSON format implies
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set("Ce-"+name, encodeAttribute(value))
		}
	}
	set("specversion", "1.0")
	set("id", e.ID)
	set("source", e.Source)
	set("type", e.Type)
	set("subject", e.Subject)
	set("time", e.TimeText)
	for _, x := range e.Extensions {
		if !isOfLine(x[0]) && len(x[1]) <= event.MaxBinary {
			set(x[0], x[1])
		}
	}
	return req, nil
}

// isOfLine tells whether an attribute is about the line, and not about the event.
func isOfLine(name string) bool {
	switch name {
	case event.BodySent, DeadReason, DeadAttempts, DeadTime:
		return true
	}
	return false
}

// encodeAttribute encodes a string for a header field, as section 3.1.3.2 of the
// binding says: space, double quote, percent, and what is not printable ASCII.
func encodeAttribute(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '%' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
