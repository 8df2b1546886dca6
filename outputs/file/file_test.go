package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
)

func TestDefaultOutput(t *testing.T) {
	o := loadFile(t, "")
	file := filepath.Join(os.Getenv("XDG_DATA_HOME"), "caddy", "webhooks", "events.jsonl")
	if o.path != file || !o.Durable() {
		t.Fatalf("path %s, want %s; durable %t", o.path, file, o.Durable())
	}
	if _, err := os.Stat(os.Getenv("XDG_DATA_HOME")); !os.IsNotExist(err) {
		t.Errorf("loading the config made a directory (%v)", err)
	}
	o.store(t, "1")
	for path, mode := range map[string]fs.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v", path, info.Mode(), mode)
		}
	}
}

func TestModes(t *testing.T) {
	dir := t.TempDir()
	loadFile(t, dir+"/a/b/events.jsonl {\nmode 0666\ndir_mode 0777\n}").store(t, "1")
	for path, mode := range map[string]fs.FileMode{"a": 0o777, "a/b": 0o777, "a/b/events.jsonl": 0o666} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v whatever the umask", path, info.Mode(), mode)
		}
	}

	// An existing file keeps its own.
	file := dir + "/mine.jsonl"
	if err := os.WriteFile(file, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	loadFile(t, file+" {\nmode 0600\n}").store(t, "1")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 || info.Size() == 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestProvisionLeavesNothing also covers `caddy validate`, which provisions.
func TestProvisionLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	existing := filepath.Join(dir, "existing.jsonl")
	if err := os.WriteFile(existing, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	for _, file := range []string{"existing.jsonl", "new.jsonl", "a/b/c/new.jsonl"} {
		loadFile(t, filepath.Join(dir, file))
		if after := tree(t, dir); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: %v became %v", file, before, after)
		}
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			b, err = os.ReadFile(path)
			found[path] = string(b)
		} else {
			found[path] = "directory"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestOutputsShareOneWriter has two outputs, one of them with other options,
// append to one file while both are used and one goes away.
func TestOutputsShareOneWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	a := loadFile(t, file)
	b := loadFile(t, file+" {\nformat raw\nsync 1h\n}")
	if a.journal != b.journal {
		t.Fatal("two outputs on one path have two writers")
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Add(2)
		go func() { defer wg.Done(); a.store(t, fmt.Sprintf(`{"a":%d}`, i)) }()
		go func() { defer wg.Done(); b.store(t, fmt.Sprintf(`{"b":%d}`, i)) }()
	}
	wg.Wait()
	if err := b.Cleanup(); err != nil {
		t.Fatal(err)
	}
	a.store(t, `{"a":40}`)
	b.store(t, `{"b":40}`) // as a request in flight during a reload would
	all := strings.Join(linesOf(t, file), "\n") + "\n"
	for i := range 41 {
		for _, part := range []string{fmt.Sprintf("\"data\":{\"a\":%d}}\n", i), fmt.Sprintf("\n{\"b\":%d}\n", i)} {
			if n := strings.Count("\n"+all, part); n != 1 {
				t.Errorf("%q is there %d times", part, n)
			}
		}
	}
	if n := strings.Count(all, "\n"); n != 82 {
		t.Errorf("%d lines, want 82", n)
	}

	// The pool gave b its own reference to drop, and no more.
	if n, _ := journals.References(file); n != 1 {
		t.Errorf("%d references, want 1", n)
	}
	b.journal = nil // its Cleanup runs again when the test's config ends
}

func TestSyncModes(t *testing.T) {
	dir := t.TempDir()
	for mode, durable := range map[string]bool{"always": true, "1h": false, "off": false} {
		file := filepath.Join(dir, mode)
		o := loadFile(t, file+" {\nsync "+mode+"\n}")
		if o.Durable() != durable {
			t.Errorf("sync %s: durable %v", mode, o.Durable())
		}
		start := time.Now()
		o.store(t, "1")
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("sync %s: after %s", mode, took)
		}
		if got := len(linesOf(t, file)); got != 1 {
			t.Errorf("sync %s: %d lines", mode, got)
		}
	}
}

func TestRotation(t *testing.T) {
	for options, want := range map[string]journal.Rotation{
		"":              {Size: 100 << 20},
		"roll_size 0":   {},
		"roll_size 1MB": {Size: 1_000_000},
		"roll_size 0\nroll_interval 1d\nroll_keep 3\nroll_keep_for 2h\nroll_compress gzip": {Interval: 24 * time.Hour, Keep: 3, KeepFor: 2 * time.Hour, Compression: files.Gzip},
	} {
		if got := loadFile(t, "{\n"+options+"\n}").options.Rotation; got != want {
			t.Errorf("%q: %+v, want %+v", options, got, want)
		}
	}

	dir := t.TempDir()
	old := loadFile(t, dir+"/events.jsonl {\nroll_size 1KiB\nroll_keep 2\nformat raw\n}")
	for i := range 10 {
		old.store(t, fmt.Sprintf(`{"n":%d,"pad":"%s"}`, i, strings.Repeat("x", 500)))
	}
	// The config is not the one that runs: it rotates, and removes nothing.
	if left, _ := filepath.Glob(dir + "/events-*.jsonl"); len(left) != 9 {
		t.Errorf("%d rotated files, want 9", len(left))
	}
	mustSay(t, strings.Join(linesOf(t, dir+"/events.jsonl"), ""), `{"n":9,`)

	// After a reload without such limits, nothing more is rotated.
	other := loadFile(t, dir+"/events.jsonl {\nroll_size 0\nformat raw\n}")
	if err := old.Cleanup(); err != nil {
		t.Fatal(err)
	}
	old.journal = nil // its Cleanup runs again when the test's config ends
	for range 10 {
		other.store(t, `"`+strings.Repeat("x", 500)+`"`)
	}
	if left, _ := filepath.Glob(dir + "/events-*.jsonl"); len(left) != 9 {
		t.Errorf("%d rotated files, want 9", len(left))
	}
}

func TestSyncModeText(t *testing.T) {
	for text, want := range map[string]string{"always": "always", "off": "off", "1d": "24h0m0s", "250ms": "250ms"} {
		var m SyncMode
		if err := m.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, _ := m.MarshalText(); string(got) != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
	mode := FileMode(0o644)
	if got, _ := mode.MarshalText(); string(got) != "0644" {
		t.Errorf("mode %s", got)
	}
}

// TestConfigIsLoadedWhileTheFileIsRotated has the file renamed and created all
// the time while configs are loaded.
func TestConfigIsLoadedWhileTheFileIsRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() {
		var err error
		for err == nil && ctx.Err() == nil {
			if err = os.WriteFile(path, nil, 0o600); err == nil {
				err = os.Rename(path, path+".rotated")
			}
		}
		stopped <- err
	}()
	for range 5000 {
		if err := checkWritable(path); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestRejectedConfigKeepsWriter: a config that is rejected lets go of its journals.
func TestRejectedConfigKeepsWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	kept := loadFile(t, file)
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	if _, err := ctx.LoadModuleByID("http.webhook_receiver.outputs.file", fmt.Appendf(nil, `{"filename":%q}`, file)); err != nil {
		t.Fatal(err)
	}
	if n, _ := journals.References(file); n != 2 {
		t.Errorf("%d references, want 2", n)
	}
	cancel()
	if n, _ := journals.References(file); n != 1 {
		t.Errorf("%d references, want 1", n)
	}
	kept.store(t, "1")
}
