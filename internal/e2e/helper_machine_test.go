//go:build deploy

package e2e

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a scratch copy of this one: its own changes to every file, its own
// processes and its own network, in which hooks.example.com is itself. Debian's
// caddy package is installed, and systemctl does what it can without systemd: see
// testdata/systemctl.
type machine struct {
	t   *testing.T
	dir string // the same in and outside of it
}

//go:embed testdata/systemctl
var systemctl string

// clone is the folder in which a machine's commands run, with ./caddy.
const clone = "clone"

func newMachine(t *testing.T, caddy string) *machine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("only root can make a scratch machine")
	}
	m := &machine{t: t, dir: t.TempDir()}
	if err := os.Chmod(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.write(clone+"/.keep", "")
	m.copy(caddy, clone+"/caddy")
	if err := os.CopyFS(m.path(clone, "deploy"), os.DirFS(deploy)); err != nil {
		t.Fatal(err)
	}
	executable(t, m.path("systemctl"), systemctl)
	return m
}

func (m *machine) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

func (m *machine) write(name, content string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) copy(from, to string) {
	m.t.Helper()
	if out, err := exec.Command("install", "-m", "0755", from, m.path(to)).CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
}

// run runs a script in the machine, as root, and fails the test if it fails.
// Everything that it has started ends with it.
func (m *machine) run(script string) (output string) {
	m.t.Helper()
	m.write("script", "set -e\ncd \"$DIR/"+clone+"\"\n"+script)
	cmd := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-ec", `
mount -t tmpfs tmpfs "$DIR/machine"
cd "$DIR/machine"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mkdir -p "root$DIR"
mount --bind "$DIR" "root$DIR"
ip link set lo up
cp "$DIR/systemctl" root/usr/local/sbin/systemctl
echo 127.0.0.1 hooks.example.com >>root/etc/hosts
exec chroot root bash "$DIR/script"
`)
	cmd.Env = []string{"DIR=" + m.dir, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	if err := os.MkdirAll(m.path("machine"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		log, _ := os.ReadFile(m.path("log"))
		m.t.Fatalf("%v\n%s\n%s", err, tail(string(out), 5000), tail(string(log), 5000))
	}
	return string(out)
}

// withCaddyfile is the commands that put a Caddyfile in place, with certificates
// of Caddy's own authority.
func withCaddyfile(text string) string {
	return "cat >/etc/caddy/Caddyfile <<'END'\n" + withLocalAuthority(text) + "END\n"
}

// echoed has the shell print each command, so that a failure names it.
func echoed(commands ...string) string {
	return "set -x\n" + strings.Join(commands, "") + "{ set +x; } 2>/dev/null\n"
}
