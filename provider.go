package webhookreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	defaultProvider = "socialboards"

	// genericProvider is what verification, signature and event can be set for.
	genericProvider = "generic"

	// Defaults where a service documents nothing that asks for another.
	defaultMaxBodySize = 5 << 20
	defaultTimeout     = 15 * time.Second
)

// provider is what is particular to one service that sends webhooks. Rows are
// in the table of providers, in the files providers_*.go.
type provider struct {
	name  string
	title string // as the service calls itself
	docs  string // URL of the documents that the row follows
	note  string // what an operator must know, in Markdown; may be empty

	verification *Verification // nil: the service makes none
	signature    *Signature    // nil: events are not signed
	event        EventRules

	// What the tokens and secrets are, and whether they may be missing.
	token, secret                 string
	tokenOptional, secretOptional bool

	// Defaults of the options with these names; zero is what the constants say.
	maxBodySize int64
	timeout     time.Duration
	accept      string

	// How long the service waits for an answer. Where it documents nothing: a third
	// more than timeout.
	patience time.Duration
}

// providers is the table of all services that are known, in the order of their
// names.
var providers = sorted(providersGeneral, providersChallenge, providersSigned, providersPublicKey)

func sorted(rooms ...[]provider) []provider {
	all := slices.Concat(rooms...)
	slices.SortFunc(all, func(a, b provider) int { return strings.Compare(a.name, b.name) })
	for i := range all {
		p := &all[i]
		if p.maxBodySize == 0 {
			p.maxBodySize = defaultMaxBodySize
		}
		if p.timeout == 0 {
			p.timeout = defaultTimeout
		}
		if p.patience == 0 {
			p.patience = (p.timeout + p.timeout/3).Round(time.Second)
		}
		if p.accept == "" {
			p.accept = acceptJSON
		}
	}
	return all
}

func providerNamed(name string) (provider, error) {
	var known []string
	for _, p := range providers {
		if p.name == name {
			return p, nil
		}
		known = append(known, p.name)
	}
	return provider{}, fmt.Errorf("provider %q: not known; known are: %s", name, strings.Join(known, ", "))
}

// Validate returns an error for rules that could not work, or would be open to
// anybody where they look closed.
func (p *provider) Validate() error {
	if v := p.verification; v != nil {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("verification: %w", err)
		}
		if v.Signed && p.signature == nil {
			return errors.New("verification: signed: needs signature")
		}
		if v.HMAC != "" && p.signature != nil && p.signature.hmacs() == nil {
			return errors.New("verification: hmac: needs the secret of an HMAC, which the signature has not")
		}
	}
	if p.signature != nil {
		if err := p.signature.Validate(); err != nil {
			return fmt.Errorf("signature: %w", err)
		}
	}
	if err := p.event.Validate(); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

func (p *provider) usesToken() bool {
	return p.verification != nil && p.verification.Token != ""
}

func (p *provider) usesSecret() bool {
	return p.signature != nil || p.verification != nil && p.verification.HMAC != ""
}

// allow returns the methods that the service uses, as for the header Allow.
func (p *provider) allow() string {
	if p.verification == nil {
		return http.MethodPost
	}
	switch method := p.verification.WithDefaults().Method; method {
	case http.MethodGet:
		return "GET, HEAD, POST"
	case http.MethodPost:
		return http.MethodPost
	default:
		return method + ", " + http.MethodPost
	}
}
