package cursor

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// TestRecordsComeBack whatever is in them.
func TestRecordsComeBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		want := randomRecord(random)
		got, err := decode(want.append(nil))
		if err != nil {
			t.Fatalf("%v of %+v", err, want)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

// TestLargestRecordFits in a slot: as many events as may be undone, each in a file of its own, with the largest
// numbers there are.
func TestLargestRecordFits(t *testing.T) {
	r := &Record{Memory: plan.Memory{Taken: math.MaxUint64, Down: true, Paused: true, Held: time.UnixMilli(math.MaxInt64)}}
	at := time.UnixMilli(math.MinInt64)
	position := func(i int) reader.Position {
		p := reader.Position{Rotated: at, Offset: math.MaxInt64, Length: math.MaxInt64, Hash: math.MaxUint64}
		p.File[0], p.File[1] = byte(i), byte(i>>8)
		return p
	}
	r.Read, r.Retry = position(plan.MaxUndone), position(plan.MaxUndone+1)
	for i := range plan.MaxUndone {
		r.Undone = append(r.Undone, Undone{
			Position: position(i), Subject: math.MaxUint64, Received: at, Again: true,
			State: plan.State{
				Attempts: 1 << 31, Used: 1 << 31, Reached: 1 << 31, Due: at, Last: at,
				Then: math.MaxUint64, First: math.MaxUint64,
			},
		})
	}
	b, err := new(Cursor).encode(r, math.MaxUint64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d bytes", len(b), slotSize)
	got, err := decode(b[header:])
	if err != nil || len(got.Undone) != len(r.Undone) {
		t.Errorf("%v", err)
	}
}

// TestTooLargeRecord is refused, and what was saved before stays.
func TestTooLargeRecord(t *testing.T) {
	c, path := created(t, numbered(1))
	if err := c.Save(&Record{Undone: make([]Undone, slotSize/20)}); err == nil {
		t.Fatal("saved")
	}
	wantSaved(t, path, 1)
}

func randomRecord(random *rand.Rand) *Record {
	number := func() int64 { return random.Int64() >> random.IntN(63) }
	at := func() time.Time {
		if random.IntN(5) == 0 {
			return time.Time{}
		}
		return time.UnixMilli(number() + 1)
	}
	prints := make([]reader.Fingerprint, 1+random.IntN(4))
	for i := range prints {
		prints[i][random.IntN(16)] = byte(random.Int())
	}
	position := func() reader.Position {
		p := reader.Position{File: prints[random.IntN(len(prints))], Rotated: at(), Offset: number(), Length: number(), Hash: random.Uint64()}
		if random.IntN(2) == 0 {
			p.Rotated = reader.NeverRotated
		}
		return p
	}
	flip := func() bool { return random.IntN(2) == 0 }
	r := &Record{
		Memory: plan.Memory{Taken: random.Uint64(), Down: flip(), Paused: flip(), Held: at()},
		Clean:  flip(), Read: position(), Retry: position(), Undone: make([]Undone, random.IntN(20)),
	}
	for i := range r.Undone {
		u := &r.Undone[i]
		*u = Undone{Position: position(), Subject: random.Uint64(), Received: at(), Again: flip()}
		u.Aside, u.Innocent = flip(), flip()
		if u.Attempts = random.IntN(3); u.Attempts == 0 {
			continue
		}
		u.Used, u.Reached = random.IntN(1<<31), random.IntN(1<<31)
		u.Due, u.Last, u.Then, u.First = at(), at(), random.Uint64(), random.Uint64()
	}
	return r
}

// FuzzDecode has anything decoded: what is taken for a record is one, which is written as
// it was, or shorter.
func FuzzDecode(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		f.Add(randomRecord(random).append(nil))
	}
	f.Add(new(Record).append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(r.append(nil))
		if err != nil || !bytes.Equal(again.append(nil), r.append(nil)) {
			t.Fatalf("%+v\n%+v\n%v", r, again, err)
		}
	})
}

var update = flag.Bool("update", false, "write the golden file anew, when there is a new version")

// TestGolden opens a cursor of version 1 as it was written once: cursors stay readable.
func TestGolden(t *testing.T) {
	const golden = "testdata/version1.slot" // the part that is used of a slot
	want := randomRecord(rand.New(rand.NewPCG(5, 6)))
	if *update {
		b, err := new(Cursor).encode(want, 7)
		if err == nil {
			err = os.WriteFile(golden, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	slot, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/cursor"
	if err := os.WriteFile(path, append(make([]byte, offsetOf(7)), slot...), 0o600); err != nil {
		t.Fatal(err)
	}
	c, got, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if !reflect.DeepEqual(got, want) || c.number != 7 {
		t.Errorf("%+v, want %+v", got, want)
	}
}
