//go:build deploy

package deploy

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// TestDockerfileBuild runs the Dockerfile's build step here, with the folders of
// this machine and the environment of the builder image.
func TestDockerfileBuild(t *testing.T) {
	project, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	content := read(t, dockerfile)
	step := regexp.MustCompile(`(?m)^RUN (.*)$`).FindStringSubmatch(content)
	version := regexp.MustCompile(`(?m)^ARG CADDY_VERSION=(.*)$`).FindStringSubmatch(content)
	if step == nil || version == nil {
		t.Fatal("no RUN or no version")
	}
	dir := t.TempDir()
	caddy := filepath.Join(dir, "caddy")
	xcaddy := "#!/bin/sh\ncd '" + project + "'\nexec go tool -modfile=tools.mod xcaddy \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "xcaddy"), []byte(xcaddy), 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("sh", "-c", strings.NewReplacer("/usr/bin/caddy", caddy, "=/src", "="+project).Replace(step[1]))
	build.Env = append(os.Environ(), "CADDY_VERSION=v"+version[1], "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	validate := exec.Command(caddy, "validate", "--config", "docker/Caddyfile", "--adapter", "caddyfile")
	validate.Env = append(os.Environ(), "WEBHOOK_DOMAIN=hooks.example.com", "WEBHOOK_VERIFY_TOKEN=t",
		"XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	out, err := validate.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Valid configuration") || strings.Contains(string(out), "not formatted") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestCompose reads the compose file as Docker Compose does.
func TestCompose(t *testing.T) {
	load := func(env ...string) (*types.Project, error) {
		options, err := cli.NewProjectOptions([]string{"docker/compose.yaml"}, cli.WithEnv(env))
		if err != nil {
			t.Fatal(err)
		}
		return options.LoadProject(context.Background())
	}
	if _, err := load("WEBHOOK_DOMAIN=hooks.example.com"); err == nil || !strings.Contains(err.Error(), "WEBHOOK_VERIFY_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	project, err := load("WEBHOOK_DOMAIN=hooks.example.com", "WEBHOOK_VERIFY_TOKEN=t")
	if err != nil {
		t.Fatal(err)
	}
	caddy, err := project.GetService("caddy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(caddy.Build.Context, caddy.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	if caddy.StopGracePeriod == nil || time.Duration(*caddy.StopGracePeriod) < 20*time.Second {
		t.Errorf("stops after %v", caddy.StopGracePeriod)
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
	for target, kind := range map[string]string{"/var/lib/webhooks": "volume", "/data": "volume", "/config": "volume", "/etc/caddy/Caddyfile": "bind"} {
		if volumes[target] != kind {
			t.Errorf("%s is a %q", target, volumes[target])
		}
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
