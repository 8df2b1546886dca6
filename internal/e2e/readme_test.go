//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestReadme does what README.md says, from its first Caddyfile on, and then what
// docs/commands.md does, except for addresses, paths and the certificates' authority.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme := readDocument(t, "README.md")
	s := newServer(t)
	s.hasCleaned()
	s.configure(withLocalAuthority(strings.NewReplacer(
		"hooks.example.com", "localhost",
		"\twebhook_receiver", "\twebhook_inspector /inspect*\n\twebhook_receiver", // which a command asks for
	).Replace(readme.under(t, "Install", "caddyfile")[0])))
	bin := s.mkdir("bin")
	executable(t, filepath.Join(bin, "caddy"), `exec "`+caddyBinary+`" "$@"`)
	executable(t, s.path("caddy"), `exec "`+caddyBinary+`" "$@"`)
	executable(t, filepath.Join(bin, "openssl"), "echo "+rightToken) // rand -hex 24
	s.env = append(s.env, "PATH="+bin+":"+os.Getenv("PATH"), "SSL_CERT_FILE="+s.path("data", "caddy", "pki", "authorities", "local", "root.crt"))

	install := readme.under(t, "Install", "sh")
	if len(install) != 2 || install[0] != "make build\n" { // which .ci/run runs
		t.Fatalf("%q", install)
	}
	s.background(install[1])
	eventually(t, "the server serves", func() error {
		if !strings.Contains(s.log(), servingMessage) {
			return errors.New("not yet")
		}
		return nil
	})
	s.tlsClient("HTTP/1.1") // waits for the certificate

	var replayed atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { replayed.Add(1) }))
	defer other.Close()
	here := strings.NewReplacer(
		"https://hooks.example.com/", "https://"+s.https+"/",
		"https://other.example.com/", other.URL+"/",
		"/var/lib/webhooks/", filepath.Dir(s.path("data", "caddy", "webhooks", "events.jsonl"))+"/",
		"WEBHOOK_VERIFY_TOKEN=…", "WEBHOOK_VERIFY_TOKEN="+rightToken,
	)
	s.env = append(s.env, "WEBHOOK_VERIFY_TOKEN="+rightToken, "CADDY_ADMIN="+s.admin)
	events := s.path("data", "caddy", "webhooks", "events.jsonl")
	s.env = append(s.env, "WEBHOOK_SECRET=whsec_c2VjcmV0")
	commands := append(readme.under(t, "See that it works", "sh"), readDocument(t, "docs/commands.md").under(t, "Commands", "sh")...)
	for _, text := range commands {
		for command := range strings.Lines(here.Replace(text)) {
			command, _, _ = strings.Cut(strings.TrimSpace(command), "  #")
			if strings.Contains(command, "<id>") {
				all := delivered(t, events)
				command = strings.ReplaceAll(command, "<id>", all[len(all)-1].id())
			}
			if strings.Contains(command, "--follow") {
				s.follows(command)
			} else if out, err := s.bash(command).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	want := 0
	for _, e := range delivered(t, events) {
		if e.kind() != "webhook_receiver_test" {
			want++
		}
	}
	if n := replayed.Load(); int(n) != want || n < 2 {
		t.Errorf("%d events sent on, want %d", n, want)
	}
}

func executable(t *testing.T, path, script string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// bash prepares a script in the server's environment, in a process group of its
// own.
func (s *server) bash(script string) *exec.Cmd {
	cmd := exec.Command("bash", "-ec", script)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// background runs a script that ends in a server until the test ends.
func (s *server) background(script string) {
	s.t.Helper()
	log, err := os.Create(s.logPath)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := s.bash(script)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = log.Close()
	})
}

// follows runs a command that does not end, until it has shown an event that
// came after its start.
func (s *server) follows(command string) {
	s.t.Helper()
	output := s.path("followed")
	file, err := os.Create(output)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	cmd := s.bash("exec " + command)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	client := s.tlsClient("HTTP/1.1")
	eventually(s.t, command+" shows an event", func() error {
		do(s.t, client, http.MethodPost, "https://"+s.https+"/webhooks", strings.NewReader(`{"EventType":"followed"}`)).wantStored(s.t)
		if shown, _ := os.ReadFile(output); !strings.Contains(string(shown), "followed") {
			return fmt.Errorf("only %q", clip(string(shown)))
		}
		return nil
	})
}
