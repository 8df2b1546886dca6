// Package disk is a disk that remembers everything that was written to it, and
// every flush of its cache, and tells what a power cut would have left of it at
// any moment. The kernel can use it as a block device (Plug), with any file
// system on it.
//
// Nothing is certain but what disks promise: a flush makes durable what was
// written before it, that is, each write that had ended when the flush began.
// Of all that is later each sector may be there or not, in any order.
package disk

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Disk is a disk with a volatile cache, made by New.
type Disk struct {
	// Whole tells, if it is not nil, which pages (of 4 KiB, by number) are never
	// torn: the disk has larger sectors there. File systems rely on that for what
	// they write over in place.
	Whole func(page int64) bool

	slow bool

	mu      sync.Mutex
	base    *Image // before the first write
	now     *Image // as it is read, cache included
	moment  int
	times   []time.Time // of the moments, from the first one on
	writes  []*write
	flushes []*flush
}

type write struct {
	offset       int64
	data         []byte
	began, ended int // moments; 0 is not yet
}

type flush struct{ began, ended int }

// New is a disk on which there is what is on the image. One that is slow takes
// some time, at random, for each write and flush, so that many are under way at
// once and end in any order.
func New(image *Image, slow bool) *Disk {
	return &Disk{slow: slow, base: image.Clone(), now: image.Clone(), times: []time.Time{time.Now()}}
}

// Moment tells how much has happened so far: it grows whenever a write or a
// flush begins or ends. Whoever asks after a flush has ended is told a later
// moment than the flush's end.
func (d *Disk) Moment() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.moment
}

// Time is when a moment was.
func (d *Disk) Time(moment int) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.times[moment]
}

// Image is what is on the disk now, if there is no power cut.
func (d *Disk) Image() *Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now.Clone()
}

func (d *Disk) size() int64 { return d.base.size }

func (d *Disk) read(b []byte, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now.ReadAt(b, offset)
}

func (d *Disk) write(b []byte, offset int64) {
	w := &write{offset: offset, data: append([]byte(nil), b...)}
	d.note(func() {
		w.began = d.moment
		d.writes = append(d.writes, w)
		d.now.WriteAt(w.data, offset)
	})
	if d.slow && rand.IntN(4) == 0 {
		time.Sleep(rand.N(300 * time.Microsecond))
	}
	d.note(func() { w.ended = d.moment })
}

func (d *Disk) flush() {
	f := &flush{}
	d.note(func() {
		f.began = d.moment
		d.flushes = append(d.flushes, f)
	})
	if d.slow {
		time.Sleep(rand.N(time.Millisecond))
	}
	d.note(func() { f.ended = d.moment })
}

// note makes something happen at a moment of its own.
func (d *Disk) note(happen func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moment++
	d.times = append(d.times, time.Now())
	happen()
}
