package webhookreceiver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// request is a request while it is handled, and all that belongs to it, in one
// piece of memory.
type request struct {
	Request
	w        http.ResponseWriter
	deadline time.Time
	lease    lease
	event    Event
	ctx      deadlineContext
	body     []byte // as sent
	unread   bool   // it has not been read to its end
}

func newRequest(w http.ResponseWriter, r *http.Request, received time.Time, timeout time.Duration) *request {
	d := &request{w: w, deadline: received.Add(timeout)}
	// A length of 0 does not mean that there is no body, except over HTTP/1.
	d.unread = r.ContentLength != 0 || r.ProtoMajor > 1
	d.event.Time = received
	d.Request = Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: &d.event}
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		d.Sent, d.Target = original.URL, original.RequestURI
	}
	return d
}

// Read reads from the body. It stops a sender that keeps dripping bytes where the
// connection has no read deadline of its own. An error of another handler, such as
// the 413 of request_body, keeps its status.
func (d *request) Read(p []byte) (int, error) {
	n, err := d.Body.Read(p)
	if err == nil && !time.Now().Before(d.deadline) {
		err = os.ErrDeadlineExceeded
	}
	var theirs caddyhttp.HandlerError
	if errors.As(err, &theirs) {
		err = &outcome.Refusal{Status: theirs.StatusCode, Outcome: outcomeOf(theirs.StatusCode), Reason: theirs.Err}
	}
	return n, err
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
	return outcome.Aborted
}

// stopReading makes the reading of the body fail.
func (d *request) stopReading() {
	_ = http.NewResponseController(d.w).SetReadDeadline(d.event.Time)
}

// closeUnread has an answer that does not wait for the body's end go out at once.
func (d *request) closeUnread() {
	if d.unread && d.ProtoMajor == 1 {
		d.w.Header().Set("Connection", "close")
	}
}

// url returns the URL that the request was sent to, without its query. Headers
// such as X-Forwarded-Host are anybody's to set, so they don't count.
func (d *request) url() string {
	u := url.URL{Scheme: "http", Host: d.Host, Path: d.Sent.Path, RawPath: d.Sent.RawPath}
	if d.TLS != nil {
		u.Scheme = "https"
	}
	text := u.String()
	if _, err := url.Parse(text); err != nil {
		u.Host = "" // it was none
		text = u.String()
	}
	return text
}

// placeholder returns the value of a placeholder for the event and the body it
// was sent as. It is used after the request as well, by access logs.
func (d *request) placeholder(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, "http.webhook_receiver.")
	if !ok {
		return nil, false
	}
	switch name {
	case "event.id":
		return d.event.ID, true
	case "event.type":
		return d.event.Type, true
	case "event.subject":
		return d.event.Subject, true
	case "body_sha256":
		sum := sha256.Sum256(d.body)
		return hex.EncodeToString(sum[:]), true
	}
	if path, ok := strings.CutPrefix(name, "body."); ok {
		return d.event.field(path), true
	}
	return nil, false
}

func clientIP(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}
