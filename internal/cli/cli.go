// Package cli holds the commands "caddy webhook …", with which an operator tries
// a receiver out, looks at stored events, and sends them on.
package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
)

// Register adds the commands below cmd, which is "caddy webhook". The providers
// are those that the test command can play; the first one is its default.
func Register(cmd *cobra.Command, providers []play.Service, configured Configured, checkers Checkers, readConfig ReadConfig) {
	for _, sub := range []*cobra.Command{
		testCommand(providers, configured), providersCommand(), statusCommand(readConfig), refusedCommand(readConfig), deliveriesCommand(readConfig), learnCommand(readConfig), inspectCommand(readConfig),
		tailCommand(), findCommand(), showCommand(), checkCommand(), verifyCommand(thatSign(providers), checkers), replayCommand(),
	} {
		sanitizeErrors(sub)
		cmd.AddCommand(sub)
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return expect.Word("command", args[0], names...)
	}
}

// sanitizeErrors makes errors of a command, and of those below it, harmless: they are printed by
// others, and may hold what a server has answered.
func sanitizeErrors(cmd *cobra.Command) {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err == nil {
			return nil
		}
		lines := strings.Split(err.Error(), "\n")
		for i := range lines {
			lines[i] = sanitize(lines[i])
		}
		return errors.New(strings.Join(lines, "\n"))
	}
	for _, sub := range cmd.Commands() {
		sanitizeErrors(sub)
	}
}

// thatSign returns the names of the providers that sign.
func thatSign(providers []play.Service) (names []string) {
	for _, p := range providers {
		if p.Signs {
			names = append(names, p.Name)
		}
	}
	return names
}
