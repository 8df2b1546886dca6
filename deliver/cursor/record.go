package cursor

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
)

// Record is what a cursor holds.
type Record struct {
	plan.Memory
	Clean  bool     // the delivery was stopped, and did not just end
	Read   Place    // up to which the journal was read
	Retry  Place    // up to which the dead letters that are being retried were
	Undone []Undone // in the order in which they were read
}

// Place is where a line ends, or, of what is undone, begins.
type Place struct {
	File   Fingerprint
	Offset int64
	Length int64  // of the line, with its line feed
	Hash   uint64 // of the line; 0 of what is undone
}

// Fingerprint tells files apart: the hash of what a file begins with. It is zero where
// nothing was read.
type Fingerprint struct {
	Hash    [16]byte
	Rotated int64 // when the file was, in milliseconds of Unix time: a hint; 0: it was not
}

// Undone is an event that is not done.
type Undone struct {
	Place
	plan.State
	Subject  uint64 // hash
	Received time.Time
}

const (
	flagAside = 1 << iota
	flagInnocent
)

const (
	flagDown = 1 << iota
	flagPaused
	flagClean
)

// append appends the record to b. Files come first, then places by the files' numbers; of what
// was never tried, only the place, subject and time.
func (r *Record) append(b []byte) []byte {
	files := make(map[[16]byte]uint64)
	var table []Fingerprint
	add := func(f Fingerprint) {
		if _, ok := files[f.Hash]; !ok {
			files[f.Hash] = uint64(len(table))
			table = append(table, f)
		}
	}
	add(r.Read.File)
	add(r.Retry.File)
	for i := range r.Undone {
		add(r.Undone[i].File)
	}
	b = binary.AppendUvarint(b, uint64(len(table)))
	for _, f := range table {
		b = append(b, f.Hash[:]...)
		b = binary.AppendVarint(b, f.Rotated)
	}
	place := func(p *Place) {
		b = binary.AppendUvarint(b, files[p.File.Hash])
		b = binary.AppendUvarint(b, uint64(p.Offset))
		b = binary.AppendUvarint(b, uint64(p.Length))
	}
	place(&r.Read)
	b = binary.LittleEndian.AppendUint64(b, r.Read.Hash)
	place(&r.Retry)
	b = binary.LittleEndian.AppendUint64(b, r.Retry.Hash)
	b = binary.AppendUvarint(b, r.Taken)
	b = append(b, flags(r.Down, r.Paused, r.Clean))
	b = binary.AppendUvarint(b, uint64(len(r.Undone)))
	for i := range r.Undone {
		u := &r.Undone[i]
		place(&u.Place)
		b = binary.LittleEndian.AppendUint64(b, u.Subject)
		b = appendTime(b, u.Received)
		b = binary.AppendUvarint(b, uint64(u.Attempts))
		b = append(b, flags(u.Aside, u.Innocent))
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
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixMilli())
}

var errContent = errors.New("a content that can't be")

// decode is the reverse of append.
func decode(b []byte) (*Record, error) {
	d := decoder{b: b}
	table := make([]Fingerprint, d.count(17))
	for i := range table {
		copy(table[i].Hash[:], d.bytes(16))
		table[i].Rotated = d.varint()
	}
	place := func() (p Place) {
		if n := d.uvarint(); n < uint64(len(table)) {
			p.File = table[n]
		} else {
			d.bad = true
		}
		p.Offset, p.Length = int64(d.uvarint()), int64(d.uvarint())
		d.bad = d.bad || p.Offset < 0 || p.Length < 0
		return p
	}
	r := &Record{}
	r.Read = place()
	r.Read.Hash = d.uint64()
	r.Retry = place()
	r.Retry.Hash = d.uint64()
	r.Taken = d.uvarint()
	f := d.byte()
	r.Down, r.Paused, r.Clean = f&flagDown != 0, f&flagPaused != 0, f&flagClean != 0
	r.Undone = make([]Undone, d.count(13))
	for i := range r.Undone {
		u := &r.Undone[i]
		u.Place = place()
		u.Subject, u.Received, u.Attempts = d.uint64(), d.time(), d.int()
		f := d.byte()
		u.Aside, u.Innocent = f&flagAside != 0, f&flagInnocent != 0
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
