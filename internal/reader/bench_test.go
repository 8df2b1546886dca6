package reader

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	line := []byte(strings.TrimSpace(strings.Replace(eventLine(1), "[1,2]", `"`+strings.Repeat("some text of a ticket ", 15)+`"`, 1)))
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for range b.N {
		if kind, _, _ := Parse(Line{Text: line}); kind != Stored {
			b.Fatal(kind)
		}
	}
}
