package files

import (
	"os"
	"path/filepath"
	"testing"
)

func TestResolve(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "real", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "real", "file"), "")
	for name, target := range map[string]string{
		"dir":         "real",
		"deep":        filepath.Join("real", "sub"),
		"chain":       "link",
		"link":        filepath.Join("real", "file"),
		"absolute":    filepath.Join(root, "real", "missing"),
		"relative":    filepath.FromSlash("deep/../missing"),
		"nowhere":     filepath.Join("new", "dir"),
		"loop":        "pool",
		"pool":        "loop",
		"itself":      "itself",
		"roundtrip":   filepath.FromSlash("new/../roundtrip"),
		"real/sub/up": filepath.Join("..", "..", "chain"),
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Getwd()
	if err == nil {
		err = os.Chdir(filepath.Join(root, "real"))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chdir(before) }()
	for name, want := range map[string]string{
		root + "/real/file":           "real/file",
		root + "/missing":             "missing",
		root + "/new/dir/x":           "new/dir/x",
		root + "/new/../x":            "x",
		root + "//real/./sub/../x":    "real/x",
		root + "/dir/x":               "real/x",
		root + "/dir/new/x":           "real/new/x",
		root + "/deep/../x":           "real/x", // as for every other program
		root + "/deep/new/../../x":    "real/x",
		root + "/link":                "real/file",
		root + "/chain":               "real/file",
		root + "/real/sub/up":         "real/file",
		root + "/absolute":            "real/missing",
		root + "/relative":            "real/missing",
		root + "/nowhere/x":           "new/dir/x",
		root + "/nowhere/../x":        "new/x",
		"x":                           "real/x",
		"../dir/x":                    "real/x",
		"../link":                     "real/file",
		root + "/loop":                "",
		root + "/pool/x":              "",
		root + "/itself":              "",
		root + "/roundtrip":           "",
		root + "/real/file/x":         "",
		root + "/real/file/new/dir/x": "",
	} {
		got, err := Resolve(filepath.FromSlash(name))
		if want == "" {
			if err == nil {
				t.Errorf("%s: %s, want an error", name, got)
			}
			continue
		}
		if want = filepath.Join(root, want); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}
