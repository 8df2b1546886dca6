package journal

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Somebody else takes the file away before or after any operation of a batch,
// whatever the batch's sync mode and whether the file was open already. What
// was acknowledged is in what they took, as it was then, or in what is there
// afterwards.
func TestFileTakenByOthersAtEveryMoment(t *testing.T) {
	skipWhereOpenFilesCannotBeRenamed(t)
	takes := map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".taken") },
		"removed": os.Remove,
		"gzipped": func(path string) error { return errors.Join(compressByOthers(path), os.Remove(path)) },
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".taken"), os.WriteFile(path, []byte("theirs\n"), 0o600))
		},
		"replaced by a torn one": func(path string) error {
			return errors.Join(os.Rename(path, path+".taken"), os.WriteFile(path, []byte("thei"), 0o600))
		},
	}
	dir := t.TempDir()
	scripts := 0
	for name, take := range takes {
		for mode, sync := range map[string]time.Duration{"always": SyncAlways, "interval": time.Hour, "never": SyncNever} {
			for _, lines := range []int{1, 2} { // before that the file is there, or open
				for nth := 1; ; nth++ {
					s := taking{t: t, dir: filepath.Join(dir, strconv.Itoa(scripts)), take: take, lines: lines}
					s.options = &Options{Sync: sync, Mode: 0o600, DirMode: 0o700}
					s.run(nth, fmt.Sprintf("%s, sync %s, line %d, operation %d", name, mode, lines, nth))
					if scripts++; !s.taken {
						break // there are no more operations
					}
				}
			}
		}
	}
	t.Logf("%d scripts", scripts)
}

type taking struct {
	t       testing.TB
	dir     string
	options *Options
	take    func(path string) error
	lines   int
	taken   bool
}

// run has the file taken before and, in another directory, after the nth
// operation of the last line.
func (s *taking) run(nth int, what string) {
	for _, after := range []bool{false, true} {
		root := filepath.Join(s.dir, strconv.FormatBool(after))
		path := filepath.Join(root, "events.jsonl")
		if err := os.MkdirAll(root, 0o700); err != nil {
			s.t.Fatal(err)
		}
		write(s.t, path, "old\n")
		fsys := newFaultFS(root)
		j := New(path, fsys)
		for i := range s.lines - 1 {
			mustAppend(s.t, j, s.options, fmt.Sprintf("before %d\n", i))
		}
		awaitIdle(s.t, j)
		then := ""
		h := hook{nth: nth, before: func() error {
			s.taken, then = true, read(s.t, path)
			return s.take(path)
		}}
		if after {
			h.before, h.after = nil, h.before
		}
		fsys.add(h)
		if err := await(s.t, goAppend(j, s.options, "line\n")); err != nil {
			s.t.Errorf("%s, after it %t: %v", what, after, err)
		}
		finish(s.t, j, fsys)
		if now := linesBelow(s.t, root); now["line\n"] == 0 && !strings.Contains(then, "\nline\n") {
			s.t.Errorf("%s, after it %t: the line is neither in %q, nor in %v", what, after, then, now)
		}
	}
}

func compressByOthers(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	compressed, err := os.Create(path + ".taken.gz")
	if err != nil {
		return err
	}
	w := gzip.NewWriter(compressed)
	_, err = w.Write(content)
	return errors.Join(err, w.Close(), compressed.Close())
}
