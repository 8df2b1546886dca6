// Package jsonscan checks JSON texts (RFC 8259) and finds values in them
// without decoding them, so that every token can be kept as it was sent.
package jsonscan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
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
	var inObject []bool // for each open array or object, which of the two it is
	i := skipSpace(data, 0)
	for {
		// A value is due at i.
		var err error
		switch c := at(data, i); {
		case c == '{' || c == '[':
			if len(inObject) == maxDepth {
				return ErrTooDeep
			}
			inObject = append(inObject, c == '{')
			i = skipSpace(data, i+1)
			if at(data, i) == c+2 { // '}' and ']' come two after '{' and '['
				break
			}
			if c == '{' {
				if i, err = scanKey(data, i); err != nil {
					return err
				}
			}
			continue
		case c == '"':
			i, err = scanString(data, i)
		case c == '-' || isDigit(c):
			i, err = scanNumber(data, i)
		default:
			i, err = scanLiteral(data, i)
		}
		if err != nil {
			return err
		}

		// A value has ended at i, or an array or object is about to.
		for {
			i = skipSpace(data, i)
			if len(inObject) == 0 {
				if i < len(data) {
					return syntaxError(i)
				}
				return nil
			}
			object := inObject[len(inObject)-1]
			c := at(data, i)
			if object && c == '}' || !object && c == ']' {
				inObject = inObject[:len(inObject)-1]
				i++
				continue
			}
			if c != ',' {
				return syntaxError(i)
			}
			i = skipSpace(data, i+1)
			if object {
				if i, err = scanKey(data, i); err != nil {
					return err
				}
			}
			break
		}
	}
}

// Get returns the value that path leads to in data, which must have passed
// Check: an element of path is an object's key, compared after unescaping, or
// an array's index. Of repeated keys the last one counts. The result is nil
// where there is no such value, and a part of data otherwise.
func Get(data []byte, path ...string) []byte {
	value := data[skipSpace(data, 0):]
	for _, name := range path {
		switch at(value, 0) {
		case '{':
			value = member(value, name)
		case '[':
			value = element(value, name)
		default:
			return nil
		}
	}
	return value[:skipValue(value, 0)]
}

// Unquote returns the text of a JSON string literal that has passed Check.
// ok is false where raw is no string, or stands for no Unicode text, as a
// surrogate without its other half does.
func Unquote(raw []byte) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), true
	}
	b := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if raw[0] != '\\' {
			b = append(b, raw[0])
			raw = raw[1:]
			continue
		}
		c := raw[1]
		if c != 'u' {
			if k := bytes.IndexByte([]byte("bfnrt"), c); k >= 0 {
				c = "\b\f\n\r\t"[k]
			}
			b = append(b, c)
			raw = raw[2:]
			continue
		}
		r := hex4(raw[2:])
		raw = raw[6:]
		if utf16.IsSurrogate(r) {
			if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
				return "", false
			}
			r = utf16.DecodeRune(r, hex4(raw[2:]))
			if r == utf8.RuneError {
				return "", false
			}
			raw = raw[6:]
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), true
}

// AppendString appends text to dst as a JSON string literal. Control
// characters and the line separators that some readers take for the end of a
// line (U+0085, U+2028, U+2029) are escaped; what is not UTF-8 becomes U+FFFD.
func AppendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, `\n`...)
			case c == '\r':
				dst = append(dst, `\r`...)
			case c == '\t':
				dst = append(dst, `\t`...)
			case c < ' ' || c == 0x7f:
				dst = fmt.Appendf(dst, `\u%04x`, c)
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if r == 0x85 || r == 0x2028 || r == 0x2029 {
			dst = fmt.Appendf(dst, `\u%04x`, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
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

// scanKey goes past a key, its colon, and the white space after it.
func scanKey(data []byte, i int) (int, error) {
	i, err := scanString(data, i)
	if err != nil {
		return i, err
	}
	i = skipSpace(data, i)
	if at(data, i) != ':' {
		return i, syntaxError(i)
	}
	return skipSpace(data, i+1), nil
}

func scanString(data []byte, i int) (int, error) {
	if at(data, i) != '"' {
		return i, syntaxError(i)
	}
	for i++; i < len(data); {
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
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && size == 1 {
				return i, ErrNotUTF8
			}
			i += size
		}
	}
	return i, syntaxError(i)
}

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

// hex4 returns the value of the four hexadecimal digits that data begins with,
// or -1.
func hex4(data []byte) rune {
	var r rune
	for _, c := range data[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// member returns what begins with the value of the last member called name.
func member(object []byte, name string) []byte {
	var found []byte
	for i := skipSpace(object, 1); object[i] != '}'; {
		end := skipString(object, i)
		key := object[i:end]
		i = skipSpace(object, skipSpace(object, end)+1)
		if isKey(key, name) {
			found = object[i:]
		}
		i = next(object, i)
	}
	return found
}

// element returns what begins with the array's element of that index.
func element(array []byte, index string) []byte {
	n, err := strconv.ParseUint(index, 10, 31)
	if err != nil {
		return nil
	}
	for i := skipSpace(array, 1); array[i] != ']'; i = next(array, i) {
		if n == 0 {
			return array[i:]
		}
		n--
	}
	return nil
}

func isKey(raw []byte, name string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:len(raw)-1]) == name
	}
	key, ok := Unquote(raw)
	return ok && key == name
}

// next goes past the value at i to the next member or element, or to the end
// of the array or object.
func next(data []byte, i int) int {
	i = skipSpace(data, skipValue(data, i))
	if data[i] == ',' {
		i = skipSpace(data, i+1)
	}
	return i
}

// skipValue goes past the value at i of data that has passed Check.
func skipValue(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			i = skipString(data, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue
		default: // a number or a literal
			for i < len(data) && bytes.IndexByte([]byte(" \n\t\r,]}"), data[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func skipString(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}
