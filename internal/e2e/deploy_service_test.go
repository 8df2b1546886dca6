//go:build deploy

package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeployService sets the service up with the commands of the documents, on a
// scratch machine, and runs it under the restrictions of the drop-in.
func TestDeployService(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/deployment.md")
	commands := document.under(t, "systemd", "sh")
	if len(commands) != 2 {
		t.Fatalf("%d blocks of commands", len(commands))
	}
	caddy := caddyBinary
	if withRace { // which makes system calls of its own
		caddy = oldCaddy(t)
	}
	m := newMachine(t, caddy)
	dir := "stat -c '%A %U' /var/lib/webhooks /var/lib/webhooks/*.jsonl\n"
	out := m.run("export TRACE=yes\necho 'Defaults env_keep += \"DIR TRACE\"' >/etc/sudoers.d/test\n" +
		echoed(commands[0], withCaddyfile(document.under(t, "systemd", "caddyfile")[0])) +
		"systemd-analyze verify caddy.service\nsystemd-analyze security --offline=true caddy.service | tail -1\n" +
		"mv /etc/systemd/system/caddy.service.d /tmp; systemd-analyze security --offline=true caddy.service | tail -1 >$DIR/packages; mv /tmp/caddy.service.d /etc/systemd/system\n" +
		echoed(commands[1]) + dir +
		// What else the receiver does: reload, rotate, compress.
		withCaddyfile(strings.Replace(document.under(t, "Rotation", "caddyfile")[0], "roll_interval 24h", "roll_size 2000B", 1)) +
		"systemctl reload caddy\n" + `
for i in $(seq 50); do curl -sSf -d '{"EventType":"tested"}' https://hooks.example.com/webhooks; done
for i in $(seq 100); do ls /var/lib/webhooks/*.zst 2>/dev/null && break; sleep 0.1; done
/usr/local/bin/caddy webhook check /var/lib/webhooks/*
` +
		// Elsewhere nothing can be written.
		withCaddyfile(strings.Replace(document.under(t, "systemd", "caddyfile")[0], "/var/lib/webhooks/", "/srv/", 1)) +
		"if systemctl reload caddy 2>&1; then exit 1; fi\n" +
		"if grep -F \"$(cut -d= -f2 /etc/caddy/webhooks.env)\" $DIR/log; then exit 1; fi\n" +
		"cp /trace/caddy $DIR/trace\n")
	mustContain(t, out, "drwx------ caddy", "-rw------- caddy", "read-only file system", ".jsonl.zst")
	level := regexp.MustCompile(`Overall exposure level for caddy.service: (\S+)`)
	packages, err := os.ReadFile(m.path("packages"))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := level.FindStringSubmatch(out), level.FindStringSubmatch(string(packages))
	text, err := os.ReadFile(project + "/docs/deployment.md")
	if err != nil || ours == nil || theirs == nil {
		t.Fatalf("%v; no exposure level in %s", err, out)
	}
	if said := "rates the package's unit " + theirs[1] + " (unsafe) and this " + ours[1] + " (ok)"; !strings.Contains(string(text), said) {
		t.Errorf("docs/deployment.md does not say that systemd-analyze %s", said)
	}

	trace, err := os.ReadFile(m.path("trace"))
	if err != nil {
		t.Fatal(err)
	}
	wantAllowed(t, string(trace))
}

var (
	systemCall       = regexp.MustCompile(`(?m)^\d+ +(?:<\.\.\. )?(\w+)`)
	family           = regexp.MustCompile(`socket\((AF_\w+)`)
	executableMemory = regexp.MustCompile(`PROT_WRITE\|PROT_EXEC`)
)

// wantAllowed checks what the drop-in forbids against a trace of all that Caddy did.
func wantAllowed(t *testing.T, trace string) {
	t.Helper()
	_, trace, found := strings.Cut(trace, `execve("/usr/local/bin/caddy"`)
	if !found {
		t.Fatal("Caddy was not traced")
	}
	dropIn, err := os.ReadFile(deploy + "/systemd/webhooks.conf")
	if err != nil {
		t.Fatal(err)
	}
	setting := func(name string) (values []string) {
		for _, found := range regexp.MustCompile(`(?m)^`+name+`=(.*)$`).FindAllStringSubmatch(string(dropIn), -1) {
			values = append(values, found[1])
		}
		return values
	}
	filters := setting("SystemCallFilter")
	if len(filters) != 2 {
		t.Fatalf("filters %q", filters)
	}
	groups := systemCallGroups(t)
	allowed := groups.calls(append(strings.Fields(filters[0]), "@default")...)
	forbidden := groups.calls(strings.Fields(strings.TrimPrefix(filters[1], "~"))...)
	seen := map[string]bool{}
	for _, call := range systemCall.FindAllStringSubmatch(trace, -1) {
		seen[call[1]] = true
	}
	for _, ours := range []string{"fsync", "openat", "accept4", "write"} {
		if !seen[ours] {
			t.Errorf("the trace has no %s", ours)
		}
	}
	for call := range seen {
		if !allowed[call] || forbidden[call] && !groups.calls("@default")[call] {
			t.Errorf("the filter does not allow %s", call)
		}
	}
	families := strings.Fields(setting("RestrictAddressFamilies")[0])
	for _, socket := range family.FindAllStringSubmatch(trace, -1) {
		if !slices.Contains(families, socket[1]) {
			t.Errorf("a socket of %s", socket[1])
		}
	}
	if executableMemory.MatchString(trace) {
		t.Error("memory that can be written and executed")
	}
}

// callGroups are systemd's groups of system calls.
type callGroups map[string][]string

func systemCallGroups(t *testing.T) callGroups {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "syscall-filter").Output()
	if err != nil {
		t.Fatal(err)
	}
	groups, name := callGroups{}, ""
	for line := range strings.Lines(string(out)) {
		switch entry := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			name = entry
		case strings.HasPrefix(line, " ") && !strings.HasPrefix(entry, "#"):
			groups[name] = append(groups[name], entry)
		}
	}
	return groups
}

// calls are the members of groups, and of groups in them.
func (g callGroups) calls(names ...string) map[string]bool {
	calls := map[string]bool{}
	for _, name := range names {
		if !strings.HasPrefix(name, "@") {
			calls[name] = true
			continue
		}
		for call := range g.calls(g[name]...) {
			calls[call] = true
		}
	}
	return calls
}
