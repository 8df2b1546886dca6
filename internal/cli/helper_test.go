package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"
)

// buffer is what a command has printed so far.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// webhook runs "caddy webhook" with the arguments.
func webhook(args ...string) (out, notes string, err error) {
	var stdout, stderr buffer
	err = runIn(context.Background(), &stdout, &stderr, args...)
	return stdout.String(), stderr.String(), err
}

func runIn(ctx context.Context, stdout, stderr *buffer, args ...string) error {
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	Register(cmd, []Provider{verifying, signing})
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cmd.ExecuteContext(ctx)
}

var verifying = Provider{
	Name: "verifying", Challenge: "challenge", Token: "verifyToken",
	Event: []byte(`{"EventType":"webhook_receiver_test"}`), Deadline: 20 * time.Second,
}

var signing = Provider{
	Name:     "signing",
	Sign:     func(secret string, body []byte, h http.Header) { h.Set("Signature", secret+string(body)) },
	Event:    []byte(`{"kind":"webhook_receiver_test"}`),
	Header:   http.Header{"Kind": {"test"}},
	Deadline: time.Second,
}

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

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// file writes a file in a directory of its own; its name says how it is compressed.
func file(t *testing.T, name, content string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), name), compressed(t, name, content))
}

func compressed(t *testing.T, name, content string) string {
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

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}
