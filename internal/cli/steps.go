package cli

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
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
func (p *player) ask(ctx context.Context, s play.Step) (*answer, play.Want, error) {
	req, want, err := s.Make()
	if err != nil {
		return nil, want, err
	}
	req.Header.Set("User-Agent", "caddy-webhook-test")
	began := time.Now()
	resp, err := p.client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, want, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, want, fmt.Errorf("reading the answer: %w", err)
	}
	return &answer{resp, string(body), time.Since(began)}, want, nil
}

// passedAs says what was right.
func passedAs(s play.Step, want play.Want) string {
	switch {
	case s.Kind == play.Delivers:
		return fmt.Sprintf("%d, stored", want.Status)
	case s.Kind == play.Verifies && want.HMAC:
		return fmt.Sprintf("%d, and the challenge's HMAC came back", want.Status)
	case s.Kind == play.Verifies && (want.Body != "" || len(want.Header) > 0):
		return fmt.Sprintf("%d, and the challenge came back", want.Status)
	}
	return fmt.Sprint(want.Status)
}

// judge returns what is wrong with the answer, or nil.
func (p *player) judge(s play.Step, want play.Want, a *answer) *finding {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	wantType, _, _ := mime.ParseMediaType(want.ContentType)
	hasBody := a.Request.Method != http.MethodHead
	switch {
	case want.Without != "" && strings.Contains(a.body, want.Without):
		return &finding{what: fmt.Sprintf("answered %d, with the challenge", a.StatusCode), cause: "Whatever answers here does not check the token: anybody could pass for the sender.", receiver: true}
	case a.StatusCode != want.Status:
		return p.wrongStatus(s, want.Status, a)
	case want.Status > 299:
		return nil
	}
	nothing := noRoute
	if a.Request.Method == http.MethodPost {
		nothing += " Or the receiver takes it for an event, so its provider is another one."
	}
	for name, value := range want.Header {
		f := &finding{what: fmt.Sprintf("answered %d, but the header %s is not the expected one", a.StatusCode, name), cause: somethingElse}
		switch got := a.Header.Get(name); {
		case got == value:
			continue
		case got == "" && a.body == "":
			f.cause = nothing
		}
		return f
	}
	body := a.body
	if want.Open != nil {
		body = want.Open(body)
	}
	switch {
	case !hasBody:
		return nil
	case a.body == "" && want.Body != "":
		return &finding{what: fmt.Sprintf("answered %d, but with nothing", a.StatusCode), cause: nothing}
	case body != want.Body && s.Kind == play.Delivers:
		return &finding{what: fmt.Sprintf("answered %d, but with another body than the receiver's", a.StatusCode), cause: "Something else answers events at this URL, or the receiver's provider is another one."}
	case body != want.Body && want.HMAC && mediaType == wantType:
		return &finding{what: fmt.Sprintf("answered %d, but the challenge's HMAC is another one", a.StatusCode), cause: "The secret is not the receiver's. " + reload, receiver: true}
	case body != want.Body:
		return &finding{what: fmt.Sprintf("answered %d, but not with the challenge", a.StatusCode), cause: somethingElse}
	case wantType != "" && mediaType != wantType:
		return &finding{what: fmt.Sprintf("answered as %q, want %q", a.Header.Get("Content-Type"), wantType), cause: "Something in front of the receiver, or header in the Caddyfile, changes its answers."}
	}
	return nil
}
