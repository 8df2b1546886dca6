package journal

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

const ahead = 1000 * time.Hour

// The clock was ahead once: what is rotated since is not removed in the stead of
// what was rotated then, which goes by roll_keep before what is fresh, and after
// what was rotated before.
func TestFilesFromWhenTheClockWasAhead(t *testing.T) {
	for _, c := range []files.Compression{"", files.Gzip} {
		t.Run(string(c), func(t *testing.T) {
			j, fsys := newJournal(t)
			writeRotated(t, j, 2*time.Hour, "before\n")
			for _, line := range []string{"ahead 1\n", "ahead 2\n"} {
				writeRotated(t, j, -ahead, line)
				time.Sleep(2 * time.Millisecond) // for another name
			}
			o := rotating(Rotation{Size: 1, Keep: 3, Compression: c})
			var left [][]string
			for _, line := range []string{"one\n", "two\n", "three\n", "four\n", "five\n"} {
				mustAppend(t, j, o, line)
				awaitIdle(t, j)
				var kept []string
				for line := range linesBelow(t, fsys.root) {
					kept = append(kept, strings.TrimSuffix(line, "\n"))
				}
				left = append(left, kept)
			}
			for i, want := range [][]string{
				{"before", "ahead 1", "ahead 2", "one"},
				{"ahead 1", "ahead 2", "one", "two"},
				{"ahead 2", "one", "two", "three"},
				{"one", "two", "three", "four"},
				{"two", "three", "four", "five"},
			} {
				if !sameElements(left[i], want) {
					t.Errorf("after %d lines: %q, want %q", i+1, left[i], want)
				}
			}
		})
	}
}

func sameElements(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// Without a look into the directory, names go on from now.
func TestNamesWithoutALookIntoTheDirectory(t *testing.T) {
	j, fsys := newJournal(t)
	fsys.fail(opReadDir, 0, os.ErrPermission)
	o := rotating(Rotation{Size: 1})
	mustAppend(t, j, o, "one\n")
	mustAppend(t, j, o, "two\n")
	if got := contents(t, fsys.root); !reflect.DeepEqual(got, []string{"one\n", "two\n"}) {
		t.Errorf("%q", got)
	}
}
