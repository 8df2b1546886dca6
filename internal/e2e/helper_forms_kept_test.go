//go:build unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func indented(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func writeForm(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// copyForms copies a directory, with modes and times; of large files it makes packed ones.
func copyForms(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.Walk(from, func(path string, info fs.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if len(content) > 100_000 {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
			_, _ = w.Write(content)
			_ = w.Close()
			content, target = b.Bytes(), target+packedEnding
		}
		writeForm(t, target, string(content))
		return errors.Join(os.Chmod(target, info.Mode()), os.Chtimes(target, info.ModTime(), info.ModTime()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listForms writes the list of a set's files.
func listForms(t *testing.T, set string) {
	t.Helper()
	var list strings.Builder
	for _, f := range formsIn(t, set) {
		fmt.Fprintf(&list, "%s %04o %s %s\n", f.sum, f.mode, f.time.UTC().Format(time.RFC3339Nano), f.path)
	}
	writeForm(t, filepath.Join(set, formsList), list.String())
}

// keptFile is a file of a set.
type keptFile struct {
	sum, path string
	mode      fs.FileMode
	time      time.Time
}

// formsIn are the files that there are, except for the list and what is written about them.
func formsIn(t *testing.T, set string) (all []keptFile) {
	t.Helper()
	err := filepath.Walk(set, func(path string, info fs.FileInfo, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(path, set), string(filepath.Separator)))
		if err != nil || info.IsDir() || name == formsList || name == formsReadme {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, keptFile{sumOf(string(content)), name, info.Mode().Perm(), info.ModTime()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// listedForms are those of the list.
func listedForms(t *testing.T, set string) (all []keptFile) {
	t.Helper()
	for _, line := range lines(t, filepath.Join(set, formsList)) {
		var f keptFile
		var at string
		if n, err := fmt.Sscanf(line, "%s %o %s %s", &f.sum, &f.mode, &at, &f.path); n != 4 || err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var err error
		if f.time, err = time.Parse(time.RFC3339Nano, at); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

var lastID = regexp.MustCompile(`"last_id": "[^"]*"`)

// restore copies a set's files to the server's directory, as a backup is restored: with their modes and
// times, and other inodes.
func (s *server) restore(set string, apps map[string]string) {
	s.t.Helper()
	for _, f := range listedForms(s.t, set) {
		name, ok := strings.CutPrefix(f.path, "files/")
		if !ok {
			continue
		}
		content, err := os.ReadFile(filepath.Join(set, filepath.FromSlash(f.path)))
		if err != nil {
			s.t.Fatal(err)
		}
		if unpackedName, ok := strings.CutSuffix(name, packedEnding); ok {
			r, err := gzip.NewReader(bytes.NewReader(content))
			if err == nil {
				content, err = io.ReadAll(r)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			name = unpackedName
		}
		if strings.HasSuffix(name, ".state") {
			content = []byte(s.formsText(string(content), apps, false))
			if name == "replay.state" { // which has places in files: the id, by which the first versions went, must not be needed
				content = lastID.ReplaceAll(content, []byte(`"last_id": ""`))
			}
		}
		path := s.path(filepath.FromSlash(name))
		if err := errors.Join(
			os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600),
			os.Chmod(path, f.mode), os.Chtimes(path, f.time, f.time),
		); err != nil {
			s.t.Fatal(err)
		}
	}
}
