package reader

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// Query is which events are wanted: those that fit all that is set. Of several ids,
// types, subjects or receivers one has to fit, of texts and fields all.
type Query struct {
	Since, Until time.Time // from the one on, and before the other
	IDs          []string
	Types        []string
	Subjects     []string
	Receivers    []string // the attribute receiver
	Texts        []string // somewhere in the body, as it was sent, or with what its escapes stand for
	Where        []Field  // in JSON data

	// Anywhere has texts looked for in attributes as well.
	Anywhere bool
}

// Field is a value that must be at a path, whose elements are separated by dots: a
// string, or the literal of anything else.
type Field struct{ Path, Value string }

// Wants tells whether an event is wanted.
func (q *Query) Wants(e *Event) bool {
	oneOf := func(wanted []string, value string) bool { return len(wanted) == 0 || slices.Contains(wanted, value) }
	if !(q.Since.IsZero() || !e.Time.Before(q.Since)) ||
		!(q.Until.IsZero() || e.Time.Before(q.Until)) ||
		!oneOf(q.IDs, e.ID) || !oneOf(q.Types, e.Type) || !oneOf(q.Subjects, e.Subject) ||
		len(q.Receivers) > 0 && !slices.Contains(q.Receivers, e.Attribute(event.Receiver)) {
		return false
	}
	for _, f := range q.Where {
		if !f.isIn(e) {
			return false
		}
	}
	return q.hasTexts(e)
}

func (q *Query) hasTexts(e *Event) bool {
	if len(q.Texts) == 0 {
		return true
	}
	body, err := e.Body()
	if err != nil {
		return false
	}
	var plain []byte // made when it is needed
	for _, text := range q.Texts {
		if bytes.Contains(body, []byte(text)) || q.Anywhere && e.hasInAttributes(text) {
			continue
		}
		if plain == nil {
			plain = unescaped(body)
		}
		if !bytes.Contains(plain, []byte(text)) {
			return false
		}
	}
	return true
}

func (e *Event) hasInAttributes(text string) bool {
	for _, value := range []string{e.ID, e.Type, e.Subject, e.Source} {
		if strings.Contains(value, text) {
			return true
		}
	}
	return slices.ContainsFunc(e.Extensions, func(a [2]string) bool {
		return strings.Contains(a[1], text) || a[0] == event.HTTPHeaders && strings.Contains(a[1], asInHeaders(text))
	})
}

// asInHeaders returns a text as it stands in the attribute with header fields.
func asInHeaders(text string) string {
	var b strings.Builder
	event.WriteEncoded(&b, text)
	return b.String()
}

func (f Field) isIn(e *Event) bool {
	if len(e.Data) == 0 || e.Base64 {
		return false
	}
	value := jsonscan.Get(e.Data, strings.Split(f.Path, ".")...)
	if len(value) == 0 {
		return false
	}
	if value[0] == '"' {
		text, ok := jsonscan.Unquote(value)
		return ok && text == f.Value
	}
	return string(value) == f.Value
}

// sieve finds lines that may be wanted, without parsing them: it lets pass too
// much, and never too little.
type sieve struct {
	since, until time.Time
	all          []needles // one of each must be there; what is likely to be rare comes first
}

func newSieve(q *Query) *sieve {
	s := &sieve{since: q.Since, until: q.Until}
	add := func(n needles) {
		if !slices.ContainsFunc(n, func(n *needle) bool { return len(n.text) == 0 }) {
			s.all = append(s.all, n)
		}
	}
	if len(q.IDs) > 0 {
		add(newValues(q.IDs...))
	}
	for _, text := range longestFirst(q.Texts) {
		of := needles{newNeedle(text), newNeedle("data_base64")}
		if q.Anywhere && asInHeaders(text) != text {
			of = append(of, newNeedle(asInHeaders(text)))
		}
		add(of)
	}
	var values []string
	for _, f := range q.Where {
		values = append(values, f.Value)
	}
	for _, value := range longestFirst(values) {
		add(newValues(value))
	}
	for _, some := range [][]string{q.Subjects, q.Receivers, q.Types} {
		if len(some) > 0 {
			add(newValues(some...))
		}
	}
	return s
}

func longestFirst(texts []string) []string {
	texts = slices.Clone(texts)
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return texts
}

// each calls do for each line in data that may be wanted, with how many line feeds
// are before it. Data is whole lines.
func (s *sieve) each(data []byte, do func(text []byte, before int)) {
	var first *search
	if len(s.all) > 0 {
		first = s.all[0].in(data)
	}
	before, counted := 0, 0
	for begin := 0; begin < len(data); {
		at := begin
		if first != nil {
			if at = first.next(begin); at < 0 {
				return
			}
			begin += bytes.LastIndexByte(data[begin:at], '\n') + 1
		}
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i
		}
		if text := data[begin:end]; s.passes(text) {
			before += bytes.Count(data[counted:begin], []byte("\n"))
			counted = begin
			do(text, before)
		}
		begin = end + 1
	}
}

// passes tells whether a line may be wanted, in which one of the first needles is.
func (s *sieve) passes(text []byte) bool {
	if !s.since.IsZero() || !s.until.IsZero() {
		if t, ok := quickTime(text); ok && (t.Before(s.since) || !s.until.IsZero() && !t.Before(s.until)) {
			return false
		}
	}
	for i := 1; i < len(s.all); i++ {
		if !s.all[i].areIn(text) {
			return false
		}
	}
	return true
}

// quickTime returns the time of an event in a line such as the receiver writes, in
// which time comes before anything that is no plain string.
func quickTime(text []byte) (t time.Time, ok bool) {
	if text, ok = bytes.CutPrefix(text, []byte(`{"specversion":"1.0",`)); !ok {
		return t, false
	}
	for {
		name, rest, ok := quickString(text)
		if !ok || len(rest) == 0 || rest[0] != ':' {
			return t, false
		}
		value, rest, ok := quickString(rest[1:])
		if !ok || len(rest) == 0 || rest[0] != ',' {
			return t, false
		}
		if string(name) == "time" {
			t, err := time.Parse(time.RFC3339, string(value))
			return t, err == nil
		}
		text = rest[1:]
	}
}

// quickString returns the text of a string without escapes, and what follows it.
func quickString(data []byte) (text, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(data[1:], '"')
	if end < 0 || bytes.IndexByte(data[1:1+end], '\\') >= 0 {
		return nil, nil, false
	}
	return data[1 : 1+end], data[2+end:], true
}
