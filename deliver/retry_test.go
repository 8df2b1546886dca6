package deliver

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func mustOpenRetry(t *testing.T, d *deadLetters, from reader.Position) *retrying {
	t.Helper()
	r, err := d.openRetry(from)
	if err != nil {
		t.Fatal(err)
	}
	if r != nil {
		t.Cleanup(func() { r.Close() })
	}
	return r
}

// next reads as many events, or all.
func next(t *testing.T, r *retrying, n int) string {
	t.Helper()
	var ids []string
	for len(ids) < n {
		text, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind, e, _ := reader.Parse(reader.Line{Text: text}); kind == reader.Stored {
			ids = append(ids, e.ID)
		}
	}
	return strings.Join(ids, " ")
}

func wantNext(t *testing.T, r *retrying, n int, want string) {
	t.Helper()
	if got := next(t, r, n); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func wantFinished(t *testing.T, r *retrying, want bool) {
	t.Helper()
	if got, err := r.finish(); got != want || err != nil {
		t.Errorf("%t, %v, want %t", got, err, want)
	}
}

func TestRetrying(t *testing.T) {
	shop, _ := both(t)
	if r := mustOpenRetry(t, shop, reader.Position{}); r != nil {
		t.Fatal("there are none")
	}
	mustAdd(t, shop, "1", "2", "3")
	mustRetry(t, shop, 3)
	r := mustOpenRetry(t, shop, reader.Position{})
	wantNext(t, r, 2, "1 2")
	wantFinished(t, r, false)
	second := r.Last()
	wantNext(t, r, 9, "3")

	mustAdd(t, shop, "4") // a second retry adds to the file that is being read
	mustRetry(t, shop, 1)
	wantFinished(t, r, false)
	wantNext(t, r, 9, "4")
	line, err := r.At(second)
	if err != nil || !strings.Contains(string(line), `"id":"2"`) {
		t.Errorf("%s, %v", line, err)
	}

	restarted := mustOpenRetry(t, shop, second)
	if !restarted.has(second) {
		t.Error("the position is not in the file")
	}
	wantNext(t, restarted, 9, "3 4")
	wantFinished(t, restarted, true)
	if _, err := os.Stat(shop.retrying); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}

	// The cursor was not saved before a crash.
	if r := mustOpenRetry(t, shop, second); r != nil {
		t.Error("it is there still")
	}
	mustAdd(t, shop, "5", "6")
	mustRetry(t, shop, 2)
	another := mustOpenRetry(t, shop, second)
	if another.has(second) {
		t.Error("the position is in another file")
	}
	wantNext(t, another, 9, "5 6")
	wantFinished(t, another, true)
}

// TestRetryingAfterACrash in mid-retry: what was torn is none, and is still among the dead letters.
func TestRetryingAfterACrash(t *testing.T) {
	shop, _ := both(t)
	mustAdd(t, shop, "1", "2")
	content, err := os.ReadFile(shop.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, strings.Index(string(content), "\n") + 10} {
		if err := os.WriteFile(shop.retrying, content[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		r := mustOpenRetry(t, shop, reader.Position{})
		want := ""
		if n > 10 {
			want = "1"
		}
		wantNext(t, r, 9, want)
		wantFinished(t, r, true)
	}
	if err := os.WriteFile(shop.retrying, content[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	r := mustOpenRetry(t, shop, reader.Position{})
	wantNext(t, r, 9, "")
	mustRetry(t, shop, 2)
	wantNext(t, r, 9, "1 2")
	wantFinished(t, r, true)
}

// TestRetryingIsChanged by somebody: what is there then is sent.
func TestRetryingIsChanged(t *testing.T) {
	shop, _ := both(t)
	mustAdd(t, shop, "1", "2", "3")
	mustRetry(t, shop, 3)
	r := mustOpenRetry(t, shop, reader.Position{})
	wantNext(t, r, 9, "1 2 3")
	last := r.Last()
	content, err := os.ReadFile(shop.retrying)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(content), "\n")
	changed := lines[0] + strings.Replace(lines[1], `"id":"2"`, `"id":"20"`, 1) + lines[2]
	if err := os.WriteFile(shop.retrying, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinished(t, r, false)
	wantNext(t, r, 9, "1 20 3")
	wantFinished(t, r, true)

	if err := os.WriteFile(shop.retrying, []byte(lines[0]+lines[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	r = mustOpenRetry(t, shop, last) // whose line is gone
	wantNext(t, r, 9, "1 2")
	if err := os.Remove(shop.retrying); err != nil {
		t.Fatal(err)
	}
	wantFinished(t, r, true)
}
