package webhookreceiver

import (
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "webhook",
		Usage: "<command>",
		Short: "Tries webhook receivers out, and reads and sends on stored events",
		Long: `
Tools for webhook_receiver: test plays the service that sends webhooks, tail
shows stored events, check counts and checks them, and replay sends them on.`,
		CobraFunc: func(cmd *cobra.Command) { cli.Register(cmd, playable()) },
	})
}

// playable returns the providers for the test command, the default one first.
func playable() []cli.Provider {
	return []cli.Provider{{
		Name:      defaultProvider,
		Challenge: "challenge",
		Token:     "verifyToken",
		Event:     []byte(`{"CommunityName":"webhook_receiver","EventType":"webhook_receiver_test","TicketId":0,"Events":[]}`),
		Deadline:  20 * time.Second,
	}}
}
