package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// follower reads a journal, and notes what it is told.
type follower struct {
	*Track
	t     *testing.T
	path  string
	holes []Hole
	torn  []string
	clock time.Time // of names
}

func follow(t *testing.T) *follower {
	f := &follower{t: t, path: filepath.Join(t.TempDir(), "events.jsonl"), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	f.reopen(Position{})
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *follower) reopen(p Position) error {
	if f.Track != nil {
		f.Track.Close()
	}
	f.Track = NewTrack(f.path, nil)
	f.Lost = func(h Hole) { f.holes = append(f.holes, h) }
	f.Passed = func(_ string, line []byte) { f.torn = append(f.torn, string(line)) }
	return f.Seek(p)
}

// append appends lines, each of which is called like a number.
func (f *follower) append(numbers ...int) {
	f.t.Helper()
	f.write(f.path, numbersAs(numbers))
}

func numbersAs(numbers []int) string {
	var b strings.Builder
	for _, n := range numbers {
		b.WriteString(eventLine(n))
	}
	return b.String()
}

func (f *follower) write(path, text string) {
	f.t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		_ = file.Close()
	}
	f.must(err)
}

func (f *follower) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// rotate renames the live file, and returns its new name.
func (f *follower) rotate() string {
	f.t.Helper()
	f.clock = f.clock.Add(time.Minute)
	name := files.RotatedName(f.path, f.clock)
	f.must(os.Rename(f.path, name))
	return name
}

// compress replaces a file by its compressed form: in frames, or not.
func (f *follower) compress(name, ending string, inFrames bool) {
	f.t.Helper()
	b, err := os.ReadFile(name)
	f.must(err)
	content := compressed(f.t, name+ending, string(b))
	if inFrames {
		content = framed(f.t, ending, string(b))
	}
	f.must(os.WriteFile(name+ending, []byte(content), 0o600))
	f.must(os.Remove(name))
}

// read returns the numbers of the lines that there are to be read, up to so many.
func (f *follower) read(limit int) (numbers []int) {
	f.t.Helper()
	for len(numbers) < limit {
		text, p, err := f.Next()
		if errors.Is(err, io.EOF) {
			return numbers
		}
		f.must(err)
		_, e, err := Parse(Line{Text: text})
		if err != nil || e == nil {
			numbers = append(numbers, -1)
			continue
		}
		n := 0
		_, err = fmt.Sscanf(e.ID, "id-%d", &n)
		f.must(err)
		numbers = append(numbers, n)
		again, err := f.At(p)
		if err != nil || string(again) != eventLine(n) {
			f.t.Errorf("line %d again: %q, %v", n, again, err)
		}
	}
	return numbers
}

const all = 1 << 30

func (f *follower) want(numbers ...int) {
	f.t.Helper()
	if got := f.read(all); !slices.Equal(got, numbers) {
		f.t.Fatalf("read %v, want %v", got, numbers)
	}
}

// wantHole tells whether one was noted, of so many events.
func (f *follower) wantHole(reason error, events int) {
	f.t.Helper()
	if len(f.holes) != 1 || !errors.Is(f.holes[0].Err, reason) || f.holes[0].Events != events {
		f.t.Errorf("holes: %v", f.holes)
	}
	f.holes = nil
}

// whole returns a test that is done with the same track, and with one that goes on from its
// position whenever something was read.
func whole(t *testing.T, test func(t *testing.T, f *follower, again func())) {
	for name, restarts := range map[string]bool{"on and on": false, "with restarts": true} {
		t.Run(name, func(t *testing.T) {
			f := follow(t)
			test(t, f, func() {
				if restarts {
					f.must(f.reopen(f.Last()))
				}
			})
			if len(f.holes) > 0 {
				t.Errorf("holes: %v", f.holes)
			}
		})
	}
}

func TestTrackThroughRotation(t *testing.T) {
	for _, form := range []string{"", ".gz", ".zst", ".gz frames", ".zst frames"} {
		t.Run(form, func(t *testing.T) {
			whole(t, func(t *testing.T, f *follower, again func()) {
				ending, _, inFrames := strings.Cut(form, " ")
				done := func(name string) {
					if form != "" {
						f.compress(name, ending, inFrames)
					}
				}
				f.want()
				f.append(1, 2, 3)
				f.want(1, 2, 3)
				again()
				f.append(4, 5, 6)
				if got := f.read(1); !slices.Equal(got, []int{4}) {
					t.Errorf("%v", got)
				}
				again()
				done(f.rotate()) // in the middle
				again()
				f.append(7)
				done(f.rotate()) // twice
				f.append(8)
				again()
				f.want(5, 6, 7, 8)
				again()
				done(f.rotate()) // at the end
				again()
				f.want()
				again()
				f.append(9)
				f.want(9)
				again()
				f.want()
			})
		})
	}
}

// What begins with the same line is told apart.
func TestTrackOfFilesThatBeginTheSame(t *testing.T) {
	whole(t, func(t *testing.T, f *follower, again func()) {
		f.append(1, 2)
		f.want(1, 2)
		again()
		f.compress(f.rotate(), ".zst", true)
		f.append(1, 3, 4)
		again()
		f.want(1, 3, 4)
		again()
		f.rotate()
		f.append(1)
		f.want(1)
		again()
		f.append(5)
		f.want(5)
	})
}

func TestTrackPassesTornLines(t *testing.T) {
	f := follow(t)
	f.append(1)
	f.write(f.path, "torn")
	f.want(1)
	f.rotate()
	f.append(2)
	f.want(2)
	if !slices.Equal(f.torn, []string{"torn"}) {
		t.Errorf("torn: %q", f.torn)
	}
	f.write(f.path, "torn\n\nnot an event\n")
	f.append(3)
	f.want(-1, -1, -1, 3)
	f.write(f.path, strings.Repeat("x", 5<<20)+"\n") // longer than a frame
	f.append(4)
	f.compress(f.rotate(), ".zst", true)
	f.want(-1, 4)
}

func TestTrackOfATruncatedFile(t *testing.T) {
	for name, grown := range map[string][]int{"for now": nil, "and less appended": {7}, "and more appended": {7, 8, 9, 10, 11, 12}} {
		t.Run(name, func(t *testing.T) {
			f := follow(t)
			f.append(0)
			f.rotate()
			f.append(1, 2, 3)
			f.want(0, 1, 2, 3)
			f.must(os.Truncate(f.path, 0))
			f.append(grown...)
			f.want(grown...)
			f.wantHole(ErrTruncated, 1)
			last := f.Last()
			f.must(f.reopen(last)) // and nothing comes again
			f.append(13)
			f.want(13)
			if len(f.holes) > 0 {
				t.Errorf("%v", f.holes)
			}
		})
	}
}

// What was read of a line that never ended is not taken for the beginning of another one.
func TestTrackOfATornLineThatWasTruncated(t *testing.T) {
	f := follow(t)
	f.write(f.path, "torn")
	f.want()
	f.must(os.Truncate(f.path, 0))
	f.want()
	f.append(1)
	f.want(1)
	f.wantHole(ErrTruncated, 1)
}

// durable says that all of the live file is on the disk that was there.
type durable struct{ size int64 }

func (d *durable) Durable(fs.FileInfo) (int64, bool, bool) { return d.size, false, true }

// Where it is known that all had been read, nothing was lost. And nothing is read that is not on the
// disk.
func TestTrackReadsNoFurtherThanTheDisk(t *testing.T) {
	f := follow(t)
	d := new(durable)
	f.source = d
	f.append(1, 2)
	d.size = int64(len(eventLine(1)))
	f.want(1)
	d.size += int64(len(eventLine(2)))
	f.want(2)
	f.must(os.Truncate(f.path, 0))
	f.current.looked = time.Time{} // it is not looked at each time
	f.want()
	f.wantHole(ErrTruncated, 0)
	f.append(3)
	d.size = int64(len(eventLine(3)))
	f.want(3)
	// Another process's lines are waited for.
	f.append(4)
	f.want()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if got := f.read(1); len(got) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("never read")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// final says of one file that no more of it counts.
type final struct {
	info fs.FileInfo
	size int64
}

func (d *final) Durable(info fs.FileInfo) (int64, bool, bool) {
	return d.size, true, os.SameFile(info, d.info)
}

func TestTrackOfAFileWhoseFsyncFailed(t *testing.T) {
	f := follow(t)
	f.append(1, 2)
	info, err := os.Stat(f.path)
	f.must(err)
	f.source = &final{info, int64(len(eventLine(1)))}
	f.must(os.Chmod(f.rotate(), 0o400))
	f.append(3)
	f.want(1, 3)
	// After a restart nobody knows, so all of it comes.
	f.must(f.reopen(Position{}))
	f.want(1, 2, 3)
}

// A copy that was made before is read to its end.
func TestTrackOfACopiedAndTruncatedFile(t *testing.T) {
	f := follow(t)
	f.append(1, 2, 3)
	if got := f.read(1); len(got) != 1 {
		t.Fatal(got)
	}
	f.must(f.reopen(f.Last())) // so that nothing is in memory
	b, err := os.ReadFile(f.path)
	f.must(err)
	f.must(os.WriteFile(f.path+".1", b, 0o600))
	f.must(os.Truncate(f.path, 0))
	f.append(4)
	f.want(2, 3, 4)
	f.wantHole(ErrTruncated, 0)
}

func TestTrackOfAFileThatSomebodyRenamed(t *testing.T) {
	whole(t, func(t *testing.T, f *follower, again func()) {
		f.append(1)
		f.rotate()
		f.append(2, 3)
		if got := f.read(2); !slices.Equal(got, []int{1, 2}) {
			t.Fatal(got)
		}
		f.must(os.Rename(f.path, f.path+".old"))
		f.write(f.path, eventLine(4))
		f.rotate()
		again()
		f.append(5)
		f.want(3, 4, 5)
		again()
		f.want()
	})
}

func TestTrackOfRemovedFiles(t *testing.T) {
	f := follow(t)
	f.append(1, 2)
	first := f.rotate()
	f.append(3)
	second := f.rotate()
	f.append(4)
	if got := f.read(1); len(got) != 1 {
		t.Fatal(got)
	}
	f.must(os.Remove(first)) // it is open
	f.must(os.Remove(second))
	f.want(2, 4)
	f.wantHole(ErrRemoved, 1)
	f.must(os.Remove(f.path))
	f.append(5)
	f.want(5)
	f.must(f.reopen(f.Last()))
	f.append(6)
	f.want(6)
}

// Where the place is in none of the files any more, what was rotated before it does not come again.
func TestTrackWhosePlaceHasGone(t *testing.T) {
	f := follow(t)
	f.append(1)
	f.rotate()
	f.append(2, 3)
	second := f.rotate()
	f.append(4)
	if got := f.read(2); len(got) != 2 {
		t.Fatal(got)
	}
	f.must(os.Remove(second))
	if err := f.reopen(f.Last()); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	f.want(4)
	f.must(os.Remove(f.path)) // whose name nobody knows
	f.append(5)
	if err := f.reopen(f.Last()); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	f.want(1, 5)
	// All of a file was read that was removed afterwards: nothing has gone.
	name := f.rotate()
	f.want()
	f.must(os.Remove(name))
	f.must(f.reopen(f.Last()))
	f.append(6)
	f.want(6)
}

// A line that was moved, as somebody took out others before it.
func TestTrackFindsALineThatWasMoved(t *testing.T) {
	f := follow(t)
	f.append(1, 2, 3)
	if got := f.read(2); len(got) != 2 {
		t.Fatal(got)
	}
	f.must(os.WriteFile(f.path, []byte(numbersAs([]int{2, 3})), 0o600))
	f.must(f.reopen(f.Last()))
	f.want(3)
}

func TestTrackOfADamagedFile(t *testing.T) {
	f := follow(t)
	for i := range 20_000 {
		f.write(f.path, eventLine(i))
	}
	name := f.rotate()
	f.compress(name, ".zst", true)
	f.append(20_000)
	b, err := os.ReadFile(name + ".zst")
	f.must(err)
	for i := range 100 {
		b[len(b)/2+i] ^= 0x55
	}
	f.must(os.WriteFile(name+".zst", b, 0o600))
	read := f.read(all)
	if len(f.holes) != 1 || !isDamage(f.holes[0].Err) {
		t.Errorf("holes: %v", f.holes)
	}
	if n := len(read); n < 14_000 || n > 19_000 || read[n-1] != 20_000 {
		t.Errorf("%d lines are left", n)
	}
}

func TestTrackThroughLinks(t *testing.T) {
	f := follow(t)
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.jsonl"), filepath.Join(dir, "two.jsonl")
	f.must(os.Symlink(one, f.path))
	f.want()
	f.write(one, eventLine(1))
	f.want(1)
	f.must(os.Rename(one, files.RotatedName(one, f.clock)))
	f.write(one, eventLine(2))
	f.want(2)
	f.write(one, eventLine(3))
	f.must(os.Remove(f.path))
	f.must(os.Symlink(two, f.path))
	f.write(two, eventLine(4))
	f.want(3, 4)
	f.must(f.reopen(f.Last()))
	f.write(two, eventLine(5))
	f.want(5)
}

// Odd things under the names of rotated files keep nobody from reading on.
func TestTrackPassesWhatIsNoFile(t *testing.T) {
	f := follow(t)
	at := func() string { f.clock = f.clock.Add(time.Minute); return files.RotatedName(f.path, f.clock) }
	f.append(1)
	f.rotate()
	f.must(os.Mkdir(at(), 0o700))
	f.must(os.Symlink("nowhere", at()))
	f.must(os.WriteFile(at(), nil, 0o600))
	f.append(2)
	f.rotate()
	f.must(os.WriteFile(at(), nil, 0o600))
	f.append(3)
	f.want(1, 2, 3)
	if len(f.holes) > 0 {
		t.Errorf("%v", f.holes)
	}
}
