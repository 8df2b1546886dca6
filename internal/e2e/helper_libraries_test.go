//go:build libraries

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// librariesProcess runs libraries/libraries.mjs, with the services' libraries from npm.
type librariesProcess struct {
	mu      sync.Mutex
	in      io.Writer
	answers *bufio.Reader
}

// question is a line to it, and libraryAnswer one from it.
type question struct {
	Service string            `json:"service,omitempty"`
	Op      string            `json:"op,omitempty"`
	Secret  string            `json:"secret,omitempty"`
	Body    string            `json:"body"`
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	At      int64             `json:"at,omitempty"`   // Unix time in milliseconds
	Form    int               `json:"form,omitempty"` // of the URL
}

type libraryAnswer struct {
	Services, Secrets []string
	Headers           [][2]string
	Body, URL         string
	OK                bool
	Why, Error        string
}

// startLibraries installs the libraries into a directory of the test's, as they are
// locked, and without running any script of theirs.
func startLibraries(t *testing.T) *librariesProcess {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "libraries.mjs"} {
		content, err := os.ReadFile(filepath.Join("libraries", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--no-bin-links")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	node := exec.Command("node", "libraries.mjs")
	node.Dir, node.Stderr = dir, &lockedBuffer{}
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := node.Wait(); err != nil {
			t.Errorf("libraries.mjs: %v\n%s", err, tail(node.Stderr.(*lockedBuffer).String(), 3000))
		}
	})
	return &librariesProcess{in: in, answers: bufio.NewReader(out)}
}

func (l *librariesProcess) ask(t *testing.T, q question) (a libraryAnswer) {
	t.Helper()
	line, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	answer, err := l.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(answer, &a)
	}
	if err != nil || a.Error != "" {
		t.Fatalf("libraries.mjs: %s of %s: %v %s", q.Op, q.Service, err, a.Error)
	}
	return a
}
