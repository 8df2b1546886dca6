package webhookreceiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// service is what whoever sets the webhook up must know of the service.
func (h *Handler) service() status.Service {
	row := h.provider
	s := status.Service{Title: row.Title, Docs: row.Docs, Note: row.Note, Token: row.Token, Secret: row.Secret}
	if row.Name == provider.Generic {
		s = status.Service{Title: "the service"}
	}
	if row.Signature != nil {
		s.Check = fmt.Sprintf("%s in %s", row.Signature.Algorithm, row.Signature.From[0])
	}
	return s
}

// tester returns what sends the receiver a sample event; nil where nobody but the service can sign one.
func (h *Handler) tester() func(context.Context) (string, error) {
	if h.provider.SignsWithPrivateKey() {
		return nil
	}
	return h.sendSample
}

// sendSample sends a sample event, as the provider would, signed with the receiver's own secret. It goes through
// the receiver, but not through what is in front of it.
func (h *Handler) sendSample(ctx context.Context) (string, error) {
	target := &url.URL{Scheme: "http", Host: "localhost", Path: "/"}
	if text := h.running.published.Address().URL; text != "" {
		if u, err := url.Parse(text); err == nil {
			target = u
		}
	}
	account := play.Account{URL: target}
	if len(h.accounts) > 0 {
		account.Account = h.accounts[0]
	}
	account.Token = h.signature.FirstToken()
	switch {
	case h.signature.IsSealed(): // the secret is what is encrypted with
		account.Secret = h.signatureSecrets[0]
	case h.signature != nil && len(h.signature.Secrets()) > 0:
		account.Secret = h.signature.Secrets()[0]
	}
	steps, err := play.Of(h.provider, h.PublicURL).Steps(account)
	if err != nil {
		return "", err
	}
	for _, step := range steps {
		if step.Kind != play.Delivers || step.LeftOut != "" {
			continue
		}
		r, want, err := step.Make()
		if err != nil {
			return "", err
		}
		became, answered, err := h.receiveSample(r.WithContext(ctx))
		switch {
		case err != nil:
			return "", fmt.Errorf("the sample event was refused: %w", err)
		case answered != want.Status:
			return "", fmt.Errorf("the sample event was answered %d, where %d would be right", answered, want.Status)
		case became == outcome.Duplicate:
			return fmt.Sprintf("the sample event was answered %d, and not stored again: dedupe takes it for one that is stored", answered), nil
		}
		return fmt.Sprintf("the sample event was stored, and answered %d", answered), nil
	}
	return "", errors.New("a sample event can't be made: only the service can sign it")
}

// receiveSample has the receiver answer a request of our own. It is neither counted nor noted as refused: that would
// tell of the service what is not so.
func (h *Handler) receiveSample(r *http.Request) (became string, status int, err error) {
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:0"
	if r.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	answer := &sampleAnswer{header: make(http.Header), status: http.StatusOK}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), answer, nil)
	became, err = h.handle(newRequest(answer, r, time.Now(), h.timeout))
	var refusal *outcome.Refusal
	if errors.As(err, &refusal) {
		err = fmt.Errorf("%d: %w", refusal.Status, refusal.Reason)
		if refusal.Remedy != "" {
			err = fmt.Errorf("%w: %s", err, refusal.Remedy)
		}
	}
	return became, answer.status, err
}

// sampleAnswer takes an answer, of which the status is all that counts.
type sampleAnswer struct {
	header http.Header
	status int
}

func (a *sampleAnswer) Header() http.Header         { return a.header }
func (a *sampleAnswer) WriteHeader(status int)      { a.status = status }
func (a *sampleAnswer) Write(b []byte) (int, error) { return len(b), nil }
