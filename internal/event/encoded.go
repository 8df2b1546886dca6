package event

import "strings"

// WriteEncoded writes a text as it stands in HTTPHeaders, a JSON string inside of one: with a backslash before quotes
// and backslashes, and with percent signs, and what is not printable ASCII, percent-encoded.
func WriteEncoded(b *strings.Builder, s string) {
	for {
		n := 0
		for n < len(s) && isPlain(s[n]) {
			n++
		}
		b.WriteString(s[:n])
		if n == len(s) {
			return
		}
		if c := s[n]; c == '"' || c == '\\' {
			b.Write([]byte{'\\', c})
		} else {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
		s = s[n+1:]
	}
}

func isPlain(c byte) bool { return ' ' <= c && c <= '~' && c != '"' && c != '\\' && c != '%' }
