package webhookreceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

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
	if len(h.signatureSecrets) > 0 {
		account.Secret = h.signatureSecrets[0]
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
		answer, err := h.receiveSample(r.WithContext(ctx))
		if err != nil {
			return "", fmt.Errorf("the sample event was refused: %w", err)
		}
		if answer.status != want.Status {
			return "", fmt.Errorf("the sample event was answered %d, where %d would be right", answer.status, want.Status)
		}
		return fmt.Sprintf("the sample event was stored, and answered %d", answer.status), nil
	}
	return "", errors.New("a sample event can't be made: only the service can sign it")
}

// receiveSample has the receiver answer a request of our own.
func (h *Handler) receiveSample(r *http.Request) (*sampleAnswer, error) {
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:0"
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	answer := &sampleAnswer{header: make(http.Header), status: http.StatusOK}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), answer, nil)
	err := h.ServeHTTP(answer, r, nil)
	var refusal caddyhttp.HandlerError
	if errors.As(err, &refusal) {
		return nil, fmt.Errorf("%d: %w", refusal.StatusCode, refusal.Err)
	}
	return answer, err
}

// sampleAnswer takes an answer.
type sampleAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *sampleAnswer) Header() http.Header         { return a.header }
func (a *sampleAnswer) WriteHeader(status int)      { a.status = status }
func (a *sampleAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }
