//go:build deploy

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDeployLogrotate has Debian's logrotate rotate and compress under load, with
// the config that is in deploy, and counts what was acknowledged.
func TestDeployLogrotate(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/deployment.md")
	out := newMachine(t, caddyBinary).run("install -d -o caddy -g caddy -m 0700 /var/lib/webhooks\n" +
		echoed(document.under(t, "Rotation", "sh")...))
	mustContain(t, out, "rotating pattern: /var/lib/webhooks/events.jsonl  after 1 days (90 rotations)")

	s := newServer(t)
	dir := s.mkdir("webhooks")
	s.configure(site("verify_token x", "output file "+dir+"/events.jsonl {", "roll_size 0", "}"))
	if out, err := exec.Command("chown", "-R", "caddy:caddy", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.copyBinary()
	s.shell = `set -- setpriv --reuid=caddy --regid=caddy --clear-groups "$@"`
	s.start()
	config, err := os.ReadFile(deploy + "/logrotate/webhooks")
	if err != nil {
		t.Fatal(err)
	}
	s.write("logrotate.conf", strings.ReplaceAll(string(config), "/var/lib/webhooks", dir))

	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	const times = 5
	for range times {
		traffic.wait(100)
		second := time.Now().Unix()
		logrotate := exec.Command("logrotate", "--verbose", "--force", "--state", s.path("logrotate.state"), s.path("logrotate.conf"))
		if out, err := logrotate.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		eventually(t, "the next second", func() error { // which is in the file's name
			if time.Now().Unix() == second {
				return os.ErrExist
			}
			return nil
		})
	}
	traffic.wait(100)
	traffic.stop()
	traffic.wantNoFailure()
	rotated, _ := filepath.Glob(dir + "/events-*.jsonl.gz")
	if len(rotated) != times {
		t.Errorf("rotated: %v", rotated)
	}
	all := lines(t, dir+"/events.jsonl")
	for _, path := range rotated {
		content, err := unpacked(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")...)
	}
	repeated := traffic.wantEach(all)
	t.Logf("%d rotations, %d events acknowledged, %d of them in two files", times, traffic.count(), len(repeated))
}

// copyBinary puts the program where every user may run it.
func (s *server) copyBinary() {
	s.t.Helper()
	to := s.path("caddy")
	if out, err := exec.Command("install", "-m", "0755", s.binary, to).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	s.binary = to
}
