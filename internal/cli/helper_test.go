package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
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

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
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
	Register(cmd, []play.Service{verifying, signing, timely}, func(file, name string) (play.Service, error) {
		if file != "Caddyfile" {
			return play.Service{}, errors.New("no such config")
		}
		return providerNamed([]play.Service{signing, verifying}, name)
	}, testChecker, os.ReadFile)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cmd.ExecuteContext(ctx)
}

// verifying has its endpoints verified, and signs nothing.
var verifying = play.Service{
	Name: "verifying", NeedsToken: true, UsesToken: true, Patience: 20 * time.Second,
	Steps: func(a play.Account) ([]play.Step, error) {
		verify := func(token string, want play.Want) func() (*http.Request, play.Want, error) {
			return func() (*http.Request, play.Want, error) {
				u := *a.URL
				query := u.Query()
				query.Set("challenge", "1234")
				if token != "" {
					query.Set("verifyToken", token)
				}
				u.RawQuery = query.Encode()
				req, err := http.NewRequest(http.MethodGet, u.String(), nil)
				return req, want, err
			}
		}
		return []play.Step{
			{Name: "right token", Kind: play.Verifies, Make: verify(a.Token, play.Want{Status: 200, ContentType: "text/plain", Body: "1234"})},
			{Name: "wrong token", Kind: play.WrongToken, Make: verify("wrong", play.Want{Status: 403, Without: "1234"})},
			{Name: "no token", Kind: play.BadVerification, Make: verify("", play.Want{Status: 400})},
			{Name: "empty event", Kind: play.BadEvent, Make: post(a, "", "", 400)},
			{Name: "broken JSON", Kind: play.BadEvent, Stores: true, Make: post(a, "{", "", 400)},
			{Name: "event", Kind: play.Delivers, Stores: true, Make: post(a, `{"EventType":"webhook_receiver_test"}`, "", 200)},
		}, nil
	},
}

// signing signs its events, and verifies nothing.
var signing = play.Service{
	Name: "signing", NeedsSecret: true, UsesSecret: true, Signs: true, SignsURL: true, Patience: time.Second,
	Steps: func(a play.Account) ([]play.Step, error) {
		if a.Secret == "none" {
			return nil, errors.New("the secret is none")
		}
		return []play.Step{
			{Name: "empty event", Kind: play.BadEvent, Proves: true, Make: post(a, "", a.Secret, 400)},
			{Name: "wrong signature", Kind: play.Forged, Make: post(a, "{}", "forged", 401)},
			{Name: "stale event", Kind: play.Stale, LeftOut: "there is no time"},
			{Name: "event", Kind: play.Delivers, Stores: true, Make: post(a, "{}", a.Secret, 200)},
		}, nil
	},
}

// timely signs its events with the time; those without a signature stand for
// stale ones.
var timely = play.Service{
	Name: "timely", NeedsSecret: true, UsesSecret: true, Signs: true, Patience: time.Second,
	Steps: func(a play.Account) ([]play.Step, error) {
		return []play.Step{
			{Name: "empty event", Kind: play.BadEvent, Proves: true, Make: post(a, "", a.Secret, 400)},
			{Name: "stale event", Kind: play.Stale, Make: post(a, "{}", "", 401)},
			{Name: "event", Kind: play.Delivers, Stores: true, Make: post(a, "{}", a.Secret, 200)},
		}, nil
	},
}

// post makes an event, signed if there is a secret.
func post(a play.Account, body, secret string, status int) func() (*http.Request, play.Want, error) {
	return func() (*http.Request, play.Want, error) {
		req, err := http.NewRequest(http.MethodPost, a.URL.String(), strings.NewReader(body))
		if err == nil && secret != "" {
			req.Header.Set("Signature", secret+body)
		}
		return req, play.Want{Status: status}, err
	}
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
