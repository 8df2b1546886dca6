package e2e

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rotatedName = regexp.MustCompile(`^events-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.jsonl(\.gz)?$`)

// TestRotationUnderTraffic rotates and compresses all the time, while the
// server is killed and its config reloaded: every event that was acknowledged
// is in some file, whole, and once.
func TestRotationUnderTraffic(t *testing.T) {
	rolling := site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {", "roll_size 20KB", "roll_compress gzip", "}")
	s := newServer(t)
	s.configure(rolling)
	s.start()
	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	for i := range 3 {
		traffic.wait(200)
		if i == 1 {
			s.load(strings.Replace(rolling, "20KB", "10KB", 1))
			traffic.wait(200)
		}
		s.kill()
		s.start()
	}
	traffic.wait(200)
	traffic.stop()
	traffic.wantNoRefusal()

	eventually(t, "everything but the newest is compressed", func() error {
		plain, err := filepath.Glob(s.path("a", "events-*.jsonl"))
		if err == nil && len(plain) > 0 {
			err = fmt.Errorf("%d are not", len(plain))
		}
		return err
	})
	var whole []string
	entries, err := os.ReadDir(s.path("a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".tmp") {
			continue // a kill in the middle of compressing
		}
		if name != "events.jsonl" && !rotatedName.MatchString(name) {
			t.Errorf("a file is called %s", name)
		}
		content := unpacked(t, s.path("a", name))
		if len(content) > 21_000 {
			t.Errorf("%s holds %d bytes", name, len(content))
		}
		for _, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
			if strings.HasSuffix(line, "}") { // not torn by a kill
				whole = append(whole, line)
			}
		}
	}
	traffic.wantEachOnce(whole)
	if len(entries) < 5 {
		t.Errorf("%d files", len(entries))
	}
	t.Logf("%d events acknowledged, in %d files", traffic.count(), len(entries))
}

func unpacked(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
