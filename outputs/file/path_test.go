package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestFilenames(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 214)
	t.Setenv("EVENTS", dir+"/from-env.jsonl")
	t.Setenv("COMPRESSED", dir+"/events.jsonl.gz")
	if err := os.WriteFile(dir+"/name", []byte(dir+"/from-file.jsonl\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/real.jsonl", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"link.jsonl": "real.jsonl", "dangling.jsonl": "missing.jsonl", "loop.jsonl": "loop.jsonl",
		"linked": "new/dir", "packed.jsonl": "old.jsonl.gz",
	} {
		if err := os.Symlink(target, dir+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{ // a path, or what the error says behind a "!"
		"{env.EVENTS}":                 dir + "/from-env.jsonl",
		"{file." + dir + "/name}":      dir + "/from-file.jsonl",
		dir + "/x/../plain.jsonl":      dir + "/plain.jsonl",
		dir + "/link.jsonl":            dir + "/real.jsonl",
		dir + "/dangling.jsonl":        dir + "/missing.jsonl",
		dir + "/linked/events.jsonl":   dir + "/new/dir/events.jsonl",
		dir + "/" + long:               dir + "/" + long,
		"{env.NOPE}":                   "!{env.NOPE}",
		"{nope}":                       "!{nope}",
		dir:                            "!name a file in it, such as " + dir + "/events.jsonl",
		dir + "/":                      "!name a file in it",
		dir + "/new/":                  "!name a file in it",
		dir + "/new/.":                 "!name a file in it",
		dir + "/new/..":                "!name a file in it",
		"..":                           "!name a file in it",
		dir + "/name/x.jsonl":          "!" + dir + "/name is not a directory",
		dir + "/name/new/x.jsonl":      "!" + dir + "/name is not a directory",
		dir + "/loop.jsonl":            "!too many links",
		dir + "/events.jsonl.gz":       "!must not end with .gz",
		dir + "/events.ZST":            "!must not end with .zst",
		dir + "/events.tmp":            "!must not end with .tmp",
		"{env.COMPRESSED}":             "!must not end with .gz",
		dir + "/packed.jsonl":          "!leads to " + dir + "/old.jsonl.gz, which must not end with .gz",
		dir + "/" + long + "x":         "!is too long",
		dir + "/" + long[:212] + "é":   dir + "/" + long[:212] + "é",
		dir + "/" + long[:213] + "é":   "!choose a shorter one",
		dir + "/" + long + long + "/x": "!too long",
		dir + "/new/" + long[:213] + "é/../" + long[:213] + "é": "!choose a shorter one",
		dir + "/events-2026-11-23T17-04-58.123.jsonl":           "!named like a rotated file",
		"/dev/null":                "!is not a regular file",
		"/proc/nope/events.jsonl":  "!/proc/nope/events.jsonl",
		"/proc/version/new/events": "!/proc/version is not a directory",
	} {
		o, err := tryFile(t, name)
		message, wrong := strings.CutPrefix(want, "!")
		switch {
		case wrong && err == nil:
			t.Errorf("%s: no error", name)
		case wrong:
			mustSay(t, err.Error(), "filename", message)
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if o.path != want {
				t.Errorf("%s: %s, want %s", name, o.path, want)
			}
		}
	}
}

// TestOneFileHasOneJournal has two names each; the files are not there yet.
func TestOneFileHasOneJournal(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"real", "other"} {
		if err := os.Mkdir(dir+"/"+name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "real", "file.jsonl": "real/a.jsonl", "missing": "real/new"} {
		if err := os.Symlink(target, dir+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/real/two.jsonl", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(dir+"/real/two.jsonl", dir+"/real/names.jsonl"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"real/a.jsonl", "link/a.jsonl", true},
		{"real/a.jsonl", "file.jsonl", true},
		{"link/new/a.jsonl", "missing/a.jsonl", true},
		{"real/a.jsonl", "other/../link/.//a.jsonl", true},
		{"real/a.jsonl", "other/a.jsonl", false},
		{"real/a.jsonl", "real/b.jsonl", false},
		{"real/new/a.jsonl", "real/a.jsonl", false},
		{"real/two.jsonl", "real/names.jsonl", false}, // each is renamed by itself
		{"real/a.jsonl", "real/A.jsonl", ignoresCase(t, dir)},
		{"real/New/a.jsonl", "real/new/a.jsonl", ignoresCase(t, dir)},
	} {
		a, b := loadFile(t, dir+"/"+test.a), loadFile(t, dir+"/"+test.b)
		if same := a.journal == b.journal; same != test.same || same != (a.path == b.path) {
			t.Errorf("%s and %s: %s and %s, the same: %v", test.a, test.b, a.path, b.path, same)
		}
	}
	if left, _ := filepath.Glob(dir + "/*/.webhook*"); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

func ignoresCase(t *testing.T, dir string) bool {
	t.Helper()
	_, err := os.Stat(strings.ToUpper(dir[:len(dir)-1]) + dir[len(dir)-1:])
	return err == nil
}

// Where the file system takes two spellings for the same, whatever its rules
// are, they have one journal. Here two names of a file play that.
func TestSpellingsThatAreTheSame(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/events.jsonl", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if namesSameFile(dir+"/events.jsonl", dir+"/Events.jsonl") != ignoresCase(t, dir) {
		t.Error("one that is missing is taken for the other")
	}
	if err := os.Link(dir+"/events.jsonl", dir+"/Events.jsonl"); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	if !namesSameFile(dir+"/events.jsonl", dir+"/Events.jsonl") {
		t.Error("not taken for the same")
	}
}

// A path that has become a link since it was loaded is not taken for the file
// behind it: its journal stays until its config ends, and no longer.
func TestJournalOfALinkIsNotShared(t *testing.T) {
	dir := t.TempDir()
	before := loadFile(t, dir+"/new/events.jsonl")
	if err := errors.Join(os.Mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/new")); err != nil {
		t.Fatal(err)
	}
	after := loadFile(t, dir+"/new/events.jsonl")
	if after.journal == before.journal || after.path != dir+"/real/events.jsonl" {
		t.Errorf("%s has the journal of %s", after.path, before.path)
	}
}

// TestUnwritableDirectory, from outside, has a real one.
func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("there are no such modes here")
		return
	}
	dir := t.TempDir()
	denied := &fs.PathError{Op: "open", Path: dir + "/new/.webhook_receiver-1", Err: syscall.EACCES}
	mustSay(t, withRemedy(dir+"/new/sub/events.jsonl", denied).Error(),
		"the directory "+dir+" (mode drwx", "can't be used by user ", "permission denied", "let that user")
	denied.Err = syscall.EROFS
	mustSay(t, withRemedy(dir+"/events.jsonl", denied).Error(),
		"the directory "+dir+" (mode drwx", "can't be written by user ", "read-only file system", "ReadWritePaths")
	if err := withRemedy(dir+"/events.jsonl", syscall.EIO); !errors.Is(err, syscall.EIO) || strings.Contains(err.Error(), "directory") {
		t.Errorf("%v", err)
	}
}

func TestWarningsOfFiles(t *testing.T) {
	dir := t.TempDir()
	core, logs := observer.New(zapcore.WarnLevel)
	o := new(Output)
	o.warn(zap.New(core), dir+"/events.jsonl", dir+"/events.jsonl")
	if logs.Len() != 0 {
		t.Errorf("warned: %v", logs.All())
	}
	o.warn(zap.New(core), "events.jsonl", dir+"/events.jsonl")
	if all := fmt.Sprint(logs.All()); logs.Len() != 1 {
		t.Errorf("warned: %s", all)
	} else {
		mustSay(t, all, "working directory", dir+"/events.jsonl")
	}
}
