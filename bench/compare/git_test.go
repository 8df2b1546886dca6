package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// repository is a new one with a commit.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	for name, value := range map[string]string{
		"BASE": "", "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
	} {
		t.Setenv(name, value)
	}
	r := repository{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	r.commit("first")
	return r
}

func (r repository) git(arguments ...string) string {
	r.t.Helper()
	output, err := git(r.t.Context(), r.dir, arguments...)
	if err != nil {
		r.t.Fatal(err)
	}
	return output
}

func (r repository) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "a.go"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits a change, and returns the commit.
func (r repository) commit(message string) string {
	r.t.Helper()
	r.write(message)
	r.git("add", "-A")
	r.git("commit", "--quiet", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// clone is a new one of it.
func (r repository) clone(options ...string) repository {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), "clone")
	r.git(append(append([]string{"clone", "--quiet"}, options...), "file://"+filepath.ToSlash(r.dir), dir)...)
	return repository{r.t, dir}
}

func (r repository) wantBase(want, why string) {
	r.t.Helper()
	base, because, err := findBase(r.t.Context(), r.dir)
	if err != nil || base != want || !strings.Contains(because, why) {
		r.t.Errorf("%q, %q, %v; want %q, %q", base, because, err, want, why)
	}
}

func TestFindBase(t *testing.T) {
	origin := newRepository(t)
	first := origin.git("rev-parse", "HEAD")
	second := origin.commit("second")
	clone := origin.clone()

	clone.wantBase(first, "the commit before HEAD")
	clone.write("changed")
	clone.wantBase(second, "not committed")
	clone.commit("mine")
	clone.commit("mine, too")
	clone.wantBase(second, "origin/HEAD")
	origin.commit("third")
	clone.git("fetch", "--quiet")
	clone.wantBase(second, "origin/HEAD")
	clone.git("remote", "set-head", "origin", "--delete")
	clone.wantBase(second, "origin/main")
	clone.git("checkout", "--quiet", second) // behind the main branch
	clone.wantBase(first, "the commit before HEAD")

	t.Setenv("BASE", "HEAD")
	clone.wantBase(second, "BASE=HEAD")
	t.Setenv("BASE", "nowhere")
	if base, _, err := findBase(t.Context(), clone.dir); err == nil || !strings.Contains(err.Error(), "BASE=nowhere") {
		t.Errorf("a BASE that is nowhere: %q, %v", base, err)
	}
}

func TestNoBase(t *testing.T) {
	origin := newRepository(t)
	origin.wantBase("", "HEAD has no parent here")
	origin.commit("second")
	origin.clone("--depth=1").wantBase("", "git fetch --unshallow")
	repository{t, t.TempDir()}.wantBase("", "no history of git")
	t.Setenv("PATH", "")
	origin.wantBase("", "no history of git")
}

func TestCheckOut(t *testing.T) {
	r := newRepository(t)
	first := r.git("rev-parse", "HEAD")
	r.commit("second")
	r.write("not committed")
	dir := filepath.Join(t.TempDir(), "tree")
	remove, err := checkOut(t.Context(), r.dir, first, dir)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a.go")); string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if list := r.git("worktree", "list"); strings.Contains(list, "\n") {
		t.Errorf("left over: %s", list)
	}
	if text, err := os.ReadFile(filepath.Join(r.dir, "a.go")); string(text) != "not committed" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestPurposes(t *testing.T) {
	r := newRepository(t)
	base := r.commit("before\n\nCosts: BenchmarkOld it was so")
	r.commit("second\n\nCosts: BenchmarkServeHTTP/body=signed the key is looked up\nCosts: StartUp")
	r.commit("third\n\nText.\n\nCosts: StartUp all files\n are read")
	r.commit("fourth\n\nCosts: BenchmarkText is none, as it is no trailer\n\nText.")
	got, err := purposes(t.Context(), r.dir, base)
	want := []purpose{{"StartUp", "all files are read"}, {"BenchmarkServeHTTP/body=signed", "the key is looked up"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
