package reader

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// Redacted stands in stored header fields, and in values of a query, for what is
// never stored.
const Redacted = event.Redacted

// Request is the request that an event came in, as far as it was stored.
type Request struct {
	URL     *url.URL    // scheme, host and path as of the event's source
	Method  string      // POST, where it was not stored
	Target  string      // path and query as they were sent; without httpheaders of the source
	Header  http.Header // those that were stored, and what is known of the body
	Known   bool        // its header was stored
	Body    []byte      // as it was sent
	Decoded []byte      // the same before it was compressed
}

// BodySent returns the body as it was sent, byte for byte. Lines of versions before
// bodysent have what is in data only, with line breaks as spaces.
func (e *Event) BodySent() ([]byte, error) {
	data, err := e.Body()
	if err != nil {
		return nil, err
	}
	return event.Restore(data, e.Attribute(event.BodySent))
}

// BodyDecoded returns the body as it was before it was compressed.
func (e *Event) BodyDecoded() ([]byte, error) {
	sent, err := e.BodySent()
	if err != nil || e.codingOf(sent) == "" {
		return sent, err
	}
	return decode(sent, e.codingOf(sent))
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// codingOf returns how the body was compressed: with one of the two codings that the
// receiver takes, which their first bytes tell.
func (e *Event) codingOf(sent []byte) string {
	text := e.Attribute(event.BodySent)
	switch {
	case text == "" || strings.Contains(text, "|"): // it was not
		return ""
	case bytes.HasPrefix(sent, gzipMagic):
		return "gzip"
	case isZstd(sent):
		return "zstd"
	}
	return ""
}

// isZstd tells whether it begins with a frame, or one that is to be skipped.
func isZstd(b []byte) bool {
	return bytes.HasPrefix(b, zstdMagic) || len(b) >= 4 && b[0]&0xf0 == 0x50 && bytes.Equal(b[1:4], []byte{0x2a, 0x4d, 0x18})
}

func decode(sent []byte, coding string) ([]byte, error) {
	if coding == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(sent))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(io.LimitReader(r, maxLine))
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxLine))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(sent, nil)
}

// Request returns the request that the event came in.
func (e *Event) Request() (*Request, error) {
	sent, err := e.BodySent()
	if err != nil {
		return nil, err
	}
	r := &Request{Method: http.MethodPost, Header: http.Header{}, Body: sent, Decoded: sent}
	coding := e.codingOf(sent)
	if coding != "" {
		if r.Decoded, err = decode(sent, coding); err != nil {
			return nil, fmt.Errorf("the body, which was sent compressed, does not decode: %w", err)
		}
	}
	if r.URL, err = url.Parse(e.Source); err != nil {
		r.URL = new(url.URL)
	}
	r.Target = r.URL.RequestURI()
	r.readHeader(e.Attribute(event.HTTPHeaders))
	// Of a type that was not stored nothing tells that it was sent, if it says nothing.
	unsent := r.Known && e.ContentType == event.ContentTypeUnknown
	if r.Header["Content-Type"] == nil && e.ContentType != "" && !unsent {
		r.Header.Set("Content-Type", e.ContentType)
	}
	if r.Header["Content-Encoding"] == nil && coding != "" {
		r.Header.Set("Content-Encoding", coding)
	}
	return r, nil
}

// readHeader reads what is stored of a request beside its body, unless that is nothing,
// or a config's own attribute of the name.
func (r *Request) readHeader(stored string) {
	var pairs [][2]string
	if json.Unmarshal([]byte(stored), &pairs) != nil {
		return
	}
	method, target, header := "", "", http.Header{}
	for _, pair := range pairs {
		name, nameErr := url.PathUnescape(pair[0])
		value, valueErr := url.PathUnescape(pair[1])
		switch {
		case nameErr != nil || valueErr != nil || strings.ContainsFunc(name+value, isControl):
			return
		case name == event.HeaderMethod:
			method = value
		case name == event.HeaderPath:
			target = value
		default:
			name = textproto.CanonicalMIMEHeaderKey(name)
			header[name] = append(header[name], value)
		}
	}
	if method != "" && target != "" {
		r.Method, r.Target, r.Header, r.Known = method, target, header, true
	}
}

// isControl tells of what no request can have had in its head, and a terminal would obey.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Names returns the names of the header fields, in their order.
func (r *Request) Names() []string { return sortedNames(r.Header) }

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// IsRedacted tells whether a header field was not stored, as it may hold a secret.
func (r *Request) IsRedacted(name string) bool { return r.Header.Get(name) == Redacted }
