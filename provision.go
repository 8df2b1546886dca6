package webhookreceiver

import (
	"cmp"
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
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// provisionProvider takes over what the provider's row says and the config does
// not.
func (h *Handler) provisionProvider() error {
	var err error
	if h.provider, err = h.row(); err != nil {
		return err
	}
	if err := h.checkRules(h.provider); err != nil {
		return err
	}
	if h.public, err = rules.ParsePublicURL(h.PublicURL); err != nil {
		return err
	}
	h.maxBodySize = h.provider.MaxBodySize
	if h.MaxBodySize != nil {
		h.maxBodySize = *h.MaxBodySize
	}
	h.timeout = h.provider.Timeout
	if h.Timeout != nil {
		h.timeout = time.Duration(*h.Timeout)
	}
	h.Accept = cmp.Or(h.Accept, h.provider.Accept)
	return nil
}

// provisionName takes the provider's name where the config has none.
func (h *Handler) provisionName() {
	h.name = cmp.Or(h.Name, h.provider.Name)
	h.logger = h.logger.With(zap.String("receiver", h.name))
}

// provisionTokens fails closed: no token and no secret may come out empty.
func (h *Handler) provisionTokens(ctx caddy.Context) error {
	tokens, err := resolveSecrets("verify_token", h.VerifyTokens)
	if err != nil {
		return err
	}
	if len(tokens) > 0 {
		h.firstToken = tokens[0]
	}
	for _, token := range tokens {
		h.tokens = append(h.tokens, sha256.Sum256([]byte(token)))
	}
	secrets, err := resolveSecrets("secret", h.Secrets)
	if err != nil {
		return err
	}
	h.mask = status.NewMask(secretFieldsOf(&h.provider))
	h.release = append(h.release, status.Know(slices.Concat(tokens, secrets, passwordIn(h.public.Text))))
	if h.provider.Verification != nil {
		h.verification = h.provider.Verification.WithDefaults()
	}
	return h.provisionSignature(ctx, tokens, secrets)
}

func (h *Handler) provisionSignature(ctx caddy.Context, tokens, secrets []string) (err error) {
	for i, secret := range secrets {
		if err := checkSecret(h.provider, i, secret); err != nil {
			return err
		}
	}
	if h.accounts, err = resolveSecrets("account", h.Accounts); err != nil {
		return err
	}
	if h.provider.Keys != nil {
		return h.provisionKeys(ctx, secrets)
	}
	h.signatureSecrets = secrets
	keys := rules.Keys{Secrets: secrets, Tokens: tokens, Accounts: h.accounts}
	verifier, err := rules.NewOpener(signatureOf(h.provider), keys, h.public)
	if err != nil {
		return err
	}
	verifier.Accounts, verifier.Forgeable = h.accounts, h.verification.Forgeable()
	for i := range secrets {
		if verifier.IsSealed() {
			break // they make none
		}
		h.secrets = append(h.secrets, verifier.HMACKey(i))
	}
	if h.provider.Signature != nil && (len(secrets) > 0 || h.provider.LearnsSecret()) {
		h.signature = verifier
	}
	return nil
}

// provisionAttributes prepares the attributes that events have beside those of every
// CloudEvent.
func (h *Handler) provisionAttributes() error {
	for name := range h.Attributes {
		h.attributes = append(h.attributes, name)
	}
	slices.Sort(h.attributes)
	for _, name := range []string{event.HTTPHeaders, event.Verification, event.SigningKey, event.Receiver} {
		if _, ok := h.Attributes[name]; ok {
			h.logger.Warn("an attribute of the config takes the place of the receiver's own", zap.String("attribute", name))
		}
	}
	h.headers = rules.NewStoredHeaders(h.Headers, h.provider.Signature, h.provider.Verification, &h.provider.Event)
	if h.signature != nil {
		h.verifies = h.signature.Says(len(h.accounts))
	}
	return nil
}

// signatureOf returns how events are signed, or else what the HMAC of challenges is
// made with.
func signatureOf(row provider.Row) rules.Signature {
	if row.Signature == nil {
		return rules.Signature{Algorithm: rules.HMACSHA256}
	}
	return *row.Signature
}

// resolveSecrets evaluates the placeholders. Its errors quote no value.
func resolveSecrets(option string, raw []string) ([]string, error) {
	var resolved []string
	for i, s := range raw {
		value, err := secret.Resolve(s)
		if err == nil {
			err = checkBlank(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s number %d: %w", option, i+1, err)
		}
		resolved = append(resolved, value)
	}
	return resolved, nil
}

func checkBlank(value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New("is empty")
	}
	return nil
}

func (h *Handler) provisionOutputs(ctx caddy.Context) error {
	if err := h.checkOutputNames(); err != nil {
		return err
	}
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
	h.emptyKey = caddy.NewReplacer().ReplaceAll(h.Dedupe.Key, "")
	// The same after a reload, unless what it is that is stored has changed, or
	// where: an event that is only in the old place has not got to whoever reads the
	// new one. Receivers that have all of this in common are told apart by the URL of
	// the request, which is part of every key.
	scope, _ := json.Marshal([]any{h.provider.Name, h.Dedupe.Key, h.destinations}) // strings
	var release func()
	h.dedupe, release = dedupe.Share(string(scope), time.Duration(h.Dedupe.Window), h.storedFile())
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
	path, logger := output.Destination(), h.logger
	return &dedupe.File{Path: path, Read: func(events int, took time.Duration, err error) {
		if err != nil {
			logger.Warn("what was stored before could not all be read for dedupe: events that come again may be stored again", zap.String("path", path), zap.Error(err))
			return
		}
		logger.Info("what was stored before was read for dedupe", zap.String("path", path), zap.Int("events", events), zap.Duration("took", took))
	}}
}
