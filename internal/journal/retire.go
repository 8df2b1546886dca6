package journal

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// condemnedFile is one that is not durably out of the way yet. After a failed
// fsync the kernel may have dropped what it could not write, and report success the
// next time. So the file is renamed and never written or fsynced again. So is one
// that is rotated.
type condemnedFile struct {
	info       fs.FileInfo
	target     string // its name while it was open
	name       string // target, or the one that it was renamed to
	done       func() // called when it is set aside, or gone; nil if it is to be rotated
	removeUpTo int64  // size up to which it holds nothing that was acknowledged; -1 if it may anyway
}

// condemn gives up the open file, which holds nothing that was acknowledged up to
// that size, or may anyway if it is negative.
func (f *file) condemn(removeUpTo int64) {
	o := f.open
	f.durable.closed(o.info, true)
	f.condemned = &condemnedFile{info: o.info, target: o.target, name: o.target, done: f.settingAside(o.info), removeUpTo: removeUpTo}
	_ = f.clearAway() // tried again before the next file is opened
	_ = o.Close()
	f.open = nil
}

// clearAway renames the condemned file like a rotated one, so that path is
// free for a fresh one. It is removed if it has nothing that was acknowledged, and
// else, if it was set aside and not rotated, made read-only, so that it is known.
// Not before its new name is durable: a power cut must not leave a read-only file
// at path.
//
// First the renaming, then the look at the size: so no line is lost that
// another process, using the same path by mistake, puts there meanwhile. If it
// compares the path before the renaming, the line shows in the size; if after,
// it writes the line again elsewhere.
func (f *file) clearAway() error {
	c := f.condemned
	if c == nil {
		return nil
	}
	found, err := isNamed(f.fs.Lstat, c.name, c.info)
	if err == nil && !found {
		// Somebody else has moved it, and may have put a link to it in its place.
		var target string
		if target, err = files.Follow(f.fs, f.path); err == nil {
			if found, err = isNamed(f.fs.Lstat, target, c.info); found {
				c.target, c.name = target, target
			}
		}
	}
	if err == nil && !found {
		f.cleared()
		return nil
	}
	name := ""
	if err == nil {
		name, err = f.namer.Rename(f.fs, c.name, c.target, time.Now())
	}
	if err != nil {
		// Once the file is closed, what looks the same may be another's, which
		// the file system gave the same number.
		c.removeUpTo = -1
		return err
	}
	c.name = name
	info, err := f.fs.Lstat(name)
	aside := err == nil && c.done != nil
	if err == nil && os.SameFile(info, c.info) && info.Size() <= c.removeUpTo {
		_ = f.fs.Remove(name)
		aside = false
	}
	// If this fails, the new name may get lost, and with it what was once
	// acknowledged: then the file is renamed again, for an fsync to be trusted.
	if err := f.syncDir(filepath.Dir(c.target)); err != nil {
		c.removeUpTo = -1
		return err
	}
	if aside {
		_ = files.SetAside(f.fs, name, info)
	}
	f.cleared()
	return nil
}

func (f *file) cleared() {
	if done := f.condemned.done; done != nil {
		done()
	}
	f.condemned = nil
}
