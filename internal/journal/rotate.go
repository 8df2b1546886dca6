package journal

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// Rotation says when the file is rotated, that is renamed, and a fresh one
// begun. Where several callers of a Journal differ, the earlier rotation holds,
// and the longer keeping.
type Rotation struct {
	// The size in bytes that the file does not exceed, unless by a single line.
	// Zero is no limit.
	Size int64

	// The file is rotated at the first line after a multiple of it, in UTC; 24
	// hours is at midnight. Zero is never.
	Interval time.Duration

	// What becomes of rotated files: see files.Wishes.
	Keep        int
	KeepFor     time.Duration
	Compression files.Compression
}

// isDue tells whether the open file has to be rotated before that many bytes
// are written to it.
func (f *file) isDue(users []*Options, size int64) bool {
	now := time.Now()
	if f.open.size == 0 || now.Before(f.rotationAgain) {
		return false
	}
	for _, o := range users {
		if o.Size > 0 && f.open.size+size > o.Size {
			return true
		}
		if o.Interval > 0 && !now.Truncate(o.Interval).Equal(f.open.lastWrite.Truncate(o.Interval)) {
			return true
		}
	}
	return false
}

// rotate renames the open file and closes it. If that fails, the file goes on
// being used: better too long a file than no events.
func (f *file) rotate(users []*Options) {
	o := f.open
	f.close() // before the renaming, which on some systems needs it
	if f.backoff.cause != nil {
		return // its last fsync has failed, so it is out of use anyway
	}
	name, err := f.namer.Rename(f.fs, o.target, o.target, time.Now())
	if err != nil {
		f.rotationAgain = time.Now().Add(reopenPause)
		for _, o := range users {
			if o.RotationFailed != nil {
				o.RotationFailed(fmt.Errorf("rotating %s: %w", f.path, err))
			}
		}
		return
	}
	f.keeperDue = true
	// Durable before there is another file of the old name. If not, the next
	// opening sees to it.
	if f.syncDir(filepath.Dir(o.target)) != nil {
		f.condemned = &condemnedFile{info: o.info, target: o.target, name: name, removeUpTo: -1}
	}
}
