//go:build deploy

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDeployJq runs what docs/jq.md shows.
func TestDeployJq(t *testing.T) {
	t.Parallel()
	const heading = "Reading events with jq"
	document := readDocument(t, "docs/jq.md")
	dir := t.TempDir()
	events := document.under(t, heading, "json")[0]
	if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	commands, results := document.under(t, heading, "sh"), document.under(t, heading, "text")
	if len(commands) < 10 || len(results) != len(commands) {
		t.Fatalf("%d commands, %d results", len(commands), len(results))
	}
	for i, command := range commands {
		cmd := exec.Command("bash", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := string(out); err != nil || got != results[i] && got+"\n" != results[i] {
			t.Errorf("%s: %v\n%s\nwant\n%s", command, err, got, results[i])
		}
	}
}
