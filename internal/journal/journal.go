// Package journal appends lines to a file and tells when they are durable.
//
// Append returns nil only for a line that is in the file that the journal's
// path names, whole, and (unless its caller asked for less) fsynced, together
// with the directory entry of that file. Concurrent callers share one write and
// one fsync: while a batch is being written the next one gathers, and callers that
// come again as soon as Append returns are waited for, for a moment. Any number of
// callers with different Options may use one Journal. Journals, and processes, that
// write to the same path by mistake lose and interleave nothing either, as a batch
// is one write in append mode.
package journal

import (
	"context"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// maxBatch is the number of bytes, in lines, that one write takes at most; a
// longer line is written alone. It is less where files are rotated at less.
const maxBatch = 8 << 20

// Values of Options.Sync besides a positive interval.
const (
	SyncAlways time.Duration = 0  // fsync before Append returns
	SyncNever  time.Duration = -1 // leave it to the operating system, and to Sync
)

// Options are one caller's wishes. They hold for its lines only, also where
// several callers share a Journal. They must not change while they are in use.
type Options struct {
	// How long after it was written a line may wait for its fsync, or one of
	// SyncAlways, which is the zero value, and SyncNever.
	Sync time.Duration

	// The permission bits of a file, and of the directories leading to it, that
	// this caller's line is the first to need.
	Mode, DirMode fs.FileMode

	// When the file is rotated, and what becomes of rotated ones.
	Rotation

	// If not nil, called when lines that were appended with these Options, and
	// for which Append has returned nil before their fsync, may be lost since
	// that fsync failed. It must not block.
	SyncFailed func(error)

	// If not nil, called when rotating a file failed, and as files.Wishes.Failed.
	RotationFailed func(error)

	// See files.Wishes.
	InEffect func() bool

	released bool // set with the Journal's lock held
}

func (o *Options) wishes() files.Wishes {
	return files.Wishes{Keep: o.Keep, KeepFor: o.KeepFor, Compression: o.Compression, InEffect: o.InEffect, Failed: o.RotationFailed}
}

// Journal is an append-only file. It is opened, and created, when the first
// line comes. Its methods may be called at any time by any goroutine.
type Journal struct {
	mu         sync.Mutex
	queue      []*request  // what waits for the next batch, oldest first
	committing bool        // whether the goroutine that commits batches is running
	batch      []*request  // what is being committed
	ticks      uint64      // of ticker
	ticker     *time.Timer // ticks every slowBatch while somebody waits
	ticking    bool
	gathering  gathering
	closed     bool
	users      []*Options // who has appended, so whose wishes for rotation count; replaced, never changed
	syncTimer  *time.Timer
	syncAt     time.Time // when syncTimer fires; zero while it is not running

	file file // used only by the committing goroutine

	keeper *files.Keeper // of rotated files
}

// Observer is told what a Journal does. Its functions must not block.
type Observer struct {
	Synced    func(took time.Duration) // after each fsync of the file, failed or not
	Committed func(lines int)          // after each batch of lines that was stored
}

// Observe sets who is told; it must be called before the first line comes.
func (j *Journal) Observe(o *Observer) { j.file.observer = o }

// New returns the journal of the file at path, on the machine's file system
// where fsys is nil. It does not touch the file.
func New(path string, fsys files.FS) *Journal {
	if fsys == nil {
		fsys = files.OS{}
	}
	keeper := files.NewKeeper(fsys, path)
	j := &Journal{file: file{fs: fsys, path: path, settingAside: keeper.SettingAside}, keeper: keeper}
	j.gathering.limit = gatherFor
	return j
}

// Append adds a line, which must end with its only line feed and must not be
// changed until the journal is done with it, even after ctx has ended.
//
// When ctx ends first, the error is that of ctx, and the line is stored or not:
// one that is not being written yet is taken back. After any other error the
// line counts as not stored, though it may be in the file.
//
// A closed Journal still takes lines; it opens the file for each batch.
func (j *Journal) Append(ctx context.Context, line []byte, o *Options) error {
	r := requests.Get().(*request)
	r.line, r.options = line, o
	return j.do(ctx, r)
}

// Register has the Options' wishes for keeping rotated files count, beside those
// of others, until they are released. None is removed that one of them wants;
// once some have taken effect, files are removed and compressed, also where no
// line ever comes. Append registers Options that are not.
func (j *Journal) Register(o *Options) {
	j.keeper.Register(o, o.wishes())
	j.keeper.Start()
}

// Release has the journal forget the Options' wishes: those for rotation count
// from their first Append on, those for keeping since they were registered.
// Lines can still be appended with them.
func (j *Journal) Release(o *Options) {
	j.mu.Lock()
	o.released = true
	j.users = slices.DeleteFunc(slices.Clone(j.users), func(other *Options) bool { return other == o })
	j.mu.Unlock()
	j.keeper.Release(o)
	j.keeper.Start() // others may want less
}

// Sync returns when every line that was appended before is fsynced, or with an
// error if one has been lost since the last Sync, as its fsync failed.
func (j *Journal) Sync(ctx context.Context) error {
	return j.do(ctx, requests.Get().(*request))
}

// Close fsyncs what is written and closes the file. If ctx ends first, that is
// done all the same once the disk allows it.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	return j.Sync(ctx)
}

// commit commits one batch after the other until nothing waits.
func (j *Journal) commit() {
	for {
		// Whoever is about to append, and waits for a processor only, comes first:
		// it can share the batch. Where nobody does, this takes no time. Measured with
		// 64 connections, four did a little better than one, and more no better than four.
		for range 4 {
			runtime.Gosched()
		}
		j.gather()
		batch, users, closed := j.next()
		if batch == nil {
			return
		}
		err, lost := j.file.commit(batch, users)
		if j.file.keeperDue {
			j.file.keeperDue = false
			j.keeper.Start()
		}
		if closed {
			j.file.close()
		} else if j.file.hasDeferred() {
			j.scheduleSync(batch)
		}
		j.committed(batch)
		for _, r := range batch {
			switch {
			case r.done == nil:
			case r.line == nil:
				r.done <- lost
			default:
				r.done <- err
			}
		}
	}
}

// next takes a batch off the queue.
func (j *Journal) next() (batch []*request, users []*Options, closed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	users = j.users
	if len(users) == 0 && len(j.queue) > 0 && j.queue[0].options != nil {
		// Its wishes are released, and nobody else has any: then they hold all the same.
		users = []*Options{j.queue[0].options}
	}
	limit := int64(maxBatch)
	for _, o := range users {
		if o.Size > 0 {
			limit = min(limit, o.Size)
		}
	}
	n, size := 0, int64(0)
	for n < len(j.queue) && (n == 0 || size+int64(len(j.queue[n].line)) <= limit) {
		size += int64(len(j.queue[n].line))
		n++
	}
	if n == 0 {
		j.committing = false
		return nil, nil, false
	}
	batch = slices.Clone(j.queue[:n])
	j.queue = slices.Delete(j.queue, 0, n) // forgets them, unlike a mere slice
	j.batch = batch
	j.tickAgain()
	return batch, users, j.closed
}

// committed says that the batch is over, except for telling its requests.
func (j *Journal) committed(batch []*request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.batch = nil
	j.gathering.committed(batch, len(j.queue))
}

// scheduleSync sees to it that lines of the batch that may wait for their
// fsync do so no longer than the shortest of their intervals.
func (j *Journal) scheduleSync(batch []*request) {
	var interval time.Duration
	for _, r := range batch {
		if r.line != nil && r.options.Sync > 0 && (interval == 0 || r.options.Sync < interval) {
			interval = r.options.Sync
		}
	}
	if interval == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	at := time.Now().Add(interval)
	if !j.syncAt.IsZero() && !at.Before(j.syncAt) {
		return
	}
	if j.syncTimer != nil {
		j.syncTimer.Stop()
	}
	j.syncAt = at
	j.syncTimer = time.AfterFunc(interval, func() {
		j.mu.Lock()
		j.syncAt = time.Time{}
		j.mu.Unlock()
		j.enqueue(&request{}) // SyncFailed tells of an error
	})
}
