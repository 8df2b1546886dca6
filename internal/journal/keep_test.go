package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What is kept counts before its caller's first line, and until it is released.
func TestRegisteredWishesKeepFiles(t *testing.T) {
	j, fsys := newJournal(t)
	few, all := rotating(Rotation{Size: 1, Keep: 1}), rotating(Rotation{})
	j.Register(few)
	j.Register(all)
	for _, line := range []string{"one\n", "two\n", "three\n", "four\n"} {
		mustAppend(t, j, few, line)
	}
	awaitIdle(t, j)
	if got := contents(t, fsys.root); len(got) != 4 {
		t.Errorf("files: %q", got)
	}
	j.Release(all)
	awaitIdle(t, j)
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"three\n", "four\n"}) {
		t.Errorf("files after the release: %q", got)
	}
}

// Wishes that come while files are being removed are asked about the next one.
func TestWishesThatComeMeanwhileCount(t *testing.T) {
	j, fsys := newJournal(t)
	for i := range 5 {
		writeRotated(t, j, time.Duration(48+i)*time.Hour, "old\n")
	}
	fsys.add(hook{op: opRemove, nth: 2, after: func() error {
		j.Register(rotating(Rotation{}))
		return nil
	}})
	j.Register(rotating(Rotation{KeepFor: 24 * time.Hour}))
	awaitIdle(t, j)
	if got := names(t, fsys.root); len(got) != 3 {
		t.Errorf("left: %q", got)
	}
}

// Until somebody's wishes have taken effect nothing is removed, compressed or
// changed; then it is without any line, and on and on.
func TestNothingIsRemovedBeforeItTakesEffect(t *testing.T) {
	j, fsys := newJournal(t)
	old := writeRotated(t, j, 48*time.Hour, "old\n")
	writeRotated(t, j, time.Hour, "young\n")
	leftOver := filepath.Join(fsys.root, filepath.Base(old)+".00000001.tmp")
	write(t, leftOver, "x")
	age(t, leftOver, 2*temporaryFor)
	var effect atomic.Bool
	o := rotating(Rotation{KeepFor: 24 * time.Hour, Compression: Gzip})
	o.InEffect = effect.Load
	before := names(t, fsys.root)
	j.Register(o)
	mustAppend(t, j, o, "a line changes nothing in that\n")
	awaitIdle(t, j)
	if got := names(t, fsys.root); !reflect.DeepEqual(got, append(before, "events.jsonl")) {
		t.Errorf("files: %q, before: %q", got, before)
	}
	effect.Store(true)
	eventually(t, "what is too old is removed", func() bool {
		_, err := os.Stat(old)
		return errors.Is(err, fs.ErrNotExist)
	})
	awaitIdle(t, j)
	if got := names(t, fsys.root); len(got) != 2 || !strings.HasSuffix(got[0], ".gz") {
		t.Errorf("files: %q", got)
	}
	if !keepsOn(j) {
		t.Error("there is no next time")
	}
	j.Release(o)
	awaitIdle(t, j)
	if keepsOn(j) {
		t.Error("there is a next time")
	}
}

func keepsOn(j *Journal) bool {
	j.keeper.mu.Lock()
	defer j.keeper.mu.Unlock()
	return j.keeper.timer != nil
}

// Wishes that were rejected and never released, as by versions of Caddy that do
// not clean up, count no longer than until the next ones take effect.
func TestWishesThatWereNeverReleased(t *testing.T) {
	j, _ := newJournal(t)
	with := func(effect *atomic.Bool) *Options {
		o := rotating(Rotation{})
		o.InEffect = effect.Load
		j.Register(o)
		return o
	}
	var first, rejected, next atomic.Bool
	want := func(waiting bool, users ...*Options) {
		t.Helper()
		if got, gotWaiting := j.wishes(); !reflect.DeepEqual(append([]*Options{}, got...), append([]*Options{}, users...)) || gotWaiting != waiting {
			t.Errorf("%d count, %t; want %d, %t", len(got), gotWaiting, len(users), waiting)
		}
	}
	want(false)
	a, b := with(&first), with(&first)
	want(true)
	first.Store(true)
	want(false, a, b)
	c := with(&rejected)
	want(false, a, b, c)
	d, e := with(&next), with(&next)
	want(false, a, b, c, d, e)
	first.Store(false)
	next.Store(true)
	want(false, d, e)
}

// Where such wishes are the last, they keep files for an hour, and no longer are
// they asked whether they have taken effect.
func TestWishesThatNeverTakeEffectExpire(t *testing.T) {
	j, fsys := newJournal(t)
	rejected := rotating(Rotation{})
	rejected.InEffect = func() bool { return false }
	expire := func(ago time.Duration) {
		t.Helper()
		j.mu.Lock()
		rejected.registeredAt = time.Now().Add(-ago)
		j.mu.Unlock()
		j.keeper.start()
		awaitIdle(t, j)
	}
	j.Register(rejected)
	awaitIdle(t, j)
	if expire(waitFor - time.Minute); !keepsOn(j) {
		t.Error("it is not asked any more")
	}
	if expire(waitFor); keepsOn(j) {
		t.Error("it is still asked")
	}
	j.Release(rejected)
	rejected.released = false

	for i := range 3 {
		writeRotated(t, j, time.Duration(2+i)*time.Hour, "old\n")
	}
	j.Register(rotating(Rotation{Keep: 1}))
	awaitIdle(t, j)
	writeRotated(t, j, time.Hour, "old\n")
	j.Register(rejected)
	if expire(waitFor - time.Minute); len(names(t, fsys.root)) != 2 {
		t.Errorf("left within the hour: %q", names(t, fsys.root))
	}
	if expire(waitFor); len(names(t, fsys.root)) != 1 {
		t.Errorf("left after the hour: %q", names(t, fsys.root))
	}
}

// Without a directory there is nothing to do, and it is no error.
func TestKeepingBeforeThereIsADirectory(t *testing.T) {
	_, fsys := newJournal(t)
	j := New(filepath.Join(fsys.root, "a", "b", "events.jsonl"), fsys)
	o := rotating(Rotation{KeepFor: time.Hour, Keep: 1, Compression: Gzip})
	o.RotationFailed = func(err error) { t.Error(err) }
	j.Register(o)
	awaitIdle(t, j)
	if n := fsys.count(opReadDir); n != 1 {
		t.Errorf("the directory was read %d times", n)
	}
	j.Release(o)
	awaitIdle(t, j)
}

// What was left over goes whatever the options, also where the clock was ahead.
func TestWhatWasLeftOverGoes(t *testing.T) {
	j, fsys := newJournal(t)
	name := rotatedName(j.file.path, time.Now().Add(-48*time.Hour))
	other := rotatedName(j.file.path, time.Now().Add(-49*time.Hour))
	young := rotatedName(j.file.path, time.Now().Add(-50*time.Hour))
	write(t, name, "stays\n")
	for path, old := range map[string]time.Duration{
		name + ".00000001.tmp": 2 * temporaryFor,
		name + ".00000002.tmp": -1000 * time.Hour,
		name + ".00000003.tmp": 0,
		other:                  2 * temporaryFor,
		other + ".gz":          2 * temporaryFor,
		young:                  0,
	} {
		content := ""
		if strings.HasSuffix(path, Temporary) {
			content = "x"
		}
		write(t, path, content)
		age(t, path, old)
	}
	k := &j.keeper
	j.register(rotating(Rotation{}))
	if err := k.keep(time.Now()); err != nil {
		t.Error(err)
	}
	left := []string{young, name, name + ".00000003.tmp"}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, bases(left)) {
		t.Errorf("left: %q, want %q", got, bases(left))
	}
	if err := k.keep(time.Now().Add(temporaryFor + time.Minute)); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, bases([]string{name})) {
		t.Errorf("left an hour later: %q", got)
	}
}

// The clock was set back by seconds: what is in use stays for its hour.
func TestNothingIsLeftOverAsTheClockIsSetBack(t *testing.T) {
	j, fsys := newJournal(t)
	name := writeRotated(t, j, time.Hour, "stays\n")
	reserved := writeRotated(t, j, -5*time.Second, "")
	write(t, name+".01234567.tmp", "x")
	age(t, name+".01234567.tmp", -5*time.Second)
	want := bases([]string{name, name + ".01234567.tmp", reserved})
	j.register(rotating(Rotation{Keep: 5}))
	for _, in := range []time.Duration{0, time.Second, temporaryFor / 2} {
		if err := j.keeper.keep(time.Now().Add(in)); err != nil {
			t.Error(err)
		}
		if got := names(t, fsys.root); !sameElements(got, want) {
			t.Errorf("%s later: %q, want %q", in, got, want)
		}
	}
	if err := j.keeper.keep(time.Now().Add(temporaryFor + time.Minute)); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !sameElements(got, want[:1]) {
		t.Errorf("left an hour later: %q", got)
	}
}

// Others' temporary files are not the journal's to remove.
func TestTemporaryFilesOfOthersStay(t *testing.T) {
	j, fsys := newJournal(t)
	name := writeRotated(t, j, 48*time.Hour, "stays\n")
	want := []string{filepath.Base(name)}
	for _, ending := range []string{
		".tmp", ".gz.tmp", ".notes.tmp", ".gz.aes.tmp", ".0123456.tmp", ".012345678.tmp", ".0123456g.tmp", ".01234567", ".gz.01234567.tmp",
	} {
		write(t, name+ending, "theirs\n")
		age(t, name+ending, 2*temporaryFor)
		want = append(want, filepath.Base(name+ending))
	}
	j.register(rotating(Rotation{}))
	if err := j.keeper.keep(time.Now()); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !sameElements(got, want) {
		t.Errorf("left: %q, want %q", got, want)
	}
}

func bases(paths []string) (bases []string) {
	for _, path := range paths {
		bases = append(bases, filepath.Base(path))
	}
	return bases
}

// Empty names, and files that were set aside after a failed fsync, are not kept
// in the stead of rotated ones, and the latter stay as they are.
func TestOnlyRotatedFilesCount(t *testing.T) {
	j, fsys := newJournal(t)
	full := writeRotated(t, j, 9*time.Hour, "full\n")
	for i := range 3 {
		writeRotated(t, j, time.Duration(5+i)*time.Hour, "")
	}
	o := rotating(Rotation{Keep: 1, Compression: Gzip})
	o.Sync = SyncNever
	j.Register(o)
	for range 3 { // each with what was acknowledged, so that it is not removed
		mustAppend(t, j, o, "set aside\n")
		again := fsys.fail(opSync, 0, errDisk)
		if err := j.Sync(context.Background()); err == nil {
			t.Fatal("the fsync did not fail")
		}
		again()
		expireRetry(t, j)
	}
	mustAppend(t, j, o, "now\n")
	awaitIdle(t, j)
	if got := linesBelow(t, fsys.root); got["full\n"] != 1 || got["set aside\n"] != 3 {
		t.Errorf("left: %v", got)
	}
	if _, err := os.Stat(full + ".gz"); err != nil {
		t.Error(err)
	}
	o.Size = 1
	mustAppend(t, j, o, "next\n")
	awaitIdle(t, j)
	if got := linesBelow(t, fsys.root); got["full\n"]+got["set aside\n"] != 0 || got["now\n"] != 1 {
		t.Errorf("left when another is rotated: %v", got)
	}
}

// writeRotated makes a file that was rotated that long ago.
func writeRotated(t testing.TB, j *Journal, ago time.Duration, content string) (path string) {
	t.Helper()
	path = rotatedName(j.file.path, time.Now().Add(-ago))
	write(t, path, content)
	age(t, path, ago)
	return path
}

// age has a file be written that long ago.
func age(t testing.TB, path string, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// What is set aside becomes read-only when its new name is durable, and not
// before: a power cut would leave a read-only file at path.
func TestFailedFilesBecomeReadOnlyUnderADurableName(t *testing.T) {
	for name, failures := range map[string]int{"at once": 0, "after a failed fsync of the directory": 1} {
		t.Run(name, func(t *testing.T) {
			j, fsys := newJournal(t)
			o := rotating(Rotation{})
			o.Sync = SyncNever
			mustAppend(t, j, o, "set aside\n")
			again := fsys.fail(opSync, 0, errDisk)
			defer again()
			fsys.add(hook{op: opSyncDir, before: func() error {
				for _, name := range names(t, fsys.root) {
					if info, err := os.Stat(filepath.Join(fsys.root, name)); err != nil || isAside(info) {
						t.Errorf("%s before the fsync of the directory: %v, %v", name, info.Mode(), err)
					}
				}
				return nil
			}, nth: 1, upTo: failures + 1})
			if failures > 0 {
				fsys.fail(opSyncDir, 1, errDisk)
			}
			if err := j.Sync(context.Background()); err == nil {
				t.Fatal("the fsync did not fail")
			}
			again()
			expireRetry(t, j)
			mustAppend(t, j, o, "now\n")
			var aside []string
			for _, name := range names(t, fsys.root) {
				path := filepath.Join(fsys.root, name)
				if info, err := os.Stat(path); err != nil {
					t.Error(err)
				} else if isAside(info) {
					aside = append(aside, read(t, path))
				}
			}
			if !reflect.DeepEqual(aside, []string{"set aside\n"}) {
				t.Errorf("read-only: %q", aside)
			}
		})
	}
}
