// Package jsonscan checks JSON texts (RFC 8259) and finds values in them
// without decoding them, so that every token can be kept as it was sent.
package jsonscan

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// The ways in which Check fails on something else than the grammar.
var (
	ErrNotUTF8 = errors.New("not valid UTF-8")
	ErrTooDeep = errors.New("nested too deeply")
)

// Check returns nil when data is exactly one JSON value, with white space
// around it at most, is valid UTF-8, and has no more than maxDepth arrays and
// objects inside each other. The error never quotes the data.
func Check(data []byte, maxDepth int) error {
	var d Doc
	return d.Parse(data, maxDepth)
}

func syntaxError(offset int) error {
	return fmt.Errorf("not valid JSON at byte %d", offset)
}

// at returns 0, which is no part of the grammar, past the end of data.
func at(data []byte, i int) byte {
	if i < len(data) {
		return data[i]
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

func scanString(data []byte, i int) (int, error) {
	if at(data, i) != '"' {
		return i, syntaxError(i)
	}
	i++
	for {
		for i < len(data) && plain[data[i]] {
			i++
		}
		if i >= len(data) {
			return i, syntaxError(i)
		}
		switch c := data[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			switch at(data, i+1) {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if i+6 > len(data) || hex4(data[i+2:]) < 0 {
					return i, syntaxError(i)
				}
				i += 6
			default:
				return i, syntaxError(i)
			}
		case c < ' ':
			return i, syntaxError(i)
		default:
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && size == 1 {
				return i, ErrNotUTF8
			}
			i += size
		}
	}
}

// plain are the bytes that stand for themselves in a string, whatever follows,
// also where readers are wary of control characters.
var plain = func() (plain [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

func scanNumber(data []byte, i int) (int, error) {
	if at(data, i) == '-' {
		i++
	}
	if at(data, i) == '0' {
		i++
	} else if next := skipDigits(data, i); next > i {
		i = next
	} else {
		return i, syntaxError(i)
	}
	if at(data, i) == '.' {
		next := skipDigits(data, i+1)
		if next == i+1 {
			return i, syntaxError(i)
		}
		i = next
	}
	if c := at(data, i); c == 'e' || c == 'E' {
		i++
		if c := at(data, i); c == '+' || c == '-' {
			i++
		}
		next := skipDigits(data, i)
		if next == i {
			return i, syntaxError(i)
		}
		i = next
	}
	return i, nil
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i
}

func scanLiteral(data []byte, i int) (int, error) {
	for _, literal := range [...]string{"true", "false", "null"} {
		if i+len(literal) <= len(data) && string(data[i:i+len(literal)]) == literal {
			return i + len(literal), nil
		}
	}
	if i < len(data) && data[i] >= utf8.RuneSelf && !utf8.Valid(data[i:]) {
		return i, ErrNotUTF8
	}
	return i, syntaxError(i)
}
