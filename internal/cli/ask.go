package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// aboutAddress is for the help of every command that asks the running Caddy.
const aboutAddress = `
Caddy's admin endpoint is found as by caddy reload: --address, --config, $CADDY_ADMIN, or
localhost:2019.`

// ReadConfig returns a config file as JSON.
type ReadConfig func(file string) ([]byte, error)

// admin is where the running Caddy is asked.
type admin struct {
	address, config string
	readConfig      ReadConfig
}

func (a *admin) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.address, "address", "", "The `address` of Caddy's admin endpoint (default that in --config, or $CADDY_ADMIN, or localhost:2019)")
	cmd.Flags().StringVar(&a.config, "config", "", "The config `file` of the running Caddy, which may name the address")
}

// resolve finds the address as caddy reload does.
func (a *admin) resolve() error {
	var config []byte
	if a.address == "" && a.config != "" {
		var err error
		if config, err = a.readConfig(a.config); err != nil {
			return err
		}
		var parsed struct {
			Admin struct {
				Disabled bool `json:"disabled"`
			} `json:"admin"`
		}
		if json.Unmarshal(config, &parsed) == nil && parsed.Admin.Disabled {
			return fmt.Errorf("%s has admin off, so there is nobody to ask: give Caddy an admin endpoint, such as a Unix socket that only its user can use, with the global option admin unix//run/caddy/admin.sock", a.config)
		}
	}
	var err error
	a.address, err = caddycmd.DetermineAdminAPIAddress(a.address, config, a.config, "")
	return err
}

// askWithin is how long an answer may take, and actWithin what is to be done. A variable
// for tests.
var askWithin, actWithin = 10 * time.Second, time.Minute

// maxAdminAnswer is the size, in bytes, of the largest answer that is read: all that
// is kept is a few MiB.
const maxAdminAnswer = 64 << 20

// get returns what the receivers' part of the admin endpoint answers, which is JSON.
func (a *admin) get(path string) ([]byte, error) { return a.ask(http.MethodGet, path, askWithin) }

// decode decodes such an answer.
func (a *admin) decode(answer []byte, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the answer of %s is none: %w", a.address, err)
	}
	return nil
}

// post has it do something.
func (a *admin) post(path string) ([]byte, error) { return a.ask(http.MethodPost, path, actWithin) }

func (a *admin) ask(method, path string, within time.Duration) ([]byte, error) {
	type result struct {
		answer []byte
		err    error
	}
	got := make(chan result, 1)
	go func() { // Caddy's function can't be told when to end
		answer, err := a.request(method, path)
		got <- result{answer, err}
	}()
	select {
	case r := <-got:
		return r.answer, r.err
	case <-time.After(within):
		return nil, fmt.Errorf("%s has not answered within %s: what listens there hangs, or is no admin endpoint of Caddy", a.address, within)
	}
}

func (a *admin) request(method, path string) ([]byte, error) {
	resp, err := caddycmd.AdminAPIRequest(a.address, method, "/webhook_receiver/"+path, nil, nil)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAdminAnswer))
		if err == nil && !json.Valid(answer) {
			err = fmt.Errorf("the answer of %s is none: it is no JSON, so what listens there is no admin endpoint of Caddy", a.address)
		}
		return answer, err
	}
	if reason := reasonIn(err.Error()); reason != "" {
		return nil, errors.New(sanitize(reason))
	}
	// Caddy's errors have no others in them, just their texts.
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(err.Error(), text) })
	}
	switch {
	case has("connection refused", "actively refused", "no such file", "cannot find"):
		return nil, fmt.Errorf("nobody listens at %s, so there is nobody to ask: Caddy is not running, has admin off, or its admin endpoint has another address, which --address or --config can name", a.address)
	case has("permission denied", "access permissions"):
		return nil, fmt.Errorf("%s may not be used by this user: ask as the user that Caddy runs as, or as root", a.address)
	case has("HTTP 404"):
		return nil, fmt.Errorf("the Caddy at %s does not know its receivers: it runs without webhook_receiver, or with an older one; restart it", a.address)
	}
	return nil, errors.New(sanitize(err.Error())) // it quotes the answer
}

// reasonIn returns the reason in an error about an answer that is one of ours: that a
// delivery is not there, or can't do something now.
func reasonIn(text string) string {
	i := strings.IndexByte(text, '{')
	if i < 0 || !strings.HasSuffix(text[:i], "HTTP 404: ") && !strings.HasSuffix(text[:i], "HTTP 409: ") {
		return ""
	}
	var answer struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal([]byte(text[i:]), &answer) // or it is nobody's
	return answer.Error
}
