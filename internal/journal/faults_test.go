package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Every operation fails at every point of a script, once and several times in
// a row, without or in spite of being done. Whatever was acknowledged survives,
// and when the failure is over the journal works again.
func TestEveryOperationFailsAtEveryPoint(t *testing.T) {
	withScriptRotations(t, everyOperationFails)
}

func everyOperationFails(t *testing.T, r scriptRotation) {
	dir := t.TempDir()
	reference := runScript(t, filepath.Join(dir, "reference"), r)
	scripts := 0
	outcomes := []struct {
		name  string
		hook  hook
		times int
		only  op
	}{
		{name: "not done", hook: hook{before: failing(errDisk)}, times: 1},
		{name: "not done, for a while", hook: hook{before: failing(errDisk)}, times: 4},
		{name: "not permitted", hook: hook{before: failing(fs.ErrPermission)}, times: 2},
		{name: "done all the same", hook: hook{after: failing(errDisk)}, times: 1},
		{name: "done in part", hook: hook{before: failing(&shortWrite{3, syscall.ENOSPC})}, times: 2, only: opWrite},
		{name: "done except the line feed", hook: hook{before: failing(&shortWrite{6, nil})}, times: 1, only: opWrite},
	}
	for _, o := range allOps {
		calls := reference.fsys.count(o)
		for _, outcome := range outcomes {
			if outcome.only != "" && outcome.only != o || r.Size > 0 && outcome.times > 1 {
				continue // the second to save time: such scripts are long
			}
			for nth := 1; nth <= calls; nth++ {
				if isLeftOut(r) {
					continue
				}
				h := outcome.hook
				h.op, h.nth, h.upTo = o, nth, nth+outcome.times-1
				if failed := runScript(t, filepath.Join(dir, strconv.Itoa(scripts)), r, h).failed; failed != "" {
					t.Errorf("%s %d to %d is %s: %s", o, h.nth, h.upTo, outcome.name, failed)
				}
				scripts++
			}
		}
	}
	t.Logf("%d scripts", scripts)
}

// The fsync of a file fails and so does any other operation afterwards, as is
// to be expected of a failing disk.
func TestEveryOperationFailsAfterAFailedFsync(t *testing.T) {
	withScriptRotations(t, everyOperationFailsAfterAFailedFsync)
}

func everyOperationFailsAfterAFailedFsync(t *testing.T, r scriptRotation) {
	dir := t.TempDir()
	reference := runScript(t, filepath.Join(dir, "reference"), r)
	scripts := 0
	for sync := 1; sync <= reference.fsys.count(opSync); sync++ {
		for _, o := range allOps {
			for nth := 1; nth <= 3; nth++ {
				if isLeftOut(r) {
					continue
				}
				s := newScript(t, filepath.Join(dir, strconv.Itoa(scripts)), r)
				s.fsys.add(hook{op: opSync, nth: sync, before: func() error {
					s.fsys.fail(o, nth, errDisk) // counted from here on
					return errDisk
				}})
				if s.do(); s.failed != "" {
					t.Errorf("fsync %d fails, and then %s %d: %s", sync, o, nth, s.failed)
				}
				scripts++
			}
		}
	}
	t.Logf("%d scripts", scripts)
}

// scriptRotations are those of a script's lines, two of which fit into a file
// but in the first.
var scriptRotations = map[string]scriptRotation{
	"one file":                   {},
	"many files":                 {Rotation: Rotation{Size: 15}},
	"many files, names reserved": {Rotation{Size: 15}, true},
	"compressed files":           {Rotation: Rotation{Size: 15, Compression: files.Gzip}},
	"compressed, names reserved": {Rotation{Size: 15, Compression: files.Gzip}, true},
}

type scriptRotation struct {
	Rotation
	reserves bool // see faultFS
}

// isLeftOut takes a sample of the scripts with compression, which take long, and
// of those with reserved names, which differ little: another one each time.
func isLeftOut(r scriptRotation) bool {
	return (r.Compression != "" || r.reserves) && rand.IntN(6) > 0
}

func withScriptRotations(t *testing.T, f func(*testing.T, scriptRotation)) {
	skipWhereOpenFilesCannotBeRenamed(t)
	for name, r := range scriptRotations {
		t.Run(name, func(t *testing.T) { f(t, r) })
	}
}

// script is a sequence of lines and of what others do to the file.
type script struct {
	t      testing.TB
	fsys   *faultFS
	j      *Journal
	always *Options
	never  *Options
	lines  int
	synced []string // lines that were acknowledged as durable
	stored []string // those that were acknowledged as written
	failed string   // what went wrong first
}

func runScript(t testing.TB, root string, r scriptRotation, hooks ...hook) *script {
	t.Helper()
	s := newScript(t, root, r)
	for _, h := range hooks {
		s.fsys.add(h)
	}
	s.do()
	return s
}

func newScript(t testing.TB, root string, r scriptRotation) *script {
	t.Helper()
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	fsys := newFaultFS(root)
	fsys.reserves = r.reserves
	return &script{
		t: t, fsys: fsys,
		j:      New(filepath.Join(root, "a", "events.jsonl"), fsys),
		always: &Options{Mode: 0o600, DirMode: 0o700, Rotation: r.Rotation},
		never:  &Options{Sync: SyncNever, Mode: 0o600, DirMode: 0o700, Rotation: r.Rotation},
	}
}

func (s *script) do() {
	s.append(s.always)
	s.append(s.always)
	s.moveAway(1)
	s.append(s.always)
	s.append(s.never)
	s.append(s.always)
	s.tear()
	s.append(s.always)
	s.append(s.never)
	s.moveAway(2)
	s.append(s.always)
	s.close()
	s.append(s.always)
	s.append(s.never)
	s.tear()
	s.append(s.always)

	s.fsys.mu.Lock()
	s.fsys.hooks = nil
	s.fsys.mu.Unlock()
	s.append(s.always)
	if last := fmt.Sprintf("line %d\n", s.lines); len(s.synced) == 0 || s.synced[len(s.synced)-1] != last {
		s.fail("it does not work again")
	}
	s.close()
	lines := linesBelow(s.t, s.fsys.root)
	for _, line := range s.stored {
		if lines[line] == 0 {
			s.fail(fmt.Sprintf("%q was acknowledged and is gone", line))
		}
	}
	if n := s.fsys.descriptors(); n != 0 {
		s.fail(fmt.Sprintf("%d descriptors open at the end", n))
	}
	for _, fault := range s.fsys.faults() {
		s.fail(fault)
	}
}

func (s *script) append(o *Options) {
	s.lines++
	line := fmt.Sprintf("line %d\n", s.lines)
	err := await(s.t, goAppend(s.j, o, line))
	if err == nil && o.Sync == SyncAlways {
		s.synced = append(s.synced, line)
	} else if err == nil {
		s.stored = append(s.stored, line)
	}
	expireRetry(s.t, s.j)
	s.check(fmt.Sprintf("after %q", line))
}

func (s *script) moveAway(n int) {
	path := s.j.file.path
	err := s.fsys.moveAway(path, fmt.Sprintf("%s.%d", path, n))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
}

// tear has somebody else leave a torn line at the end of the file.
func (s *script) tear() {
	f, err := os.OpenFile(s.j.file.path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		_, err = f.WriteString("torn")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) close() {
	_ = s.j.Close(context.Background())
	awaitIdle(s.t, s.j)
	expireRetry(s.t, s.j)
	s.check("after Close")
}

func (s *script) check(when string) {
	durable := s.fsys.durable()
	for _, line := range s.synced {
		if !durable[line] {
			s.fail(fmt.Sprintf("%s: %q was acknowledged and is not durable", when, line))
		}
	}
}

func (s *script) fail(how string) {
	if s.failed == "" {
		s.failed = how
	}
}
