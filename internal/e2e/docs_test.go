package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestDocumentsNameTests looks for each test that SECURITY.md and RELIABILITY.md
// name.
func TestDocumentsNameTests(t *testing.T) {
	t.Parallel()
	var tests []byte
	for _, pattern := range []string{"*_test.go", "../*/*_test.go", "../../*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests = append(tests, content...)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)(…?)`") // with an ellipsis: all that begin so
	for _, document := range []string{"../../SECURITY.md", "../../RELIABILITY.md"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllSubmatch(content, -1)
		if len(names) < 20 {
			t.Errorf("%s names %d tests", document, len(names))
		}
		for _, name := range names {
			end := `\(`
			if len(name[2]) > 0 {
				end = ""
			}
			if !regexp.MustCompile(`(?m)^func ` + string(name[1]) + end).Match(tests) {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
}
