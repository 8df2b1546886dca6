package webhookreceiver

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// retryAfter is what senders are told to wait after a 503, in seconds.
const retryAfter = "5"

// linger is how long the rest of a body is still read, and thrown away, after an
// answer that did not wait for it: so the sender gets the answer and no reset,
// and one that has stalled does not keep the connection until its timeout.
const linger = time.Second

// ServeHTTP answers a verification request or stores an event.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	received := time.Now()
	// A length of 0 does not mean that there is no body, except over HTTP/1.
	unread := r.ContentLength != 0 || r.ProtoMajor > 1
	d := &exchange{message: message{Request: r, unread: unread}, w: w, deadline: received.Add(h.timeout)}
	d.event = &d.cloudEvent
	d.cloudEvent.Time = received
	if d.unread {
		// Without it a sender that stalls could keep the answer from leaving, or
		// the connection open. Not every response writer can; Read does too.
		_ = http.NewResponseController(w).SetReadDeadline(d.deadline)
	}

	var err error
	outcome := outcomeVerified // of a request that is answered without an error
	switch {
	case h.verification.answers(r.Method):
		err = h.verify(d)
	case r.Method == http.MethodPost:
		outcome, err = h.receive(d)
	default:
		w.Header().Set("Allow", h.provider.allow())
		err = caddyhttp.Error(http.StatusMethodNotAllowed, errors.New("not a method that the provider uses"))
	}
	if err != nil {
		d.closeUnread()
		outcome = outcomeOf(err)
		h.explain(d, err)
	}
	h.countRequest(outcome)
	h.logFirst(r, outcome)
	if d.unread && r.ProtoMajor == 1 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
	}
	return err
}

// exchange is a request while it is received, and all that belongs to it, in one
// piece of memory.
type exchange struct {
	message
	w          http.ResponseWriter
	deadline   time.Time
	lease      lease
	cloudEvent Event
	ctx        deadlineContext
	body       []byte // as sent
}

// closeUnread has an answer that does not wait for the body's end go out at once.
func (d *exchange) closeUnread() {
	if d.unread && d.ProtoMajor == 1 {
		d.w.Header().Set("Connection", "close")
	}
}

// stopReading makes the reading of the body fail.
func (d *exchange) stopReading() {
	_ = http.NewResponseController(d.w).SetReadDeadline(d.cloudEvent.Time)
}

// receive stores an event and answers when every output has it, or verifies the
// endpoint, where that is done by POST. The outcome counts where there is no
// error.
func (h *Handler) receive(d *exchange) (outcome string, err error) {
	m := &d.message
	if h.verification.matches(m, false) {
		return outcomeVerified, h.verify(d)
	}
	if d.ContentLength > h.maxBodySize {
		return "", caddyhttp.Error(http.StatusRequestEntityTooLarge, errTooLarge)
	}
	coding, err := contentCoding(d.Header)
	if err != nil {
		return "", caddyhttp.Error(http.StatusUnsupportedMediaType, err)
	}

	d.lease = lease{budget: memory, reading: true, stopper: d}
	defer d.lease.release()
	if d.body, err = d.readBody(h.maxBodySize); err != nil {
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

	if h.signature.signsDecoded() {
		if d.decoded, err = h.decodeBody(&d.ctx, d.body, coding, &d.lease); err != nil {
			return "", undecodable(err)
		}
	}
	if h.signature != nil {
		if err := h.signature.check(m, d.body, &d.lease); err != nil {
			return "", unauthorized(err)
		}
		m.authentic = !h.signature.From[0].inBody()
	}
	if !h.signature.signsDecoded() {
		if d.decoded, err = h.decodeBody(&d.ctx, d.body, coding, &d.lease); err != nil {
			return "", err
		}
	}
	if err := d.event.setData(d.decoded, d.Header.Get("Content-Type"), h.Accept); err != nil {
		return "", caddyhttp.Error(http.StatusBadRequest, err)
	}
	if d.event.isForm {
		// A field of it is decoded into memory of its own.
		if err := d.lease.take(int64(len(d.decoded))); err != nil {
			return "", caddyhttp.Error(http.StatusServiceUnavailable, err)
		}
	}
	if h.signature != nil {
		if err := h.signature.checkData(m); err != nil {
			return "", unauthorized(err)
		}
		m.authentic = true
	}
	if h.verification.isOracle() && !d.event.isContainer() {
		// The signature of anything else could be that of a challenge.
		return "", caddyhttp.Error(http.StatusBadRequest, errors.New("the body is neither a JSON object nor an array"))
	}
	if h.verification.matches(m, true) {
		return outcomeVerified, h.verify(d)
	}

	if err := h.describe(m, repl); err != nil {
		return "", caddyhttp.Error(http.StatusServiceUnavailable, err)
	}

	if err := d.lease.take(h.memoryOf(d.event)); err != nil {
		return "", caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	outcome, err = h.store(&d.ctx, m, repl)
	if err != nil {
		return "", caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	h.provider.event.answer(d.w, d.Request)
	return outcome, nil
}

// store stores the event, unless it is one that has been.
func (h *Handler) store(ctx context.Context, m *message, repl *caddy.Replacer) (outcome string, err error) {
	if h.dedupe == nil {
		return outcomeStored, storeAll(ctx, h.outputs, m.event)
	}
	store := func() error { return storeAll(ctx, h.outputs, m.event) }
	key := h.dedupeKey(m, repl)
	if key == "" {
		return outcomeStored, store()
	}
	duplicate, err := h.dedupe.do(ctx, key, time.Duration(h.Dedupe.Window), store)
	if duplicate {
		return outcomeDuplicate, nil
	}
	return outcomeStored, err
}

// describe sets the event's attributes.
func (h *Handler) describe(m *message, repl *caddy.Replacer) error {
	event, rules := m.event, h.provider.event
	if event.ID = m.attribute(rules.ID); event.ID == "" {
		id, err := uuid.NewV7FromReader(randomness{})
		if err != nil {
			return err
		}
		event.ID = id.String()
	}
	event.Source = h.source(m)
	if event.Type = m.attribute(rules.Type); event.Type == "" {
		event.Type = "webhook"
	}
	event.Subject = m.attribute(rules.Subject)

	for _, name := range h.attributes {
		if value := repl.ReplaceAll(h.Attributes[name], ""); isAttribute(value) {
			event.Extensions = append(event.Extensions, Attribute{name, value})
		}
	}
	if parent := traceparent(m.Context()); parent != "" && h.Attributes["traceparent"] == "" {
		event.Extensions = append(event.Extensions, Attribute{"traceparent", parent})
	}
	return nil
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

// unauthorized is the answer to a signature that is not valid.
func unauthorized(err error) error {
	if errors.Is(err, errBusy) {
		return caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	return caddyhttp.Error(http.StatusUnauthorized, err)
}

// undecodable is the answer to a body that does not decode, where what is decoded
// is what is signed: no signature can be of it.
func undecodable(err error) error {
	var answer caddyhttp.HandlerError
	if errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest {
		return caddyhttp.Error(http.StatusUnauthorized, answer.Err)
	}
	return err
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

// placeholder returns the value of a placeholder for the event and the body it
// was sent as. It is used after the request as well, by access logs.
func (d *exchange) placeholder(key string) (any, bool) {
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

// logFirst tells whoever has just set a webhook up that it works.
func (h *Handler) logFirst(r *http.Request, outcome string) {
	switch outcome {
	case outcomeVerified:
		h.first.verification.Do(func() {
			h.logger.Info("the first verification since the config was loaded was answered", zap.String("client_ip", clientIP(r)))
		})
	case outcomeStored:
		h.first.event.Do(func() {
			h.logger.Info("the first event since the config was loaded is stored", zap.String("client_ip", clientIP(r)))
		})
	}
}

func clientIP(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}

// remedies say, by status, what an operator can do about a refusal.
var remedies = map[int]string{
	http.StatusForbidden: "if it was the sender: save the same token there and as verify_token here, then reload Caddy's config",
}

// explain adds to an error answer, and to the log, what Caddy does not: Caddy
// logs every error answer itself, those below 500 at debug.
func (h *Handler) explain(d *exchange, err error) {
	var answer caddyhttp.HandlerError
	if !errors.As(err, &answer) {
		return
	}
	fields := []zap.Field{zap.Int("status", answer.StatusCode), zap.NamedError("reason", answer.Err)}
	switch answer.StatusCode {
	case http.StatusServiceUnavailable:
		d.w.Header().Set("Retry-After", retryAfter)
	case http.StatusUnauthorized, http.StatusForbidden:
		fields = append(fields, zap.String("client_ip", clientIP(d.Request)))
		if remedy := remedies[answer.StatusCode]; remedy != "" {
			fields = append(fields, zap.String("remedy", remedy))
		}
		h.refusals.Info("request refused", fields...)
	default:
		if d.authentic {
			h.logger.Warn("an authentic event was refused, and is lost unless it is sent again", append(fields, zap.String("client_ip", clientIP(d.Request)))...)
			return
		}
		h.logger.Debug("request refused", fields...)
	}
}
