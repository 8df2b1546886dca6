package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// sendTimeout is how long the target may take for one event.
const sendTimeout = 30 * time.Second

// retryWaits is how long is waited between attempts to send an event.
var retryWaits = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// maxRetryAfter bounds what a target's Retry-After can ask for.
const maxRetryAfter = time.Minute

// sender sends events over HTTP: as they were sent, or as CloudEvents in binary content mode.
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
		req, err = e.Binary(ctx, s.target)
	}
	if err != nil {
		return nil, err
	}
	if !s.original {
		req.Header.Set("User-Agent", "caddy-webhook-replay")
	}
	for name, values := range s.header {
		if req.Header[name] = values; name == "Host" {
			req.Host = values[0]
		}
	}
	return req, nil
}
