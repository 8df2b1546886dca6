package journal

import (
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// keptDurable is of how many files that are not open any more it is known what of them is
// on the disk.
const keptDurable = 16

// durable is what is known to be on the disk, and who wants to know when that grows.
type durable struct {
	mu       sync.Mutex
	current  fs.FileInfo // nil: none is open, or nothing of it was fsynced yet
	size     int64
	final    []finished // the newest last
	watchers []*func()
}

// finished is a file whose fsync failed.
type finished struct {
	info fs.FileInfo
	size int64
}

// Durable returns up to which size a file is known to be on the disk that this journal has
// open, or had until its fsync failed: then the size is final, and the rest does not count. known
// is false for any other file.
func (j *Journal) Durable(info fs.FileInfo) (size int64, final, known bool) {
	d := &j.file.durable
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil && os.SameFile(d.current, info) {
		return d.size, false, true
	}
	for _, f := range d.final {
		if os.SameFile(f.info, info) {
			return f.size, true, true
		}
	}
	return 0, false, false
}

// Watch has appended called after each batch of lines that was stored, until what it returns
// is called. It must not block.
func (j *Journal) Watch(appended func()) (stop func()) {
	d := &j.file.durable
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers = append(d.watchers, &appended)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.watchers = slices.DeleteFunc(slices.Clone(d.watchers), func(other *func()) bool { return other == &appended })
	}
}

// synced says that the open file was fsynced.
func (d *durable) synced(info fs.FileInfo, size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current, d.size = info, size
}

// closed says that no file is open any more; final, that its fsync failed.
func (d *durable) closed(info fs.FileInfo, final bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if final {
		f := finished{info: info}
		if d.current != nil {
			f.size = d.size
		}
		if d.final = append(d.final, f); len(d.final) > keptDurable {
			d.final = slices.Delete(d.final, 0, 1)
		}
	}
	d.current, d.size = nil, 0
}

// appended tells those who watch.
func (d *durable) appended() {
	d.mu.Lock()
	watchers := d.watchers
	d.mu.Unlock()
	for _, watcher := range watchers {
		(*watcher)()
	}
}

// Hold has rotated files kept that somebody needs, until what it returns is called: see files.Hold.
func (j *Journal) Hold(needs func(rotated time.Time) bool, expiring func(rotated time.Time)) (release func()) {
	return j.keeper.Hold(needs, expiring)
}
