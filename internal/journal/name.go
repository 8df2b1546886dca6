package journal

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	// added is what rotation and compression add to a file's name at most.
	added = "-" + rotatedTime + string(Zstd) + ".01234567" + Temporary

	// longestName is the length of the longest name that common file systems
	// take: in bytes, or, on some systems, in UTF-16 code units.
	longestName = 255
)

// CheckName returns an error if a file of that name, which is without
// directories, could not be rotated, or not be told from rotated ones.
func CheckName(name string) error {
	for _, ending := range []string{string(Gzip), string(Zstd), Temporary} {
		if len(name) >= len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending) {
			return fmt.Errorf("must not end with %s, as what becomes of rotated files does: choose another ending, such as .jsonl", ending)
		}
	}
	if isRotatedName(name) {
		return fmt.Errorf("is named like a rotated file, as events-%s.jsonl would be one of events.jsonl: choose a name without such a time", rotatedTime)
	}
	if len(utf16.Encode([]rune(name))) > longestName-len(added) {
		return fmt.Errorf("is too long: rotation and compression add %d bytes, so it can have %d at most", len(added), longestName-len(added))
	}
	return nil
}

func isRotatedName(name string) bool {
	for _, stem := range []string{name, strings.TrimSuffix(name, filepath.Ext(name))} {
		i := len(stem) - len("-"+rotatedTime)
		if i < 0 || stem[i] != '-' {
			continue
		}
		if _, err := time.Parse(rotatedTime, strings.ToUpper(stem[i+1:])); err == nil {
			return true
		}
	}
	return false
}

// LongestName returns a name as long as the longest that a rotated file of the
// journal at path, or a temporary one, can have.
func LongestName(path string) string { return path + added }
