package webhookreceiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/recheck"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "webhook",
		Usage: "<command>",
		Short: "Tries webhook receivers out, shows how they stand, and reads and sends on stored events",
		Long: `
Tools for webhook_receiver, of three kinds.

Try it out: test plays the service that sends webhooks; providers says what a service
needs.

Ask the running Caddy: status shows how the receivers stand, refused what they have
refused, and why; deliveries shows and mends what is sent on; learn takes a secret that
a service sends itself; inspect prints the address of the page that shows all of that.

Read stored events: tail shows them, as they come, too; find searches; show shows
one; check counts them and looks for damage; verify checks signatures again; replay
sends them to another server.`,
		CobraFunc: func(cmd *cobra.Command) { cli.Register(cmd, playable(), playConfigured, checkerFor, readConfig) },
	})
}

// playable returns the providers for the test command, the default one first.
func playable() []play.Service {
	var all []play.Service
	for _, p := range provider.Rows {
		if p.Name == provider.Default {
			all = slices.Insert(all, 0, play.Of(p, ""))
		} else {
			all = append(all, play.Of(p, ""))
		}
	}
	return all
}

// playConfigured returns what the receiver in a config is for, with its own
// rules. Of several it must be the only one for the provider of the name.
func playConfigured(file, name string) (play.Service, error) {
	all, err := receiversIn(file)
	if err != nil {
		return play.Service{}, err
	}
	var found []*Handler
	for _, h := range all {
		isKnown := slices.ContainsFunc(found, func(other *Handler) bool {
			return reflect.DeepEqual(h.provider, other.provider) && h.PublicURL == other.PublicURL
		})
		if (name == "" || name == h.provider.Name) && !isKnown {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return play.Service{}, fmt.Errorf("%s: there is no receiver in it that is asked for", file)
	case 1:
		return play.Of(found[0].provider, found[0].PublicURL), nil
	}
	return play.Service{}, fmt.Errorf("%s: there are several receivers in it, which differ: --provider chooses; or put one into a file of its own", file)
}

// checkerFor returns a checker of stored signatures, for a provider by its name, for
// the receivers in a config, or for all providers that sign.
func checkerFor(name, config string, secrets []string) (*recheck.Checker, error) {
	c := new(recheck.Checker)
	switch {
	case config != "":
		receivers, err := receiversIn(config)
		if err != nil {
			return nil, err
		}
		return c, addConfigured(c, config, receivers, secrets)
	case name != "":
		p, err := provider.Named(name)
		if err != nil {
			return nil, err
		}
		switch {
		case p.Signature == nil:
			return nil, fmt.Errorf("provider %s signs nothing", name)
		case p.Keys != nil:
			secrets = knownKeys(p, secrets, caddy.DefaultStorage)
		case len(secrets) == 0:
			return nil, errors.New("--secret: is needed (or WEBHOOK_SECRET in the environment, or --config with a receiver that has it)")
		}
		if p.Signature.IsSealed() && p.Signature.Sealed.TokenSigns {
			return nil, fmt.Errorf("provider %s signs with the verify token: --config takes it from the receiver's config", name)
		}
		return c, c.Add(recheck.Receiver{Row: p, Secrets: secrets})
	}
	var last error
	for _, p := range provider.Rows {
		if p.Signature != nil && !(p.Signature.IsToken() && p.Signature.From[0].InBody()) {
			own := secrets
			if p.Keys != nil {
				own = knownKeys(p, secrets, caddy.DefaultStorage)
			}
			if err := c.Add(recheck.Receiver{Row: p, Secrets: own}); err != nil {
				last = err // the secret has another form than that provider's
			}
		}
	}
	if c.Empty() {
		return nil, last
	}
	return c, nil
}

// addConfigured adds the receivers of a config that sign, with the secrets of their own
// that can be had here, too.
func addConfigured(c *recheck.Checker, file string, receivers []*Handler, secrets []string) error {
	for _, h := range receivers {
		if h.provider.Signature == nil {
			continue
		}
		all, err := h.checkedWith(file, secrets)
		if err != nil && len(secrets) == 0 {
			return fmt.Errorf("%s: %w", file, err)
		}
		learnt, err := learntIn(file, h)
		if err != nil && len(secrets) == 0 {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, learnt...)
		if len(all) == 0 && h.provider.Keys == nil {
			continue // it takes events that are not signed
		}
		r := recheck.Receiver{Name: h.Name, Row: h.provider, Secrets: all, Accounts: h.resolvedAccounts(), PublicURL: h.PublicURL}
		if h.provider.Signature.IsSealed() {
			if r.Tokens, err = resolveSecrets("verify_token", h.VerifyTokens); err == nil {
				r.Accounts, err = resolveSecrets("account", h.Accounts)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		if err := c.Add(r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if c.Empty() {
		return fmt.Errorf("%s: there is no receiver in it whose events are signed", file)
	}
	return nil
}

// receiversIn returns the receivers in a config, with their own rules.
func receiversIn(file string) ([]*Handler, error) {
	config, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	var document any
	if err := json.Unmarshal(config, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var found []*Handler
	for _, raw := range handlersIn(document, nil) {
		h := new(Handler)
		if err := json.Unmarshal(raw, h); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := h.provisionProvider(); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		h.provider.Accept = h.Accept
		found = append(found, h)
	}
	return found, nil
}

// readConfig returns a config as JSON.
func readConfig(file string) ([]byte, error) {
	config, err := os.ReadFile(file)
	if err != nil || filepath.Ext(file) == ".json" {
		return config, err
	}
	adapter := caddyconfig.GetAdapter("caddyfile")
	if adapter == nil {
		return nil, errors.New("this Caddy reads no Caddyfiles")
	}
	config, _, err = adapter.Adapt(config, map[string]any{"filename": file})
	return config, err
}

// handlersIn appends to found every receiver in a config, wherever it is.
func handlersIn(node any, found []json.RawMessage) []json.RawMessage {
	switch node := node.(type) {
	case map[string]any:
		if node["handler"] == (Handler{}).CaddyModule().ID.Name() {
			raw, _ := json.Marshal(node) // it was decoded from JSON
			return append(found, raw)
		}
		for _, child := range node {
			found = handlersIn(child, found)
		}
	case []any:
		for _, child := range node {
			found = handlersIn(child, found)
		}
	}
	return found
}
