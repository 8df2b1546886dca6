package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// maxAnswer is how much of an answer's body is looked at, in bytes.
const maxAnswer = 64 << 10

// answer is what came back.
type answer struct {
	*http.Response
	body string
	took time.Duration
}

// ask sends a step's request.
func (p *player) ask(ctx context.Context, s step) (*answer, error) {
	req, err := s.request(ctx)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "caddy-webhook-test")
	began := time.Now()
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return &answer{resp, string(body), time.Since(began)}, nil
}

// steps returns what is asked of the receiver, in this order.
func (p *player) steps() []step {
	var steps []step
	if p.Token != "" {
		challenge, wrong := randomText(), randomText()
		steps = append(steps,
			step{"right token", p.verification(challenge, p.token), func(a *answer) (string, error) { return p.judgeVerified(a, challenge) }},
			step{"wrong token", p.verification(challenge, wrong), func(a *answer) (string, error) { return judgeRefused(a, challenge) }},
			step{"no token", p.verification(challenge, ""), func(a *answer) (string, error) { return a.want(http.StatusBadRequest) }},
		)
	}
	if !p.noEvent {
		steps = append(steps, step{"event", p.event(p.Event, p.secret), p.judgeStored})
	}
	if p.Sign != nil {
		steps = append(steps, step{"wrong signature", p.event(p.Event, randomText()), func(a *answer) (string, error) {
			return a.want(http.StatusUnauthorized)
		}})
	}
	// An empty body is bad input for every receiver, whatever it accepts.
	return append(steps, step{"empty event", p.event(nil, p.secret), func(a *answer) (string, error) {
		return a.want(http.StatusBadRequest)
	}})
}

// verification returns the request that verifies the endpoint, without a token
// if that is empty.
func (p *player) verification(challenge, token string) func(context.Context) (*http.Request, error) {
	return func(ctx context.Context) (*http.Request, error) {
		u := *p.url
		query := u.Query()
		query.Set(p.Challenge, challenge)
		if token != "" {
			query.Set(p.Token, token)
		}
		u.RawQuery = query.Encode()
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
}

// event returns the request that delivers an event.
func (p *player) event(body []byte, secret string) func(context.Context) (*http.Request, error) {
	return func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url.String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		for name, values := range p.Header {
			req.Header[name] = values
		}
		req.Header.Set("Content-Type", "application/json")
		if p.Sign != nil {
			p.Sign(secret, body, req.Header)
		}
		return req, nil
	}
}

func (p *player) judgeVerified(a *answer, challenge string) (string, error) {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case a.StatusCode == http.StatusForbidden:
		return "", &finding{"answered 403", "The token is not the receiver's verify_token. If it was changed: reload Caddy's config, with --force if the token comes from a file; restart Caddy if it comes from the environment."}
	case a.StatusCode != http.StatusOK:
		return "", a.wrongStatus(http.StatusOK)
	case a.body == "":
		return "", &finding{"answered 200, but with nothing", "Caddy answers so where no route matches: the path of the URL is not the receiver's, or its site has another host name."}
	case a.body != challenge:
		return "", &finding{"answered 200, but not with the challenge", "Something else answers at this URL: another route, or a proxy with a page of its own."}
	case mediaType != "text/plain":
		return "", &finding{fmt.Sprintf("answered with the challenge, but as %q", a.Header.Get("Content-Type")), "Something in front of the receiver, or header in the Caddyfile, changes its answers."}
	}
	return "200, and the challenge came back", nil
}

func judgeRefused(a *answer, challenge string) (string, error) {
	switch {
	case strings.Contains(a.body, challenge):
		return "", &finding{fmt.Sprintf("answered %d, with the challenge", a.StatusCode), "Whatever answers here does not check the token: anybody could pass for the sender."}
	case a.StatusCode != http.StatusForbidden:
		return "", a.wrongStatus(http.StatusForbidden)
	}
	return "403", nil
}

func (p *player) judgeStored(a *answer) (string, error) {
	switch {
	case a.StatusCode == http.StatusBadRequest:
		return "", &finding{"answered 400", "The receiver found something else than the JSON that was sent. A proxy or firewall in front of it may drop or change bodies; Caddy's log tells the reason at level debug."}
	case a.StatusCode == http.StatusUnauthorized && p.Sign != nil:
		return "", &finding{"answered 401", "The signature does not fit: the secret is not the receiver's, the clocks differ, or a proxy in front of it changes bodies."}
	case a.StatusCode != http.StatusOK:
		return "", a.wrongStatus(http.StatusOK)
	case a.body != "":
		return "", &finding{"answered 200, but with a body", "The receiver's answer is empty: something else answers events at this URL."}
	}
	return "200, stored", nil
}

// want returns what is right if the answer has the status.
func (a *answer) want(status int) (string, error) {
	if a.StatusCode != status {
		return "", a.wrongStatus(status)
	}
	return fmt.Sprint(status), nil
}
