package e2e

import (
	"bytes"
	"compress/gzip"
	"strings"

	"github.com/klauspost/compress/zstd"
)

func gzipped(parts ...string) string {
	var b bytes.Buffer
	for _, part := range parts { // each a member of its own
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(part))
		_ = w.Close()
	}
	return b.String()
}

func zstandard(s string, options ...zstd.EOption) string {
	w, err := zstd.NewWriter(nil, options...)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(s), nil))
}

// windowed is a hand-made zstd frame (RFC 8878, 3.1.1) of one raw block whose
// header asks for a window of the given size: 2^n, or that and eighths of it.
func windowed(s string, size int) string {
	exponent := 0
	for 1<<(exponent+1) <= size>>10 {
		exponent++
	}
	mantissa := (size - 1<<(exponent+10)) / (1 << (exponent + 7))
	block := len(s)<<3 | 1      // the last one, raw
	return "\x28\xb5\x2f\xfd" + // magic
		"\x00" + // no content size, no checksum, no dictionary
		string([]byte{byte(exponent<<3 | mantissa), byte(block), byte(block >> 8), byte(block >> 16)}) + s
}

// sized is a hand-made zstd frame of a single segment that says that its
// content is of the given size.
func sized(s string, size uint64) string {
	frame := []byte("\x28\xb5\x2f\xfd\xe0") // eight bytes of content size, a single segment
	for i := range 8 {
		frame = append(frame, byte(size>>(8*i)))
	}
	block := len(s)<<3 | 1
	frame = append(frame, byte(block), byte(block>>8), byte(block>>16))
	return string(frame) + s
}

// spaced is what the record makes of a body: line breaks between tokens are
// spaces.
func spaced(body string) string {
	var b strings.Builder
	inString, escaped := false, false
	for _, c := range []byte(body) {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case !inString && (c == '\n' || c == '\r'):
			c = ' '
		}
		b.WriteByte(c)
	}
	return b.String()
}
