//go:build deploy

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	jsonBlock    = regexp.MustCompile("(?s)```json\n(.*?)```")
	commandBlock = regexp.MustCompile("(?s)```sh\n(.*?)```\n\n```text\n(.*?)```")
)

// TestDeployJq runs what docs/jq.md shows.
func TestDeployJq(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/jq.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	events := jsonBlock.FindSubmatch(doc)[1]
	if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), events, 0o600); err != nil {
		t.Fatal(err)
	}
	commands := commandBlock.FindAllStringSubmatch(string(doc), -1)
	if len(commands) < 10 {
		t.Errorf("%d commands", len(commands))
	}
	for _, command := range commands {
		cmd := exec.Command("bash", "-c", command[1])
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := string(out); err != nil || got != command[2] && got+"\n" != command[2] {
			t.Errorf("%s: %v\n%s\nwant\n%s", command[1], err, got, command[2])
		}
	}
}
