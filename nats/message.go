package natsoutput

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

// The values of content_mode.
const (
	contentModeStructured = "structured"
	contentModeBinary     = "binary"
)

// contentModes are the values of content_mode.
var contentModes = []string{contentModeStructured, contentModeBinary}

// newMessage returns the event as a message, which has copies of what it needs
// of the event. Structured mode is that of the CloudEvents binding for NATS,
// version 1.0.2, which has no other:
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
// Binary mode, and the header for the other one, are those of its next version:
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md
func newMessage(event *webhookreceiver.Event, mode, subject, stream string) *nats.Msg {
	m := &nats.Msg{Subject: subject, Header: make(nats.Header, 8)}
	if mode == contentModeBinary {
		for _, a := range event.Attributes() {
			m.Header["ce-"+a.Name] = []string{percentEncode(a.Value)}
		}
		m.Data = bytes.Clone(event.Body)
	} else {
		m.Header["Content-Type"] = []string{"application/cloudevents+json"}
		m.Data = event.AppendJSON(nil)
	}
	m.Header[jetstream.MsgIDHeader] = []string{messageID(event, subject)}
	if stream != "" {
		m.Header[jetstream.ExpectedStreamHeader] = []string{stream}
	}
	return m
}

// messageID is by what a stream knows a message that it has already. An event's
// id is unique for its source only; and two outputs may publish it to subjects of
// one stream.
func messageID(event *webhookreceiver.Event, subject string) string {
	return percentEncode(subject) + " " + percentEncode(event.Source) + " " + percentEncode(event.ID)
}

// percentEncode encodes a header's value as section 3.1.3.2 of the binding says.
func percentEncode(s string) string {
	plain := func(c byte) bool { return '!' <= c && c <= '~' && c != '"' && c != '%' }
	n := 0
	for n < len(s) && plain(s[n]) {
		n++
	}
	if n == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		if plain(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}
