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

// samples are the events that the test command sends, by provider, and how long
// the provider waits for the answer.
var samples = map[string]struct {
	event    string
	deadline time.Duration
}{
	"socialboards": {`{"CommunityName":"webhook_receiver","EventType":"webhook_receiver_test","TicketId":0,"Events":[]}`, 20 * time.Second},
}

// playable returns the providers for the test command, the default one first.
func playable() []cli.Provider {
	var all []cli.Provider
	for _, p := range providers {
		sample, ok := samples[p.name]
		if !ok {
			continue
		}
		_, challenge := p.verification.Challenge.split()
		_, token := p.verification.Token.split()
		all = append(all, cli.Provider{
			Name:      p.name,
			Challenge: challenge,
			Token:     token,
			Event:     []byte(sample.event),
			Deadline:  sample.deadline,
		})
	}
	return all
}
