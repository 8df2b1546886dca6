// Package provider is the table of the services that send webhooks, a file for
// each. Rows are data, which internal/rules interprets; what their texts mean is
// docs/reference.md's section on other services. The tests beside them have
// requests of each service, and say what a row lacks.
package provider

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

const (
	// Default is the provider of a config that names none.
	Default = "socialboards"

	// Generic is what verification, signature and event can be set for.
	Generic = "generic"

	// Defaults where a service documents nothing that asks for another.
	defaultMaxBodySize = 5 << 20
	defaultTimeout     = 15 * time.Second
)

// Row is what is particular to one service that sends webhooks.
type Row struct {
	Name  string
	Title string // as the service calls itself
	Kind  Kind   // of service
	Docs  string // URL of the documents that the row follows
	Note  string // what an operator must know, in Markdown; may be empty

	Verification *Verification // nil: the service makes none
	Signature    *Signature    // nil: events are not signed
	Event        EventRules

	// What the tokens and secrets are, and whether they may be missing.
	Token, Secret                 string
	TokenOptional, SecretOptional bool

	// Defaults of the options with these names; zero is what the constants say.
	MaxBodySize int64
	Timeout     time.Duration
	Accept      string

	// What the service calls that which the option account takes, where the signature
	// has an account.
	Account string

	// Whose keys are fetched, as each event names the one that it is signed with; the secret,
	// if there is one, is what they are asked for with. Nil: the secret is the key.
	Keys keys.Service

	// Names that the row had before, or that are the product's as well.
	Aliases []string

	// How long the service waits for an answer. Where it documents nothing: a third
	// more than timeout.
	Patience time.Duration
}

// Kind is a kind of service, as PROVIDERS.md has them.
type Kind string

// Kinds are all of them, in the order of PROVIDERS.md.
var Kinds = []Kind{
	KindCode, KindOperations, KindPayments, KindCommerce, KindFinance, KindMessaging, KindSocial,
	KindCustomers, KindWork, KindIdentity, KindMedia, KindAny,
}

// The kinds of services.
const (
	KindCode       Kind = "Code and builds"
	KindOperations Kind = "Infrastructure and monitoring"
	KindPayments   Kind = "Payments and subscriptions"
	KindCommerce   Kind = "Commerce and shipping"
	KindFinance    Kind = "Banking, accounting and people"
	KindMessaging  Kind = "Messages, calls and mail"
	KindSocial     Kind = "Social networks"
	KindCustomers  Kind = "Customers and marketing"
	KindWork       Kind = "Work, forms and calendars"
	KindIdentity   Kind = "Identity and contracts"
	KindMedia      Kind = "Content, media and AI"
	KindAny        Kind = "Any service"
)

// What rows are made of.
type (
	Verification = rules.Verification
	Signature    = rules.Signature
	EventRules   = rules.EventRules
	Source       = rules.Source
)

// Rows is the table of all services that are known, in the order of their
// names.
var Rows []Row

// add puts a row into the table.
func add(row Row) bool {
	i, _ := slices.BinarySearchFunc(Rows, row.Name, func(r Row, name string) int { return strings.Compare(r.Name, name) })
	Rows = slices.Insert(Rows, i, row.WithDefaults())
	return true
}

// WithDefaults returns the row with what it leaves open.
func (p Row) WithDefaults() Row {
	p.MaxBodySize = cmp.Or(p.MaxBodySize, defaultMaxBodySize)
	p.Timeout = cmp.Or(p.Timeout, defaultTimeout)
	p.Patience = cmp.Or(p.Patience, (p.Timeout + p.Timeout/3).Round(time.Second))
	p.Accept = cmp.Or(p.Accept, event.AcceptJSON)
	return p
}

// Named returns the row of that name, in which - is read as _, or of which it is an alias;
// or an error with the likely name.
func Named(name string) (Row, error) {
	var known []string
	canonical := strings.ReplaceAll(name, "-", "_")
	for _, p := range Rows {
		if p.Name == canonical || slices.Contains(p.Aliases, canonical) {
			return p, nil
		}
		known = append(known, p.Name)
	}
	if near := expect.Nearest(name, known); near != "" {
		return Row{}, fmt.Errorf("provider %q: not known; did you mean %s?", name, near)
	}
	return Row{}, fmt.Errorf("provider %s: not known; caddy webhook providers lists those that are, and any other is described with provider %s",
		expect.Quote(name), Generic)
}

// Validate returns an error for rules that could not work, or would be open to
// anybody where they look closed.
func (p *Row) Validate() error {
	if v := p.Verification; v != nil {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("verification: %w", err)
		}
		if v.Signed && p.Signature == nil {
			return errors.New("verification: signed: needs a block signature, which says how")
		}
		if v.Signed && p.Signature.Sealed == nil && v.WithDefaults().Method != http.MethodPost && (p.Signature.NeedsData() || p.Signature.Account != "" || p.Signature.Nonce != "") {
			return errors.New("verification: signed: needs method POST, as what is signed is not all in a request without a body")
		}
		if v.HMAC != "" && p.Signature != nil && p.Signature.HMACHashes() == nil {
			return errors.New("verification: hmac: needs the secret of an HMAC, and that of the signature is none")
		}
	}
	if p.LearnsSecret() && (p.Signature == nil || p.Signature.HMACHashes() == nil || p.Signature.NeedsData()) {
		return errors.New("verification: secret: needs a block signature with an HMAC in a header, which it is the secret of")
	}
	if v := p.Verification; v != nil && v.HMAC != "" && v.Pattern == "" && p.Signature != nil && (p.Signature.Partial || v.IsOracle() && p.Signature.SignsHash()) {
		return errors.New("verification: hmac: needs a signature of the body itself, as what is signed of an event could be had as a challenge")
	}
	if p.Signature != nil {
		if err := p.Signature.Validate(); err != nil {
			return fmt.Errorf("signature: %w", err)
		}
	}
	if err := p.Event.Validate(); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

func (p *Row) UsesToken() bool {
	return p.Verification != nil && (p.Verification.Token != "" || p.Verification.DigestsToken()) || p.Signature.IsSealed()
}

func (p *Row) UsesSecret() bool {
	if p.Keys != nil {
		return p.Secret != ""
	}
	return p.Signature != nil || p.Verification != nil && p.Verification.HMAC != ""
}

// LearnsSecret tells whether the service itself makes the secret, and sends it when the
// endpoint is verified.
func (p *Row) LearnsSecret() bool { return p.Verification != nil && p.Verification.Secret != "" }

// UsesAccount tells whether events must be of an account that is configured.
func (p *Row) UsesAccount() bool {
	s := p.Signature
	return s != nil && (s.Account != "" || s.Signs(rules.PartAccount) || strings.Contains(s.Prefix, rules.PartAccount) || s.IsSealed() && s.Sealed.HasAccount)
}

// NeedsURL tells whether there must be a public_url, as a digest of it is answered.
func (p *Row) NeedsURL() bool { return p.Verification != nil && p.Verification.DigestsURL() }

// CheckSecret returns an error for what is no secret of the service. It does not quote it.
func (p *Row) CheckSecret(secret string) error {
	switch {
	case p.Keys != nil:
		return p.Keys.CheckSecret(secret)
	case p.Signature == nil:
		return rules.Signature{Algorithm: rules.HMACSHA256}.CheckSecret(secret)
	}
	return p.Signature.CheckSecret(secret)
}

// CheckAccount returns an error for what can't be an account at the service.
func (p *Row) CheckAccount(account string) error {
	if s, ok := p.Keys.(interface{ CheckAccount(string) error }); ok {
		return s.CheckAccount(account)
	}
	return nil
}

// SignsWithPrivateKey tells whether the secret is a public key, with which nobody
// can sign.
func (p *Row) SignsWithPrivateKey() bool {
	return p.Signature != nil && p.Signature.HasPublicKey()
}

// Allow returns the methods that the service uses, as for the header Allow.
func (p *Row) Allow() string {
	if p.Verification == nil {
		return http.MethodPost
	}
	switch method := p.Verification.WithDefaults().Method; method {
	case http.MethodGet:
		return "GET, HEAD, POST"
	case http.MethodPost:
		return http.MethodPost
	default:
		return method + ", " + http.MethodPost
	}
}
