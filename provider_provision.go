package webhookreceiver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
)

// provisionProvider takes over what the provider's row says and the config does
// not.
func (h *Handler) provisionProvider() error {
	name := h.Provider
	if name == "" {
		name = defaultProvider
	}
	var err error
	if h.provider, err = providerNamed(name); err != nil {
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

	h.maxBodySize = h.provider.maxBodySize
	if h.MaxBodySize != nil {
		h.maxBodySize = *h.MaxBodySize
	}
	if h.maxBodySize <= 0 {
		return fmt.Errorf("max_body_size %d: must be positive", h.maxBodySize)
	}

	h.timeout = h.provider.timeout
	if h.Timeout != nil {
		h.timeout = time.Duration(*h.Timeout)
	}
	if h.timeout <= 0 {
		return fmt.Errorf("timeout %s: must be positive", h.timeout)
	}

	if h.Accept == "" {
		h.Accept = h.provider.accept
	}
	return checkAccept(h.Accept)
}

// provisionURL refuses what would be ignored.
func (h *Handler) provisionURL() error {
	var err error
	if h.public, err = parsePublicURL(h.PublicURL); err != nil {
		return err
	}
	if s := h.provider.signature; h.public.hasUser && (s == nil || !s.signs(partURL)) {
		return fmt.Errorf("public_url: user and password are for providers that sign the URL, which %s does not", h.provider.name)
	}
	return nil
}

func (h *Handler) provisionTolerance() error {
	s := h.provider.signature
	switch {
	case h.Tolerance == 0:
		return nil
	case h.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive", time.Duration(h.Tolerance))
	case s == nil || len(s.Timestamp) == 0:
		return fmt.Errorf("tolerance: provider %s signs no timestamp, so it uses none", h.provider.name)
	}
	own := *s
	own.Tolerance = h.Tolerance
	h.provider.signature = &own
	return nil
}

// customize takes over the rules that are in the config instead of the table.
func (h *Handler) customize() error {
	for option, set := range map[string]bool{"verification": h.Verification != nil, "signature": h.Signature != nil, "event": h.Event != nil} {
		if set && h.provider.name != genericProvider {
			return fmt.Errorf("%s: is for provider %s only; %s has its own", option, genericProvider, h.provider.name)
		}
	}
	if h.Verification != nil {
		h.provider.verification = h.Verification
	}
	if h.Signature != nil {
		h.provider.signature = h.Signature
	}
	if h.Event != nil {
		h.provider.event = *h.Event
	}
	return h.provider.check()
}

// provisionTokens fails closed: what the provider needs must be there, must not
// be empty, and what it would ignore must not look as if it protected anything.
func (h *Handler) provisionTokens() error {
	p := h.provider
	if len(h.Secrets) > 0 && !p.usesSecret() {
		return fmt.Errorf("secret: provider %s does not sign its events, so it uses none", p.name)
	}
	if len(h.Secrets) == 0 && p.usesSecret() && !p.secretOptional {
		return fmt.Errorf("secret: provider %s needs one", p.name)
	}
	if len(h.VerifyTokens) > 0 && !p.usesToken() {
		return fmt.Errorf("verify_token: provider %s sends no token, so it uses none", p.name)
	}
	if len(h.VerifyTokens) == 0 && p.usesToken() && !p.tokenOptional {
		return fmt.Errorf("verify_token: provider %s needs one", p.name)
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
	if p.verification != nil {
		h.verification = p.verification.withDefaults()
	}
	return h.provisionSignature(secrets)
}

func (h *Handler) provisionSignature(secrets []string) error {
	signature := Signature{Algorithm: hmacSHA256} // for the HMAC of challenges
	if h.provider.signature != nil {
		signature = *h.provider.signature
	}
	check := &signatureCheck{Signature: signature.withDefaults(), families: signature.inFamilies(), public: h.public, now: time.Now}
	var err error
	if check.template, err = parseContent(check.Content); err != nil {
		return err
	}
	for i, secret := range secrets {
		key, err := newSignatureKey(&check.Signature, secret)
		if err != nil {
			return fmt.Errorf("secret number %d: %w", i+1, err)
		}
		check.keys = append(check.keys, key)
		h.secrets = append(h.secrets, key.secret)
	}
	if h.provider.signature != nil && len(secrets) > 0 {
		h.signature = check
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
