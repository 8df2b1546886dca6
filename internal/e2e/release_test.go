//go:build release

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inRelease is the version that is released, of which no module can be published.
const inRelease = "0.999.0"

// release is a copy of the repository whose remote stands for GitHub.
type release struct {
	clone string
	empty string // a folder
	env   []string
}

// TestRelease does what RELEASING.md says, to the letter, and then what the workflow of a
// tag does, for two platforms: whatever is built is built from tags, by Go as users
// have it.
func TestRelease(t *testing.T) {
	r := newRelease(t)
	document := readDocument(t, "RELEASING.md")
	step := func(heading, dir string) {
		t.Helper()
		for _, commands := range document.under(t, heading, "sh") {
			r.run(t, dir, strings.ReplaceAll(commands, "0.1.0", inRelease))
		}
	}
	if out, err := r.try(r.clone, "sh scripts/check-nested-tag.sh nats/v"+inRelease); err == nil {
		t.Errorf("nats may be tagged before the root: %s", out)
	}
	if out, err := r.try(r.clone, "make release VERSION=v"+inRelease); err == nil || !strings.Contains(out, "CHANGELOG.md says nothing of v"+inRelease) {
		t.Errorf("released without a changelog: %v %s", err, out)
	}
	step("2. Write the version down", r.clone)
	if out, err := r.try(r.clone, "make changelog VERSION=v"+inRelease); err == nil {
		t.Errorf("the version is in the changelog twice: %s", out)
	}
	step("3. Tag the root", r.clone)
	step("4. Look from outside", r.empty)
	step("5. Tag the nested modules", r.clone)
	step("6. Look from outside again", r.empty)
	r.checkModules(t)

	r.run(t, r.clone, "git checkout --quiet v"+inRelease+" && make release PLATFORMS='linux/amd64 linux/arm64' VERSION=v"+inRelease)
	sums := r.published(t)
	r.run(t, r.clone, "make release PLATFORMS='linux/amd64 linux/arm64' VERSION=v"+inRelease)
	if again := r.published(t); sums != again {
		t.Errorf("built again it is something else:\n%s\n%s", sums, again)
	}
}

func newRelease(t *testing.T) *release {
	t.Helper()
	dir := t.TempDir()
	r := &release{clone: filepath.Join(dir, "clone"), empty: filepath.Join(dir, "empty")}
	if err := os.Mkdir(r.empty, 0o755); err != nil {
		t.Fatal(err)
	}
	xcaddy := filepath.Join(dir, "bin", "xcaddy")
	build := exec.Command("go", "build", "-modfile=tools.mod", "-o", xcaddy, "github.com/caddyserver/xcaddy/cmd/xcaddy")
	build.Dir = project
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := filepath.Join(dir, "gitconfig")
	remote := filepath.Join(dir, "remote.git")
	err := os.WriteFile(config, []byte(`[user]
	name = Releaser
	email = releaser@example.com
[url "`+remote+`"]
	insteadOf = https://github.com/caddy-webhook-receiver/caddy-webhook-receiver
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	modules, proxy := goEnv(t, "GOMODCACHE"), goEnv(t, "GOPROXY")
	r.env = append(os.Environ(),
		"PATH="+filepath.Dir(xcaddy)+":"+os.Getenv("PATH"),
		"GIT_CONFIG_GLOBAL="+config,
		// What is released here must not stay among the modules of this machine; those
		// that are here already need not come from elsewhere.
		"GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOPROXY=file://"+filepath.Join(modules, "cache", "download")+","+proxy,
		"GONOPROXY=github.com/caddy-webhook-receiver/*",
		"GONOSUMDB=github.com/caddy-webhook-receiver/*",
		"GOFLAGS=-modcacherw -trimpath "+os.Getenv("GOFLAGS"),
	)
	r.run(t, dir, "git init --quiet --bare remote.git && git clone --quiet --no-tags --single-branch '"+absolute(t, project)+"' clone")
	r.run(t, r.clone, `git checkout --quiet -B main
		git remote set-url origin '`+remote+`'
		cd '`+absolute(t, project)+`'
		git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C '`+r.clone+`'`)
	r.run(t, r.clone, "git add --all; git diff --cached --quiet || git commit --quiet --message 'What is not committed yet'")
	return r
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *release) try(dir, commands string) (string, error) {
	shell := exec.Command("bash", "-euo", "pipefail", "-c", commands)
	shell.Dir, shell.Env = dir, r.env
	out, err := shell.CombinedOutput()
	return string(out), err
}

func (r *release) run(t *testing.T, dir, commands string) string {
	t.Helper()
	out, err := r.try(dir, commands)
	if err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	return out
}

// checkModules looks at what users get as the sources of the modules.
func (r *release) checkModules(t *testing.T) {
	t.Helper()
	const name = "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	for _, module := range []string{name, name + "/nats", name + "/kafka"} {
		var downloaded struct{ Dir, Zip string }
		out := r.run(t, r.empty, "go mod download -json "+module+"@v"+inRelease)
		if err := json.Unmarshal([]byte(out), &downloaded); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if _, err := os.Stat(filepath.Join(downloaded.Dir, "LICENSE")); err != nil {
			t.Errorf("%s has no license: %v", module, err)
		}
		zip, err := os.Stat(downloaded.Zip)
		if err != nil {
			t.Fatal(err)
		}
		var files int
		var largest int64
		var name string
		err = filepath.WalkDir(downloaded.Dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Size() > largest {
				largest, name = info.Size(), path
			}
			files++
			return err
		})
		t.Logf("%s: %d files, %d KiB; the largest is %s, %d KiB; %v", module, files, zip.Size()>>10, strings.TrimPrefix(name, downloaded.Dir), largest>>10, err)
		if zip.Size() > 4<<20 || largest > 1<<20 {
			t.Errorf("%s is large: %d bytes, %s has %d", module, zip.Size(), name, largest)
		}
	}
}

// published checks what make release has made, and returns its hashes.
func (r *release) published(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(r.clone, "build", "release")
	sums := r.run(t, dir, "sha256sum --check --strict --quiet SHA256SUMS && cat SHA256SUMS")
	name := "caddy-webhook-receiver_" + inRelease + "_linux_amd64"
	for _, file := range []string{name + ".tar.gz", name + ".cdx.json", strings.Replace(name, "amd64", "arm64", 1) + ".tar.gz"} {
		if !strings.Contains(sums, "  "+file+"\n") {
			t.Errorf("SHA256SUMS has no %s: %s", file, sums)
		}
	}
	names := unpack(t, filepath.Join(dir, name+".tar.gz"), r.empty)
	if !slices.Equal(names, []string{"LICENSE", "caddy"}) {
		t.Errorf("%s has %q", name, names)
	}
	modules := r.run(t, r.empty, "./caddy version >&2; ./caddy list-modules --packages --versions")
	if want := "http.handlers.webhook_receiver v" + inRelease + " github.com/"; !strings.Contains(modules, want) {
		t.Errorf("no %q in what caddy list-modules prints:\n%s", want, modules)
	}

	var sbom struct {
		BOMFormat  string
		Components []struct{ Name, Version string }
	}
	content, err := os.ReadFile(filepath.Join(dir, name+".cdx.json"))
	if err := errors.Join(err, json.Unmarshal(content, &sbom)); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, c := range sbom.Components {
		versions[c.Name] = c.Version
	}
	if sbom.BOMFormat != "CycloneDX" || versions["github.com/caddy-webhook-receiver/caddy-webhook-receiver"] != "v"+inRelease ||
		!strings.HasPrefix(versions["github.com/caddyserver/caddy/v2"], "v2.") || versions["std"] == "" || len(versions) < 50 {
		t.Errorf("the SBOM has %v", versions)
	}
	notes, err := os.ReadFile(filepath.Join(r.clone, "build", "release-notes.md"))
	if err != nil || len(notes) < 100 || strings.Contains("\n"+string(notes), "\n## ") {
		t.Errorf("the text of the release: %v\n%s", err, notes)
	}
	return sums
}

// unpack puts the files of an archive into a directory, and returns their names.
func unpack(t *testing.T, archive, dir string) (names []string) {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		content, err := io.ReadAll(files)
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, filepath.Base(header.Name)), content, header.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}
