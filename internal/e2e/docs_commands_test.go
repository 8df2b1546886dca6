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
	"PERFORMANCE.md, Performance":                                        {ci: "make bench"},
	"PERFORMANCE.md, Comparing changes":                                  {ci: "make compare"},
	"README.md, Try it":                                                  {ci: "make run"}, // and make test
	"README.md, Install":                                                 {test: "TestReadme"},
	"README.md, See that it works":                                       {test: "TestReadme"},
	"RELEASING.md, 2. Write the version down":                            {test: "TestRelease"},
	"RELEASING.md, 3. Tag the root":                                      {test: "TestRelease"},
	"RELEASING.md, 4. Look from outside":                                 {test: "TestRelease"},
	"RELEASING.md, 5. Tag the nested modules":                            {test: "TestRelease"},
	"RELEASING.md, 6. Look from outside again":                           {test: "TestRelease"},
	"docs/commands.md, Commands":                                         {test: "TestReadme"},
	"docs/commands.md, test":                                             {test: "TestDocumentsCLI"},
	"docs/commands.md, providers":                                        {test: "TestDocumentsCLI"},
	"docs/commands.md, status":                                           {test: "TestDocumentsCLI"},
	"docs/commands.md, refused":                                          {test: "TestDocumentsCLI"},
	"docs/commands.md, deliveries":                                       {test: "TestDocumentsCLI"},
	"docs/commands.md, learn":                                            {test: "TestDocumentsCLI"},
	"docs/commands.md, inspect":                                          {test: "TestDocumentsCLI"},
	"docs/commands.md, tail":                                             {test: "TestDocumentsCLI"},
	"docs/commands.md, find":                                             {test: "TestDocumentsCLI"},
	"docs/commands.md, show":                                             {test: "TestDocumentsCLI"},
	"docs/commands.md, check":                                            {test: "TestDocumentsCLI"},
	"docs/commands.md, verify":                                           {test: "TestDocumentsCLI"},
	"docs/commands.md, replay":                                           {test: "TestDocumentsCLI"},
	"docs/deliver.md, Signing":                                           {test: "TestDocumentsDeliver"},
	"docs/deliver.md, Look and act":                                      {test: "TestDocumentsDeliver"},
	"docs/deployment.md, systemd":                                        {test: "TestDeployService"},
	"docs/deployment.md, Docker":                                         {nobody: "there is no Docker engine; TestDockerSetup runs setup.sh, TestDockerfile and TestCompose check the files"},
	"docs/deployment.md, Rotation":                                       {test: "TestDeployLogrotate"},
	"docs/deployment.md, Upgrade and rollback":                           {test: "TestDeployUpgrade"},
	"docs/deployment.md, Packages":                                       {test: "TestDeployPackages"},
	"docs/guides/github.md, Test it":                                     {test: "TestGuides"},
	"docs/guides/meta.md, Test it":                                       {test: "TestGuides"},
	"docs/guides/shopify.md, Test it":                                    {test: "TestGuides"},
	"docs/guides/slack.md, Test it":                                      {test: "TestGuides"},
	"docs/guides/socialboards.md, Test it":                               {test: "TestGuides"},
	"docs/guides/stripe.md, Test it":                                     {test: "TestGuides"},
	"docs/inspector.md, Start":                                           {test: "TestDocumentsInspector"},
	"docs/inspector.md, The key, through a tunnel":                       {nobody: "there is no ssh server; TestDocumentsInspector tries the site"},
	"docs/inspector.md, Docker":                                          {nobody: "there is no Docker engine"},
	"docs/jq.md, Reading events with jq":                                 {test: "TestDeployJq"},
	"docs/metrics.md, Scrape":                                            {test: "TestDeployScrape"},
	"docs/questions.md, How do I find an event?":                         {test: "TestDeployQuestions"},
	"docs/questions.md, How do I send events again?":                     {test: "TestDeployQuestions"},
	"docs/questions.md, How do I delete a person's data?":                {test: "TestDeployForget"},
	"docs/questions.md, How do I back up and restore?":                   {test: "TestDeployQuestions"},
	"docs/questions.md, How do I move to another machine without a gap?": {test: "TestDeployQuestions"},
	"docs/questions.md, How do I have several providers on one site?":    {test: "TestDeploySeveralProviders"},
	"docs/questions.md, How do I send events on every minute?":           {test: "TestDeploySeveralProviders"},
	"docs/troubleshooting.md, No event arrives: seven steps":             {test: "TestDeployTroubleshooting"},
	"docs/troubleshooting.md, Events are refused":                        {test: "TestDeployTroubleshooting"},
	"docs/troubleshooting.md, The application gets nothing":              {test: "TestDeployTroubleshooting"},
	"docs/troubleshooting.md, The disk is full, or a file was set aside": {test: "TestDeployTroubleshooting"},
	"docs/troubleshooting.md, Caddy does not start":                      {test: "TestDeployDoesNotStart"},
}

// isShell tells whether a block has commands.
func (b block) isShell() bool {
	return slices.Contains([]string{"sh", "bash", "shell", "console"}, b.language)
}

// TestDocumentsShell has bash parse every block of commands, those that nobody runs
// included, and those of nested modules.
func TestDocumentsShell(t *testing.T) {
	t.Parallel()
	parsed := 0
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if !b.isShell() {
				continue
			}
			parsed++
			cmd := exec.Command("bash", "-n")
			cmd.Stdin = strings.NewReader(b.text)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s, %s: %v\n%s\n%s", d.path, b.heading, err, out, b.text)
			}
		}
	}
	if parsed < 20 {
		t.Errorf("only %d blocks", parsed)
	}
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
