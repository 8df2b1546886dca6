package webhookreceiver

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap/zapcore"
)

// TestRejectedConfig: one that is rejected half-way leaves the receiver that runs
// alone.
func TestRejectedConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	rc := newReceiver(t, "output file "+file)
	for _, options := range []string{
		"output file " + file + "\noutput file /dev/null",
		"output file " + file + "\nverify_token {env.NOPE}",
	} {
		if _, err := load(t, options); err == nil {
			t.Fatal("loaded")
		}
	}
	if resp := rc.post(t, sample); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestFailingFileRecovers(t *testing.T) {
	dir := t.TempDir()
	rc := newReceiver(t, "output file "+dir+"/a/events.jsonl")
	rc.post(t, sample)

	// Something else sits where the directory was.
	if err := os.Rename(dir+"/a", dir+"/b"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/a", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if resp := rc.post(t, sample); resp.StatusCode != 503 {
			t.Errorf("status %d, want 503", resp.StatusCode)
		}
	}
	if n := logged(rc.logs, zapcore.ErrorLevel, "events are not being stored"); n != 1 {
		t.Errorf("the failure was logged %d times", n)
	}
	mustContain(t, text(rc.logs), dir+"/a", "not a directory")

	if err := os.Remove(dir + "/a"); err != nil {
		t.Fatal(err)
	}
	if resp := rc.post(t, sample); resp.StatusCode != 200 {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
	if n := logged(rc.logs, zapcore.InfoLevel, "events are being stored again"); n != 1 {
		t.Errorf("the recovery was logged %d times", n)
	}
	if got := len(lines(t, dir+"/a/events.jsonl")) + len(lines(t, dir+"/b/events.jsonl")); got != 2 {
		t.Errorf("%d events, want 2", got)
	}
}
