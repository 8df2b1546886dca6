package e2e

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

var rotatedName = regexp.MustCompile(`^events-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl(\.gz|\.zst)?$`)

// eventFiles are the names of events.jsonl and the files rotated from it, each
// in one form, in their order.
func eventFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasSuffix(name, ".tmp"):
			continue // being compressed, or by a process that was killed
		case strings.HasPrefix(name, "events.jsonl."):
			continue // a delivery's
		case name != "events.jsonl" && !rotatedName.MatchString(name):
			t.Errorf("a file is called %s", name)
		case len(names) > 0 && (name == names[len(names)-1]+".gz" || name == names[len(names)-1]+".zst"):
			continue // the original one is still there
		}
		names = append(names, name)
	}
	return names
}

// eventLines are the lines in those files: tagged events that are whole, and
// what else there is.
func eventLines(t *testing.T, dir string) (whole, torn []string) {
	t.Helper()
	for _, name := range eventFiles(t, dir) {
		content, err := unpacked(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
			if _, err := tagOf(line); err == nil {
				whole = append(whole, line)
			} else if line != "" || content != "" {
				torn = append(torn, line)
			}
		}
	}
	return whole, torn
}

// stoppedLines stops the server, and with it what compresses files, and returns
// the lines that it has stored in dir, none of which may be torn.
func (s *server) stoppedLines(dir string) []string {
	s.t.Helper()
	s.terminate()
	s.stopped()
	whole, torn := eventLines(s.t, dir)
	if len(torn) > 0 {
		s.t.Errorf("%d torn lines, such as %q", len(torn), clip(torn[0]))
	}
	return whole
}

// unpacked is the content of a file, compressed or not.
func unpacked(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var r io.Reader = f
	switch filepath.Ext(path) {
	case ".gz":
		r, err = gzip.NewReader(f)
	case ".zst":
		r, err = zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return string(b), err
}

// wantAllCompressed waits until of the rotated files only the compressed form
// is there. An empty one is a name that was reserved when the process was
// killed.
func wantAllCompressed(t *testing.T, dir string) {
	t.Helper()
	eventually(t, "every rotated file is compressed", func() error {
		for _, name := range eventFiles(t, dir) {
			if name == "events.jsonl" || !strings.HasSuffix(name, ".jsonl") {
				continue
			}
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Size() > 0 {
				return fmt.Errorf("%s is not", name)
			}
		}
		return nil
	})
}

// errNoMount is that nothing can be mounted here.
var errNoMount = errors.New("nothing can be mounted here, so unit tests have to do")

// bind mounts a directory or file at another name, too, until the test is over.
func (s *server) bind(from, to string) error {
	s.t.Helper()
	if out, err := exec.Command("mount", "--bind", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w: %s", errNoMount, err, out)
	}
	s.t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", to).CombinedOutput(); err != nil {
			s.t.Errorf("%v: %s", err, out)
		}
	})
	return nil
}
