package cursor

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// Record is what a cursor holds.
type Record struct {
	plan.Memory
	Clean  bool            // the delivery was stopped, and did not just end
	Read   reader.Position // the line up to which the journal was read
	Retry  reader.Position // and the dead letters that are sent again
	Undone []Undone        // in the order in which they were read
}

// Undone is an event that is not done.
type Undone struct {
	reader.Position
	plan.State
	Subject  uint64    // hash
	Received time.Time // when the event came
	Again    bool      // it is one of the dead letters that are sent again, and the position one in their file
}

const (
	flagAside = 1 << iota
	flagInnocent
	flagAgain
)

const (
	flagDown = 1 << iota
	flagPaused
	flagClean
)

// append appends the record to b. Files come first, then places by the files' numbers; of what
// was never tried, only the place, subject and time.
func (r *Record) append(b []byte) []byte {
	type file struct {
		print   reader.Fingerprint
		rotated int64
	}
	files := make(map[file]uint64)
	var table []file
	of := func(p *reader.Position) file { return file{p.File, milliseconds(p.Rotated)} }
	add := func(p *reader.Position) {
		if _, ok := files[of(p)]; !ok {
			files[of(p)] = uint64(len(table))
			table = append(table, of(p))
		}
	}
	add(&r.Read)
	add(&r.Retry)
	for i := range r.Undone {
		add(&r.Undone[i].Position)
	}
	b = binary.AppendUvarint(b, uint64(len(table)))
	for _, f := range table {
		b = append(b, f.print[:]...)
		b = binary.AppendVarint(b, f.rotated)
	}
	place := func(p *reader.Position) {
		b = binary.AppendUvarint(b, files[of(p)])
		b = binary.AppendUvarint(b, uint64(p.Offset))
		b = binary.AppendUvarint(b, uint64(p.Length))
		b = binary.LittleEndian.AppendUint64(b, p.Hash)
	}
	place(&r.Read)
	place(&r.Retry)
	b = binary.AppendUvarint(b, r.Taken)
	b = append(b, flags(r.Down, r.Paused, r.Clean))
	b = appendTime(b, r.Held)
	b = binary.AppendUvarint(b, uint64(len(r.Undone)))
	for i := range r.Undone {
		u := &r.Undone[i]
		place(&u.Position)
		b = binary.LittleEndian.AppendUint64(b, u.Subject)
		b = appendTime(b, u.Received)
		b = binary.AppendUvarint(b, uint64(u.Attempts))
		b = append(b, flags(u.Aside, u.Innocent, u.Again))
		if u.Attempts == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(u.Used))
		b = binary.AppendUvarint(b, uint64(u.Reached))
		b = appendTime(b, u.Due)
		b = appendTime(b, u.Last)
		b = binary.AppendUvarint(b, u.Then)
		b = binary.AppendUvarint(b, u.First)
	}
	return b
}

func flags(set ...bool) (b byte) {
	for i, is := range set {
		if is {
			b |= 1 << i
		}
	}
	return b
}

// appendTime appends a time in milliseconds; 0 is none.
func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, milliseconds(t)) }

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

var errContent = errors.New("a content that can't be")

// decode is the reverse of append.
func decode(b []byte) (*Record, error) {
	d := decoder{b: b}
	table := make([]reader.Position, d.count(17))
	for i := range table {
		copy(table[i].File[:], d.bytes(16))
		table[i].Rotated = d.time()
	}
	place := func() (p reader.Position) {
		if n := d.uvarint(); n < uint64(len(table)) {
			p = table[n]
		} else {
			d.bad = true
		}
		p.Offset, p.Length, p.Hash = int64(d.uvarint()), int64(d.uvarint()), d.uint64()
		d.bad = d.bad || p.Offset < 0 || p.Length < 0
		return p
	}
	r := &Record{Read: place(), Retry: place()}
	r.Taken = d.uvarint()
	f := d.byte()
	r.Down, r.Paused, r.Clean = f&flagDown != 0, f&flagPaused != 0, f&flagClean != 0
	r.Held = d.time()
	r.Undone = make([]Undone, d.count(21))
	for i := range r.Undone {
		u := &r.Undone[i]
		u.Position = place()
		u.Subject, u.Received, u.Attempts = d.uint64(), d.time(), d.int()
		f := d.byte()
		u.Aside, u.Innocent, u.Again = f&flagAside != 0, f&flagInnocent != 0, f&flagAgain != 0
		if u.Attempts == 0 {
			continue
		}
		u.Used, u.Reached = d.int(), d.int()
		u.Due, u.Last = d.time(), d.time()
		u.Then, u.First = d.uvarint(), d.uvarint()
	}
	if d.bad || len(d.b) > 0 {
		return nil, errContent
	}
	return r, nil
}

// decoder takes values off what is left. After what can't be, bad is set, and values are zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) bytes(n int) []byte {
	if len(d.b) < n {
		d.bad = true
		return make([]byte, n)
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

func (d *decoder) byte() byte     { return d.bytes(1)[0] }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.bytes(8)) }

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count returns a number of what takes so many bytes each at least.
func (d *decoder) count(least int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/least) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) int() int {
	n := d.uvarint()
	if n > 1<<31 {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) time() time.Time {
	if ms := d.varint(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}
