package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// sendTimeout is how long the target may take for one event.
const sendTimeout = 30 * time.Second

// retryWaits is how long is waited between attempts to send an event.
var retryWaits = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// maxRetryAfter bounds what a target's Retry-After can ask for.
const maxRetryAfter = time.Minute

// sender sends events over HTTP: as they were sent, or as CloudEvents in binary content mode.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
type sender struct {
	target   *url.URL
	original bool
	header   http.Header // set in each request
	client   *http.Client
	note     func(format string, args ...any)
}

func newSender(target *url.URL, note func(string, ...any)) *sender {
	return &sender{target: target, note: note, client: &http.Client{
		Timeout: sendTimeout,
		// Following one would turn the POST into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// refusedError is of an event that the target does not want.
type refusedError struct {
	status   string
	attempts int
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("the target answered %s: %v", e.status, errPermanent)
}

func (*refusedError) Unwrap() error { return errPermanent }

// errPermanent marks answers that will not be others the next time.
var errPermanent = errors.New("trying again would not help")

// send sends the event until the target has taken it, or keeps failing.
func (s *sender) send(ctx context.Context, e *reader.Event) error {
	for attempt := 0; ; attempt++ {
		wait, err := s.try(ctx, e, attempt+1)
		if err == nil || ctx.Err() != nil || errors.Is(err, errPermanent) || attempt == len(retryWaits) {
			return err
		}
		wait = max(wait, retryWaits[attempt])
		s.note("%v; trying again in %s", err, wait)
		pause(ctx, wait)
	}
}

// try sends the event once. After a failure, wait is what the target asks for.
func (s *sender) try(ctx context.Context, e *reader.Event, attempt int) (wait time.Duration, err error) {
	req, err := s.request(ctx, e, attempt)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", err, errPermanent)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) { // whose text has the URL, and so perhaps a password
			err = urlErr.Err
		}
		return 0, fmt.Errorf("sending to the target: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 200 { // else it is another protocol's, and need not end
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	}
	switch code := resp.StatusCode; {
	case code < 200:
		return 0, fmt.Errorf("the target answered %s: %w", resp.Status, errPermanent)
	case code >= 200 && code <= 299:
		return 0, nil
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		wait = min(time.Duration(seconds)*time.Second, maxRetryAfter)
		return wait, fmt.Errorf("the target answered %s", resp.Status)
	case code >= 300 && code <= 399:
		return 0, fmt.Errorf("the target answered %s, a redirect to %s, which is not followed: %w", resp.Status, location(resp), errPermanent)
	default:
		return 0, &refusedError{resp.Status, attempt}
	}
}

// request returns the event as a request.
func (s *sender) request(ctx context.Context, e *reader.Event, attempt int) (req *http.Request, err error) {
	if s.original {
		req, err = e.Again(ctx, s.target, attempt)
	} else {
		req, err = s.cloudEvent(ctx, e)
	}
	if err != nil {
		return nil, err
	}
	for name, values := range s.header {
		if req.Header[name] = values; name == "Host" {
			req.Host = values[0]
		}
	}
	return req, nil
}

func (s *sender) cloudEvent(ctx context.Context, e *reader.Event) (*http.Request, error) {
	body, err := e.BodyDecoded()
	if err != nil { // somebody has changed the line, as jq does: then the data are what there is
		if body, err = e.Body(); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	contentType := e.ContentType
	if contentType == "" && body != nil {
		contentType = "application/json" // what the JSON format implies
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", "caddy-webhook-replay")
	set := func(name, value string) {
		if value != "" {
			req.Header.Set("Ce-"+name, encodeHeader(value))
		}
	}
	set("specversion", "1.0")
	set("id", e.ID)
	set("source", e.Source)
	set("type", e.Type)
	set("subject", e.Subject)
	set("time", e.TimeText)
	for _, x := range e.Extensions {
		if x[0] != event.BodySent && len(x[1]) <= event.MaxBinary {
			set(x[0], x[1])
		}
	}
	return req, nil
}

// encodeHeader encodes a string for a header field, as section 3.1.3.2 of the
// binding says: space, double quote, percent, and what is not printable ASCII.
func encodeHeader(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '%' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
