//go:build deploy

package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// oldCaddy builds the plugin with the oldest Caddy, which the root module asks for.
func oldCaddy(t *testing.T) string {
	t.Helper()
	binary := t.TempDir() + "/caddy"
	build := exec.Command("go", "build", "-C", project, "-buildvcs=false", "-o", binary, "./cmd/caddy")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// TestDeployUpgrade upgrades and goes back with the commands of the documents, and
// then does so on the same files under load, with kills in between.
func TestDeployUpgrade(t *testing.T) {
	t.Parallel()
	older, newer := oldCaddy(t), caddyBinary
	document := readDocument(t, "docs/deployment.md")
	upgrade := document.under(t, "Upgrade and rollback", "sh")
	if len(upgrade) != 2 || !strings.HasPrefix(upgrade[0], "make build\n") { // which .ci/run runs
		t.Fatalf("%q", upgrade)
	}
	m := newMachine(t, older)
	m.copy(newer, "newer")
	out := m.run("echo 'Defaults env_keep += \"DIR\"' >/etc/sudoers.d/test\n" +
		document.under(t, "systemd", "sh")[0] + withCaddyfile(document.under(t, "systemd", "caddyfile")[0]) +
		"systemctl restart caddy\nmake() { install -m 0755 $DIR/newer caddy; }\n" +
		echoed(upgrade[0], "cmp /usr/local/bin/caddy $DIR/newer\n", upgrade[1], "cmp /usr/local/bin/caddy /usr/local/bin/caddy.old\n") +
		"if cmp -s /usr/local/bin/caddy $DIR/newer; then exit 1; fi\n" +
		"/usr/local/bin/caddy webhook check /var/lib/webhooks/*\n")
	mustContain(t, out, "Valid configuration", "repeated ids: 0")

	s := newServer(t)
	s.configure(rolling(20_000, "gzip"))
	var traffic *traffic
	var gaps []time.Duration
	for i, binary := range []string{older, newer, older, newer, older} {
		s.binary = binary
		stopping := time.Now()
		if traffic == nil {
			s.start()
			traffic = s.traffic(8, "http://"+s.http+"/webhooks")
		} else if i < 3 {
			s.terminate()
			s.stopped()
			s.start()
			gaps = append(gaps, time.Since(stopping).Round(time.Millisecond))
		} else {
			s.kill()
			s.tear(`{"specversion":"1.0","torn":`)
			s.start()
		}
		traffic.wait(300)
	}
	traffic.stop()
	traffic.wantNoRefusal()
	wantAllCompressed(t, s.path("a"))
	whole, torn := eventLines(t, s.path("a"))
	traffic.wantEachOnce(whole)
	for _, binary := range []string{older, newer} {
		s.binary = binary
		out, err := s.run(append([]string{"webhook", "check"}, s.eventPaths()...)...)
		if err == nil || !strings.Contains(out, "repeated ids: 0") { // there are torn lines
			t.Errorf("%v: %s", err, out)
		}
	}
	t.Logf("%d events acknowledged, %d torn lines; from the signal until the next process serves: %v", traffic.count(), len(torn), gaps)
}

func (s *server) eventPaths() (paths []string) {
	for _, name := range eventFiles(s.t, s.path("a")) {
		paths = append(paths, s.path("a", name))
	}
	return paths
}
