package reader

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// stamp is the time of the nth event of a test.
func stamp(n int) string {
	return time.Date(2026, 11, 23, 12, 0, n, 123456000, time.UTC).Format("2006-01-02T15:04:05.000000Z07:00")
}

// eventLine is the nth event of a test, as the receiver stores it.
func eventLine(n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"id-%d","source":"https://a/b","type":"kind%d","subject":"s%d","time":"%s","datacontenttype":"application/json","data":{"n":%d,"x":[1,2]}}`,
		n, n%2, n, stamp(n), n) + "\n"
}

func eventLines(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(eventLine(n))
	}
	return b.String()
}

func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// file writes a file in a directory of its own; its name says how it is compressed.
func file(t testing.TB, name, content string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), name), compressed(t, name, content))
}

func compressed(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	switch filepath.Ext(name) {
	case ".gz":
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(content))
		_ = w.Close()
	case ".zst":
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(content))
		_ = w.Close()
	default:
		return content
	}
	return b.String()
}
