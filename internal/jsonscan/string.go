package jsonscan

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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
		r, size := Unescape(raw)
		if size == 0 || utf16.IsSurrogate(r) {
			return "", false
		}
		b = utf8.AppendRune(b, r)
		raw = raw[size:]
	}
	return string(b), true
}

// Unescape returns the character that data begins with an escape of, and the length
// of that: 0 if it begins with none. A surrogate without its other half is returned as it is.
func Unescape(data []byte) (r rune, size int) {
	if len(data) < 2 || data[0] != '\\' {
		return 0, 0
	}
	if data[1] != 'u' {
		if i := strings.IndexByte(`"\/bfnrt`, data[1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2
		}
		return 0, 0
	}
	if r = unicodeEscape(data); r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, unicodeEscape(data[escape:])); pair != utf8.RuneError {
			return pair, 2 * escape
		}
	}
	return r, escape
}

// unicodeEscape returns the value of the escape with four hexadecimal digits that data
// begins with, or -1.
func unicodeEscape(data []byte) rune {
	if len(data) < escape || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	return hex4(data[2:])
}

// AppendString appends text to dst as a JSON string literal. Control
// characters and the line separators that some readers take for the end of a
// line (U+0085, U+2028, U+2029) are escaped; what is not UTF-8 becomes U+FFFD.
func AppendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		begin := i
		for i < len(text) && plain[text[i]] {
			i++
		}
		dst = append(dst, text[begin:i]...)
		if i == len(text) {
			break
		}
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
			default:
				dst = appendEscape(dst, rune(c))
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if endsLine(r) {
			dst = appendEscape(dst, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
}

// StringSize returns how long the literal is that AppendString appends.
func StringSize[T string | []byte](text T) int {
	length := 2 + len(text)
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case plain[c]:
			case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
				length++
			default:
				length += escape - 1
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		switch {
		case endsLine(r):
			length += escape - size
		case r == utf8.RuneError:
			length += utf8.RuneLen(r) - size
		}
		i += size
	}
	return length
}

// escape is the length of an escape with four hexadecimal digits.
const escape = len(`\u0000`)

func appendEscape(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// endsLine tells whether some readers take the character for the end of a line,
// of those that are not ASCII.
func endsLine(r rune) bool { return r == 0x85 || r == 0x2028 || r == 0x2029 }

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
