package webhookreceiver

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// check returns what is wrong with the config, as far as it can be told before
// placeholders are evaluated: in a Caddyfile, where the error gets file and line of
// the option that it begins with, and in any config that is loaded. It changes
// nothing. No error quotes a token or secret.
func (h *Handler) check() error {
	row, err := h.row()
	if err == nil && h.Name != "" {
		err = checkName(h.Name)
	}
	if err == nil {
		err = h.checkRules(row)
	}
	if err == nil {
		err = h.checkAttributes()
	}
	if err == nil {
		err = rules.CheckHeaders(h.Headers)
	}
	if err == nil {
		err = h.checkUse(row)
	}
	if err == nil {
		err = h.checkLiterals(row)
	}
	if err == nil {
		err = h.checkDedupe(row)
	}
	if err == nil {
		err = h.checkDeliveries(row)
	}
	return err
}

// row returns the provider's row, with the rules that are in the config instead of
// the table.
func (h *Handler) row() (provider.Row, error) {
	name := h.Provider
	if name == "" {
		name = provider.Default
	}
	row, err := provider.Named(name)
	if err != nil {
		return row, err
	}
	for _, option := range []struct {
		name string
		set  bool
	}{{"verification", h.Verification != nil}, {"signature", h.Signature != nil}, {"event", h.Event != nil}} {
		if option.set && row.Name != provider.Generic {
			return row, fmt.Errorf("%s: is for provider %s only, and %s has its own; take it out, or write provider %[2]s",
				option.name, provider.Generic, h.sender())
		}
	}
	if h.Verification != nil {
		row.Verification = h.Verification
	}
	if h.Signature != nil {
		row.Signature = h.Signature
	}
	if h.Event != nil {
		row.Event = *h.Event
	}
	if err := row.Validate(); err != nil {
		return row, err
	}
	if h.Tolerance != 0 && row.Signature != nil {
		own := *row.Signature
		own.Tolerance = h.Tolerance
		row.Signature = &own
	}
	return row, nil
}

// sender names the provider in errors.
func (h *Handler) sender() string {
	if h.Provider == "" {
		return "provider " + provider.Default + " (the default, as none is written)"
	}
	return "provider " + h.Provider
}

// checkRules refuses what would be ignored, and what is out of range.
func (h *Handler) checkRules(row provider.Row) error {
	public, err := rules.ParsePublicURL(h.PublicURL)
	if err != nil {
		return err
	}
	switch s := row.Signature; {
	case public.HasUser && (s == nil || !s.SignsURL()):
		return fmt.Errorf("public_url: user and password are for providers that sign the URL, which %s does not: take them out", h.sender())
	case h.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive, a duration such as 5m", time.Duration(h.Tolerance))
	case h.Tolerance > 0 && (s == nil || len(s.Timestamp) == 0):
		return fmt.Errorf("tolerance: %s signs no timestamp, so it uses none: take it out", h.sender())
	case s != nil && s.ExtendsSecret() && cmp.Or(h.Accept, row.Accept) != event.AcceptJSON:
		return errors.New("accept any: a plain digest that does not end with {secret} can be had for what is no JSON without knowing the secret: take it out, or have {secret} at the end of content")
	case h.Timeout != nil && *h.Timeout <= 0:
		return fmt.Errorf("timeout %s: must be positive, a duration such as 15s", time.Duration(*h.Timeout))
	}
	if h.MaxBodySize != nil {
		if err := checkMaxBodySize(*h.MaxBodySize); err != nil {
			return err
		}
	}
	if h.Accept == "" {
		return nil
	}
	return expect.Word("accept", h.Accept, event.AcceptJSON, event.AcceptAny)
}

func checkMaxBodySize(size int64) error {
	if size <= 0 {
		return fmt.Errorf("max_body_size %d: must be positive, a size such as 5MiB", size)
	}
	return nil
}

// checkName allows what can be a part of a URL and of a file's name.
func checkName(name string) error {
	valid := len(name) >= 1 && len(name) <= 32
	for i := range len(name) {
		c := name[i]
		valid = valid && ('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	}
	if !valid {
		return fmt.Errorf("name %s: must be 1 to 32 lower-case letters, digits, - and _, such as tickets", expect.Quote(name))
	}
	return nil
}

func (h *Handler) checkAttributes() error {
	for name := range h.Attributes {
		if err := checkAttributeName(name); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) error {
	valid := len(name) >= 1 && len(name) <= 20
	for i := range len(name) {
		c := name[i]
		valid = valid && ('a' <= c && c <= 'z' || '0' <= c && c <= '9')
	}
	if !valid {
		return fmt.Errorf("attribute %s: the name must be 1 to 20 lower-case letters and digits, such as tenant", expect.Quote(name))
	}
	if slices.Contains(event.ReservedAttributes, name) {
		return fmt.Errorf("attribute %q: the receiver sets this one; take another name, such as tenant", name)
	}
	return nil
}

// checkUse fails closed: what the provider needs must be there, and what it would
// ignore must not look as if it protected anything.
func (h *Handler) checkUse(row provider.Row) error {
	switch {
	case len(h.Secrets) > 0 && !row.UsesSecret():
		why := "does not sign its events"
		if row.Keys != nil {
			why = "has public keys"
		}
		return fmt.Errorf("secret: %s %s, so it uses none: take it out%s",
			h.sender(), why, h.orElse("verify_token", row.Token, row.UsesToken() && len(h.VerifyTokens) == 0))
	case len(h.VerifyTokens) > 0 && !row.UsesToken():
		return fmt.Errorf("verify_token: %s sends no token, so it uses none: take it out%s",
			h.sender(), h.orElse("secret", row.Secret, row.UsesSecret() && len(h.Secrets) == 0))
	case h.KeysFile != "" && row.Keys == nil:
		return fmt.Errorf("keys: no keys are fetched for %s, so it uses none: take it out", h.sender())
	case h.KeysFile != "" && len(h.Secrets) > 0:
		return errors.New("secret: is what keys are fetched with, and keys has them in a file: take one of the two out")
	case row.NeedsURL() && !isWholeURL(h.PublicURL):
		return fmt.Errorf("public_url: %s needs all of the URL, just as it is entered there, as the answer to its verification is made of it: add a line such as public_url https://hooks.example.com/webhooks", h.sender())
	case len(h.Secrets) == 0 && row.UsesSecret() && !row.SecretOptional && !row.LearnsSecret() && h.KeysFile == "":
		return fmt.Errorf("secret: %s needs one, %s: add a line such as secret {env.WEBHOOK_SECRET}", h.sender(), plain.Replace(row.Secret))
	case len(h.Accounts) > 0 && !row.UsesAccount():
		return fmt.Errorf("account: %s has none, as the secret is your account's, so it uses none: take it out", h.sender())
	case len(h.Accounts) == 0 && row.UsesAccount():
		if row.Signature.IsSealed() || !row.Signature.SharedKey {
			return fmt.Errorf("account: %s needs one, %s, as its events must be for it: add a line such as account 12345", h.sender(), plain.Replace(row.Account))
		}
		return fmt.Errorf("account: %s needs one, %s, as it signs the events of all its customers with the same key: add a line such as account 12345", h.sender(), plain.Replace(cmp.Or(row.Account, "what the events of yours have at "+string(row.Signature.Account))))
	case len(h.VerifyTokens) == 0 && row.UsesToken() && !row.TokenOptional:
		return fmt.Errorf("verify_token: %s needs one, %s: add a line such as verify_token {env.WEBHOOK_VERIFY_TOKEN}", h.sender(), plain.Replace(row.Token))
	}
	return nil
}

// isWholeURL tells whether a public_url is more than scheme and host, which stand for all
// URLs there.
func isWholeURL(text string) bool {
	public, err := rules.ParsePublicURL(text)
	return err == nil && public.Text != "" && !public.IsBase
}

// orElse says what else may have been meant: the other option, where it is missing,
// or another provider than the default.
func (h *Handler) orElse(other, what string, missing bool) string {
	meant := ""
	if missing {
		meant = fmt.Sprintf(", or write %s if it is %s", other, plain.Replace(what))
	}
	if h.Provider == "" {
		meant += ", or write the provider that it is for, such as provider github"
	}
	return meant
}

// checkLiterals checks those tokens and secrets that have no placeholder.
func (h *Handler) checkLiterals(row provider.Row) error {
	for i, token := range h.VerifyTokens {
		if err := checkBlank(token); err != nil {
			return fmt.Errorf("verify_token number %d: %w", i+1, err)
		}
	}
	for i, account := range h.Accounts {
		if err := checkAccount(row, i, account); err != nil && !strings.Contains(account, "{") {
			return err
		}
	}
	for i, secret := range h.Secrets {
		err := checkBlank(secret)
		if err != nil {
			return fmt.Errorf("secret number %d: %w", i+1, err)
		}
		if strings.Contains(secret, "{") {
			continue
		}
		if err := checkSecret(row, i, secret); err != nil {
			return err
		}
	}
	return nil
}

// checkSecret returns an error for a secret that is no key for the provider's
// signatures. It does not quote it.
func checkSecret(row provider.Row, i int, secret string) error {
	if err := row.CheckSecret(secret); err != nil {
		return fmt.Errorf("secret number %d: %w; what provider %s needs is %s", i+1, err, row.Name, plain.Replace(row.Secret))
	}
	return nil
}

// checkAccount returns an error for what can't be an account at the provider.
func checkAccount(row provider.Row, i int, account string) error {
	if err := row.CheckAccount(account); err != nil {
		return fmt.Errorf("account number %d: %w", i+1, err)
	}
	return nil
}

// plain takes Markdown out of a row's texts.
var plain = strings.NewReplacer("*", "", "`", "")

func (h *Handler) checkDedupe(row provider.Row) error {
	switch {
	case h.Dedupe == nil:
		return nil
	case h.Dedupe.Window <= 0:
		return fmt.Errorf("dedupe %s: the window must be positive, a duration such as 10m", time.Duration(h.Dedupe.Window))
	case h.Dedupe.Key == "" && len(row.Event.ID) == 0:
		return fmt.Errorf("dedupe: %s has no delivery id, so a key is needed, as in dedupe 10m {http.webhook_receiver.body_sha256}", h.sender())
	}
	return nil
}

// outputNamespace is of the modules that are outputs.
const outputNamespace = "http.webhook_receiver.outputs"

// outputNames returns the names of the outputs in this Caddy, sorted.
func outputNames() (names []string) {
	for _, module := range caddy.GetModules(outputNamespace) {
		names = append(names, module.ID.Name())
	}
	slices.Sort(names)
	return names
}

// modules are outputs that are Go modules of their own, by their folders.
var modules = []string{"kafka", "nats"}

// checkOutputName returns an error for an output that is not in this Caddy.
func checkOutputName(name string) error {
	names := outputNames()
	if slices.Contains(names, name) {
		return nil
	}
	if slices.Contains(modules, name) {
		const core = "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
		return fmt.Errorf("output %s: is a module that is not built into this Caddy; in a clone of the receiver's repository build it with: "+
			"xcaddy build --with %s@v0.0.0=. --with %[2]s/%[1]s@v0.0.0=./%[1]s", name, core)
	}
	if strings.ContainsAny(name, `/\`) {
		return fmt.Errorf("output: the name of an output stands before that of a file; did you mean output file %s?", name)
	}
	hint := "; the outputs in it are " + expect.AllOf(names)
	if near := expect.Nearest(name, append(names, modules...)); near != "" {
		hint = "; did you mean " + near + "?"
	}
	missing := outputNamespace + "." + name
	if !expect.IsHarmless(name) {
		missing = "of the name in " + outputNamespace
	}
	return fmt.Errorf("output %s: there is no module %s in this Caddy%s", expect.Quote(name), missing, hint)
}

// checkOutputNames checks the names in any config.
func (h *Handler) checkOutputNames() error {
	for _, raw := range h.OutputsRaw {
		var named struct{ Output string }
		if json.Unmarshal(raw, &named) == nil && named.Output != "" {
			if err := checkOutputName(named.Output); err != nil {
				return err
			}
		}
	}
	return nil
}
