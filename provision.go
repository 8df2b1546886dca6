package webhookreceiver

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// provisionProvider takes over what the provider's row says and the config does
// not.
func (h *Handler) provisionProvider() error {
	name := h.Provider
	if name == "" {
		name = provider.Default
	}
	var err error
	if h.provider, err = provider.Named(name); err != nil {
		return err
	}
	if err := h.customize(); err != nil {
		return err
	}

	if err := h.provisionURL(); err != nil {
		return err
	}
	if err := h.provisionTolerance(); err != nil {
		return err
	}

	h.maxBodySize = h.provider.MaxBodySize
	if h.MaxBodySize != nil {
		h.maxBodySize = *h.MaxBodySize
	}
	if h.maxBodySize <= 0 {
		return fmt.Errorf("max_body_size %d: must be positive", h.maxBodySize)
	}

	h.timeout = h.provider.Timeout
	if h.Timeout != nil {
		h.timeout = time.Duration(*h.Timeout)
	}
	if h.timeout <= 0 {
		return fmt.Errorf("timeout %s: must be positive", h.timeout)
	}

	if h.Accept == "" {
		h.Accept = h.provider.Accept
	}
	return checkAccept(h.Accept)
}

// provisionURL refuses what would be ignored.
func (h *Handler) provisionURL() error {
	var err error
	if h.public, err = rules.ParsePublicURL(h.PublicURL); err != nil {
		return err
	}
	if s := h.provider.Signature; h.public.HasUser && (s == nil || !s.Signs(rules.PartURL)) {
		return fmt.Errorf("public_url: user and password are for providers that sign the URL, which %s does not", h.provider.Name)
	}
	return nil
}

func (h *Handler) provisionTolerance() error {
	s := h.provider.Signature
	switch {
	case h.Tolerance == 0:
		return nil
	case h.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive", time.Duration(h.Tolerance))
	case s == nil || len(s.Timestamp) == 0:
		return fmt.Errorf("tolerance: provider %s signs no timestamp, so it uses none", h.provider.Name)
	}
	own := *s
	own.Tolerance = h.Tolerance
	h.provider.Signature = &own
	return nil
}

// customize takes over the rules that are in the config instead of the table.
func (h *Handler) customize() error {
	for option, set := range map[string]bool{"verification": h.Verification != nil, "signature": h.Signature != nil, "event": h.Event != nil} {
		if set && h.provider.Name != provider.Generic {
			return fmt.Errorf("%s: is for provider %s only; %s has its own", option, provider.Generic, h.provider.Name)
		}
	}
	if h.Verification != nil {
		h.provider.Verification = h.Verification
	}
	if h.Signature != nil {
		h.provider.Signature = h.Signature
	}
	if h.Event != nil {
		h.provider.Event = *h.Event
	}
	return h.provider.Validate()
}

// provisionTokens fails closed: what the provider needs must be there, must not
// be empty, and what it would ignore must not look as if it protected anything.
func (h *Handler) provisionTokens() error {
	p := h.provider
	if len(h.Secrets) > 0 && !p.UsesSecret() {
		return fmt.Errorf("secret: provider %s does not sign its events, so it uses none", p.Name)
	}
	if len(h.Secrets) == 0 && p.UsesSecret() && !p.SecretOptional {
		return fmt.Errorf("secret: provider %s needs one", p.Name)
	}
	if len(h.VerifyTokens) > 0 && !p.UsesToken() {
		return fmt.Errorf("verify_token: provider %s sends no token, so it uses none", p.Name)
	}
	if len(h.VerifyTokens) == 0 && p.UsesToken() && !p.TokenOptional {
		return fmt.Errorf("verify_token: provider %s needs one", p.Name)
	}

	tokens, err := resolveSecrets("verify_token", h.VerifyTokens)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		h.tokens = append(h.tokens, sha256.Sum256([]byte(token)))
	}
	secrets, err := resolveSecrets("secret", h.Secrets)
	if err != nil {
		return err
	}
	if p.Verification != nil {
		h.verification = p.Verification.WithDefaults()
	}
	return h.provisionSignature(secrets)
}

func (h *Handler) provisionSignature(secrets []string) error {
	signature := rules.Signature{Algorithm: rules.HMACSHA256} // for the HMAC of challenges
	if h.provider.Signature != nil {
		signature = *h.provider.Signature
	}
	verifier, err := rules.NewVerifier(signature, secrets, h.public)
	if err != nil {
		return err
	}
	for i := range secrets {
		h.secrets = append(h.secrets, verifier.HMACKey(i))
	}
	if h.provider.Signature != nil && len(secrets) > 0 {
		h.signature = verifier
	}
	return nil
}

// provisionAttributes prepares the attributes that events have beside those of every
// CloudEvent.
func (h *Handler) provisionAttributes() error {
	for name := range h.Attributes {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		h.attributes = append(h.attributes, name)
	}
	slices.Sort(h.attributes)
	for _, name := range []string{event.HTTPHeaders, event.Verification, event.Receiver} {
		if _, ok := h.Attributes[name]; ok {
			h.logger.Warn("an attribute of the config takes the place of the receiver's own", zap.String("attribute", name))
		}
	}
	if err := rules.CheckHeaders(h.Headers); err != nil {
		return err
	}
	h.headers = rules.NewStoredHeaders(h.Headers, h.provider.Signature, h.provider.Verification, &h.provider.Event)
	switch {
	case h.signature == nil:
	case h.signature.Algorithm == rules.AlgorithmToken:
		h.verifies = event.VerifiedToken
	default:
		h.verifies = event.VerifiedSignature
	}
	return nil
}

// resolveSecrets evaluates the placeholders. Its errors quote no value.
func resolveSecrets(option string, raw []string) ([]string, error) {
	var resolved []string
	for i, s := range raw {
		value, err := secret.Resolve(s)
		if err == nil && strings.TrimSpace(value) == "" {
			err = errors.New("is empty")
		}
		if err != nil {
			return nil, fmt.Errorf("%s number %d: %w", option, i+1, err)
		}
		resolved = append(resolved, value)
	}
	return resolved, nil
}

func (h *Handler) provisionOutputs(ctx caddy.Context) error {
	var outputs []any
	raw := slices.Clone(h.OutputsRaw) // which LoadModule takes away
	if len(raw) == 0 {
		output, err := ctx.LoadModuleByID(string(file.Output{}.CaddyModule().ID), nil)
		if err != nil {
			return fmt.Errorf("output file: %w", err)
		}
		outputs = []any{output}
	} else {
		loaded, err := ctx.LoadModule(h, "OutputsRaw")
		if err != nil {
			return fmt.Errorf("output: %w", err)
		}
		outputs = loaded.([]any)
	}

	durable := false
	var names []string
	for i, o := range outputs {
		output, ok := o.(Output)
		if !ok {
			return fmt.Errorf("output: module %T is no webhook_receiver output", o)
		}
		name := o.(caddy.Module).CaddyModule().ID.Name()
		h.outputs = append(h.outputs, &namedOutput{Output: output, name: name, logger: h.logger, metrics: metrics.OfOutput(name)})
		names = append(names, name)
		durable = durable || output.Durable()
		if output, ok := output.(destined); ok {
			h.destinations = append(h.destinations, name+" "+output.Destination())
		} else {
			h.destinations = append(h.destinations, string(raw[i]))
		}
		copies := int64(1)
		if output, ok := output.(copier); ok {
			copies = max(1, output.Copies())
		}
		h.copies += copies
	}
	h.logger.Info("webhooks are received", zap.String("provider", h.provider.Name), zap.Strings("outputs", names))
	if !durable {
		h.logger.Warn("no output is durable: an event that was answered 200 can be lost in a crash")
	}
	return nil
}

func (h *Handler) provisionDedupe() error {
	if h.Dedupe == nil {
		return nil
	}
	window := time.Duration(h.Dedupe.Window)
	if window <= 0 {
		return fmt.Errorf("dedupe %s: the window must be positive", window)
	}
	if h.Dedupe.Key == "" && len(h.provider.Event.ID) == 0 {
		return fmt.Errorf("dedupe: provider %s has no delivery id, so a key is needed", h.provider.Name)
	}
	// The same after a reload, unless what it is that is stored has changed, or
	// where: an event that is only in the old place has not got to whoever reads the
	// new one. Receivers that have all of this in common are told apart by the URL of
	// the request, which is part of every key.
	scope, _ := json.Marshal([]any{h.provider.Name, h.Dedupe.Key, h.destinations}) // strings
	var release func()
	h.dedupe, release = dedupe.Share(string(scope), window, h.storedFile())
	h.release = append(h.release, release)
	return nil
}

// storedFile returns the file from which it can be learnt what was stored, or nil: the
// one durable output, as what another one lacks is not stored.
func (h *Handler) storedFile() *dedupe.File {
	var durable []Output
	for _, o := range h.outputs {
		if o.Durable() {
			durable = append(durable, o.Output)
		}
	}
	if len(durable) != 1 {
		return nil
	}
	output, ok := durable[0].(*file.Output)
	if !ok || output.Format == file.FormatRaw {
		return nil
	}
	path := output.Destination()
	return &dedupe.File{Path: path, Read: func(events int, took time.Duration, err error) {
		if err != nil {
			h.logger.Warn("what was stored before could not all be read for dedupe: events that come again may be stored again", zap.String("path", path), zap.Error(err))
			return
		}
		h.logger.Info("what was stored before was read for dedupe", zap.String("path", path), zap.Int("events", events), zap.Duration("took", took))
	}}
}

func checkAccept(accept string) error {
	if accept != event.AcceptJSON && accept != event.AcceptAny {
		return fmt.Errorf("accept %q: must be json or any", accept)
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
		return fmt.Errorf("attribute %q: the name must be 1 to 20 lower-case letters and digits", name)
	}
	if slices.Contains(event.ReservedAttributes, name) {
		return fmt.Errorf("attribute %q: the receiver sets this one", name)
	}
	return nil
}
