package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// summaryCells is the width of a summary where there is no terminal.
	summaryCells = 200

	// maxTypeColumn is the width up to which the column of types grows.
	maxTypeColumn = 32
)

// rows makes rows of events.
type rows struct {
	*console
	json bool           // as they are stored
	zone *time.Location // nil is UTC

	typeColumn int
}

func (r *rows) row(e *reader.Event) string {
	switch {
	case !r.json:
		return r.pretty(e)
	case r.outIsTerminal:
		return sanitizeJSON(string(e.Text))
	}
	return string(e.Text)
}

// pretty is an event for people: one line, as wide as the terminal at most.
func (r *rows) pretty(e *reader.Event) string {
	limit := r.width
	if limit == 0 {
		limit = summaryCells
	}
	if e.ID == "" { // format raw
		return cut(r.summary(e), limit)
	}
	when, timeColumn := "-", len("2026-11-23T17:04:58Z")
	if r.location() != time.UTC {
		timeColumn = len("2026-11-23T17:04:58+01:00")
	}
	if !e.Time.IsZero() {
		when = e.Time.In(r.location()).Format(time.RFC3339)
	}
	kind := cut(sanitize(e.Type), maxTypeColumn)
	r.typeColumn = max(r.typeColumn, cells(kind))
	plain := pad(when, timeColumn) + "  " + pad(kind, r.typeColumn) + "  "
	text := pad(when, timeColumn) + "  " + r.paint(r.colours.Cyan, pad(kind, r.typeColumn)) + "  "
	if e.Subject != "" {
		subject := cut(sanitize(e.Subject), maxTypeColumn)
		plain += subject + "  "
		text += r.paint(r.colours.Yellow, subject) + "  "
	}
	room := limit - cells(plain)
	if room < 2 && r.width > 0 {
		return cut(strings.TrimRight(plain, " "), limit)
	}
	return strings.TrimRight(text+cut(r.summary(e), max(room, 20)), " ")
}

func (r *rows) location() *time.Location {
	if r.zone == nil {
		return time.UTC
	}
	return r.zone
}

// summary tells what the data is about: of an object its fields, with the
// number of elements where there are several, otherwise its beginning.
func (r *rows) summary(e *reader.Event) string {
	if e.Base64 {
		b, _ := e.Body()
		return fmt.Sprintf("%d bytes of %s", len(b), sanitize(e.ContentType))
	}
	var parts []string
	size := 0
	isObject := jsonscan.Members(e.Data, func(name string, value []byte) {
		if size > summaryCells*4 { // more than can be seen
			return
		}
		text := ""
		switch value[0] {
		case '{':
			text = "{…}"
		case '[':
			text = fmt.Sprintf("[%d]", jsonscan.Len(value))
		case '"':
			s, _ := jsonscan.Unquote(value)
			text = s
		default:
			text = string(value)
		}
		if text == e.Type || text == e.Subject {
			return // already in a column of its own
		}
		part := sanitize(firstRunes([]byte(name), summaryCells)) + "=" + sanitize(firstRunes([]byte(text), summaryCells))
		size += len(part)
		parts = append(parts, part)
	})
	if isObject {
		return strings.Join(parts, " ")
	}
	return sanitize(firstRunes(e.Data, summaryCells*4))
}
