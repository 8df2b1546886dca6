package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
)

// TestUnknownCommand runs "caddy webhook" as Caddy does, below a command.
func TestUnknownCommand(t *testing.T) {
	run := func(args ...string) (string, error) {
		var out buffer
		caddy := &cobra.Command{Use: "caddy", SilenceUsage: true, SilenceErrors: true}
		webhook := &cobra.Command{Use: "webhook <command>", Long: "Tools for webhook_receiver."}
		caddy.AddCommand(webhook)
		Register(webhook, []play.Service{verifying}, nil, nil, os.ReadFile)
		caddy.SetArgs(append([]string{"webhook"}, args...))
		caddy.SetOut(&out)
		caddy.SetErr(&out)
		err := caddy.Execute()
		return out.String(), err
	}
	if out, err := run("tial"); err == nil || !strings.Contains(err.Error(), `command "tial": must be `) || !strings.Contains(err.Error(), "did you mean tail?") || out != "" {
		t.Errorf("%v; %s", err, out)
	}
	if out, err := run(); err != nil || !strings.Contains(out, "Tools for webhook_receiver.") || !strings.Contains(out, "replay ") {
		t.Errorf("without a command: %v; %s", err, out)
	}
}
