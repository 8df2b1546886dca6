// Package cli holds the commands "caddy webhook …", with which an operator tries
// a receiver out, looks at stored events, and sends them on.
package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
)

// Register adds the commands below cmd, which is "caddy webhook". The providers
// are those that the test command can play; the first one is its default.
func Register(cmd *cobra.Command, providers []play.Service, configured Configured, checkers Checkers, readConfig ReadConfig) {
	for _, sub := range []*cobra.Command{
		testCommand(providers, configured), statusCommand(readConfig), refusedCommand(readConfig),
		tailCommand(), findCommand(), showCommand(), checkCommand(), verifyCommand(thatSign(providers), checkers), replayCommand(),
	} {
		run := sub.RunE
		sub.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			if err == nil {
				return nil
			}
			// It is printed by others, and may hold what a server has answered.
			lines := strings.Split(err.Error(), "\n")
			for i := range lines {
				lines[i] = sanitize(lines[i])
			}
			return errors.New(strings.Join(lines, "\n"))
		}
		cmd.AddCommand(sub)
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
