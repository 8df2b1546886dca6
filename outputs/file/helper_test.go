package file

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// loadFile returns an output as Caddy would load it from a Caddyfile, with what
// comes after "output file".
func loadFile(t *testing.T, options string) *Output {
	t.Helper()
	o, err := tryFile(t, options)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func tryFile(t *testing.T, options string) (*Output, error) {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
	var adapted Output
	if err := adapted.UnmarshalCaddyfile(caddyfile.NewTestDispenser("file " + options)); err != nil {
		return nil, err
	}
	config, err := json.Marshal(adapted)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	o, err := ctx.LoadModuleByID("http.webhook_receiver.outputs.file", config)
	if err != nil {
		cancel() // as Caddy does, which cleans up what was provisioned
		return nil, err
	}
	return o.(*Output), nil
}

// store stores an event with those data, which are JSON.
func (o *Output) store(t *testing.T, data string) {
	t.Helper()
	if err := o.Store(context.Background(), &event.Event{ID: "1", Source: "/", Type: "t", Data: []byte(data)}); err != nil {
		t.Error(err)
	}
}

func linesOf(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func mustSay(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}
