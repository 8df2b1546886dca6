package webhookreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
)

// provisionKeys has the keys of events that name them fetched when they are needed, or
// reads them from the file.
func (h *Handler) provisionKeys(ctx caddy.Context, secrets []string) error {
	for i, account := range h.accounts {
		if err := checkAccount(h.provider, i, account); err != nil {
			return err
		}
	}
	public, err := h.readKeys()
	if err != nil {
		return err
	}
	if h.signature, err = rules.NewVerifier(*h.provider.Signature, public, h.public); err != nil {
		return err
	}
	h.signature.Accounts = h.accounts
	if len(public) == 0 {
		storage := func() keys.Storage { return ctx.Storage() }
		h.signature.Finder = keys.NewFinder(h.provider.Keys, h.provider.Signature.CheckSecret, h.accounts, secrets, storage)
	}
	return nil
}

// readKeys returns the keys in the file, if there is one.
func (h *Handler) readKeys() ([]string, error) {
	if h.KeysFile == "" {
		return nil, nil
	}
	name, err := secret.Resolve(h.KeysFile)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	public, err := keys.ReadFile(name, h.provider.Signature)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return public, nil
}

// signedBy returns what names the key that an event was signed with, where the event has
// named it.
func (h *Handler) signedBy(req *request) string {
	if h.provider.Keys == nil {
		return ""
	}
	return h.signature.SignedBy(&req.Request)
}

// confirm confirms a subscription, if the request asks for that, and answers.
func (h *Handler) confirm(req *request) (asks bool, err error) {
	service, ok := h.provider.Keys.(keys.Confirmer)
	if !ok {
		return false, nil
	}
	url, err := service.Confirms(&req.Request, h.accounts)
	if err != nil {
		return true, outcome.Malformed(err)
	}
	if url == "" {
		return false, nil
	}
	if err := keys.Confirm(&req.ctx, url); err != nil {
		return true, &outcome.Refusal{
			Status: 503, Outcome: outcome.Unavailable, Reason: fmt.Errorf("the subscription could not be confirmed: %w", err),
			Remedy: "if Caddy can't reach the service, allow it to; the service asks again, or request the confirmation anew there",
		}
	}
	h.logger.Info("the subscription was confirmed", zap.String("account", req.Attribute(h.provider.Event.Subject)))
	h.acknowledge(req)
	return true, nil
}

// checkedWith returns the secrets, or public keys, with which the stored events of a
// receiver in a config can be checked again, beside some that are given.
func (h *Handler) checkedWith(config string, given []string) ([]string, error) {
	if h.provider.Keys == nil {
		own, err := resolveSecrets("secret", h.Secrets)
		return append(own, given...), err
	}
	storage, err := storageIn(config)
	if err != nil {
		return nil, err
	}
	public, err := h.readKeys()
	return append(knownKeys(h.provider, given, storage), public...), err
}

// resolvedAccounts returns the accounts, as far as they can be had here.
func (h *Handler) resolvedAccounts() []string {
	accounts, _ := resolveSecrets("account", h.Accounts)
	return accounts
}

// knownKeys returns the public keys among some secrets, and those of the provider that are
// stored.
func knownKeys(row provider.Row, secrets []string, storage keys.Storage) (public []string) {
	for _, key := range append(slices.Clone(secrets), keys.Stored(context.Background(), storage, row.Keys)...) {
		if row.Signature.CheckSecret(key) == nil {
			public = append(public, key)
		}
	}
	return public
}

// storageIn returns the storage of a config.
func storageIn(file string) (certmagic.Storage, error) {
	config, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	var of struct {
		StorageRaw json.RawMessage `json:"storage" caddy:"namespace=caddy.storage inline_key=module"`
	}
	if err := json.Unmarshal(config, &of); err != nil || of.StorageRaw == nil {
		return caddy.DefaultStorage, err
	}
	ctx, _ := caddy.NewContext(caddy.Context{Context: context.Background()}) // the storage is used until the command ends
	loaded, err := ctx.LoadModule(&of, "StorageRaw")
	if err != nil {
		return nil, fmt.Errorf("%s: storage: %w", file, err)
	}
	converter, ok := loaded.(caddy.StorageConverter)
	if !ok {
		return nil, fmt.Errorf("%s: storage: is of a kind that is not known", file)
	}
	return converter.CertMagicStorage()
}
