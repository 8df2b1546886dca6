package disk

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// sectors are so many sectors full of a byte.
func sectors(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n*Sector) }

// first is the first byte of each of the first sectors.
func first(i *Image, n int) string {
	b := make([]byte, n*Sector)
	i.ReadAt(b, 0)
	s := ""
	for ; len(b) > 0; b = b[Sector:] {
		if !bytes.Equal(b[:Sector], sectors(1, b[0])) {
			s += "torn "
		}
		s += string(rune(b[0]))
	}
	return s
}

func TestImage(t *testing.T) {
	const size = 8 * pageSize
	image, want := NewImage(size), make([]byte, size)
	for range 200 {
		offset := rand.IntN(size)
		b := bytes.Repeat([]byte{byte(rand.Int())}, rand.IntN(size-offset+1))
		copy(want[offset:], b)
		old := image
		before := make([]byte, size)
		old.ReadAt(before, 0)
		image = image.Clone()
		image.WriteAt(b, int64(offset))
		got, after := make([]byte, size), make([]byte, size)
		image.ReadAt(got, 0)
		old.ReadAt(after, 0)
		if !bytes.Equal(got, want) || !bytes.Equal(before, after) {
			t.Fatalf("%d bytes at %d: they are not there, or also in what it is a copy of", len(b), offset)
		}
	}
}

// What was flushed is there whatever the fate of the rest, and the rest may be
// there in every way.
func TestFlushIsHonoured(t *testing.T) {
	base := NewImage(pageSize)
	base.WriteAt(sectors(8, '0'), 0)
	d := New(base, false)
	d.write(sectors(2, 'a'), 0)
	d.write(sectors(2, 'b'), Sector)
	unflushed := d.Moment()
	d.flush()
	flushed := d.Moment()
	d.write(sectors(2, 'c'), 2*Sector)
	d.write(sectors(2, 'd'), 3*Sector)
	end := d.Moment()
	if s := first(d.Image(), 6); s != "abcdd0" {
		t.Errorf("on the disk is %s", s)
	}
	for _, test := range []struct {
		moment int
		fate   Fate
		want   []string // each of them, and nothing else
	}{
		{0, All, []string{"000000"}},
		{unflushed, None, []string{"000000"}},
		{unflushed, All, []string{"abb000"}},
		{unflushed, First, []string{"000000", "aa0000", "abb000"}},
		{unflushed, Last, []string{"000000", "0bb000"}},
		{unflushed, SomeWrites, []string{"000000", "aa0000", "0bb000", "abb000"}},
		{unflushed, Torn, []string{
			"000000", "a00000", "0a0000", "aa0000", "0b0000", "ab0000", "00b000", "a0b000", "0ab000", "aab000", "0bb000", "abb000",
		}},
		{flushed, None, []string{"abb000"}},
		{flushed, Torn, []string{"abb000"}},
		{end, None, []string{"abb000"}},
		{end, All, []string{"abcdd0"}},
		{end, Last, []string{"abb000", "abbdd0"}},
		{end, SomeWrites, []string{"abb000", "abcc00", "abbdd0", "abcdd0"}},
	} {
		got := map[string]bool{}
		for seed := range uint64(400) {
			got[first(d.Cut(test.moment, test.fate, rand.New(rand.NewPCG(seed, 0))), 6)] = true
		}
		for _, want := range test.want {
			if !got[want] {
				t.Errorf("at moment %d, %s: never %s, but %v", test.moment, test.fate, want, got)
			}
			delete(got, want)
		}
		// Of the two fates that keep some in order, one write may be torn.
		if len(got) != 0 && test.fate != First && test.fate != Last {
			t.Errorf("at moment %d, %s: also %v", test.moment, test.fate, got)
		}
	}
}

// A flush says nothing of a write that had not ended when it began, nor does one
// that has not ended say anything.
func TestFlushOfWhatIsUnderWay(t *testing.T) {
	d := New(NewImage(pageSize), false)
	d.write(sectors(1, 'a'), 0)
	d.write(sectors(1, 'b'), Sector)
	d.flush()
	late, flush := d.writes[1], d.flushes[0]
	late.ended = flush.began + 1
	rng := rand.New(rand.NewPCG(0, 0))
	for moment, want := range map[int]string{flush.ended: "a\x00", flush.ended - 1: "\x00\x00"} {
		if s := first(d.Cut(moment, None, rng), 2); s != want {
			t.Errorf("at moment %d there is %q, want %q", moment, s, want)
		}
	}
}

// Pages can be had that are not torn.
func TestWholePages(t *testing.T) {
	d := New(NewImage(4*pageSize), false)
	d.Whole = func(page int64) bool { return page == 1 }
	d.write(sectors(20, 'a'), pageSize-2*Sector)
	for seed := range uint64(100) {
		left := d.Cut(d.Moment(), Torn, rand.New(rand.NewPCG(seed, 0)))
		page := make([]byte, pageSize)
		left.ReadAt(page, pageSize)
		if !bytes.Equal(page, sectors(8, page[0])) {
			t.Fatalf("seed %d: the page is torn", seed)
		}
	}
}
