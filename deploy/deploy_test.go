//go:build deploy

package deploy

import (
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/opencontainers/go-digest"
	"go.yaml.in/yaml/v3"
)

const dockerfile = "docker/Dockerfile"

// images stands for a registry: BuildKit's linter asks it what images are based on.
type images struct{ asked []string }

func (i *images) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	i.asked = append(i.asked, ref)
	return ref, digest.FromString(ref), []byte(`{"architecture":"amd64","os":"linux","config":{}}`), nil
}

// TestDockerfile has BuildKit parse and lint the Dockerfile, as "docker build
// --check" does, and looks that it is from the newest Caddy that is tested with.
func TestDockerfile(t *testing.T) {
	content := read(t, dockerfile)
	registry := &images{}
	sources := llb.NewSourceMap(nil, dockerfile, "Dockerfile", []byte(content))
	sources.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(context.Background(), []byte(content), dockerfile2llb.ConvertOpt{
		MetaResolver: registry,
		SourceMap:    sources,
	})
	if err != nil {
		t.Fatal(err)
	}
	if results.Error != nil {
		t.Error(results.Error.Message)
	}
	for _, warning := range results.Warnings {
		t.Errorf("%s: %s (%s)", warning.RuleName, warning.Detail, warning.Description)
	}
	version := regexp.MustCompile(`caddyserver/caddy/v2 v(\S+)`).FindStringSubmatch(read(t, "../internal/e2e/go.mod"))[1]
	slices.Sort(registry.asked)
	want := []string{"docker.io/library/caddy:" + version, "docker.io/library/caddy:" + version + "-builder"}
	if got := slices.Compact(registry.asked); !slices.Equal(got, want) {
		t.Errorf("images %q, want %q", got, want)
	}
}

// TestDockerfileBuild runs the Dockerfile's build step here for both architectures, with
// the folders of this machine and the environment of the builder image, and then what
// was built.
func TestDockerfileBuild(t *testing.T) {
	project, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	content := read(t, dockerfile)
	step := regexp.MustCompile(`(?m)^RUN (.* xcaddy .*)$`).FindStringSubmatch(content)
	version := regexp.MustCompile(`(?m)^ARG CADDY_VERSION=(.*)$`).FindStringSubmatch(content)
	if step == nil || version == nil {
		t.Fatal("no RUN or no version")
	}
	dir := t.TempDir()
	tool := exec.Command("go", "build", "-C", project, "-modfile=tools.mod", "-o", dir+"/", "github.com/caddyserver/xcaddy/cmd/xcaddy")
	if out, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for architecture, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		caddy := filepath.Join(dir, architecture)
		build := exec.Command("sh", "-c", strings.NewReplacer("/usr/bin/caddy", caddy, "=/src", "="+project).Replace(step[1]))
		build.Env = append(os.Environ(), "CADDY_VERSION=v"+version[1], "TARGETOS=linux", "TARGETARCH="+architecture, "PATH="+dir+":"+os.Getenv("PATH"))
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		binary, err := elf.Open(caddy)
		if err != nil {
			t.Fatal(err)
		}
		if binary.Machine != machine {
			t.Errorf("the binary for %s is for %s", architecture, binary.Machine)
		}
		_ = binary.Close()
	}

	caddy := filepath.Join(dir, runtime.GOARCH)
	modules, err := exec.Command(caddy, "list-modules").CombinedOutput()
	for _, output := range []string{"file", "log", "nats", "kafka"} {
		if err != nil || !strings.Contains(string(modules), "http.webhook_receiver.outputs."+output+"\n") {
			t.Errorf("%v: the output %s is not in the image", err, output)
		}
	}
	for provider, values := range map[string]map[string]string{
		"":       {"WEBHOOK_OPTIONS": "max_body_size 1MiB"},
		"github": {"WEBHOOK_SECRET": "with $HOME, \"quotes\" and {braces}"},
		"ebay":   {"WEBHOOK_SECRET": "a:b"},
		"wecom":  {"WEBHOOK_SECRET": strings.Repeat("a", 42) + "Q", "WEBHOOK_ACCOUNT": "corp"},
		"twilio": {"WEBHOOK_SECRET": "s"},
		"paypal": {"WEBHOOK_ACCOUNT": "a"},
	} {
		docker := setUp(t, provider, values)
		project, err := compose(docker)
		if err != nil {
			t.Fatalf("%s: %v", provider, err)
		}
		service, err := project.GetService("caddy")
		if err != nil {
			t.Fatal(err)
		}
		validate := exec.Command(caddy, "validate", "--config", docker+"/conf/Caddyfile", "--adapter", "caddyfile")
		validate.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		for name, value := range service.Environment {
			validate.Env = append(validate.Env, name+"="+*value)
		}
		out, err := validate.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Valid configuration") || strings.Contains(string(out), "not formatted") {
			t.Errorf("%s: %v: %s", provider, err, out)
		}
		for name, value := range values {
			if got := service.Environment[name]; got == nil || *got != value {
				t.Errorf("%s: %s is not %q in the container", provider, name, value)
			}
		}
		if token := service.Environment["WEBHOOK_VERIFY_TOKEN"]; provider == "" && (token == nil || len(*token) != 48) {
			t.Errorf("no token in %v", service.Environment)
		}
	}
	runImage(t, caddy)
}

// runImage runs Caddy on a scratch root with what Dockerfile and compose.yaml say of it:
// the user, who has no rights, the folders that are his, the environment, the root that
// can't be written, ports from 0 on for everybody. The health check has to work there,
// and an event to be stored. BusyBox stands for that of the image.
func runImage(t *testing.T, caddy string) {
	t.Helper()
	content := read(t, dockerfile)
	user := regexp.MustCompile(`(?m)^USER (\d+:\d+)$`).FindStringSubmatch(content)
	health := regexp.MustCompile(`(?m)^HEALTHCHECK .* CMD \[(.*)\]$`).FindStringSubmatch(content)
	made := regexp.MustCompile(`(?m)^RUN mkdir -p (.*)$`).FindStringSubmatch(content)
	owner := regexp.MustCompile(`(?m)^COPY --from=builder --chown=(\d+:\d+) /made/lib/ /var/lib/$`).FindStringSubmatch(content)
	if user == nil || health == nil || made == nil || owner == nil {
		t.Fatal("no user, no health check or no folders")
	}
	docker := setUp(t, "", nil)
	env := docker + "/.env" // a site without certificates, as there is no network
	if err := os.WriteFile(env, []byte(strings.Replace(read(t, env), "='hooks", "='http://hooks", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	project, err := compose(docker)
	if err != nil {
		t.Fatal(err)
	}
	service, err := project.GetService("caddy")
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-ec", `
ip link set lo up
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
mkdir -p "$ROOT/usr/bin" "$ROOT/etc/caddy" "$ROOT/data" "$ROOT/config" "$ROOT/var/lib" "$ROOT/dev" "$ROOT/proc"
echo 127.0.0.1 localhost >"$ROOT/etc/hosts"
mkdir -p $(echo "$MADE" | sed "s#/made#$ROOT/made#g")
chown -R $OWNER "$ROOT/made"
mount --bind "$ROOT" "$ROOT"
for volume in data/caddy config/caddy var/lib/webhooks; do
	mkdir -p "$ROOT/$volume"
	mount --bind "$ROOT/made/${volume#var/}" "$ROOT/$volume"
done
cp "$CADDY" "$ROOT/usr/bin/caddy"
cp "$CONF/Caddyfile" "$ROOT/etc/caddy/Caddyfile"
cp "$(command -v busybox)" "$ROOT/usr/bin/busybox"
ln -s busybox "$ROOT/usr/bin/wget"
mount --rbind /dev "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount -o remount,bind,ro "$ROOT"
inside() { setpriv --no-new-privs --inh-caps=-all chroot --userspec=$IMAGE_USER "$ROOT" "$@"; }
if inside $HEALTH 2>/dev/null; then exit 1; fi # without Caddy
inside /usr/bin/caddy run --config /etc/caddy/Caddyfile --adapter caddyfile &
for i in $(seq 300); do
	! inside $HEALTH 2>/dev/null || break
	kill -0 $!
	sleep 0.1
done
inside $HEALTH
inside /usr/bin/wget -q -O - --header 'Host: hooks.example.com' --post-data '{"EventType":"tested"}' http://127.0.0.1/webhooks
inside /usr/bin/busybox ls -ln /var/lib/webhooks
`)
	run.Env = []string{
		"PATH=" + os.Getenv("PATH"), "ROOT=" + t.TempDir(), "CADDY=" + caddy, "CONF=" + docker + "/conf", "MADE=" + made[1],
		"OWNER=" + owner[1], "IMAGE_USER=" + user[1],
		"HEALTH=/usr/bin/" + strings.NewReplacer(`"`, "", ",", "").Replace(health[1]), "HOME=/", "XDG_DATA_HOME=/data", "XDG_CONFIG_HOME=/config",
	}
	for name, value := range service.Environment {
		run.Env = append(run.Env, name+"="+*value)
	}
	out, err := run.CombinedOutput()
	ids := strings.Replace(user[1], ":", " +", 1)
	if err != nil || !regexp.MustCompile(`-rw------- +\d+ `+ids+` .* events.jsonl`).Match(out) {
		t.Errorf("%v: %s", err, out)
	}
}

// setUp runs setup.sh on a copy of the folder docker, and puts values into .env, as
// somebody does who fills in what the script asks for.
func setUp(t *testing.T, provider string, values map[string]string) (docker string) {
	t.Helper()
	dir := t.TempDir()
	docker = dir + "/deploy/docker"
	if err := os.CopyFS(docker, os.DirFS("docker")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(docker + "/.env"); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	docs, err := filepath.Abs("../docs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(docs, dir+"/docs"); err != nil {
		t.Fatal(err)
	}
	args := []string{docker + "/setup.sh", "hooks.example.com"}
	if provider != "" {
		args = append(args, provider)
	}
	out, err := exec.Command("sh", args...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "https://hooks.example.com/webhooks\n") {
		t.Fatalf("setup.sh: %v: %s", err, out)
	}
	env := read(t, docker+"/.env")
	for name, value := range values {
		if name != "WEBHOOK_OPTIONS" && !strings.Contains(string(out), "Fill in "+name+" ") {
			t.Errorf("setup.sh does not ask for %s: %s", name, out)
		}
		if !strings.Contains(env, "\n"+name+"=''\n") {
			t.Errorf("%s: .env has no %s: %s", provider, name, env)
		}
		env = strings.Replace(env, name+"=''", name+"='"+value+"'", 1)
	}
	if err := os.WriteFile(docker+"/.env", []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	return docker
}

// TestDockerSetup looks that .env is for its owner only and never overwritten.
func TestDockerSetup(t *testing.T) {
	docker := setUp(t, "", nil)
	before := read(t, docker+"/.env")
	info, err := os.Stat(docker + "/.env")
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v: %v", info, err)
	}
	token := regexp.MustCompile(`WEBHOOK_VERIFY_TOKEN='([0-9a-f]{48})'`).FindStringSubmatch(before)
	if token == nil {
		t.Fatalf("no token in %s", before)
	}
	out, err := exec.Command("sh", docker+"/setup.sh", "other.example.com", "github").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "stays as it is") || !strings.Contains(string(out), token[1]) || read(t, docker+"/.env") != before {
		t.Errorf("again: %v: %s", err, out)
	}
	if err := os.Remove(docker + "/.env"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"https://hooks.example.com"}, {"hooks.example.com:8443"}, {"-x"}, {".."}, {"hooks.example.com", "nobody"}, {"hooks.example.com", "../guides/github"}} {
		if out, err := exec.Command("sh", append([]string{docker + "/setup.sh"}, args...)...).CombinedOutput(); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
	if left, _ := filepath.Glob(docker + "/.env*"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// compose reads a folder's compose file as Docker Compose does, with its .env.
func compose(docker string, env ...string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{docker + "/compose.yaml"}, cli.WithWorkingDirectory(docker), cli.WithEnv(env), cli.WithEnvFiles(), cli.WithDotEnv)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

// TestCompose looks at what Docker Compose is told.
func TestCompose(t *testing.T) {
	docker := setUp(t, "", nil)
	project, err := compose(docker)
	if err != nil {
		t.Fatal(err)
	}
	caddy, err := project.GetService("caddy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("docker/" + filepath.Base(caddy.Build.Dockerfile)); err != nil || filepath.Clean(caddy.Build.Context+"/"+caddy.Build.Dockerfile) != docker+"/Dockerfile" {
		t.Errorf("%v: %s, %s", err, caddy.Build.Context, caddy.Build.Dockerfile)
	}
	if caddy.StopGracePeriod == nil || time.Duration(*caddy.StopGracePeriod) < 20*time.Second {
		t.Errorf("stops after %v", caddy.StopGracePeriod)
	}
	if caddy.User != "" || len(caddy.CapAdd) > 0 || !slices.Equal(caddy.CapDrop, []string{"ALL"}) || caddy.Sysctls["net.ipv4.ip_unprivileged_port_start"] != "0" {
		t.Errorf("user %q, capabilities %q, kernel settings %q", caddy.User, caddy.CapAdd, caddy.Sysctls)
	}
	volumes := map[string]string{}
	for _, volume := range caddy.Volumes {
		volumes[volume.Target] = volume.Type
		if volume.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(volume.Source); err != nil {
			t.Error(err)
		}
	}
	for target, kind := range map[string]string{"/var/lib/webhooks": "volume", "/data": "volume", "/config": "volume", "/etc/caddy": "bind"} {
		if volumes[target] != kind {
			t.Errorf("%s is a %q", target, volumes[target])
		}
	}
	if err := os.Remove(docker + "/.env"); err != nil {
		t.Fatal(err)
	}
	if _, err := compose(docker); err == nil || !strings.Contains(err.Error(), "WEBHOOK_DOMAIN") {
		t.Errorf("without .env: %v", err)
	}
}

// TestShippers reads the log shippers' configs, and looks for what each must be
// told, as its default loses events. The shippers themselves are not run.
func TestShippers(t *testing.T) {
	const files, longest = "/var/lib/webhooks/events*.jsonl", 32 << 20
	for name, want := range map[string]map[string]any{
		"vector.yaml": {
			"sources.webhooks.include.0":      files,
			"sources.webhooks.max_line_bytes": longest,
			"sources.webhooks.read_from":      "beginning",
		},
		"fluent-bit.yaml": {
			"pipeline.inputs.0.path":            files,
			"pipeline.inputs.0.buffer_max_size": "32M",
			"pipeline.inputs.0.read_from_head":  true,
			"pipeline.inputs.0.db":              "/var/lib/fluent-bit/webhooks.db",
		},
		"filebeat.yml": {
			"filebeat.inputs.0.paths.0":                               files,
			"filebeat.inputs.0.message_max_bytes":                     longest,
			"filebeat.inputs.0.prospector.scanner.fingerprint.length": 128,
		},
	} {
		var config map[string]any
		if err := yaml.Unmarshal([]byte(read(t, "shippers/"+name)), &config); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		flat := map[string]any{}
		flatten("", config, flat)
		for key, value := range want {
			if flat[key] != value {
				t.Errorf("%s: %s is %v, want %v", name, key, flat[key], value)
			}
		}
	}
}

// flatten writes nested values by their paths.
func flatten(prefix string, value any, flat map[string]any) {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			flatten(prefix+"."+key, v, flat)
		}
	case []any:
		for i, v := range value {
			flatten(prefix+"."+string(rune('0'+i)), v, flat)
		}
	default:
		flat[strings.TrimPrefix(prefix, ".")] = value
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
