//go:build linux && powercut

package disk

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"
)

func init() { Isolate() }

// TestPowerCutsOfADevice writes to the block device at random, and fsyncs now and
// then: what can be read is what was written, and so is what a cut leaves of it
// where nothing is lost; with all of the rest lost, it is what was fsynced.
func TestPowerCutsOfADevice(t *testing.T) {
	const size = 1 << 20
	d := New(NewImage(size), true)
	dir := t.TempDir()
	device, err := d.Plug(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(device.Path, os.O_RDWR, 0)
	if err == nil {
		err = device.Release() // it ends when it is closed
	}
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, size)
	check := func(what string, image *Image) {
		t.Helper()
		got := make([]byte, size)
		if image.ReadAt(got, 0); !bytes.Equal(got, want) {
			t.Errorf("%s is not what was written", what)
		}
	}
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 50 {
		for range rng.IntN(20) {
			offset := rng.IntN(size)
			b := bytes.Repeat([]byte{byte(rng.Int())}, min(rng.IntN(50_000), size-offset))
			copy(want[offset:], b)
			if _, err := f.WriteAt(b, int64(offset)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		check("what is left of all that was fsynced", d.Cut(d.Moment(), None, rng))
		check("what is on the disk", d.Image())
	}
	written := bytes.Clone(want)
	if _, err := f.WriteAt(bytes.Repeat([]byte{1}, size), 0); err != nil {
		t.Fatal(err)
	}
	check("what is left without an fsync", d.Cut(d.Moment(), None, rng))
	if err := f.Close(); err != nil { // the kernel writes now, at the latest
		t.Fatal(err)
	}
	if err := device.Unplug(); err != nil {
		t.Fatal(err)
	}
	want = bytes.Repeat([]byte{1}, size)
	check("all that was written", d.Cut(d.Moment(), All, rng))

	// Another device with what is left can be read, and plugged in the same place.
	want = written
	left := New(NewImage(size), false)
	left.write(want, 0)
	if device, err = left.Plug(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(device.Path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes can be read, which are not what was written; %v", len(got), err)
	}
	if err := device.Unplug(); err != nil {
		t.Fatal(err)
	}
}
