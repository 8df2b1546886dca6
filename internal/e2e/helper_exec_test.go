package e2e

import (
	"context"
	"os/exec"

	"github.com/caddyserver/caddy/v2"
	config "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(execHandler{})
}

// execHandler is a handler of Caddy's events that stands for the plugin caddy-events-exec: of the
// same name and Caddyfile, it runs a command, whose arguments may have placeholders.
type execHandler struct {
	Command string   `json:"command"`
	Args    []string `json:"args"`
}

func (execHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.exec", New: func() caddy.Module { return new(execHandler) }}
}

func (h *execHandler) UnmarshalCaddyfile(d *config.Dispenser) error {
	d.Next()
	if !d.Args(&h.Command) {
		return d.ArgErr()
	}
	h.Args = d.RemainingArgs()
	return nil
}

// Handle runs the command, unless that is panic, which it does.
func (h *execHandler) Handle(ctx context.Context, _ caddy.Event) error {
	if h.Command == "panic" {
		panic("broken")
	}
	repl := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	var args []string
	for _, arg := range h.Args {
		args = append(args, repl.ReplaceAll(arg, ""))
	}
	return exec.CommandContext(ctx, h.Command, args...).Run()
}
