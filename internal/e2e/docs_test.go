package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestSecurityNamesTests looks for each test that SECURITY.md names.
func TestSecurityNamesTests(t *testing.T) {
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
	document, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllSubmatch(document, -1)
	if len(names) < 30 {
		t.Errorf("%d tests are named", len(names))
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^func ` + string(name[1]) + `\(`).Match(tests) {
			t.Errorf("there is no %s", name[1])
		}
	}
}
