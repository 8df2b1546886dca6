// Package recheck checks the signatures of stored events again, by the rules by which
// receivers have checked them.
package recheck

import (
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// Receiver is one that may have stored an event.
type Receiver struct {
	Name      string // as its events have it; empty: they have none
	Row       provider.Row
	Secrets   []string // of a row whose keys are fetched: those that are known
	Tokens    []string // of a provider that encrypts
	Accounts  []string // likewise; without any, it is not looked whose the events are
	PublicURL string
}

// Verdict is what checking an event again has shown.
type Verdict int

// The verdicts.
const (
	Fits      Verdict = iota // the signature is right, and was timely
	Misfits                  // it is none of a secret that was given
	Unchecked                // there is not enough to check
)

// Checker checks for several receivers. An event that fits one of them fits.
type Checker struct{ receivers []receiver }

type receiver struct {
	Receiver
	*rules.Verifier
	known []string // hashes of the public keys, where events name them
}

// Add adds a receiver, whose row must have a signature. Its errors quote no secret.
func (c *Checker) Add(r Receiver) error {
	public, err := rules.ParsePublicURL(r.PublicURL)
	if err != nil {
		return err
	}
	verifier, err := r.opener(public)
	if err == nil {
		verifier.Accounts = r.Accounts
		known := []string{}
		for _, secret := range r.Secrets {
			if hash, err := r.Row.Signature.HashKey(secret); err == nil && r.Row.Keys != nil {
				known = append(known, hash)
			}
		}
		c.receivers = append(c.receivers, receiver{r, verifier, known})
	}
	return err
}

func (r *Receiver) opener(public rules.PublicURL) (*rules.Verifier, error) {
	return rules.NewOpener(*r.Row.Signature, rules.Keys{Secrets: r.Secrets, Tokens: r.Tokens, Accounts: r.Accounts}, public)
}

// Empty tells whether there is no receiver.
func (c *Checker) Empty() bool { return len(c.receivers) == 0 }

// errOtherKey is of what was not signed with the key that it is stored with.
var errOtherKey = errors.New("the signature is of another key than the one it is stored with")

// Why an event is unchecked.
var (
	errEarlier  = errors.New("no header fields are stored with it (its provider signs nothing, headers none, or an earlier version)")
	errMissing  = errors.New("a field that the check needs is missing")
	errRedacted = errors.New("a field that the check needs is redacted")
	errOther    = errors.New("data is not what the body decrypts to")
	errKey      = errors.New("the key that it was signed with is neither stored here nor in the receiver's file")
	errAccount  = errors.New("the account is signed, and none is known: use --config")
	errNobodys  = errors.New("there is no receiver for it")
)

// Check checks an event. The reason says why it can't be, or what is wrong.
func (c *Checker) Check(e *reader.Event) (verdict Verdict, reason error) {
	stored, err := e.Request()
	if err != nil {
		return Unchecked, err
	}
	verdict, reason = Unchecked, errNobodys
	named := e.Attribute(event.Receiver)
	isNamed := slices.ContainsFunc(c.receivers, func(r receiver) bool { return r.Name != "" && r.Name == named })
	for _, r := range c.receivers {
		if isNamed && r.Name != named {
			continue
		}
		v, err := r.check(e, stored)
		if v == Fits {
			return Fits, nil
		}
		if verdict == Unchecked && (v == Misfits || reason == errNobodys || reason == errMissing) {
			verdict, reason = v, err
		}
	}
	return verdict, reason
}

func (r *receiver) check(e *reader.Event, stored *reader.Request) (Verdict, error) {
	u := *stored.URL
	_, u.RawQuery, _ = strings.Cut(stored.Target, "?")
	made := &http.Request{Method: stored.Method, URL: &u, Host: u.Host, Header: stored.Header}
	if u.Scheme == "https" {
		made.TLS = new(tls.ConnectionState)
	}
	if err := r.has(made, stored.Known); err != nil {
		return Unchecked, err
	}
	if r.Row.Keys != nil && !slices.Contains(r.known, e.Attribute(event.SigningKey)) {
		return Unchecked, errKey
	}
	if r.Row.Signature.Signs(rules.PartAccount) && len(r.Receiver.Accounts) == 0 {
		return Unchecked, errAccount
	}
	verifiers := []*rules.Verifier{r.Verifier}
	if r.PublicURL == "" && r.Row.Signature.SignsURL() {
		// The source may be a public_url, which is signed as it is.
		if public, err := rules.ParsePublicURL(e.Source); err == nil {
			if as, err := r.opener(public); err == nil {
				as.Accounts = r.Receiver.Accounts
				verifiers = append(verifiers, as)
			}
		}
	}
	var first error
	for _, v := range verifiers {
		// It was judged no earlier than it came, and no later than it was answered.
		for _, at := range []time.Time{e.Time, e.Time.Add(r.Row.Timeout)} {
			req := &rules.Request{Request: made, Sent: &u, Target: stored.Target, Event: new(event.Event), At: at, Decoded: stored.Decoded}
			check := verify
			if v.IsSealed() {
				check = unseal
			}
			err := check(v, req, stored, r.Row.Accept)
			if err == nil && v.IsSealed() {
				err = isData(req.Event, e)
			}
			if err == nil && r.Row.Keys != nil && v.SignedBy(req) != e.Attribute(event.SigningKey) {
				err = errOtherKey
			}
			if err == nil {
				return Fits, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return Misfits, first
}

// verify does what a receiver does before it stores an event.
func verify(v *rules.Verifier, req *rules.Request, stored *reader.Request, accept string) error {
	if err := v.Verify(req, stored.Body, rules.Unbounded{}); err != nil {
		return err
	}
	if err := event.SetData(req.Event, stored.Decoded, stored.Header.Get("Content-Type"), accept); err != nil {
		return err
	}
	return v.VerifyData(req, stored.Body, rules.Unbounded{})
}

// unseal does the same for what is encrypted.
func unseal(v *rules.Verifier, req *rules.Request, stored *reader.Request, accept string) error {
	message, err := v.OpenData(req, stored.Body, nil, rules.Unbounded{})
	if err != nil {
		return err
	}
	return event.SetData(req.Event, message, v.Sealed.MediaType, accept)
}

var lineBreaks = strings.NewReplacer("\n", " ", "\r", " ")

// isData returns an error unless what was stored is what was decrypted.
func isData(opened *event.Event, e *reader.Event) error {
	stored, err := e.Body()
	if err != nil {
		return err
	}
	data := string(opened.Data)
	if opened.DataKind == event.DataJSON {
		data = lineBreaks.Replace(data) // as in the line
	}
	if data != string(stored) {
		return errOther
	}
	return nil
}

// has returns an error for a request of which something that the check needs was
// not stored.
func (r *receiver) has(req *http.Request, known bool) error {
	missing := errMissing
	if !known {
		missing = errEarlier
	}
	s := r.Verifier.Signature
	for _, sources := range append([][]rules.Source{s.From, s.ID, s.Timestamp}, s.NeededSources()...) {
		isThere := len(sources) == 0
		for _, source := range sources {
			found, err := isStored(req, source)
			if err != nil {
				return err
			}
			isThere = isThere || found
		}
		if !isThere {
			return missing
		}
	}
	return nil
}

// isStored tells whether there is anything of a source in a stored request. What is in the
// body, or beside the signature, comes with that.
func isStored(req *http.Request, source rules.Source) (bool, error) {
	kind, name := source.Split()
	if kind == rules.SourceEncoded {
		kind, name = rules.SourceHeader, source.Field()
		source = rules.Source(rules.SourceHeader + ":" + name)
	}
	var value string
	var isThere bool
	switch kind {
	case rules.SourceHeader:
		for _, source := range source.Numbered() {
			_, name := source.Split()
			value += req.Header.Get(name)
		}
		isThere = value != ""
	case rules.SourceQuery:
		value, isThere = req.URL.Query().Get(name), req.URL.Query().Has(name)
	default:
		return true, nil
	}
	if value == reader.Redacted {
		return false, errRedacted
	}
	return isThere, nil
}
