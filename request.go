package webhookreceiver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// request is a request while it is handled, and all that belongs to it, in one
// piece of memory.
type request struct {
	rules.Request
	w        http.ResponseWriter
	deadline time.Time
	lease    intake.Lease
	event    Event
	ctx      context.Context // ends at the deadline
	body     []byte          // as sent
	unread   bool            // it has not been read to its end

	unconfirmed          bool   // it is signed with a secret that is not confirmed yet
	bringsOffer          bool   // its body brings a secret
	replyType, replyBody string // of an answer that is encrypted, where there is to be one
}

func newRequest(w http.ResponseWriter, r *http.Request, received time.Time, timeout time.Duration) *request {
	req := &request{w: w, deadline: received.Add(timeout)}
	// A length of 0 does not mean that there is no body, except over HTTP/1.
	req.unread = r.ContentLength != 0 || r.ProtoMajor > 1
	req.event.Time = received
	req.Request = rules.Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: &req.event}
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		req.Sent, req.Target = original.URL, original.RequestURI
	}
	return req
}

// Read reads from the body. It stops a sender that keeps dripping bytes where the
// connection has no read deadline of its own. An error of another handler, such as
// the 413 of request_body, keeps its status.
func (req *request) Read(p []byte) (int, error) {
	n, err := req.Body.Read(p)
	if err == nil && !time.Now().Before(req.deadline) {
		err = os.ErrDeadlineExceeded
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = refusalOf(err)
	}
	return n, err
}

// refusalOf returns another handler's error as a refusal with its status.
func refusalOf(err error) error {
	var theirs caddyhttp.HandlerError
	if !errors.As(err, &theirs) {
		return err
	}
	status := cmp.Or(theirs.StatusCode, http.StatusBadRequest)
	reason := theirs.Err
	if reason == nil {
		reason = errors.New("another handler's reading of the body failed")
	}
	return &outcome.Refusal{Status: status, Outcome: outcomeOf(status), Reason: reason}
}

// outcomeOf returns what counts as the outcome where another handler's reading of
// a body fails.
func outcomeOf(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return outcome.TooLarge
	case http.StatusRequestTimeout:
		return outcome.Timeout
	case http.StatusServiceUnavailable:
		return outcome.Unavailable
	}
	return outcome.BadRequest
}

// StopReading makes the reading of the body fail.
func (req *request) StopReading() {
	_ = http.NewResponseController(req.w).SetReadDeadline(req.event.Time)
}

// closeUnread has an answer that does not wait for the body's end go out at once.
func (req *request) closeUnread() {
	if req.unread && req.ProtoMajor == 1 {
		req.w.Header().Set("Connection", "close")
	}
}

// url returns the URL that the request was sent to, without its query. Headers
// such as X-Forwarded-Host are anybody's to set, so they don't count.
func (req *request) url() string {
	u := url.URL{Scheme: "http", Host: req.Host, Path: req.Sent.Path, RawPath: req.Sent.RawPath}
	if req.TLS != nil {
		u.Scheme = "https"
	}
	if strings.ContainsFunc(req.Host, isUnusual) {
		if _, err := url.Parse(u.String()); err != nil {
			u.Host = "" // it was none
		}
	}
	return u.String()
}

// isUnusual tells whether a character may make what it is in no host.
func isUnusual(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
}

// placeholder returns the value of a placeholder for the event and the body it
// was sent as. It is used after the request as well, by access logs.
func (req *request) placeholder(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, "http.webhook_receiver.")
	if !ok {
		return nil, false
	}
	switch name {
	case "event.id":
		return req.event.ID, true
	case "event.type":
		return req.event.Type, true
	case "event.subject":
		return req.event.Subject, true
	case "body_sha256":
		sum := sha256.Sum256(req.body)
		return hex.EncodeToString(sum[:]), true
	}
	if path, ok := strings.CutPrefix(name, "body."); ok {
		return event.Field(&req.event, path), true
	}
	return nil, false
}

// timed is a context that ends at a deadline, with the values of another one.
type timed struct {
	context.Context
	values context.Context
}

// withDeadline returns a context with the values of ctx, which does not end with that,
// but at the deadline. Timers do not know ctx: Go keeps those that were stopped for a
// while, and so would keep the request, and its body.
func withDeadline(ctx context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	timer, cancel := context.WithDeadline(context.Background(), deadline)
	return timed{timer, ctx}, cancel
}

func (t timed) Value(key any) any {
	if value := t.Context.Value(key); value != nil { // what makes it a parent of others
		return value
	}
	return t.values.Value(key)
}

func clientIP(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}
