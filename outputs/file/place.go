package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
)

// acquiring keeps two outputs from getting two journals for one file.
var acquiring sync.Mutex

// acquireJournal returns the journal of the file at path, and the path by which
// the pool has it: another one where both name the same file, as through two
// mounts of a directory or where upper and lower case are the same.
func acquireJournal(path string) (*journal.Journal, string) {
	acquiring.Lock()
	defer acquiring.Unlock()
	if n, _ := journals.References(path); n == 0 {
		journals.Range(func(key, _ any) bool {
			other := key.(string)
			if !namesSameFile(path, other) {
				return true
			}
			path = other
			return false
		})
	}
	shared, _ := journals.LoadOrStore(path, newSharedJournal(path))
	return shared.(sharedJournal).Journal, path
}

// namesSameFile tells whether two paths without symbolic links name one file,
// which may have to be created yet. Two hard links are two names, each of which
// is renamed by itself.
func namesSameFile(a, b string) bool {
	if now, err := files.Resolve(b); err != nil || now != b {
		return false // it has become a link; until its config ends it counts for itself
	}
	dirA, restA := nearest(a)
	dirB, restB := nearest(b)
	infoA, errA := os.Stat(dirA)
	infoB, errB := os.Stat(dirB)
	if errA != nil || errB != nil || !os.SameFile(infoA, infoB) {
		return false
	}
	return restA == restB || strings.EqualFold(norm.NFC.String(restA), norm.NFC.String(restB)) && takesForSame(dirA, restA, restB)
}

// nearest splits a path behind the nearest directory that exists.
func nearest(path string) (dir, rest string) {
	dir = nearestDir(path)
	rest, err := filepath.Rel(dir, path)
	if err != nil {
		rest = path
	}
	return dir, rest
}

// takesForSame tells whether, for the file system, two spellings of a name in a
// directory are the same.
func takesForSame(dir, a, b string) bool {
	infoA, errA := os.Lstat(filepath.Join(dir, a))
	infoB, errB := os.Lstat(filepath.Join(dir, b))
	if errA == nil || errB == nil {
		return errA == nil && errB == nil && os.SameFile(infoA, infoB)
	}
	// Only the file system knows its rules.
	spelling := func(name string) string {
		return strings.ReplaceAll(name, string(filepath.Separator), "-")
	}
	f, err := os.CreateTemp(dir, ".webhook_receiver-*"+spelling(a))
	if err != nil {
		return false
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	infoA, errA = f.Stat()
	infoB, errB = os.Lstat(strings.TrimSuffix(f.Name(), spelling(a)) + spelling(b))
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// checkMount returns an error for a file that is mounted by itself, as
// containers can have them: it can't be renamed.
func checkMount(path string, f *os.File) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // not to be found out
	}
	defer func() { _ = dir.Close() }()
	if mount := mountOf(f); mount == "" || mount == mountOf(dir) {
		return nil
	}
	return fmt.Errorf("is mounted by itself, so it can be neither rotated nor, after a failed fsync, set aside: "+
		"mount its directory instead, as with docker run -v <directory>:%s", dir.Name())
}

// mountOf returns the id of the mount that an open file is in, where the system
// tells it, as Linux does.
func mountOf(f *os.File) string {
	info, _ := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", f.Fd()))
	for _, line := range strings.Split(string(info), "\n") {
		if id, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			return strings.TrimSpace(id)
		}
	}
	return ""
}
