package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestMain is another process that adds dead letters, if it is told so.
func TestMain(m *testing.M) {
	if path := os.Getenv("DEAD_LETTERS"); path != "" {
		d := newDeadLetters(path, "shop", "app", 0o600, 0o700)
		for i := range 40 {
			if err := d.add(deadLine(fmt.Sprint("process-", i), "shop", time.Now()), "refused", 1); err != nil {
				_, _ = fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// deadLine is the line of an event.
func deadLine(id, receiver string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"s","type":"t","time":%q,"%s":%q,"data":{"a":1}}`+"\n",
		id, at.UTC().Format(time.RFC3339Nano), event.Receiver, receiver)
}

// idsIn are those of the events in a file, in their order.
func idsIn(t testing.TB, path string) (ids []string) {
	t.Helper()
	lines, err := reader.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	for {
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return ids
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind, e, _ := reader.Parse(l); kind == reader.Stored {
			ids = append(ids, e.ID)
		}
	}
}

func wantIDs(t *testing.T, path, want string) {
	t.Helper()
	if got := strings.Join(idsIn(t, path), " "); got != want {
		t.Errorf("in %s: %q, want %q", filepath.Base(path), got, want)
	}
}

func mustAdd(t *testing.T, d *deadLetters, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := d.add(deadLine(id, d.receiver, time.Now()), "refused: 400", 10); err != nil {
			t.Fatal(err)
		}
	}
}

func mustRetry(t *testing.T, d *deadLetters, want int) {
	t.Helper()
	if n, err := d.retry(); n != want || err != nil {
		t.Errorf("%d, %v, want %d", n, err, want)
	}
}

// both are the dead letters of two receivers' deliveries of the same name.
func both(t *testing.T) (shop, desk *deadLetters) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	return newDeadLetters(path, "shop", "app", 0o640, 0o700), newDeadLetters(path, "desk", "app", 0o640, 0o700)
}

func TestDeadLetters(t *testing.T) {
	shop, desk := both(t)
	mustRetry(t, shop, 0)
	if n, _, err := shop.count(); n != 0 || err != nil {
		t.Error(n, err)
	}
	mustAdd(t, shop, "1", "2")
	mustAdd(t, desk, "3")
	content, err := os.ReadFile(shop.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"deadreason":"refused: 400"`, `"deadattempts":"10"`, `"deadtime":"20`} {
		if strings.Count(string(content), want) != 3 {
			t.Errorf("%s is not in each of\n%s", want, content)
		}
	}
	if info, err := os.Stat(shop.path); runtime.GOOS != "windows" && (err != nil || info.Mode() != 0o640) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	mustRetry(t, shop, 2)
	wantIDs(t, shop.path, "3")
	wantIDs(t, shop.retrying, "1 2")
	if info, err := os.Stat(shop.path); runtime.GOOS != "windows" && (err != nil || info.Mode() != 0o640) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	mustAdd(t, shop, "4")
	mustRetry(t, shop, 1)
	wantIDs(t, shop.retrying, "1 2 4")
	mustRetry(t, shop, 0)
	mustRetry(t, desk, 1)
	wantIDs(t, desk.retrying, "3")
	if _, err := os.Stat(shop.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty file is left: %v", err)
	}
	if lives, err := reader.LiveIn(filepath.Dir(shop.path)); len(lives) > 0 || err != nil {
		t.Errorf("listed: %q, %v", lives, err)
	}
}

// TestDeadLettersTakenAway by somebody, in whatever way, are made anew.
func TestDeadLettersTakenAway(t *testing.T) {
	shop, desk := both(t)
	mustAdd(t, shop, "1")
	if err := os.Remove(shop.path); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, shop, "2")
	wantIDs(t, shop.path, "2")
	if err := os.Rename(shop.path, shop.path+".1"); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, desk, "3")
	wantIDs(t, shop.path, "3")
	wantIDs(t, shop.path+".1", "2")
	if n, _, err := shop.count(); n != 0 || err != nil {
		t.Error(n, err)
	}
	if err := os.RemoveAll(filepath.Dir(shop.path)); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, shop, "4")
	wantIDs(t, shop.path, "4")
	if err := os.Truncate(shop.path, 0); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, shop, "5")
	wantIDs(t, shop.path, "5")
	if lives, err := reader.LiveIn(filepath.Dir(shop.path)); len(lives) > 0 || err != nil {
		t.Errorf("listed: %q, %v", lives, err)
	}
}

// TestDeadLettersAreTorn: what comes after the torn line is whole, and what is torn stays.
func TestDeadLettersAreTorn(t *testing.T) {
	shop, _ := both(t)
	mustAdd(t, shop, "1", "2")
	content, _ := os.ReadFile(shop.path)
	half := content[:len(content)-20]
	if err := os.WriteFile(shop.path, half, 0o600); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, shop, "3")
	wantIDs(t, shop.path, "1 3")
	mustRetry(t, shop, 2)
	wantIDs(t, shop.retrying, "1 3")
	left, err := os.ReadFile(shop.path)
	if want := append(bytes.Clone(half[bytes.IndexByte(half, '\n')+1:]), '\n'); err != nil || !bytes.Equal(left, want) {
		t.Errorf("%q is left, want %q; %v", left, want, err)
	}
}

func TestDeadLettersBySymbolicLink(t *testing.T) {
	shop, _ := both(t)
	other := filepath.Join(t.TempDir(), "dead")
	if err := os.Symlink(other, shop.path); err != nil {
		t.Fatal(err)
	}
	desk := newDeadLetters(strings.TrimSuffix(shop.path, ".app.dead.jsonl"), "desk", "app", 0o600, 0o700)
	mustAdd(t, shop, "1")
	mustAdd(t, desk, "2")
	mustRetry(t, shop, 1)
	wantIDs(t, other, "2")
	if info, err := os.Lstat(shop.path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced", err)
	}
	if err := os.Remove(shop.path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(shop.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := shop.add(deadLine("3", "shop", time.Now()), "", 1); err == nil {
		t.Error("added to a directory")
	}
}

func TestExpire(t *testing.T) {
	shop, desk := both(t)
	now := time.Now().Truncate(time.Millisecond)
	for i, d := range []*deadLetters{shop, desk, shop, shop} {
		at := now.Add(time.Duration(i) * time.Hour)
		if err := d.add(deadLine(fmt.Sprint(i), d.receiver, at), "refused", 1); err != nil {
			t.Fatal(err)
		}
	}
	want := func(n int, oldest time.Time) {
		t.Helper()
		if got, at, err := shop.count(); got != n || !at.Equal(oldest) || err != nil {
			t.Errorf("%d, %v, %v, want %d, %v", got, at, err, n, oldest)
		}
	}
	want(3, now)
	if n, err := shop.expire(now); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := shop.expire(now.Add(2*time.Hour + 1)); n != 2 || err != nil {
		t.Error(n, err)
	}
	wantIDs(t, shop.path, "1 3")
	want(1, now.Add(3*time.Hour))
	if err := shop.add(deadLine("4", "shop", now), "refused", 1); err != nil {
		t.Fatal(err)
	}
	want(2, now)
	if err := os.Truncate(shop.path, 0); err != nil {
		t.Fatal(err)
	}
	want(0, time.Time{})
}

// TestDeadLettersOfTwoProcesses, and of two receivers of this one, while they are taken and
// sent again: each is somewhere once.
func TestDeadLettersOfTwoProcesses(t *testing.T) {
	shop, desk := both(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DEAD_LETTERS="+strings.TrimSuffix(shop.path, ".app.dead.jsonl"))
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for i := range 40 {
		want[fmt.Sprint("process-", i)] = true
	}
	var all sync.WaitGroup
	for _, d := range []*deadLetters{shop, desk} {
		for i := range 40 {
			want[fmt.Sprint(d.receiver, "-", i)] = true
		}
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range 40 {
				if err := d.add(deadLine(fmt.Sprint(d.receiver, "-", i), d.receiver, time.Now()), "refused", 1); err != nil {
					t.Error(err)
				}
				if i%5 == 4 {
					if _, err := d.retry(); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	all.Wait()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, d := range []*deadLetters{shop, desk} {
		if _, err := d.retry(); err != nil {
			t.Fatal(err)
		}
		for _, id := range idsIn(t, d.retrying) {
			if !want[id] {
				t.Errorf("%s is there twice", id)
			}
			delete(want, id)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d are lost: %v", len(want), want)
	}
}

// stopped is a file system that fails from an operation on, or at that one alone.
type stopped struct {
	files.OS
	left  int
	crash bool // nothing works any more
}

var errStopped = errors.New("stopped")

func (s *stopped) step() error {
	s.left--
	if s.left == 0 || s.crash && s.left < 0 {
		return errStopped
	}
	return nil
}

func (s *stopped) file(f files.File, err error) (files.File, error) {
	if err != nil {
		return nil, err
	}
	return stoppedFile{f, s}, nil
}

func (s *stopped) Open(name string) (files.File, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return s.file(s.OS.Open(name))
}

func (s *stopped) Create(name string, mode fs.FileMode) (files.File, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return s.file(s.OS.Create(name, mode))
}

func (s *stopped) Rename(from, to string) error {
	return errors.Join(s.step(), onlyIf(s, func() error { return s.OS.Rename(from, to) }))
}

func (s *stopped) Remove(name string) error {
	return errors.Join(s.step(), onlyIf(s, func() error { return s.OS.Remove(name) }))
}

func (s *stopped) SyncDir(name string) error {
	return errors.Join(s.step(), onlyIf(s, func() error { return s.OS.SyncDir(name) }))
}

// onlyIf does something unless its step has failed.
func onlyIf(s *stopped, do func() error) error {
	if s.left == 0 || s.crash && s.left < 0 {
		return nil
	}
	return do()
}

type stoppedFile struct {
	files.File
	s *stopped
}

func (f stoppedFile) Write(b []byte) (int, error) {
	if err := f.s.step(); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

func (f stoppedFile) Sync() error {
	return errors.Join(f.s.step(), onlyIf(f.s, f.File.Sync))
}

func (f stoppedFile) Truncate(size int64) error {
	return errors.Join(f.s.step(), onlyIf(f.s, func() error {
		return f.File.(interface{ Truncate(int64) error }).Truncate(size)
	}))
}

// TestDeadLettersAtEveryStep fail, or the process ends there: what was added is somewhere, and after an error only once.
func TestDeadLettersAtEveryStep(t *testing.T) {
	for _, crash := range []bool{false, true} {
		for _, alone := range []bool{false, true} {
			for _, again := range []bool{false, true} {
				for step, done := 1, false; !done; step++ {
					done = tryStep(t, step, crash, alone, again)
				}
			}
		}
	}
}

// tryStep adds and retries up to a step. It tells whether that was beyond the last one.
func tryStep(t *testing.T, step int, crash, alone, again bool) (done bool) {
	t.Helper()
	what := fmt.Sprintf("step %d, crash %t, alone %t, again %t", step, crash, alone, again)
	shop, desk := both(t)
	want := []string{"1", "2"}
	mustAdd(t, shop, "1", "2")
	if !alone {
		mustAdd(t, desk, "3")
		want = append(want, "3")
	}
	if again {
		mustRetry(t, shop, 2)
		mustAdd(t, shop, "4")
		want = append(want, "4")
	}
	fsys := &stopped{left: step, crash: crash}
	shop.fs = fsys
	addErr := shop.add(deadLine("5", "shop", time.Now()), "refused", 1)
	if addErr == nil {
		want = append(want, "5")
	}
	_, retryErr := shop.retry()
	if done = fsys.left > 0; done && (addErr != nil || retryErr != nil) {
		t.Fatalf("%s: %v, %v", what, addErr, retryErr)
	}
	shop.fs = files.OS{}
	count := map[string]int{}
	for _, id := range append(idsIn(t, shop.path), idsIn(t, shop.retrying)...) {
		count[id]++
	}
	for _, id := range want {
		if count[id] == 0 {
			t.Errorf("%s: %s is lost: %v, %v", what, id, addErr, retryErr)
		}
		if count[id] > 1 && !crash {
			t.Errorf("%s: %s is there %d times: %v, %v", what, id, count[id], addErr, retryErr)
		}
	}
	if addErr != nil && count["5"] > 0 && !crash {
		t.Errorf("%s: what was not added is there", what)
	}
	mustAdd(t, shop, "6")
	if _, err := shop.retry(); err != nil {
		t.Errorf("%s: then: %v", what, err)
	}
	if ids := idsIn(t, shop.retrying); len(ids) == 0 || ids[len(ids)-1] != "6" {
		t.Errorf("%s: then: %v", what, ids)
	}
	return done
}
