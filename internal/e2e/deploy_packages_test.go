//go:build deploy

package e2e

import (
	"cmp"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// makePackages builds the packages of a version for several architectures, from
// binaries that are there or else get there, and returns their paths.
func makePackages(t *testing.T, binaries, version, architectures string) []string {
	t.Helper()
	build := exec.Command("make", "-C", project, "packages")
	build.Env = append(os.Environ(), "VERSION="+version, "ARCHES="+architectures, "BINARIES="+binaries)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, tail(string(out), 5000))
	}
	paths, err := filepath.Glob(project + "/build/packages/*")
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Shell functions that print what must survive: names, owners, rights and contents.
const (
	survivors = "stored() { stat -c '%n %U %a' $events; sha256sum /var/lib/webhooks/events.jsonl /etc/caddy/Caddyfile; }\nevents='/var/lib/webhooks /var/lib/webhooks/events.jsonl /etc/caddy/Caddyfile'\n" +
		"everything() { find /var/lib/webhooks /etc/caddy/Caddyfile -printf '%p %u %m\\n' | sort; find /var/lib/webhooks /etc/caddy/Caddyfile -type f | sort | xargs sha256sum; }\n"
	// The cursor of a delivery that goes on may move.
	storedStays     = "[ \"$before\" = \"$(stored)\" ]\n"
	everythingStays = "[ \"$before\" = \"$(everything)\" ]\n"
)

// TestDeployPackages builds the packages, and has Debian's dpkg and apt, and rpm,
// install, upgrade and remove them on scratch machines, with a service that stores
// events in between. With BINARIES it takes those that were built before.
func TestDeployPackages(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/deployment.md")
	install := document.under(t, "Packages", "sh")
	if len(install) != 3 || !strings.HasPrefix(install[0], "make packages\n") {
		t.Fatalf("%q", install)
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	binaries := cmp.Or(os.Getenv("BINARIES"), t.TempDir())
	debian, rpm := newMachine(t, caddyBinary), newMachine(t, caddyBinary)
	var all []string
	for version, architectures := range map[string]string{"1.0.0~rc.1": runtime.GOARCH, "1.0.0": "amd64 arm64"} {
		for _, path := range makePackages(t, binaries, version, architectures) {
			all = append(all, filepath.Base(path))
			m := debian
			if strings.HasSuffix(path, ".rpm") {
				m = rpm
			}
			m.write(version+"/.keep", "")
			m.copy(path, version+"/"+filepath.Base(path))
		}
	}
	rpmArchitectures := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	want := []string{"caddy-webhook_1.0.0~rc.1-1_" + runtime.GOARCH + ".deb", "caddy-webhook-1.0.0~rc.1-1." + rpmArchitectures[runtime.GOARCH] + ".rpm"}
	for deb, rpm := range rpmArchitectures {
		want = append(want, "caddy-webhook_1.0.0-1_"+deb+".deb", "caddy-webhook-1.0.0-1."+rpm+".rpm")
	}
	slices.Sort(all)
	slices.Sort(want)
	if !slices.Equal(all, want) {
		t.Fatalf("packages %q, want %q", all, want)
	}
	for architecture, machine := range machines {
		binary, err := elf.Open(binaries + "/" + architecture + "/caddy-webhook")
		if err != nil {
			t.Fatal(err)
		}
		if binary.Machine != machine {
			t.Errorf("the binary for %s is for %s", architecture, binary.Machine)
		}
		_ = binary.Close()
		lintian := exec.Command("lintian", "--fail-on", "error,warning", debian.path("1.0.0", "caddy-webhook_1.0.0-1_"+architecture+".deb"))
		if out, err := lintian.CombinedOutput(); err != nil {
			t.Errorf("lintian: %v\n%s", err, out)
		}
	}

	config := withCaddyfile(strings.Replace(document.under(t, "systemd", "caddyfile")[0],
		"verify_token", "deliver http://127.0.0.1:9\n\t\tverify_token", 1))
	// dpkg and rpm don't look for programs in /usr/local.
	prepare := survivors + "cp $DIR/systemctl /usr/bin/systemctl\nmkdir -p /run/systemd/system\necho 'Defaults env_keep += \"DIR\"' >/etc/sudoers.d/test\n" +
		"version=1.0.0~rc.1\nmake() { rm -rf build/packages; mkdir -p build/packages; cp $DIR/$version/caddy* build/packages; }\n"
	store := "curl -sSf -d '{\"EventType\":\"tested\"}' https://hooks.example.com/webhooks\n"

	t.Run("Debian", func(t *testing.T) {
		debian.t = t
		out := debian.run(prepare + echoed(install[0]) +
			"stat -c '%A %U %n' /var/lib/webhooks /etc/caddy/webhooks.env\n" + config + echoed(install[1]) + store +
			"systemd-analyze verify caddy.service\n" +
			"before=$(stored); pid=$(pgrep -x caddy-webhook)\nversion=1.0.0\n" +
			echoed(strings.ReplaceAll(install[0], "echo ", ": ")) +
			storedStays +
			"[ $pid = $(pgrep -x caddy-webhook) ] # it was not restarted\n" +
			"dpkg-query -W caddy-webhook\n" +
			"version=1.0.0~rc.1; make; sudo apt-get install -y --allow-downgrades ./build/packages/caddy-webhook_*_$(dpkg --print-architecture).deb\n" +
			storedStays + "mkdir -p /etc/systemd/system/caddy.service.d; touch /etc/systemd/system/caddy.service.d/webhooks.conf\n" +
			"version=1.0.0; make; sudo apt-get install -y ./build/packages/caddy-webhook_*_$(dpkg --print-architecture).deb\n" +
			"rm /etc/systemd/system/caddy.service.d/webhooks.conf\n" +
			"systemctl restart caddy\n" + store +
			"caddy-webhook webhook check /var/lib/webhooks/events.jsonl\n" +
			`man=$(man -w caddy-webhook-webhook-tail 2>/dev/null || ls /usr/share/man/man8/caddy-webhook-webhook-tail.8.gz); echo manual: $man
bash -c '. /usr/share/bash-completion/completions/caddy-webhook; complete -p caddy-webhook'
grep -c 'caddyserver/caddy/v2 v' <(zcat /usr/share/doc/caddy-webhook/third-party-licenses.gz)
systemctl stop caddy
` + "before=$(everything)\n" +
			"set -x; sudo apt-get remove -y caddy-webhook; { set +x; } 2>/dev/null\n" +
			everythingStays + "ls -l /etc/caddy/webhooks.env\n" +
			echoed(install[2]) + everythingStays +
			"if ls -d /etc/caddy/webhooks.env /usr/bin/caddy-webhook /usr/lib/systemd/system/caddy.service.d 2>/dev/null; then exit 1; fi\n" +
			"echo \"$before\"; echo calls: $(sort $DIR/systemctl.calls | uniq -c)\n")
		mustContain(t, out, "drwx------ caddy /var/lib/webhooks", "-rw------- root /etc/caddy/webhooks.env",
			"Nothing was restarted", "webhooks.conf hides the drop-in of this package", "caddy-webhook\t1.0.0-1", "repeated ids: 0", "manual: /usr/share/man/man8/caddy-webhook-webhook-tail.8.gz",
			"complete -o default -F __start_caddy-webhook caddy-webhook", "events stay in /var/lib/webhooks", "/var/lib/webhooks/events.jsonl caddy 600",
			"cursor", "5 daemon-reload")
	})
	t.Run("RPM", func(t *testing.T) {
		rpm.t = t
		out := rpm.run(prepare + `package() { echo $DIR/$1/caddy-webhook-$1-1.$(uname -m).rpm; }
rpm="rpm --force-debian --nodeps"
echo requires: $(rpm -qp --requires $(package $version))
rpm -qpl $(package $version)
$rpm -i $(package $version)
stat -c '%A %U %n' /var/lib/webhooks /etc/caddy/webhooks.env
rpm -V --nodeps caddy-webhook
echo WEBHOOK_VERIFY_TOKEN=mine >>/etc/caddy/webhooks.env
` + config + echoed(install[1]) + store +
			"before=$(stored); pid=$(pgrep -x caddy-webhook)\n" +
			"$rpm -U $(package 1.0.0)\nrpm -q caddy-webhook\n" +
			storedStays + "[ $pid = $(pgrep -x caddy-webhook) ]\ngrep mine /etc/caddy/webhooks.env\n" +
			"changed=$(rpm -V --nodeps caddy-webhook || true); echo \"changed: $changed\"; [ $(echo \"$changed\" | wc -l) = 1 ]\n" +
			"systemctl restart caddy\n" + store + "caddy-webhook webhook check /var/lib/webhooks/events.jsonl\n" +
			"systemctl stop caddy\nbefore=$(everything)\n$rpm -e caddy-webhook\n" +
			everythingStays + "grep mine /etc/caddy/webhooks.env.rpmsave\n" +
			"if ls -d /usr/bin/caddy-webhook /usr/lib/systemd/system/caddy.service.d/webhooks.conf 2>/dev/null; then exit 1; fi\n")
		mustContain(t, out, "requires: caddy\n", "/usr/share/licenses/caddy-webhook/LICENSE", "/usr/share/zsh/site-functions/_caddy-webhook",
			"drwx------ caddy /var/lib/webhooks", "-rw------- root /etc/caddy/webhooks.env", "caddy-webhook-1.0.0-1.",
			"c /etc/caddy/webhooks.env", "repeated ids: 0", "events stay in /var/lib/webhooks")
	})
}
