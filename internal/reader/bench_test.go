package reader

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// ticket is an event of the usual size, with an escape or two.
func ticket(n int) string {
	return strings.Replace(eventLine(n), "[1,2]", `"`+strings.Repeat("some text of a ticket ", 15)+`","url":"https:\/\/example.com\/tickets"`, 1)
}

// BenchmarkScan searches for what is not there, in a compressed file. For the speed of
// one processor: -cpu 1.
func BenchmarkScan(b *testing.B) {
	var content strings.Builder
	for n := 0; content.Len() < 32<<20; n++ {
		content.WriteString(ticket(n))
	}
	for _, ending := range []string{".zst", ".gz"} {
		path := write(b, filepath.Join(b.TempDir(), "events.jsonl"+ending), framed(b, ending, content.String()))
		journals, err := Resolve([]string{path})
		if err != nil {
			b.Fatal(err)
		}
		for name, q := range map[string]Query{
			"id": {IDs: []string{"id-0"}}, "text": {Texts: []string{"please call back"}}, "where": {Where: []Field{{"n", "12345678"}}},
		} {
			b.Run(name+ending, func(b *testing.B) {
				b.SetBytes(int64(content.Len()))
				for range b.N {
					s := Scan{Journals: journals, Query: q}
					if err := s.Run(context.Background(), func(*Found) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		journals.Close()
	}
}

func BenchmarkParse(b *testing.B) {
	line := []byte(strings.TrimSpace(ticket(1)))
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for range b.N {
		if kind, _, _ := Parse(Line{Text: line}); kind != Stored {
			b.Fatal(kind)
		}
	}
}
