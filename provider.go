package webhookreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The values of the accept option.
const (
	acceptJSON = "json"
	acceptAny  = "any"
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

// EventRules says where a service puts what becomes an event's attributes, and
// what answer it wants. Of several sources the first with a valid value counts.
type EventRules struct {
	// Where the delivery's id is. Default: each event gets a new UUIDv7.
	ID []Source `json:"id,omitempty"`

	// Where the event's type is. Default: the type is `webhook`.
	Type []Source `json:"type,omitempty"`

	// Where the event's subject is. Default: there is none.
	Subject []Source `json:"subject,omitempty"`

	// The status of the answer to an event that is stored. Default: 200.
	Status int `json:"status,omitempty"`

	// A header of the request that is repeated in the answer.
	Echo string `json:"echo,omitempty"`

	// The body of the answer. Default: it is empty.
	Body string `json:"body,omitempty"`

	// The Content-Type of the answer. Default: `text/plain; charset=utf-8`, if
	// there is a body.
	ContentType string `json:"content_type,omitempty"`
}

func (e *EventRules) check() error {
	for _, option := range []struct {
		name    string
		sources []Source
	}{{"id", e.ID}, {"type", e.Type}, {"subject", e.Subject}} {
		for _, source := range option.sources {
			if err := source.check(sourceHeader, sourceQuery, sourceForm, sourceBody); err != nil {
				return fmt.Errorf("%s: %w", option.name, err)
			}
		}
	}
	if e.Status != 0 && (e.Status < 200 || e.Status > 299) {
		return fmt.Errorf("status %d: must be from 200 to 299", e.Status)
	}
	if hasNoBody(e.Status) && e.Body != "" {
		return fmt.Errorf("status %d: an answer with it has no body", e.Status)
	}
	return nil
}

// answer answers an event that is stored.
func (e *EventRules) answer(w http.ResponseWriter, r *http.Request) {
	if e.Echo != "" {
		if value := r.Header.Get(e.Echo); value != "" {
			w.Header().Set(e.Echo, value)
		}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusOK
	}
	writeAnswer(w, r.Method, status, e.ContentType, e.Body)
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

// check returns an error for rules that could not work, or would be open to
// anybody where they look closed.
func (p *provider) check() error {
	if v := p.verification; v != nil {
		if err := v.check(); err != nil {
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
		if err := p.signature.check(); err != nil {
			return fmt.Errorf("signature: %w", err)
		}
	}
	if err := p.event.check(); err != nil {
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
	switch method := p.verification.withDefaults().Method; method {
	case http.MethodGet:
		return "GET, HEAD, POST"
	case http.MethodPost:
		return http.MethodPost
	default:
		return method + ", " + http.MethodPost
	}
}
