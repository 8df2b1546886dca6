package webhookreceiver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// ServeHTTP answers a verification request or stores an event.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	req := newRequest(w, r, time.Now(), h.timeout)
	became, err := h.handle(req)
	if err != nil {
		became, err = h.refuse(req, err)
	}
	h.count(r, became, req.event.Time)
	if req.unread && r.ProtoMajor == 1 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
	}
	return err
}

// handle answers the request, unless there is an error. It returns the outcome.
func (h *Handler) handle(req *request) (string, error) {
	switch {
	case h.verification.IsMethod(req.Method):
		return outcome.Verified, h.answerVerification(req)
	case req.Method != http.MethodPost:
		req.w.Header().Set("Allow", h.provider.Allow())
		return "", &outcome.Refusal{
			Status: http.StatusMethodNotAllowed, Outcome: outcome.MethodNotAllowed,
			Reason: errors.New("not a method that the provider uses"),
		}
	case !h.verification.NeedsBody() && h.verification.Recognizes(&req.Request, false):
		return outcome.Verified, h.answerVerification(req)
	}
	return h.receive(req)
}

// receive stores an event and answers when every output has it, or verifies the
// endpoint, where that is done by POST.
func (h *Handler) receive(req *request) (became string, err error) {
	if req.ContentLength > h.maxBodySize {
		return "", intake.ErrTooLarge
	}
	coding, err := intake.ContentCoding(req.Header)
	if err != nil {
		return "", err
	}
	req.lease.Begin(intake.Memory, req, req.deadline)
	defer req.lease.Release()
	if req.body, err = intake.ReadBody(req, req.ContentLength, h.maxBodySize, &req.lease); err != nil {
		return "", err
	}
	req.unread = false

	// From here on a client that goes away changes nothing.
	req.ctx.values, req.ctx.deadline = req.Context(), req.deadline
	defer req.ctx.end()
	if h.provider.Keys != nil {
		req.Waits, req.Client = &req.ctx, clientIP(req.Request.Request)
	}
	repl := req.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	repl.Map(req.placeholder)

	if h.verification.NeedsBody() && h.recognizes(req, coding) {
		return outcome.Verified, h.answerVerification(req)
	}
	if err := h.open(req, coding); err != nil && !h.isOffer(req, coding) {
		return "", err
	}
	if h.verification.Recognizes(&req.Request, true) {
		return outcome.Verified, h.answerVerification(req)
	}
	if h.provider.Event.IsSignOfLife(&req.Request) {
		h.acknowledge(req)
		return outcome.Verified, nil
	}
	if req.unconfirmed {
		return "", h.unconfirmed()
	}
	if asks, err := h.confirm(req); asks || err != nil {
		return outcome.Verified, err
	}
	if err := checkDepth(req); err != nil {
		return "", err
	}
	if h.headers != nil {
		// Percent-encoded it is three times as large at most, and counted before it
		// is made, as long as that may be much.
		if size := 3 * int64(h.headers.Size(&req.Request)); size > smallHeader {
			if err := req.lease.Take(size); err != nil {
				return "", err
			}
		}
	}
	if err := h.setAttributes(req, repl); err != nil {
		return "", outcome.Busy(err)
	}
	key := h.dedupeKey(req, repl)
	if key != nil {
		req.event.Extensions = append(req.event.Extensions, Attribute{Name: event.DedupeKey, Value: key.String()})
	}
	if err := req.lease.Take(h.memoryOf(&req.event)); err != nil {
		return "", err
	}
	if err := h.readyToDeliver(); err != nil {
		return "", outcome.Busy(err)
	}
	if became, err = h.store(req, key); err != nil {
		return "", outcome.Busy(err)
	}
	h.acknowledge(req)
	return became, nil
}

// recognizes tells whether the body of a request, which is signed by nobody, is that of a
// verification.
func (h *Handler) recognizes(req *request, coding string) bool {
	if h.decode(req, coding) != nil || event.SetData(&req.event, req.Decoded, req.Header.Get("Content-Type"), h.Accept) != nil {
		return false
	}
	return h.verification.Recognizes(&req.Request, false)
}

// decode decodes the body, unless it is decoded.
func (h *Handler) decode(req *request, coding string) (err error) {
	if req.Decoded == nil {
		req.Decoded, err = intake.DecodeBody(&req.ctx, req.body, coding, h.maxBodySize, &req.lease)
	}
	return err
}

// open verifies and decodes the body, which becomes the event's data.
func (h *Handler) open(req *request, coding string) error {
	if h.signature.IsSealed() {
		return h.unseal(req, coding)
	}
	if h.signature.SignsDecoded() {
		if err := h.decode(req, coding); err != nil {
			return unsigned(err)
		}
	}
	if h.signature != nil {
		if err := h.verifySignature(req); err != nil {
			return err
		}
		req.Authentic = !h.signature.NeedsData() && !req.unconfirmed
	}
	if err := h.decode(req, coding); err != nil {
		return err
	}
	if err := event.SetData(&req.event, req.Decoded, req.Header.Get("Content-Type"), h.Accept); err != nil {
		return err
	}
	event.SetSent(&req.event, req.body, coding != intake.Identity)
	if event.IsForm(&req.event) {
		// A field of it is decoded into memory of its own.
		if err := req.lease.Take(int64(len(req.Decoded))); err != nil {
			return err
		}
	}
	if h.signature != nil {
		if err := h.signature.VerifyData(&req.Request, req.body, &req.lease); err != nil {
			return err
		}
		req.Authentic = !req.unconfirmed
		if err := h.signature.CheckAccount(&req.Request, h.accounts); err != nil {
			return err
		}
		if err := h.signature.UseNonce(&req.Request); err != nil {
			return err
		}
	}
	if h.verification.IsOracle() && h.verification.Pattern == "" && !event.IsContainer(&req.event) {
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
func (h *Handler) answerVerification(req *request) error {
	v := h.verification
	if v.Signed && req.Method != http.MethodPost {
		req.lease.Begin(intake.Memory, nil, req.deadline)
		defer req.lease.Release()
		if err := h.signature.Verify(&req.Request, nil, &req.lease); err != nil {
			return err
		}
	}
	challenge, token, err := v.Parse(&req.Request)
	if err != nil {
		return err
	}
	if v.Signed && h.signature.IsSealed() && req.Method != http.MethodPost {
		if challenge, err = h.signature.OpenChallenge(&req.Request, challenge, &req.lease); err != nil {
			return err
		}
	}
	anyToken := h.provider.TokenOptional && len(h.tokens) == 0
	if v.Token != "" && !anyToken && !h.isVerifyToken(token) {
		_, name := v.Token.Split()
		return &outcome.Refusal{
			Status: http.StatusForbidden, Outcome: outcome.BadToken,
			Reason: fmt.Errorf("%s is not the configured one", name),
			Remedy: "if it was the sender: save the same token there and as verify_token here, then reload Caddy's config",
		}
	}

	if v.Secret != "" {
		if err := h.takeSecret(req); err != nil {
			return err
		}
	}

	req.closeUnread()
	mac := ""
	if v.HMAC != "" {
		mac = v.MAC(h.secrets[req.Key], challenge)
	}
	headers, body := v.Answer(challenge, mac, v.DigestOf(challenge, h.firstToken, h.public.Text), h.firstAccount())
	for name, value := range headers {
		req.w.Header().Set(name, value)
	}
	req.w.Header().Set("X-Content-Type-Options", "nosniff")
	req.w.Header().Set("Cache-Control", "no-store")
	contentType := v.ContentType
	if req.replyBody != "" {
		contentType, body = req.replyType, req.replyBody
	}
	writeAnswer(req.w, req.Method, v.Status, contentType, body)
	return nil
}

// firstAccount is that which answers name.
func (h *Handler) firstAccount() string {
	if len(h.accounts) == 0 {
		return ""
	}
	return h.accounts[0]
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
func (h *Handler) setAttributes(req *request, repl *caddy.Replacer) error {
	e, from := &req.event, h.provider.Event
	if e.ID = req.Attribute(from.ID); e.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		e.ID = id.String()
	}
	e.Source = h.source(req)
	e.Type = cmp.Or(req.Attribute(from.Type), "webhook")
	e.Subject = req.Attribute(from.Subject)

	for _, own := range [...]Attribute{
		{Name: event.HTTPHeaders, Value: h.headersOf(req)},
		{Name: event.Verification, Value: h.verifies},
		{Name: event.SigningKey, Value: h.signedBy(req)},
		{Name: event.Receiver, Value: h.storedName()},
	} {
		if _, configured := h.Attributes[own.Name]; own.Value != "" && !configured {
			e.Extensions = append(e.Extensions, own)
		}
	}
	for _, name := range h.attributes {
		if value := repl.ReplaceAll(h.Attributes[name], ""); event.IsAttribute(value) {
			e.Extensions = append(e.Extensions, Attribute{Name: name, Value: value})
		}
	}
	if depth := depthOf(req); depth > 0 {
		e.Extensions = append(e.Extensions, Attribute{Name: event.DeliveryDepth, Value: strconv.FormatUint(depth, 10)})
	}
	if parent := traceparent(req.Context()); parent != "" && h.Attributes["traceparent"] == "" {
		e.Extensions = append(e.Extensions, Attribute{Name: "traceparent", Value: parent})
	}
	return nil
}

// headersOf returns what is stored of the request beside its body, or nothing.
func (h *Handler) headersOf(req *request) string {
	if h.headers == nil {
		return ""
	}
	return h.headers.Of(&req.Request)
}

// source returns the source of the request's event.
func (h *Handler) source(req *request) string {
	switch {
	case h.public.Text == "":
		return req.url()
	case h.public.IsBase:
		return h.public.Source + cmp.Or(req.Sent.EscapedPath(), "/")
	}
	return h.public.Source
}

// store stores the event, unless it is one that has been.
func (h *Handler) store(req *request, key *dedupe.Key) (became string, err error) {
	store := func() error { return storeAll(&req.ctx, h.outputs, &req.event) }
	if key == nil {
		return outcome.Stored, store()
	}
	duplicate, err := h.dedupe.Do(&req.ctx, *key, time.Duration(h.Dedupe.Window), store)
	if duplicate {
		return outcome.Duplicate, nil
	}
	return outcome.Stored, err
}

// dedupeKey returns what makes the event the same as another, or nothing. Receivers for
// one provider, with one key, may store in the same file: the URL tells them apart.
func (h *Handler) dedupeKey(req *request, repl *caddy.Replacer) *dedupe.Key {
	if h.dedupe == nil {
		return nil
	}
	text := req.Attribute(h.provider.Event.ID)
	if h.Dedupe.Key != "" {
		text = repl.ReplaceAll(h.Dedupe.Key, "")
	}
	if text == h.emptyKey { // of all events that lack what it is made of
		return nil
	}
	u := req.url()
	if req.Sent.RawQuery != "" || req.Sent.ForceQuery {
		u += "?" + req.Sent.RawQuery
	}
	key := dedupe.KeyOf(h.provider.Name, h.Dedupe.Key, u, text)
	return &key
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

// smallHeader is the size, in bytes, up to which header fields that are stored are not
// worth counting by themselves.
const smallHeader = 8 << 10

// memoryOf is how much the outputs need for an event, all at once.
func (h *Handler) memoryOf(e *Event) int64 {
	return h.copies * event.LineSize(e)
}

// mostMemory is what a few of the largest bodies need, and one at its worst, which
// is text of control characters.
func (h *Handler) mostMemory() int64 {
	longest := 3 * h.copies // with what JSON lacks of the body, or the compressed one
	if h.Accept == event.AcceptAny {
		longest = 8 * h.copies
	}
	times := max(8, 3+longest) // compressed, decoded and some attributes beside the lines
	if h.signature.IsSealed() {
		times += rules.SealedTimes // while it is opened
	}
	return times * min(h.maxBodySize, math.MaxInt64/2/times)
}
