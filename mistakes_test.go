package webhookreceiver

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestMistakes has what `caddy validate` says of Caddyfiles with typical mistakes,
// in a file that is there to be read: each title, Caddyfile and answer.
func TestMistakes(t *testing.T) {
	const name = "testdata/mistakes.txt"
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	head, sections, _ := strings.Cut(read(t, name), "\n=== ")
	var got strings.Builder
	got.WriteString(head)
	for _, section := range strings.Split(sections, "\n=== ") {
		title, rest, _ := strings.Cut(section, "\n")
		source, _, _ := strings.Cut(rest, "\n---\n")
		err := validate(source + "\n")
		if err == nil {
			t.Errorf("%s: is valid", title)
			err = errors.New("valid")
		}
		got.WriteString("\n=== " + title + "\n" + source + "\n---\n" + err.Error() + "\n")
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: a secret is in %v", title, err)
		}
		// What is about a value that only provisioning can tell has no line.
		if !strings.Contains(err.Error(), "Caddyfile:") && !strings.Contains(title, "(when the config is loaded)") {
			t.Errorf("%s: neither file nor line is in %v", title, err)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if got.String() != read(t, name) {
		t.Errorf("%s does not have what is said now, which is:\n%s", name, got.String())
	}
}

// validate does what `caddy validate` does with a Caddyfile.
func validate(source string) error {
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	var config caddy.Config
	if err := caddy.StrictUnmarshalJSON(adapted, &config); err != nil {
		return err
	}
	return caddy.Validate(&config)
}
