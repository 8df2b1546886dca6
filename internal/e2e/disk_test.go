package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mount mounts a file system of its own at a directory, until unmount is
// called. It returns nil where that is not allowed.
func (s *server) mount(dir, options string) (unmount func()) {
	s.t.Helper()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		s.t.Logf("no file system can be mounted here, so TestFileSizeLimit has to do: %v: %s", err, out)
		return nil
	}
	mounted := true
	unmount = func() {
		if mounted {
			mounted = false
			if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
				s.t.Errorf("%v: %s", err, out)
			}
		}
	}
	s.t.Cleanup(unmount)
	return unmount
}

// notStored are the entries that tell of a failed output.
func (s *server) notStored() []logEntry {
	s.t.Helper()
	return s.entries(func(e logEntry) bool { return e.field("msg") == "events are not being stored" })
}

// wantAnswers checks that nothing was answered but 200 and 503.
func (tr *traffic) wantAnswers() {
	tr.t.Helper()
	for status := range tr.refused {
		if status != http.StatusServiceUnavailable {
			tr.t.Errorf("answers of %d", status)
		}
	}
}

// TestFullDisk fills a small disk, makes room by moving rotated files away, and
// again. What was acknowledged is in some file; each time it is logged once.
func TestFullDisk(t *testing.T) {
	s := newServer(t)
	disk := s.mkdir("a")
	if s.mount(disk, "size=300k,mode=0700") == nil {
		return
	}
	s.configure(rolling(50_000, "off"))
	s.start()
	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	out := s.mkdir("out")
	const rounds = 4
	for round := range rounds {
		traffic.refuses(50)
		s.verify("x", rightToken).want(t, 200)
		s.post(tagged("refused")).want(t, 503)
		entries := s.notStored()
		if len(entries) != round+1 {
			t.Fatalf("%d entries after the disk was full %d times: %v", len(entries), round+1, entries)
		}
		if e := entries[round].String(); !strings.Contains(e, filepath.Join(disk, "events")) || !strings.Contains(e, "no space left on device") {
			t.Errorf("the entry does not name the file and the cause: %v", e)
		}
		for _, name := range eventFiles(t, disk) {
			if name != "events.jsonl" {
				moveTo(t, filepath.Join(disk, name), filepath.Join(out, name))
			}
		}
		traffic.wait(50)
	}
	traffic.stop()
	traffic.wantAnswers()
	s.terminate()
	s.stopped()
	whole, fragments := eventLines(t, disk)
	moved, more := eventLines(t, out)
	traffic.wantEach(append(whole, moved...))
	if n := len(fragments) + len(more); n > 10*rounds {
		t.Errorf("%d torn lines", n)
	}
	t.Logf("full %d times: %d events acknowledged, %v refused, %d torn lines", rounds, traffic.count(), traffic.refused, len(fragments)+len(more))
}

// moveTo moves a file to another file system.
func moveTo(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.WriteFile(to, content, 0o600), os.Remove(from))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReadOnlyDisk mounts an empty read-only file system over the directory
// while events are being stored, and unmounts it.
func TestReadOnlyDisk(t *testing.T) {
	s := newServer(t)
	s.configure(rolling(50_000, "gzip"))
	s.start()
	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	for round := range 3 {
		traffic.wait(100)
		unmount := s.mount(s.path("a"), "ro")
		if unmount == nil {
			traffic.stop()
			return
		}
		traffic.refuses(50)
		s.verify("x", rightToken).want(t, 200)
		entries := s.notStored()
		if len(entries) != round+1 {
			t.Fatalf("%d entries after %d failures: %v", len(entries), round+1, entries)
		}
		if e := entries[round].String(); !strings.Contains(e, s.path("a", "events.jsonl")) || !strings.Contains(e, "read-only file system") {
			t.Errorf("the entry does not name the file and the cause: %v", e)
		}
		unmount()
	}
	traffic.wait(100)
	traffic.stop()
	traffic.wantAnswers()
	traffic.wantEach(s.stoppedLines(s.path("a")))
	t.Logf("%d events acknowledged, %v refused", traffic.count(), traffic.refused)
}
