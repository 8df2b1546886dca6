package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestIsSpent(t *testing.T) {
	for name, test := range map[string]struct {
		wishes []Wishes
		newer  int
		age    time.Duration
		want   bool
	}{
		"nobody":                   {nil, 9, time.Hour, false},
		"no limit":                 {[]Wishes{{}}, 999, 999 * time.Hour, false},
		"among those kept":         {[]Wishes{{Keep: 2}}, 1, time.Hour, false},
		"one too many":             {[]Wishes{{Keep: 2}}, 2, time.Hour, true},
		"young":                    {[]Wishes{{KeepFor: time.Hour}}, 9, time.Hour, false},
		"old":                      {[]Wishes{{KeepFor: time.Hour}}, 0, time.Hour + 1, true},
		"young, but one too many":  {[]Wishes{{Keep: 2, KeepFor: time.Hour}}, 2, 0, true},
		"few, but old":             {[]Wishes{{Keep: 2, KeepFor: time.Hour}}, 0, 2 * time.Hour, true},
		"somebody keeps all":       {[]Wishes{{Keep: 1}, {}}, 9, time.Hour, false},
		"somebody keeps more":      {[]Wishes{{Keep: 1}, {Keep: 10}}, 9, time.Hour, false},
		"somebody keeps it longer": {[]Wishes{{KeepFor: time.Hour}, {KeepFor: time.Minute}}, 9, time.Hour, false},
		"nobody wants it":          {[]Wishes{{KeepFor: time.Minute}, {Keep: 9}}, 9, time.Hour, true},
	} {
		var users []*registered
		for _, w := range test.wishes {
			users = append(users, &registered{Wishes: w})
		}
		if got := isSpent(users, test.newer, test.age); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Wishes that come while files are being removed are asked about the next one.
func TestWishesThatComeMeanwhileCount(t *testing.T) {
	k, fsys := newKeeper(t)
	for i := range 5 {
		writeRotated(t, k, time.Duration(48+i)*time.Hour, "old\n")
	}
	fsys.add(hook{op: opRemove, nth: 2, after: func() error {
		start(k, "another", Wishes{})
		return nil
	}})
	start(k, "user", Wishes{KeepFor: 24 * time.Hour})
	awaitIdle(t, k)
	if got := names(t, fsys.root); len(got) != 3 {
		t.Errorf("left: %q", got)
	}
}

// Until somebody's wishes have taken effect nothing is removed, compressed or
// changed; then it is without any line, and on and on.
func TestNothingIsRemovedBeforeItTakesEffect(t *testing.T) {
	k, fsys := newKeeper(t)
	old := writeRotated(t, k, 48*time.Hour, "old\n")
	writeRotated(t, k, time.Hour, "young\n")
	leftOver := filepath.Join(fsys.root, filepath.Base(old)+".00000001.tmp")
	write(t, leftOver, "x")
	age(t, leftOver, 2*temporaryFor)
	var effect atomic.Bool
	before := names(t, fsys.root)
	start(k, "user", Wishes{KeepFor: 24 * time.Hour, Compression: Gzip, InEffect: effect.Load})
	awaitIdle(t, k)
	k.Start() // as after a line, which changes nothing in that
	awaitIdle(t, k)
	if got := names(t, fsys.root); !reflect.DeepEqual(got, before) {
		t.Errorf("files: %q, before: %q", got, before)
	}
	effect.Store(true)
	eventually(t, "what is too old is removed", func() bool {
		_, err := os.Stat(old)
		return errors.Is(err, fs.ErrNotExist)
	})
	awaitIdle(t, k)
	if got := names(t, fsys.root); len(got) != 1 || !strings.HasSuffix(got[0], ".gz") {
		t.Errorf("files: %q", got)
	}
	if !keepsOn(k) {
		t.Error("there is no next time")
	}
	k.Release("user")
	k.Start()
	awaitIdle(t, k)
	if keepsOn(k) {
		t.Error("there is a next time")
	}
}

func start(k *Keeper, owner string, w Wishes) {
	k.Register(owner, w)
	k.Start()
}

func keepsOn(k *Keeper) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.timer != nil
}

// Wishes that were rejected and never released, as by versions of Caddy that do
// not clean up, count no longer than until the next ones take effect.
func TestWishesThatWereNeverReleased(t *testing.T) {
	k, _ := newKeeper(t)
	with := func(owner string, effect *atomic.Bool) string {
		start(k, owner, Wishes{InEffect: effect.Load})
		return owner
	}
	var first, rejected, next atomic.Bool
	want := func(waiting bool, owners ...string) {
		t.Helper()
		users, gotWaiting := k.users()
		var got []string
		for _, r := range users {
			got = append(got, r.owner.(string))
		}
		if !slices.Equal(got, owners) || gotWaiting != waiting {
			t.Errorf("%q count, %t; want %q, %t", got, gotWaiting, owners, waiting)
		}
	}
	want(false)
	a, b := with("a", &first), with("b", &first)
	want(true)
	first.Store(true)
	want(false, a, b)
	c := with("c", &rejected)
	want(false, a, b, c)
	d, e := with("d", &next), with("e", &next)
	want(false, a, b, c, d, e)
	first.Store(false)
	next.Store(true)
	want(false, d, e)
}

// Where such wishes are the last, they keep files for an hour, and no longer are
// they asked whether they have taken effect.
func TestWishesThatNeverTakeEffectExpire(t *testing.T) {
	k, fsys := newKeeper(t)
	rejected := Wishes{InEffect: func() bool { return false }}
	expire := func(ago time.Duration) {
		t.Helper()
		k.mu.Lock()
		k.wishes[len(k.wishes)-1].at = time.Now().Add(-ago)
		k.mu.Unlock()
		k.Start()
		awaitIdle(t, k)
	}
	start(k, "rejected", rejected)
	awaitIdle(t, k)
	if expire(waitFor - time.Minute); !keepsOn(k) {
		t.Error("it is not asked any more")
	}
	if expire(waitFor); keepsOn(k) {
		t.Error("it is still asked")
	}
	k.Release("rejected")

	for i := range 3 {
		writeRotated(t, k, time.Duration(2+i)*time.Hour, "old\n")
	}
	start(k, "user", Wishes{Keep: 1})
	awaitIdle(t, k)
	writeRotated(t, k, time.Hour, "old\n")
	start(k, "rejected", rejected)
	if expire(waitFor - time.Minute); len(names(t, fsys.root)) != 2 {
		t.Errorf("left within the hour: %q", names(t, fsys.root))
	}
	if expire(waitFor); len(names(t, fsys.root)) != 1 {
		t.Errorf("left after the hour: %q", names(t, fsys.root))
	}
}

// Without a directory there is nothing to do, and it is no error.
func TestKeepingBeforeThereIsADirectory(t *testing.T) {
	fsys := newFaultFS(t)
	k := NewKeeper(fsys, filepath.Join(fsys.root, "a", "b", "events.jsonl"))
	start(k, "user", Wishes{KeepFor: time.Hour, Keep: 1, Compression: Gzip, Failed: func(err error) { t.Error(err) }})
	awaitIdle(t, k)
	if n := fsys.count(opReadDir); n != 1 {
		t.Errorf("the directory was read %d times", n)
	}
	k.Release("user")
	k.Start()
	awaitIdle(t, k)
}

// What was left over goes whatever the options, also where the clock was ahead.
func TestWhatWasLeftOverGoes(t *testing.T) {
	k, fsys := newKeeper(t)
	name := RotatedName(k.path, time.Now().Add(-48*time.Hour))
	other := RotatedName(k.path, time.Now().Add(-49*time.Hour))
	young := RotatedName(k.path, time.Now().Add(-50*time.Hour))
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
		if strings.HasSuffix(path, temporaryEnding) {
			content = "x"
		}
		write(t, path, content)
		age(t, path, old)
	}
	k.Register("user", Wishes{})
	if err := k.Keep(time.Now()); err != nil {
		t.Error(err)
	}
	left := []string{young, name, name + ".00000003.tmp"}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, bases(left)) {
		t.Errorf("left: %q, want %q", got, bases(left))
	}
	if err := k.Keep(time.Now().Add(temporaryFor + time.Minute)); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !reflect.DeepEqual(got, bases([]string{name})) {
		t.Errorf("left an hour later: %q", got)
	}
}

// The clock was set back by seconds: what is in use stays for its hour.
func TestNothingIsLeftOverAsTheClockIsSetBack(t *testing.T) {
	k, fsys := newKeeper(t)
	name := writeRotated(t, k, time.Hour, "stays\n")
	reserved := writeRotated(t, k, -5*time.Second, "")
	write(t, name+".01234567.tmp", "x")
	age(t, name+".01234567.tmp", -5*time.Second)
	want := bases([]string{name, name + ".01234567.tmp", reserved})
	k.Register("user", Wishes{Keep: 5})
	for _, in := range []time.Duration{0, time.Second, temporaryFor / 2} {
		if err := k.Keep(time.Now().Add(in)); err != nil {
			t.Error(err)
		}
		if got := names(t, fsys.root); !sameElements(got, want) {
			t.Errorf("%s later: %q, want %q", in, got, want)
		}
	}
	if err := k.Keep(time.Now().Add(temporaryFor + time.Minute)); err != nil {
		t.Error(err)
	}
	if got := names(t, fsys.root); !sameElements(got, want[:1]) {
		t.Errorf("left an hour later: %q", got)
	}
}

// Others' temporary files are not the journal's to remove.
func TestTemporaryFilesOfOthersStay(t *testing.T) {
	k, fsys := newKeeper(t)
	name := writeRotated(t, k, 48*time.Hour, "stays\n")
	want := []string{filepath.Base(name)}
	for _, ending := range []string{
		".tmp", ".gz.tmp", ".notes.tmp", ".gz.aes.tmp", ".0123456.tmp", ".012345678.tmp", ".0123456g.tmp", ".01234567", ".gz.01234567.tmp",
	} {
		write(t, name+ending, "theirs\n")
		age(t, name+ending, 2*temporaryFor)
		want = append(want, filepath.Base(name+ending))
	}
	k.Register("user", Wishes{})
	if err := k.Keep(time.Now()); err != nil {
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

// TestWishesThatTakeEffectMeanwhile: whenever a config takes effect, also between two
// looks at it, what it does not want goes soon.
func TestWishesThatTakeEffectMeanwhile(t *testing.T) {
	for looks := range 5 {
		k, fsys := newKeeper(t)
		writeRotated(t, k, 2*time.Hour, "old\n")
		var asked atomic.Int32
		k.Register("user", Wishes{KeepFor: time.Hour, InEffect: func() bool { return int(asked.Add(1)) > looks }})
		k.Start()
		eventually(t, "the old file goes", func() bool { return len(names(t, fsys.root)) == 0 })
	}
}
