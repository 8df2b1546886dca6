package webhookreceiver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// ServeHTTP answers a verification request or stores an event.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	d := newRequest(w, r, time.Now(), h.timeout)
	if d.unread {
		// Without it a sender that stalls could keep the answer from leaving, or
		// the connection open. Not every response writer can; Read does too.
		_ = http.NewResponseController(w).SetReadDeadline(d.deadline)
	}
	became, err := h.handle(d)
	if err != nil {
		became, err = h.refuse(d, err)
	}
	h.count(r, became)
	if d.unread && r.ProtoMajor == 1 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
	}
	return err
}

// handle answers the request, unless there is an error. It returns the outcome.
func (h *Handler) handle(d *request) (string, error) {
	switch {
	case h.verification.IsMethod(d.Method):
		return outcome.Verified, h.answerVerification(d)
	case d.Method != http.MethodPost:
		d.w.Header().Set("Allow", h.provider.allow())
		return "", &outcome.Refusal{
			Status: http.StatusMethodNotAllowed, Outcome: outcome.MethodNotAllowed,
			Reason: errors.New("not a method that the provider uses"),
		}
	case h.verification.Recognizes(&d.Request, false):
		return outcome.Verified, h.answerVerification(d)
	}
	return h.receive(d)
}

// receive stores an event and answers when every output has it, or verifies the
// endpoint, where that is done by POST.
func (h *Handler) receive(d *request) (became string, err error) {
	if d.ContentLength > h.maxBodySize {
		return "", errTooLarge
	}
	coding, err := contentCoding(d.Header)
	if err != nil {
		return "", err
	}
	d.lease.begin(memory, d)
	defer d.lease.release()
	if d.body, err = readBody(d, d.ContentLength, h.maxBodySize, d.deadline, &d.lease); err != nil {
		return "", err
	}
	if d.unread {
		// A deadline that passes while the event is being stored would cancel
		// the request. It is cleared only here, where nothing is left to read.
		d.unread = false
		_ = http.NewResponseController(d.w).SetReadDeadline(time.Time{})
	}

	// From here on a client that goes away changes nothing.
	d.ctx.Context, d.ctx.deadline = context.WithoutCancel(d.Context()), d.deadline
	defer d.ctx.end()
	repl := d.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	repl.Map(d.placeholder)

	if err := h.open(d, coding); err != nil {
		return "", err
	}
	if h.verification.Recognizes(&d.Request, true) {
		return outcome.Verified, h.answerVerification(d)
	}
	if err := h.setAttributes(d, repl); err != nil {
		return "", outcome.Busy(err)
	}
	if err := d.lease.Take(h.memoryOf(&d.event)); err != nil {
		return "", err
	}
	if became, err = h.store(d, repl); err != nil {
		return "", outcome.Busy(err)
	}
	h.acknowledge(d)
	return became, nil
}

// open verifies and decodes the body, which becomes the event's data.
func (h *Handler) open(d *request, coding string) (err error) {
	if h.signature.SignsDecoded() {
		if d.Decoded, err = decodeBody(&d.ctx, d.body, coding, h.maxBodySize, &d.lease); err != nil {
			return unsigned(err)
		}
	}
	if h.signature != nil {
		if err := h.signature.Verify(&d.Request, d.body, &d.lease); err != nil {
			return err
		}
		d.Authentic = !h.signature.From[0].inBody()
	}
	if !h.signature.SignsDecoded() {
		if d.Decoded, err = decodeBody(&d.ctx, d.body, coding, h.maxBodySize, &d.lease); err != nil {
			return err
		}
	}
	if err := d.event.setData(d.Decoded, d.Header.Get("Content-Type"), h.Accept); err != nil {
		return err
	}
	if d.event.isForm {
		// A field of it is decoded into memory of its own.
		if err := d.lease.Take(int64(len(d.Decoded))); err != nil {
			return err
		}
	}
	if h.signature != nil {
		if err := h.signature.VerifyData(&d.Request); err != nil {
			return err
		}
		d.Authentic = true
	}
	if h.verification.IsOracle() && !d.event.isContainer() {
		// The signature of anything else could be that of a challenge.
		return outcome.Malformed(errors.New("the body is neither a JSON object nor an array"))
	}
	return nil
}

// unsigned refuses a body that does not decode, where what is decoded is what is
// signed: no signature can be of it.
func unsigned(err error) error {
	var refusal *outcome.Refusal
	if errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest {
		return outcome.Unauthorized(refusal.Reason)
	}
	return err
}

// answerVerification answers a verification request.
func (h *Handler) answerVerification(d *request) error {
	v := h.verification
	if v.Signed && d.Method != http.MethodPost {
		d.lease.begin(memory, d)
		defer d.lease.release()
		if err := h.signature.Verify(&d.Request, nil, &d.lease); err != nil {
			return err
		}
	}
	challenge, token, err := v.Parse(&d.Request)
	if err != nil {
		return err
	}
	anyToken := h.provider.tokenOptional && len(h.tokens) == 0
	if v.Token != "" && !anyToken && !h.isVerifyToken(token) {
		_, name := v.Token.split()
		return &outcome.Refusal{
			Status: http.StatusForbidden, Outcome: outcome.BadToken,
			Reason: fmt.Errorf("%s is not the configured one", name),
			Remedy: "if it was the sender: save the same token there and as verify_token here, then reload Caddy's config",
		}
	}

	d.closeUnread()
	mac := ""
	if v.HMAC != "" {
		mac = v.MAC(h.secrets[d.Key], challenge)
	}
	headers, body := v.Answer(challenge, mac)
	for name, value := range headers {
		d.w.Header().Set(name, value)
	}
	d.w.Header().Set("X-Content-Type-Options", "nosniff")
	d.w.Header().Set("Cache-Control", "no-store")
	writeAnswer(d.w, d.Method, v.Status, v.ContentType, body)
	return nil
}

// isVerifyToken compares hashes, and with every token, so that the time it
// takes tells nothing of the configured ones.
func (h *Handler) isVerifyToken(token string) bool {
	sum := sha256.Sum256([]byte(token))
	match := 0
	for i := range h.tokens {
		match |= subtle.ConstantTimeCompare(sum[:], h.tokens[i][:])
	}
	return match == 1
}

// setAttributes sets the event's attributes.
func (h *Handler) setAttributes(d *request, repl *caddy.Replacer) error {
	e, from := &d.event, h.provider.event
	if e.ID = d.attribute(from.ID); e.ID == "" {
		id, err := uuid.NewV7FromReader(randomness{})
		if err != nil {
			return err
		}
		e.ID = id.String()
	}
	e.Source = h.source(d)
	e.Type = cmp.Or(d.attribute(from.Type), "webhook")
	e.Subject = d.attribute(from.Subject)

	for _, name := range h.attributes {
		if value := repl.ReplaceAll(h.Attributes[name], ""); isAttribute(value) {
			e.Extensions = append(e.Extensions, Attribute{name, value})
		}
	}
	if parent := traceparent(d.Context()); parent != "" && h.Attributes["traceparent"] == "" {
		e.Extensions = append(e.Extensions, Attribute{"traceparent", parent})
	}
	return nil
}

// source returns the source of the request's event.
func (h *Handler) source(d *request) string {
	switch {
	case h.public.text == "":
		return d.url()
	case h.public.isBase:
		return h.public.source + cmp.Or(d.Sent.EscapedPath(), "/")
	}
	return h.public.source
}

// store stores the event, unless it is one that has been.
func (h *Handler) store(d *request, repl *caddy.Replacer) (became string, err error) {
	store := func() error { return storeAll(&d.ctx, h.outputs, &d.event) }
	key := ""
	if h.dedupe != nil {
		key = h.dedupeKey(d, repl)
	}
	if key == "" {
		return outcome.Stored, store()
	}
	duplicate, err := h.dedupe.Do(&d.ctx, key, time.Duration(h.Dedupe.Window), store)
	if duplicate {
		return outcome.Duplicate, nil
	}
	return outcome.Stored, err
}

// dedupeKey returns what makes the event the same as another, or nothing.
func (h *Handler) dedupeKey(d *request, repl *caddy.Replacer) string {
	key := d.attribute(h.provider.event.ID)
	if h.Dedupe.Key != "" {
		key = repl.ReplaceAll(h.Dedupe.Key, "")
	}
	if key == "" {
		return ""
	}
	u := d.url()
	if d.Sent.RawQuery != "" || d.Sent.ForceQuery {
		u += "?" + d.Sent.RawQuery
	}
	return u + "\n" + key // there is no line feed in a URL
}

// randomness is for ids, which must be unique but are no secret: without a system
// call for each.
type randomness struct{}

func (randomness) Read(p []byte) (int, error) {
	for i := 0; i < len(p); i += 8 {
		var eight [8]byte
		binary.LittleEndian.PutUint64(eight[:], rand.Uint64())
		copy(p[i:], eight[:])
	}
	return len(p), nil
}

// traceparent returns the trace that Caddy's tracing handler has put the
// request in, in the form of https://www.w3.org/TR/trace-context/#traceparent-header,
// or nothing.
func traceparent(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return ""
	}
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + span.TraceFlags().String()
}

// memoryOf is how much the outputs need for an event, all at once.
func (h *Handler) memoryOf(e *Event) int64 {
	return h.copies * e.lineSize()
}

// mostMemory is what a few of the largest bodies need, and one at its worst, which
// is text of control characters.
func (h *Handler) mostMemory() int64 {
	longest := h.copies
	if h.Accept == acceptAny {
		longest *= 6
	}
	times := max(8, 3+longest) // compressed, decoded and some attributes beside the lines
	return times * min(h.maxBodySize, math.MaxInt64/2/times)
}
