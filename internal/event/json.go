package event

import (
	"bytes"
	"encoding/base64"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// AppendJSON appends the event to dst in the CloudEvents JSON format, in one
// line, without a line feed at its end. The data member comes last; JSON data
// is kept token by token, only line breaks between tokens become spaces; what that
// loses of the body is in the extension attribute bodysent.
// Where dst has no room for it, it is given exactly that.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
func (e *Event) AppendJSON(dst []byte) []byte {
	if size := e.jsonSize(); cap(dst)-len(dst) < size {
		dst = append(make([]byte, 0, len(dst)+size), dst...)
	}
	return e.appendJSON(dst)
}

func (e *Event) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"specversion":"1.0"`...)
	dst = appendMember(dst, "id", e.ID)
	dst = appendMember(dst, "source", e.Source)
	dst = appendMember(dst, "type", e.Type)
	if e.Subject != "" {
		dst = appendMember(dst, "subject", e.Subject)
	}
	dst = append(dst, `,"time":"`...)
	dst = append(appendTime(dst, e.Time), '"')
	dst = appendMember(dst, "datacontenttype", e.DataContentType)
	for _, x := range e.Extensions {
		dst = appendMember(dst, x.Name, x.Value)
	}
	if e.sentForm != sentAsData {
		dst = append(dst, `,"`+BodySent+`":"`...)
		dst = append(e.appendSent(dst), '"') // nothing in it must be escaped
	}
	if e.DataKind == DataBinary {
		dst = append(dst, `,"data_base64":`...)
	} else {
		dst = append(dst, `,"data":`...)
	}
	dst = e.appendData(dst)
	return append(dst, '}')
}

// appendTime appends a time in timeFormat, by the form that package time is fastest at.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	dst = t.AppendFormat(dst, time.RFC3339)
	dst[len(dst)-1] = '.' // it was a Z
	micros := t.Nanosecond() / 1000
	for place := 100_000; place > 0; place /= 10 {
		dst = append(dst, '0'+byte(micros/place%10))
	}
	return append(dst, 'Z')
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
	for i := range lineBreaks { // in valid JSON these stand only between tokens
		for rest := dst[start:]; ; {
			i := bytes.IndexByte(rest, lineBreaks[i])
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
	return dst
}

// jsonSize is how much AppendJSON appends at most, which is a few bytes less.
func (e *Event) jsonSize() int {
	size := 128 + e.dataSize()
	for _, value := range []string{e.ID, e.Source, e.Type, e.Subject, e.DataContentType} {
		size += jsonscan.StringSize(value)
	}
	for _, x := range e.Extensions {
		size += len(`,"":`) + len(x.Name) + jsonscan.StringSize(x.Value)
	}
	if e.sentForm != sentAsData {
		size += len(`,"":""`) + len(BodySent) + e.sentSize
	}
	return size
}

// dataSize is how much appendData appends.
func (e *Event) dataSize() int {
	switch e.DataKind {
	case DataText:
		return jsonscan.StringSize(e.Data)
	case DataBinary:
		return len(`""`) + base64.StdEncoding.EncodedLen(len(e.Data))
	}
	return len(e.Data)
}

// LineSize returns how much memory a line of the event takes.
func LineSize(e *Event) int64 {
	n, _ := lineMemory(e.jsonSize())
	return int64(n)
}

// CloudEventLine returns the event as a line of JSON, with a line feed at its end.
// It is made only once.
func CloudEventLine(e *Event) []byte { return e.line(&e.cloudEvent, e.jsonSize(), e.appendJSON) }

// RawLine returns the value of the event's data as a line, likewise.
func RawLine(e *Event) []byte { return e.line(&e.raw, e.dataSize(), e.appendData) }

// line is memory for a line. What has been stored is used again.
type line struct{ bytes []byte }

// linePools have such memory by the power of two that it is of smallestLine, in
// bytes.
var linePools [9]sync.Pool

const smallestLine = 4 << 10

// lineMemory returns how much memory a line of that size is put into, and which
// of the pools has such memory, if any.
func lineMemory(size int) (memory, pool int) {
	for pool := range linePools {
		if memory := smallestLine << pool; size < memory { // with its line feed
			return memory, pool
		}
	}
	return size + 1, -1
}

func (e *Event) line(made **line, size int, appendTo func([]byte) []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if *made == nil {
		memory, pool := lineMemory(size)
		var l *line
		if pool >= 0 {
			l, _ = linePools[pool].Get().(*line)
		}
		if l == nil {
			l = &line{make([]byte, 0, memory)}
		}
		l.bytes = append(appendTo(l.bytes[:0]), '\n')
		*made = l
	}
	return (*made).bytes
}

// FreeLines lets other events use the memory of the event's lines. No output may
// be at it any more.
func FreeLines(e *Event) {
	for _, l := range []*line{e.cloudEvent, e.raw} {
		if l == nil {
			continue
		}
		if memory, pool := lineMemory(cap(l.bytes) - 1); pool >= 0 && memory == cap(l.bytes) {
			linePools[pool].Put(l)
		}
	}
	e.cloudEvent, e.raw = nil, nil
}

func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return jsonscan.AppendString(dst, value)
}
