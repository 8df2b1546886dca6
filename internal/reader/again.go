package reader

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Header fields of requests that send a stored event on. Those of its first request,
// which came under these names, are not stored.
const (
	HeaderEventID  = "X-Webhook-Event-Id" // the event's id, percent-encoded where a field can't have it
	HeaderReceived = "X-Webhook-Received" // when it came, RFC 3339
	HeaderAttempt  = "X-Webhook-Attempt"  // from 1
)

// unforwarded are fields that belong to a connection, or to the request that is made
// anew. https://www.rfc-editor.org/rfc/rfc9110.html#section-7.6.1
var unforwarded = []string{
	"Host", "Content-Length", "Expect", "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Proxy-Authenticate", "Proxy-Authorization",
}

// Forwarded returns the header fields that may be sent again: none that belongs to a
// connection, and no redacted value.
func (r *Request) Forwarded() http.Header {
	ofConnection := slices.Clone(unforwarded)
	for _, value := range r.Header.Values("Connection") {
		for _, name := range strings.Split(value, ",") {
			ofConnection = append(ofConnection, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
		}
	}
	header := http.Header{}
	for name, values := range r.Header {
		if slices.Contains(ofConnection, name) || strings.HasPrefix(name, "X-Webhook-") {
			continue
		}
		for _, value := range values {
			if value != Redacted {
				header[name] = append(header[name], value)
			}
		}
	}
	return header
}

// Query returns the request's query without redacted values.
func (r *Request) Query() string {
	_, query, _ := strings.Cut(r.Target, "?")
	return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		return pair == Redacted || strings.HasSuffix(pair, "="+Redacted)
	}), "&")
}

// Again returns the request as one to another URL: method, header fields and body as
// they were, and the query, where the URL has none.
func (e *Event) Again(ctx context.Context, to *url.URL, attempt int) (*http.Request, error) {
	r, err := e.Request()
	if err != nil {
		return nil, err
	}
	u := *to
	if u.RawQuery == "" && !u.ForceQuery {
		u.RawQuery = r.Query()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Forwarded()
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = nil // else Go adds its own
	}
	e.Mark(req.Header, attempt)
	return req, nil
}

// Mark sets the fields that tell whoever gets the event about it.
func (e *Event) Mark(header http.Header, attempt int) {
	header.Set(HeaderEventID, encodeID(e.ID))
	if !e.Time.IsZero() {
		header.Set(HeaderReceived, e.Time.UTC().Format(time.RFC3339Nano))
	}
	header.Set(HeaderAttempt, fmt.Sprint(attempt))
}

// encodeID percent-encodes what a header field can't have, such as a space at an end.
func encodeID(id string) string {
	var b strings.Builder
	for i := range len(id) {
		atEnd := i == 0 || i == len(id)-1
		if c := id[i]; c < ' ' || c > '~' || c == ' ' && atEnd {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
