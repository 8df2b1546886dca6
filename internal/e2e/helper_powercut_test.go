//go:build linux && powercut

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/e2e/disk"
)

func init() { disk.Isolate() } // so that no mount is left, whatever becomes of the tests

// fileSystem is a kind of file system, and how one is made that is about as small
// as it may be. What it expects of disks is that some pages are never torn: that
// with the superblock, or, if it is XFS, all of them. Otherwise it sometimes
// refuses to be mounted.
type fileSystem struct {
	name  string
	size  int64
	whole func(page int64) bool
	make  []string
}

var fileSystems = []fileSystem{
	{"ext4", 64 << 20, func(page int64) bool { return page == 0 }, []string{"mkfs.ext4", "-q", "-E", "lazy_itable_init=0"}},
	{"xfs", 300 << 20, func(int64) bool { return true }, []string{"mkfs.xfs", "-q"}},
	{"btrfs", 128 << 20, func(page int64) bool { return page == 16 }, []string{"mkfs.btrfs", "-q"}},
}

// machine is a server whose files are on a disk of its own, at "disk" in its
// directory, which can lose its power.
type machine struct {
	*server
	fileSystem
	options string // of every file output
	rng     *rand.Rand
	runs    int // of the server

	app   *outsider // nil: nothing is delivered
	past  past      // up to the power cut: what was acknowledged must be on the disk
	lives int       // of the disk that ended with a power cut
	total totals
}

type totals struct {
	cuts, restarts, acked, rotated, torn int

	delivered, repeated, dead, waiting int
	oldest                             time.Duration // that was repeated, before the power cut
	slowest                            time.Duration // delivery of what was left
}

func (t totals) String() string {
	return fmt.Sprintf("%d power cuts, %d events acknowledged, %d rotated files read, %d torn lines, %d restarts on what was left; "+
		"%d events delivered, %d of them again, which had been at most %v before the cut, %d dead letters found, %d events refused so often that they wait, all within %v",
		t.cuts, t.acked, t.rotated, t.torn, t.restarts, t.delivered, t.repeated, t.oldest.Round(time.Millisecond), t.dead, t.waiting, t.slowest.Round(time.Millisecond))
}

func newMachine(t *testing.T, kind fileSystem, options string) *machine {
	m := &machine{server: newServer(t), fileSystem: kind, options: options}
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	m.rng = rand.New(rand.NewPCG(seed, 0))
	m.mkdir("disk")
	m.mkdir("plug")
	return m
}

// formatted is the image of an empty file system.
func (m *machine) formatted() *disk.Image {
	m.t.Helper()
	m.past, m.lives = newPast(), 0
	d := disk.New(disk.NewImage(m.size), false)
	device, err := d.Plug(m.path("plug"))
	if err == nil {
		_, err = command(append(m.make, device.Path)...)
		err = errors.Join(err, device.Unplug())
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return d.Image()
}

// with mounts a disk, does something, and unmounts it.
func (m *machine) with(d *disk.Disk, do func() error) (err error) {
	d.Whole = m.whole
	device, err := d.Plug(m.path("plug"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.Unplug()) }()
	if m.name == "btrfs" { // which remembers disks, and takes this one for an older state of another
		if _, err := command("btrfs", "device", "scan", "--forget"); err != nil {
			return err
		}
	}
	if _, err := command("mount", "-t", m.name, device.Path, m.path("disk")); err != nil {
		kernel, _ := command("dmesg")
		return fmt.Errorf("%w\n%s", err, tail(kernel, 3000))
	}
	defer func() {
		m.kill()
		_, unmounted := command("umount", m.path("disk"))
		err = errors.Join(err, unmounted)
	}()
	if err := device.Release(); err != nil {
		return err
	}
	return do()
}

func command(args ...string) (string, error) {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// run starts the server and sends it events, and some more once it has
// acknowledged so many. Where it delivers, and they are many, there are fewer for a while, so that much
// is done long before the end, and sometimes dead letters are sent again.
func (m *machine) run(d *disk.Disk, events int) *traffic {
	m.t.Helper()
	m.runs++
	var pause atomic.Int64
	deliver := ""
	if m.app != nil {
		m.app.begin(d.Moment)
		deliver = "deliver app " + m.app.URL + " {\nretry 20ms 50ms\n}"
	}
	outputs := map[string]string{ // by path and directory
		"gzip":  "roll_size 4KB\nroll_compress gzip",
		"zstd":  "roll_size 6KB\nroll_compress zstd",
		"plain": "roll_size 10KB",
	}
	sites := "http:// {\n"
	for name, options := range outputs {
		dir := name
		delivers := deliver
		if name == "plain" {
			dir, delivers = fmt.Sprintf("plain/%d", m.runs), "" // made anew each time
		}
		sites += "handle /" + name + " {\n" + directive("", "name "+name, "verify_token "+rightToken,
			"output file {$DIR}/disk/"+dir+"/events.jsonl {", options, m.options, "}", delivers) + "}\n"
	}
	m.configure(sites + "}\n")
	m.start()
	traffic := newTraffic(m.t)
	traffic.moment = d.Moment
	client := newClient(m.t)
	for name := range outputs {
		for i := range 4 {
			traffic.from(fmt.Sprintf("%d-%s-%d", m.runs, name, i), "http://"+m.http+"/"+name,
				func() *http.Client {
					time.Sleep(time.Duration(pause.Load()))
					return client
				})
		}
	}
	for i := range 10 {
		traffic.wait(events / 10)
		if m.app != nil && events > 100 && i == 3 {
			pause.Store(int64(lately / 10))
			time.Sleep(lately)
			pause.Store(0)
			if m.rng.IntN(2) == 0 {
				m.retry()
			}
		}
	}
	return traffic
}

// remains is what can be read on the mounted disk.
type remains struct {
	events        map[string]int // by tag, how often
	torn, rotated int
}

// look reads everything, and returns an error if a file that should be whole
// is not.
func (m *machine) look() (found remains, err error) {
	found.events = map[string]int{}
	err = filepath.WalkDir(m.path("disk"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".tmp") || strings.HasPrefix(entry.Name(), "events.jsonl.") {
			return err
		}
		if entry.Name() != "events.jsonl" {
			if !rotatedName.MatchString(entry.Name()) {
				return fmt.Errorf("a file is called %s", path)
			}
			found.rotated++
		}
		content, err := unpacked(path)
		if err != nil {
			if original := strings.TrimSuffix(path, filepath.Ext(path)); exists(original) {
				return nil // not made use of yet
			}
			return err
		}
		for line := range strings.Lines(content) {
			if tag := quickTag(line); tag != "" {
				found.events[tag]++
			} else {
				found.torn++
			}
		}
		return nil
	})
	return found, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// quickTag is tagOf for very many lines. It is empty for a line that is not
// whole.
func quickTag(line string) string {
	var event struct{ Data struct{ Tag, Pad string } }
	if !strings.HasSuffix(line, "}\n") || json.Unmarshal([]byte(line), &event) != nil ||
		len(event.Data.Pad) != len(event.Data.Tag)*17%300 {
		return ""
	}
	return event.Data.Tag
}

// lost returns an error if what was acknowledged is not all there.
func (m *machine) lost(acked map[string]bool) error {
	found, err := m.look()
	if err != nil {
		return err
	}
	for tag := range acked {
		if found.events[tag] == 0 {
			return fmt.Errorf("%s was acknowledged and is gone", tag)
		}
	}
	dead, err := m.dead()
	if err != nil {
		return err
	}
	m.total.dead += len(dead)
	m.total.rotated += found.rotated
	m.total.torn += found.torn
	if found.torn > 3*m.lives { // one for each file
		return fmt.Errorf("%d torn lines after %d power cuts", found.torn, m.lives)
	}
	return nil
}
