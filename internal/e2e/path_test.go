package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keeping are the options of a receiver whose file holds about one event, and
// of whose rotated files so many are kept.
func keeping(file string, keep int) []string {
	return []string{"verify_token " + rightToken, "output file " + file + " {", "roll_size 1B", fmt.Sprintf("roll_keep %d", keep), "}"}
}

// TestKeepingUnderTwoNames has one receiver keep everything, and another keep
// one file, which it has under another name. The longer keeping holds.
func TestKeepingUnderTwoNames(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]struct {
		prepare func(s *server) error
		file    string
	}{
		"a link to the directory": {func(s *server) error { return os.Symlink("real", s.path("link")) }, "link/events.jsonl"},
		"a link to a new directory": {func(s *server) error {
			return errors.Join(os.Remove(s.path("real")), os.Symlink("real", s.path("link")))
		}, "link/events.jsonl"},
		"a link to the file": {func(s *server) error { return os.Symlink("real/events.jsonl", s.path("link.jsonl")) }, "link.jsonl"},
		"a link to a link": {func(s *server) error {
			return errors.Join(os.Symlink("real", s.path("a")), os.Symlink("a", s.path("b")))
		}, "b/events.jsonl"},
		"the parent of where it leads":  {func(s *server) error { return os.Symlink(s.mkdir("real", "sub"), s.path("link")) }, "link/../events.jsonl"},
		"slashes and dots":              {func(*server) error { return nil }, "real//.//./events.jsonl"},
		"another mount":                 {func(s *server) error { return s.bind(s.path("real"), s.mkdir("mount")) }, "mount/events.jsonl"},
		"another mount, new directory":  {func(s *server) error { return s.bind(s.path("real"), s.mkdir("mount")) }, "mount/new/events.jsonl"},
		"another name of another file!": {func(*server) error { return nil }, "real/Events.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.mkdir("real")
			if err := other.prepare(s); errors.Is(err, errNoMount) {
				t.Log(err)
				return
			} else if err != nil {
				t.Fatal(err)
			}
			file := "{$DIR}/real/events.jsonl"
			if strings.Contains(other.file, "/new/") {
				file = "{$DIR}/real/new/events.jsonl"
			}
			s.configure("http:// {\n" + directive("/all", keeping(file, 0)...) + directive("/one", keeping("{$DIR}/"+other.file, 1)...) + "}\n")
			s.start()
			for range 10 {
				s.postTo("/all", "{}").wantStored(t)
				s.postTo("/one", "{}").wantStored(t)
			}
			s.terminate()
			s.stopped()
			all, err := filepath.Glob(s.path(strings.TrimPrefix(filepath.Dir(file), "{$DIR}/"), "events*.jsonl"))
			want := 20
			if strings.HasSuffix(name, "!") {
				want = 10 // the other one is rotated and kept by itself
			}
			if err != nil || len(all) != want {
				t.Errorf("%d of %d files are left, %v", len(all), want, err)
			}
		})
	}
}

// TestLinkToNothing: the file is created where the link leads, also again after
// somebody has taken it away, and it is rotated there.
func TestLinkToNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("disk")
	links := map[string]string{
		"events.jsonl": s.path("disk", "ev.jsonl"),
		"relative":     "disk/relative.jsonl",
		"chain":        "relative2",
		"relative2":    "disk/chain.jsonl",
		"new":          "disk/new/dir/new.jsonl",
		"dir":          "disk/dir",
	}
	var options []string
	for name, target := range links {
		if err := os.Symlink(target, s.path(name)); err != nil {
			t.Fatal(err)
		}
		if name == "dir" {
			name = "dir/dir.jsonl"
		}
		if name != "relative2" {
			options = append(options, "output file {$DIR}/"+name+" {", "roll_size 1B", "}")
		}
	}
	s.configure(site(append(options, "verify_token "+rightToken)...))
	s.start()
	for range 3 {
		s.post("{}").wantStored(t)
	}
	if err := os.Rename(s.path("disk", "ev.jsonl"), s.path("disk", "taken")); err != nil { // as logrotate does
		t.Fatal(err)
	}
	s.reload(site(append(options, "verify_token "+rightToken, "timeout 5s")...))
	for range 2 {
		s.post("{}").wantStored(t)
	}
	for _, name := range []string{"ev", "relative", "chain", "new/dir/new", "dir/dir"} {
		files, _ := filepath.Glob(s.path("disk", name+"*.jsonl"))
		want := 5
		if name == "ev" {
			want = 4 // and the one that was taken
		}
		if len(files) != want {
			t.Errorf("%s: %d files, want %d: %v", name, len(files), want, files)
		}
	}
	for name, target := range links {
		if got, err := os.Readlink(s.path(name)); err != nil || got != target {
			t.Errorf("%s leads to %s, %v", name, got, err)
		}
	}
}

// TestLinkInTheFilesPlace has somebody move the file elsewhere under traffic,
// while it is rotated, and leave a link: nothing is lost, and the link stays.
func TestLinkInTheFilesPlace(t *testing.T) {
	s := newServer(t)
	s.mkdir("a")
	s.configure(rolling(10_000, "off"))
	s.start()
	traffic := s.traffic(6, "http://"+s.http+"/webhooks")
	path := s.path("a", "events.jsonl")
	dirs := []string{s.path("a")}
	for i := range 10 {
		traffic.wait(40)
		dirs = append(dirs, s.mkdir(fmt.Sprintf("disk%d", i)))
		target := filepath.Join(dirs[i+1], "events.jsonl")
		// In one step each, as the server may create the file anew in between.
		if err := os.Link(realPath(t, path), target); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := errors.Join(os.Symlink(target, s.path("link")), os.Rename(s.path("link"), path)); err != nil {
			t.Fatal(err)
		}
		traffic.wait(40)
		if got, err := os.Readlink(path); err != nil || got != target {
			t.Fatalf("the link leads to %q, %v", got, err)
		}
	}
	traffic.stop()
	traffic.wantNoFailure()
	s.terminate()
	s.stopped()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var all []string
	rotated := 0
	for _, dir := range dirs {
		for _, name := range eventFiles(t, dir) {
			if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || !info.Mode().IsRegular() {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
			if dir != dirs[0] && name != "events.jsonl" {
				rotated++
			}
			all = append(all, lines(t, filepath.Join(dir, name))...)
		}
	}
	traffic.wantEach(all)
	if rotated == 0 {
		t.Error("nothing was rotated where the links led")
	}
	t.Logf("%d events acknowledged, %d files rotated behind links", traffic.count(), rotated)
}

// realPath is what a path leads to.
func realPath(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		return path
	}
	return target
}

// TestFileMountedByItself: it can't be renamed, which is said when the config is
// loaded; that of its directory is fine.
func TestFileMountedByItself(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("host")
	s.mkdir("data")
	s.write("host/events.jsonl", "{}\n")
	s.write("data/events.jsonl", "")
	s.configure(site(stored()...))
	s.start()
	if err := s.bind(s.path("host", "events.jsonl"), s.path("data", "events.jsonl")); errors.Is(err, errNoMount) {
		t.Log(err)
		return
	} else if err != nil {
		t.Fatal(err)
	}
	for _, options := range [][]string{{}, {"roll_size 0"}} {
		sites := site(append(append([]string{"verify_token x", "output file {$DIR}/data/events.jsonl {"}, options...), "}")...)
		status, answer := s.load(sites)
		if status != http.StatusBadRequest || !strings.Contains(answer, "mounted by itself") || !strings.Contains(answer, "docker run -v") || !strings.Contains(answer, s.path("data")) {
			t.Errorf("%v: %d %s", options, status, answer)
		}
	}
	s.post("{}").wantStored(t)
	if err := s.bind(s.path("host"), s.mkdir("volume")); err != nil {
		t.Fatal(err)
	}
	s.reload(site(keeping("{$DIR}/volume/events.jsonl", 0)...))
	for range 3 {
		s.post("{}").wantStored(t)
	}
	if files, _ := filepath.Glob(s.path("host", "events*.jsonl")); len(files) != 4 {
		t.Errorf("files: %v", files)
	}
}

// TestFileIsMountedOverLater: without a rotation, and told why, events are stored
// all the same.
func TestFileIsMountedOverLater(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("data")
	s.write("host.jsonl", "")
	s.configure(site(keeping("{$DIR}/data/events.jsonl", 0)...))
	s.start()
	s.post("{}").wantStored(t)
	if err := s.bind(s.path("host.jsonl"), s.path("data", "events.jsonl")); errors.Is(err, errNoMount) {
		t.Log(err)
		return
	} else if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.post("{}").wantStored(t)
	}
	if n := len(lines(t, s.path("host.jsonl"))); n != 3 {
		t.Errorf("%d lines in what is mounted, want 3", n)
	}
	for _, e := range s.logged("the failed rotation", ours("error")) {
		if !strings.Contains(e.String(), "device or resource busy") || !strings.Contains(e.String(), "mount its directory") {
			t.Errorf("logged: %v", e)
		}
	}
}

// TestUnwritableDirectory: the error names the directory, the user, the mode
// and the remedy.
func TestUnwritableDirectory(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("closed")
	s.write("closed/there.jsonl", "")
	s.mkdir("open")
	binary := s.path("caddy")
	if out, err := exec.Command("cp", s.binary, binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := func(name string) (string, error) {
		s.configure(site("verify_token x", "output file {$DIR}/"+name))
		if err := os.Chmod(s.path("Caddyfile"), 0o644); err != nil {
			t.Fatal(err)
		}
		command := []string{binary, "validate", "--adapter", "caddyfile", "--config", s.path("Caddyfile")}
		if os.Getuid() == 0 { // who may write everywhere
			command = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command...)
		}
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir, cmd.Env = s.dir, s.env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for path, mode := range map[string]os.FileMode{"": 0o755, "closed": 0o555, "open": 0o777, "closed/there.jsonl": 0o666, "caddy": 0o755} {
		if err := os.Chmod(s.path(path), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"closed/events.jsonl", "closed/new/dir/events.jsonl"} {
		out, err := run(name)
		if err == nil {
			t.Errorf("%s: loaded", name)
		}
		for _, part := range []string{s.path("closed") + " (mode dr-xr-xr-x)", "by user ", "permission denied", "let that user"} {
			if !strings.Contains(out, part) {
				t.Errorf("%s: the error does not say %q: %s", name, part, tail(out, 500))
			}
		}
	}
	// What is there can be written, and not be renamed.
	out, err := run("closed/there.jsonl")
	if err != nil || !strings.Contains(out, "neither rotated nor") || !strings.Contains(out, s.path("closed")+" (mode dr-xr-xr-x)") {
		t.Errorf("a file in it: %v, %s", err, tail(out, 500))
	}
	if err := os.Chmod(s.path("closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := run("closed/new/events.jsonl"); os.Getuid() == 0 && (err == nil || !strings.Contains(out, s.path("closed")+" (mode drwx------)")) {
		t.Errorf("one that cannot be entered: %v, %s", err, tail(out, 500))
	}
	out, err = run("open/events.jsonl")
	if err != nil || strings.Contains(out, "neither rotated") {
		t.Errorf("one that can be written: %v, %s", err, tail(out, 500))
	}
}
