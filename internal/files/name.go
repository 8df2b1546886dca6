package files

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	// temporaryEnding is that of a name under which a file is being compressed.
	temporaryEnding = ".tmp"

	// stamp is the time in a rotated file's name, in UTC.
	stamp = "-2006-01-02T15-04-05.000"

	// added is what rotation and compression add to a file's name at most.
	added = stamp + string(Zstd) + ".01234567" + temporaryEnding

	// longestName is the length of the longest name that common file systems
	// take: in bytes, or, on some systems, in UTF-16 code units.
	longestName = 255
)

// Endings are what follows the name of a rotated file, in the order of the forms
// that there may be of it: nothing for the original one.
var Endings = []string{"", string(Gzip), string(Zstd)}

// Name is what the name of a rotated file tells.
type Name struct {
	Path      string    // the file's before it was rotated
	At        time.Time // when that was
	Temporary bool      // it is being, or was, compressed under that name
}

// RotatedName returns, for events.jsonl, events-2026-11-23T17-04-58.123.jsonl.
func RotatedName(path string, at time.Time) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + at.UTC().Format(stamp) + ext
}

// Parse returns what the name of a rotated file tells, compressed or not. No other
// name is taken for one.
func Parse(name string) (n Name, ok bool) {
	if name, n.Temporary = strings.CutSuffix(name, temporaryEnding); n.Temporary {
		number := filepath.Ext(name)
		if _, err := strconv.ParseUint(strings.TrimPrefix(number, "."), 16, 32); err != nil || len(number) != len(".01234567") {
			return Name{}, false // another's temporary file is theirs
		}
		name = strings.TrimSuffix(name, number)
	} else {
		name = strings.TrimSuffix(name, string(compressionOf(name)))
	}
	for _, ext := range []string{filepath.Ext(name), ""} {
		stem := strings.TrimSuffix(name, ext)
		i := max(0, len(stem)-len(stamp))
		at, err := time.Parse(stamp, stem[i:])
		n.Path, n.At = stem[:i]+ext, at
		if err == nil && RotatedName(n.Path, at) == name {
			return n, true
		}
	}
	return Name{}, false
}

// temporaryName returns a name for the compressed form of a file until it is
// whole, which other processes do not use.
func temporaryName(original string) string {
	return fmt.Sprintf("%s.%08x%s", original, rand.Uint32(), temporaryEnding)
}

// CheckName returns an error if a file of that name, which is without
// directories, could not be rotated, or not be told from rotated ones.
func CheckName(name string) error {
	for _, ending := range []string{string(Gzip), string(Zstd), temporaryEnding} {
		if len(name) >= len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending) {
			return fmt.Errorf("must not end with %s, as what becomes of rotated files does: choose another ending, such as .jsonl", ending)
		}
	}
	if isRotatedName(name) {
		return fmt.Errorf("is named like a rotated file, as events%s.jsonl would be one of events.jsonl: choose a name without such a time", stamp)
	}
	if len(utf16.Encode([]rune(name))) > longestName-len(added) {
		return fmt.Errorf("is too long: rotation and compression add %d bytes, so it can have %d at most", len(added), longestName-len(added))
	}
	return nil
}

func isRotatedName(name string) bool {
	for _, stem := range []string{name, strings.TrimSuffix(name, filepath.Ext(name))} {
		i := max(0, len(stem)-len(stamp))
		if _, err := time.Parse(stamp, strings.ToUpper(stem[i:])); err == nil {
			return true
		}
	}
	return false
}

// LongestName returns a name as long as the longest that a rotated file of the
// one at path, or a temporary one, can have.
func LongestName(path string) string { return path + added }
