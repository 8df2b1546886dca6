package webhookreceiver

import (
	"bytes"
	"encoding/base64"
	"slices"
	"sync"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// AppendJSON appends the event to dst in the CloudEvents JSON format, in one
// line, without a line feed at its end. The data member comes last; JSON data
// is kept token by token, only line breaks between tokens become spaces.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"specversion":"1.0"`...)
	dst = appendMember(dst, "id", e.ID)
	dst = appendMember(dst, "source", e.Source)
	dst = appendMember(dst, "type", e.Type)
	if e.Subject != "" {
		dst = appendMember(dst, "subject", e.Subject)
	}
	dst = append(dst, `,"time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, timeFormat)
	dst = append(dst, '"')
	dst = appendMember(dst, "datacontenttype", e.DataContentType)
	for _, x := range e.Extensions {
		dst = appendMember(dst, x.Name, x.Value)
	}
	if e.DataKind == DataBinary {
		dst = append(dst, `,"data_base64":`...)
	} else {
		dst = append(dst, `,"data":`...)
	}
	dst = e.appendData(dst)
	return append(dst, '}')
}

// appendData appends the value of data, or of data_base64.
func (e *Event) appendData(dst []byte) []byte {
	switch e.DataKind {
	case DataText:
		return jsonscan.AppendString(dst, e.Data)
	case DataBinary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, e.Data)
		return append(dst, '"')
	}
	start := len(dst)
	dst = append(dst, e.Data...)
	for _, lineBreak := range []byte("\n\r") { // in valid JSON these stand only between tokens
		for rest := dst[start:]; ; {
			i := bytes.IndexByte(rest, lineBreak)
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
	return dst
}

// cloudEventLine returns the event as a line of JSON, and rawLine the value of
// its data, both with a line feed at the end, and both made only once.
func (e *Event) cloudEventLine() []byte { return e.line(&e.cloudEvent, e.AppendJSON) }

func (e *Event) rawLine() []byte { return e.line(&e.raw, e.appendData) }

// line is memory for a line. What has been stored is used again.
type line struct{ bytes []byte }

var linePool = sync.Pool{New: func() any { return new(line) }}

// keepLine is the size, in bytes, of the largest line whose memory is used again.
const keepLine = 1 << 20

func (e *Event) line(made **line, appendTo func([]byte) []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if *made == nil {
		l := linePool.Get().(*line)
		l.bytes = append(appendTo(slices.Grow(l.bytes[:0], e.lineSize())), '\n')
		*made = l
	}
	return (*made).bytes
}

// freeLines lets other events use the memory of the event's lines. No output may
// be at it any more.
func (e *Event) freeLines() {
	for _, l := range []*line{e.cloudEvent, e.raw} {
		if l != nil && cap(l.bytes) <= keepLine {
			linePool.Put(l)
		}
	}
	e.cloudEvent, e.raw = nil, nil
}

// lineSize estimates the size of the event as a line, upwards: only text full
// of control characters gets longer.
func (e *Event) lineSize() int {
	size := 256 + len(e.ID) + len(e.Source) + len(e.Type) + len(e.Subject) + len(e.DataContentType)
	for _, x := range e.Extensions {
		size += len(x.Name) + len(x.Value) + 6
	}
	switch e.DataKind {
	case DataText:
		return size + len(e.Data) + len(e.Data)/8
	case DataBinary:
		return size + base64.StdEncoding.EncodedLen(len(e.Data))
	}
	return size + len(e.Data)
}

func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return jsonscan.AppendString(dst, value)
}
