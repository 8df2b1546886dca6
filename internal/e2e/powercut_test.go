//go:build linux && powercut

// These tests cut the power of a real file system's disk, see package disk.
// They need root, /dev/fuse, and the file systems' mkfs:
//
//	go test -tags powercut -run PowerCut . ./disk

package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/e2e/disk"
)

var cuts = flag.Int("cuts", 12, "how many times the power is cut, for each file system")

const (
	cutsOfLife  = 6 // how many moments are tried, of which the last one counts
	livesOfDisk = 3
)

// TestPowerCutsOfDisks has a server store, rotate, compress and deliver on each file
// system, cuts the power at random moments, and looks for what was acknowledged
// before. On what is left a server goes on, which delivers it or puts it into the
// dead letters, and whose power is cut again.
func TestPowerCutsOfDisks(t *testing.T) {
	for _, kind := range fileSystems {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, kind, "")
			m.newOutsider()
			if _, err := m.cutPower(*cuts); err != nil {
				t.Error(err)
			}
			t.Log(m.total)
		})
	}
}

// TestPowerCutsOfDisksAreNoticed: where nothing is fsynced, the same finds lost
// events.
func TestPowerCutsOfDisksAreNoticed(t *testing.T) {
	for _, kind := range fileSystems {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			n, err := newMachine(t, kind, "sync off").cutPower(50)
			if err == nil {
				t.Errorf("nothing is lost in %d power cuts", n)
			}
			t.Logf("after %d power cuts: %v", n, err)
		})
	}
}

// TestPowerCutsOfDisksAreNoticedInCompressedFiles: where only the fsync of
// compressed files is left out, it finds those that are not whole, while the
// originals are gone. ext4 is not in it: it writes by itself what replaces
// another file (auto_da_alloc).
func TestPowerCutsOfDisksAreNoticedInCompressedFiles(t *testing.T) {
	binary := builtWith(t, "../files/compress.go", "err = target.Sync()", "")
	for _, kind := range fileSystems[1:] {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, kind, "")
			m.binary = binary
			n, err := m.cutPower(50)
			if err == nil || !strings.Contains(err.Error(), ".jsonl.") {
				t.Errorf("in %d power cuts, no compressed file is lost: %v", n, err)
			}
			t.Logf("after %d power cuts: %v", n, err)
		})
	}
}

// TestPowerCutsOfDisksAreNoticedInCursors: where only their fsync is left out, it finds events that
// come again.
func TestPowerCutsOfDisksAreNoticedInCursors(t *testing.T) {
	wantNoticed(t, builtWith(t, "../../deliver/cursor/cursor.go", "return c.file.Sync()", "return nil"),
		"delivered again", "the cursor is damaged", "neither delivered")
}

// TestPowerCutsOfDisksAreNoticedInDeadLetters: where only their fsync is left out, it finds that some
// are lost.
func TestPowerCutsOfDisksAreNoticedInDeadLetters(t *testing.T) {
	wantNoticed(t, builtWith(t, "../../deliver/dead.go", "err = o.sync()", "err = o.Flush()"), "neither delivered")
}

// wantNoticed has power cuts of a server with a fault of its deliveries end with one of the errors.
func wantNoticed(t *testing.T, binary string, errors ...string) {
	for _, kind := range fileSystems {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, kind, "")
			m.newOutsider()
			m.binary = binary
			n, err := m.cutPower(50)
			if err == nil || !slices.ContainsFunc(errors, func(e string) bool { return strings.Contains(err.Error(), e) }) {
				t.Errorf("it is not noticed in %d power cuts: %v", n, err)
			}
			t.Logf("after %d power cuts: %v", n, err)
		})
	}
}

// builtWith is a server with another statement in one of the plugin's files.
func builtWith(t *testing.T, file, statement, other string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), statement); n != 1 {
		t.Fatalf("%q is in %s %d times, want once: say here what it has become", statement, path, n)
	}
	dir := t.TempDir()
	without, overlay, binary := filepath.Join(dir, "without.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "caddy")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{path: without}})
	if err == nil {
		err = errors.Join(
			os.WriteFile(without, []byte(strings.Replace(string(source), statement, other, 1)), 0o600),
			os.WriteFile(overlay, replace, 0o600))
	}
	if err == nil {
		_, err = command("go", "build", "-overlay", overlay, "-o", binary, caddyPackage)
	}
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// cutPower cuts the power so many times and returns an error if an event is
// lost, and after how many cuts.
func (m *machine) cutPower(cuts int) (int, error) {
	m.t.Helper()
	var image *disk.Image
	for m.total.cuts < cuts {
		if image == nil || m.lives == livesOfDisk {
			image = m.formatted()
		}
		m.lives++
		d := disk.New(image, true)
		var end int
		var traffic *traffic
		err := m.with(d, func() error {
			traffic = m.run(d, 600)
			end = d.Moment()
			traffic.stop()
			return nil
		})
		if err != nil {
			m.t.Fatal(err)
		}
		traffic.wantNoRefusal()
		m.total.acked += traffic.count()
		before, requests := m.past, m.app.requests()
		if err := m.wantFewRepeats(before, requests); err != nil {
			return m.total.cuts, err
		}
		for range min(cutsOfLife, cuts-m.total.cuts) {
			moment := m.moment(traffic.acked, end)
			m.past = before.until(moment, d.Time(moment), traffic.acked, requests)
			fate := disk.Fates[m.rng.IntN(len(disk.Fates))]
			image = d.Cut(moment, fate, m.rng)
			m.total.cuts++
			if err := m.after(image); err != nil {
				return m.total.cuts, fmt.Errorf("at moment %d of %d, of what was not flushed %s was there: %w", moment, end, fate, err)
			}
		}
	}
	return m.total.cuts, nil
}

// moment is when the power is cut: at random, or just after an event was
// acknowledged, rather one of the first ones.
func (m *machine) moment(acked []ack, end int) int {
	if m.rng.IntN(2) == 0 {
		return m.rng.IntN(end + 1)
	}
	share := m.rng.Float64()
	return min(end, acked[int(share*share*float64(len(acked)))].moment)
}

// after looks at what is left, and sometimes has a server go on with it.
func (m *machine) after(image *disk.Image) error {
	d := disk.New(image, false)
	return m.with(d, func() error {
		if err := m.lost(m.past.acked); err != nil || m.rng.IntN(2) > 0 {
			return err
		}
		m.total.restarts++
		traffic := m.run(d, 60)
		if m.app != nil {
			m.app.becomeSound()
		}
		traffic.stop()
		traffic.wantNoFailure()
		p := m.past
		p.acked = p.until(d.Moment(), time.Time{}, traffic.acked, nil).acked
		for _, dir := range []string{"gzip", "zstd"} {
			wantAllCompressed(m.t, m.path("disk", dir))
		}
		err := m.lost(p.acked)
		if err == nil && m.app != nil {
			err = m.wantDelivered(p)
		}
		if err != nil {
			return fmt.Errorf("after the next start: %w", err)
		}
		return nil
	})
}
