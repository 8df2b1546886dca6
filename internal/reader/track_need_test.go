package reader

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// next returns the next line's position.
func (f *follower) next() Position {
	f.t.Helper()
	_, p, err := f.Next()
	f.must(err)
	return p
}

func (f *follower) wantNeed(what string, undone []Position, want ...bool) {
	f.t.Helper()
	n := f.Need(f.Last(), undone)
	now, err := f.list()
	f.must(err)
	var got []bool
	for _, r := range now.rotated {
		got = append(got, n.Needs(r.At))
	}
	if !slices.Equal(got, want) {
		f.t.Errorf("%s: %v, want %v", what, got, want)
	}
	if !n.Needs(f.clock.Add(time.Hour)) {
		f.t.Errorf("%s: what is not known is not needed", what)
	}
	oldest := time.Time{}
	if i := slices.Index(want, true); i >= 0 && n != nil {
		oldest = now.rotated[i].At
	}
	if !n.Oldest().Equal(oldest) {
		f.t.Errorf("%s: the oldest: %s, want %s", what, n.Oldest(), oldest)
	}
}

func TestWhatATrackNeeds(t *testing.T) {
	f := follow(t)
	f.append(1, 2)
	one := f.next() // while it is the live one
	first := f.rotate()
	f.append(3)
	f.rotate()
	f.append(4, 5)
	f.rotate()
	f.wantNeed("in the first", nil, true, true, true)
	f.next()
	three := f.next()
	f.wantNeed("at the end of the second", nil, false, true, true)
	f.wantNeed("undone in the first", []Position{one}, true, true, true)
	f.next()
	f.wantNeed("in the third", nil, false, false, true)
	f.wantNeed("undone in the second", []Position{three}, false, true, true)
	f.compress(first, ".zst", true)
	f.wantNeed("undone in the first, compressed", []Position{one, three}, true, true, true)
	// Its name is set right meanwhile.
	f.must(os.Rename(first+".zst", files.RotatedName(f.path, f.clock.Add(-90*time.Second))+".zst"))
	f.wantNeed("undone in the first, renamed", []Position{one}, true, false, true)
	f.next()
	f.want()
	f.wantNeed("all is done", nil, false, false, false)
	f.append(6)
	f.next()
	f.wantNeed("in the live one", []Position{three}, false, true, false)
	before := f.Need(f.Last(), nil)
	f.rotate()
	if !before.Needs(f.clock) {
		t.Error("what was rotated since is not needed")
	}
	f.wantNeed("rotated since", nil, false, false, false, true)
	last := f.Last()
	f.must(f.reopen(last))
	f.wantNeed("after a restart", []Position{one}, true, false, false, true)
	if n := (*Need)(nil); !n.Needs(time.Now()) {
		t.Error("nil needs nothing")
	}
	f.must(f.reopen(Position{}))
	f.wantNeed("from the beginning", nil, true, true, true, true)
}

// While it is not known which of them it is, all files are needed that begin like the one that is read.
func TestWhatATrackNeedsOfFilesThatBeginTheSame(t *testing.T) {
	f := follow(t)
	f.append(0)
	f.rotate()
	f.append(1, 2)
	f.read(2)
	f.rotate()
	f.append(1, 3)
	f.rotate()
	f.append(4)
	f.wantNeed("in the second or third", nil, false, true, true)
	f.want(2, 1, 3, 4)
}

// A directory is read again unless it is sure that nothing has changed in it.
func TestDirectoryIsReadOnlyOnce(t *testing.T) {
	f := follow(t)
	f.append(1)
	f.rotate()
	f.append(2)
	list := func(modified time.Time) *listing {
		t.Helper()
		f.must(os.Chtimes(filepath.Dir(f.path), modified, modified))
		now, err := f.list()
		f.must(err)
		return now
	}
	justNow, longAgo := time.Now(), time.Now().Add(-time.Minute)
	if first := list(justNow); first == list(justNow) {
		t.Error("read once though it may have changed just now")
	}
	first := list(longAgo)
	if list(longAgo) != first {
		t.Error("read twice")
	}
	if list(longAgo.Add(time.Second)) == first {
		t.Error("not read though it has changed")
	}
	first = list(longAgo)
	f.write(f.path+".new", eventLine(3))
	f.must(os.Rename(f.path+".new", f.path))
	if list(longAgo) == first {
		t.Error("not read though another file is the live one")
	}
}

func TestTrackSkipsWhatExpires(t *testing.T) {
	for _, ending := range []string{"", ".gz"} {
		f := follow(t)
		f.append(1, 2, 3)
		f.next()
		name := f.rotate()
		first := f.clock
		if ending != "" {
			f.compress(name, ending, false)
		}
		f.append(4)
		f.rotate()
		second := f.clock
		f.append(5, 6)
		count := func(from Position, rotated time.Time) int {
			t.Helper()
			n, err := CountUnread(f.path, from, rotated, func(e *Event) bool { return e.ID != "id-2" })
			f.must(err)
			return n
		}
		undone := f.Last()
		if !f.In(first, undone) || f.In(second, undone) {
			t.Error("the first line is in the first file")
		}
		from, ok, err := f.Skip(first)
		if err != nil || !ok || count(from, first) != 1 || count(from, second) != 2 {
			t.Errorf("%v %v %v", from, ok, err)
		}
		f.must(os.Remove(name + ending))
		if _, ok, err := f.Skip(first); ok || err != nil {
			t.Errorf("again: %v %v", ok, err)
		}
		f.must(f.reopen(f.Last()))
		if _, ok, err := f.Skip(first); ok || err != nil {
			t.Errorf("after a restart: %v %v", ok, err)
		}
		f.want(4, 5, 6)
		if _, ok, err := f.Skip(second); ok || err != nil {
			t.Errorf("what was read: %v %v", ok, err)
		}
		if len(f.holes) > 0 {
			t.Errorf("%v", f.holes)
		}
	}
}

func TestBacklog(t *testing.T) {
	f := follow(t)
	size := func(numbers ...int) int64 { return int64(len(numbersAs(numbers))) }
	want := func(what string, n int64) {
		t.Helper()
		if got := f.Backlog(); got != n {
			t.Errorf("%s: %d, want %d", what, got, n)
		}
	}
	want("nothing", 0)
	f.append(1, 2)
	want("two", size(1, 2))
	f.next()
	want("one", size(2))
	f.rotate()
	want("rotated", size(2))
	f.append(3)
	want("and another", size(2, 3))
	f.rotate()
	f.append(4)
	want("and another", size(2, 3, 4))
	f.next()
	want("the rest", size(3, 4))
	f.want(3, 4)
	want("all is read", 0)
}

// TestTrackMissesNothing has somebody write, rotate and compress at random, and another one remove
// what is not needed, while a reader reads on, and goes on from its position at random: each line comes once, in
// its order.
func TestTrackMissesNothing(t *testing.T) {
	for seed := range uint64(15) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := follow(t)
		written, read := 0, 0
		plain := []string{}
		var undone []Position
		need := f.Need(f.Last(), nil)
		rotated := map[string]time.Time{}
		for range 300 {
			switch random.IntN(10) {
			case 0, 1, 2:
				for range random.IntN(4) {
					f.append(written)
					written++
				}
			case 3:
				if _, err := os.Stat(f.path); err == nil {
					name := f.rotate()
					plain, rotated[name] = append(plain, name), f.clock
				}
			case 4:
				if len(plain) > 0 {
					i := random.IntN(len(plain))
					ending := []string{".gz", ".zst"}[random.IntN(2)]
					f.compress(plain[i], ending, random.IntN(2) == 0)
					rotated[plain[i]+ending] = rotated[plain[i]]
					delete(rotated, plain[i])
					plain = slices.Delete(plain, i, i+1)
				}
			case 5:
				for name, at := range rotated {
					if !need.Needs(at) {
						f.must(os.Remove(name))
						delete(rotated, name)
						plain = slices.DeleteFunc(plain, func(other string) bool { return other == name })
					}
				}
			case 6:
				if err := f.reopen(f.Last()); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			case 7:
				need = f.Need(f.Last(), undone)
			case 8:
				for i, p := range undone {
					if _, err := f.At(p); err != nil {
						t.Fatalf("seed %d: undone line %d: %v", seed, i, err)
					}
				}
				undone = nil
			default:
				for _, n := range f.read(random.IntN(8)) {
					if n != read {
						t.Fatalf("seed %d: line %d instead of %d", seed, n, read)
					}
					read++
					if f.Last().Length > 0 && random.IntN(4) == 0 {
						undone = append(undone, f.Last())
					}
				}
			}
		}
		read += len(f.read(all))
		if read != written || len(f.holes) > 0 {
			t.Fatalf("seed %d: %d lines of %d; holes: %v", seed, read, written, f.holes)
		}
	}
}

func TestTrackOfManyFiles(t *testing.T) {
	f := follow(t)
	const n = 300
	for i := range n {
		f.append(i)
		f.rotate()
	}
	f.append(n)
	count := 0
	for {
		_, _, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		f.must(err)
		if count++; count%10 == 0 {
			f.must(f.reopen(f.Last()))
			f.Need(f.Last(), []Position{f.Last()})
			f.Backlog()
		}
	}
	if count != n+1 {
		t.Errorf("%d lines", count)
	}
}
