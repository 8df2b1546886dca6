package reader

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// escapable are the characters for which JSON has escapes of two characters.
const escapable = "\"\\/\b\f\n\r\t"

// needle is text that is looked for in JSON, where each of its characters may be
// escaped. It finds what is not there, too, as it does not look whether what looks
// like an escape begins in the middle of another one; but it misses nothing.
type needle struct {
	text   []byte
	rare   int // where in text to begin with looking for it
	runes  []rune
	begins []int  // where each rune begins in text
	escape []byte // what every escape begins with that one of the runes may have
}

func newNeedle(text string) *needle {
	n := &needle{text: []byte(text), escape: []byte(`\u`)}
	if strings.ContainsAny(text, escapable) {
		n.escape = []byte(`\`)
	}
	for i := range n.text {
		if rarity(n.text[i]) > rarity(n.text[n.rare]) {
			n.rare = i
		}
	}
	for i, r := range text {
		n.runes, n.begins = append(n.runes, r), append(n.begins, i)
	}
	return n
}

// newValue returns a needle for what must be all of a value: a string, or the literal
// of something else. It has the quotes, which are never escaped.
func newValue(value string) *needle {
	if json.Valid([]byte(value)) || value == "" {
		return newNeedle(value)
	}
	escape := newNeedle(value).escape
	n := newNeedle(`"` + value + `"`)
	n.escape = escape
	return n
}

// index returns the first place in data at which the text may be, or -1.
func (n *needle) index(data []byte) int {
	found := n.plain(data)
	until := len(data)
	if found >= 0 {
		until = found
	}
	for at := 0; ; {
		i := bytes.Index(data[at:until], n.escape)
		if i < 0 {
			return found
		}
		at += i
		if begin := n.around(data, at); begin >= 0 {
			return begin
		}
		at++
	}
}

// plain returns the first place of the text as it is, or -1. Looking for its rarest
// byte, and what follows, passes over more at once than looking for its first one.
func (n *needle) plain(data []byte) int {
	for from := n.rare; from <= len(data); from++ {
		i := bytes.Index(data[from:], n.text[n.rare:])
		if i < 0 {
			break
		}
		if from += i; bytes.HasSuffix(data[:from], n.text[:n.rare]) {
			return from - n.rare
		}
	}
	return -1
}

// rarity is higher the rarer a byte is in JSON.
func rarity(c byte) int {
	const common = "\" etaionsrl:,dcuhmp_0g1{}2fbyvwk.34-56789/STACEIUNDROxPLMjqz[]"
	if i := strings.IndexByte(common, c); i >= 0 {
		return i
	}
	return len(common)
}

func (n *needle) isIn(data []byte) bool { return n.index(data) >= 0 }

// around returns where the text begins if its first escape is at that place, or -1.
func (n *needle) around(data []byte, at int) int {
	r, size := unescape(data[at:])
	if size == 0 {
		return -1
	}
	for i, begin := range n.begins {
		if n.runes[i] == r && bytes.HasSuffix(data[:at], n.text[:begin]) && n.continues(data[at+size:], i+1) {
			return at - begin
		}
	}
	return -1
}

// continues tells whether data begins with the text from its ith character on.
func (n *needle) continues(data []byte, i int) bool {
	for ; i < len(n.runes); i++ {
		if len(data) == 0 {
			return false
		}
		end := len(n.text)
		if i+1 < len(n.begins) {
			end = n.begins[i+1]
		}
		raw := n.text[n.begins[i]:end]
		if data[0] == '\\' {
			if r, size := unescape(data); size > 0 && r == n.runes[i] {
				data = data[size:]
				continue
			}
		}
		if !bytes.HasPrefix(data, raw) {
			return false
		}
		data = data[len(raw):]
	}
	return true
}

// unescape returns the character that data begins with an escape of, and the length
// of that; or 0, if it doesn't. Half a surrogate pair stands for U+FFFD.
func unescape(data []byte) (r rune, size int) {
	r, size = jsonscan.Unescape(data)
	if utf16.IsSurrogate(r) {
		r = utf8.RuneError
	}
	return r, size
}

// unescaped returns JSON text with what its escapes stand for in their place.
func unescaped(data []byte) []byte {
	text := make([]byte, 0, len(data))
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 {
			return append(text, data...)
		}
		text = append(text, data[:i]...)
		data = data[i:]
		if r, size := unescape(data); size > 0 {
			text = utf8.AppendRune(text, r)
			data = data[size:]
		} else {
			text = append(text, '\\')
			data = data[1:]
		}
	}
}

// needles is texts of which one has to be there.
type needles []*needle

func newValues(values ...string) (all needles) {
	for _, value := range values {
		all = append(all, newValue(value))
	}
	return all
}

func (all needles) areIn(data []byte) bool {
	return slices.ContainsFunc(all, func(n *needle) bool { return n.isIn(data) })
}

// search looks for needles from the beginning of data to its end.
type search struct {
	needles
	data  []byte
	found []int // where each is next; len(data) if nowhere
}

func (all needles) in(data []byte) *search {
	s := &search{all, data, make([]int, len(all))}
	for i := range s.found {
		s.found[i] = -1
	}
	return s
}

// next returns the first place at or after from at which one of them may be, or -1.
func (s *search) next(from int) int {
	first := len(s.data)
	for i, n := range s.needles {
		if s.found[i] < from {
			s.found[i] = len(s.data)
			if at := n.index(s.data[from:]); at >= 0 {
				s.found[i] = from + at
			}
		}
		first = min(first, s.found[i])
	}
	if first == len(s.data) {
		return -1
	}
	return first
}
