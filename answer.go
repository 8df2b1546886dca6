package webhookreceiver

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// retryAfter is what senders are told to wait after a 503, in seconds.
const retryAfter = "5"

// linger is how long the rest of a body is still read, and thrown away, after an
// answer that did not wait for it: so the sender gets the answer and no reset,
// and one that has stalled does not keep the connection until its timeout.
const linger = time.Second

// acknowledge answers an event that is stored.
func (h *Handler) acknowledge(req *request) {
	e := &h.provider.Event
	if e.Echo != "" {
		if value := req.Header.Get(e.Echo); value != "" {
			req.w.Header().Set(e.Echo, value)
		}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusOK
	}
	contentType, body := e.ContentType, e.Body
	if req.replyBody != "" {
		contentType, body = req.replyType, req.replyBody
	}
	writeAnswer(req.w, req.Method, status, contentType, body)
}

// writeAnswer writes an answer with a body, or with none if that is empty.
func writeAnswer(w http.ResponseWriter, method string, status int, contentType, body string) {
	if body != "" {
		if contentType == "" {
			contentType = "text/plain; charset=utf-8"
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	w.WriteHeader(status)
	if method != http.MethodHead && body != "" {
		// The sender that does not get it sends again: nothing is lost.
		_, _ = w.Write([]byte(body))
	}
}

// refuse turns a refusal into the error that Caddy answers, and tells the operator
// of it: Caddy logs each error answer itself, those below 500 at debug, and without
// what it is about.
func (h *Handler) refuse(req *request, err error) (became string, answer error) {
	var refusal *outcome.Refusal
	if !errors.As(err, &refusal) {
		return outcome.Unavailable, err
	}
	if status := h.provider.Event.Refused; status != 0 && refusal.Outcome == outcome.BadSignature {
		own := *refusal
		own.Status, refusal = status, &own
	}
	req.closeUnread()
	if refusal.Status == http.StatusServiceUnavailable {
		req.w.Header().Set("Retry-After", retryAfter)
	}
	h.note(req, refusal)
	return refusal.Outcome, caddyhttp.Error(refusal.Status, refusal.Reason)
}

// count counts what became of a request, and tells whoever has just set a webhook
// up that it works.
func (h *Handler) count(r *http.Request, became string, received time.Time) {
	h.metrics.Count(became)
	h.counts().Count(became, received, func() string { return clientIP(r) })
	switch became {
	case outcome.Verified:
		h.first.verification.Do(func() {
			h.logger.Info("the first verification since the config was loaded was answered", zap.String("client_ip", clientIP(r)))
		})
	case outcome.Stored:
		h.first.event.Do(func() {
			h.logger.Info("the first event since the config was loaded is stored", zap.String("client_ip", clientIP(r)))
		})
	}
}
