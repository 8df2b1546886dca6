package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runner says who runs the commands under a heading of a document: a test of this
// package, .ci/run, or nobody, with the reason.
type runner struct{ test, ci, nobody string }

// runners are of every document with commands. A test runs all commands that stand
// under the heading; whatever else comes there fails TestDocumentsCommands.
var runners = map[string]runner{
	"README.md, Try it":                            {ci: "make run"}, // and make test
	"README.md, Install":                           {test: "TestReadme"},
	"README.md, See that it works":                 {test: "TestReadme"},
	"PERFORMANCE.md, Performance":                  {ci: "make bench"},
	"PERFORMANCE.md, Comparing changes":            {ci: "make compare"},
	"docs/commands.md, Commands":                   {test: "TestReadme"},
	"docs/commands.md, test":                       {test: "TestDocumentsCLI"},
	"docs/commands.md, providers":                  {test: "TestDocumentsCLI"},
	"docs/commands.md, status":                     {test: "TestDocumentsCLI"},
	"docs/commands.md, refused":                    {test: "TestDocumentsCLI"},
	"docs/commands.md, deliveries":                 {test: "TestDocumentsCLI"},
	"docs/commands.md, learn":                      {test: "TestDocumentsCLI"},
	"docs/commands.md, inspect":                    {test: "TestDocumentsCLI"},
	"docs/commands.md, tail":                       {test: "TestDocumentsCLI"},
	"docs/commands.md, find":                       {test: "TestDocumentsCLI"},
	"docs/commands.md, show":                       {test: "TestDocumentsCLI"},
	"docs/commands.md, check":                      {test: "TestDocumentsCLI"},
	"docs/commands.md, verify":                     {test: "TestDocumentsCLI"},
	"docs/commands.md, replay":                     {test: "TestDocumentsCLI"},
	"docs/deliver.md, Signing":                     {test: "TestDocumentsDeliver"},
	"docs/deliver.md, Look and act":                {test: "TestDocumentsDeliver"},
	"docs/deployment.md, systemd":                  {test: "TestDeployService"},
	"docs/deployment.md, Docker":                   {nobody: "there is no Docker engine; TestDockerfile and TestCompose check the files"},
	"docs/deployment.md, Rotation":                 {test: "TestDeployLogrotate"},
	"docs/deployment.md, Upgrade and rollback":     {test: "TestDeployUpgrade"},
	"docs/inspector.md, Start":                     {test: "TestDocumentsInspector"},
	"docs/inspector.md, The key, through a tunnel": {nobody: "there is no ssh server; TestDocumentsInspector tries the site"},
	"docs/inspector.md, Docker":                    {nobody: "there is no Docker engine"},
	"docs/jq.md, Reading events with jq":           {test: "TestDeployJq"},
}

// TestDocumentsCommands looks that every command in the documents is run.
func TestDocumentsCommands(t *testing.T) {
	t.Parallel()
	ci, err := os.ReadFile(project + "/.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	var tests []byte
	names, _ := filepath.Glob("*_test.go")
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, content...)
	}
	var seen []string
	for _, d := range ownDocuments(t) {
		for _, b := range d.blocks {
			if !b.isShell() {
				continue
			}
			place := d.path + ", " + b.heading
			seen = append(seen, place)
			switch who := runners[place]; {
			case who.ci != "":
				for command := range strings.Lines(b.text) {
					if command = strings.TrimSpace(command); !bytes.Contains(ci, []byte(command)) {
						t.Errorf("%s: .ci/run does not have %q", place, command)
					}
				}
			case who.test != "":
				// It has to take them from the document.
				body := regexp.MustCompile(`(?s)\nfunc ` + who.test + `\(.*?\n}\n`).Find(tests)
				if !bytes.Contains(body, []byte(`"`+d.path+`"`)) {
					t.Errorf("%s: %s does not run it", place, who.test)
				}
			case who.nobody == "":
				t.Errorf("%s: nobody runs\n%s", place, b.text)
			}
		}
	}
	for place := range runners {
		if !slices.Contains(seen, place) {
			t.Errorf("%s: there is no command", place)
		}
	}
}
