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
	"sync"
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
	ctx      timed  // ends at the deadline
	body     []byte // as sent
	unread   bool   // it has not been read to its end

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
	if host, port, _ := strings.Cut(req.Host, ":"); !strings.ContainsFunc(host, isUnusual) && strings.Trim(port, "0123456789") == "" {
		if path := u.EscapedPath(); host != "" && strings.HasPrefix(path, "/") {
			return u.Scheme + "://" + u.Host + path // as String does it, and twice as fast
		}
	} else if _, err := url.Parse(u.String()); err != nil {
		u.Host = "" // it was none
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

// timed is a context with the values of another one, which does not end with that, but at
// the deadline. Its timer is made when somebody waits for it, which mostly nobody does.
type timed struct {
	values   context.Context
	deadline time.Time

	mu     sync.Mutex
	timer  context.Context // nil while nobody has asked for it
	cancel context.CancelFunc
	ended  bool
}

// waits returns the context with the timer. It does not know the values: Go keeps timers
// that were stopped for a while, and so would keep the request, and its body.
func (t *timed) waits() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer == nil {
		t.timer, t.cancel = context.WithDeadline(context.Background(), t.deadline)
		if t.ended {
			t.cancel()
		}
	}
	return t.timer
}

// end ends the context.
func (t *timed) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	if t.cancel != nil {
		t.cancel()
	}
}

func (t *timed) Deadline() (deadline time.Time, ok bool) { return t.deadline, true }
func (t *timed) Done() <-chan struct{}                   { return t.waits().Done() }
func (t *timed) Err() error                              { return t.waits().Err() }

func (t *timed) Value(key any) any {
	t.mu.Lock()
	timer := t.timer
	t.mu.Unlock()
	if timer != nil {
		if value := timer.Value(key); value != nil { // what makes it a parent of others
			return value
		}
	}
	return context.WithoutCancel(t.values).Value(key)
}

func clientIP(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}
