package webhookreceiver

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	// Of each reason so many refusals are kept in each second, of which the last
	// ones stay.
	keptInSecond = 100

	// Of each reason so many refusals are logged in each minute.
	loggedOfReason = 10

	// For so long in each second the causes of wrong signatures are sought, in all
	// receivers together: a flood of forged events must cost little.
	soughtInSecond = 100 * time.Millisecond

	// loggedPath is how much of a path is logged and kept, in bytes.
	loggedPath = 1 << 10

	// keptMethod is how much of a method is kept, in bytes: it can be any word.
	keptMethod = 32

	// shownContent is how much is kept of what should have been signed, in bytes.
	shownContent = 1 << 10

	// decodedToExplain is the size, in bytes, of the largest body that is decoded
	// just to explain why it was refused.
	decodedToExplain = 256 << 10
)

// refusals is what a receiver needs to tell of those that it refuses.
type refusals struct {
	kept, logged status.Sampler // by reason
	lost         status.Pacer   // what may have been an event
}

func newRefusals() *refusals {
	return &refusals{
		kept:   status.Sampler{First: keptInSecond, Per: time.Second},
		logged: status.Sampler{First: loggedOfReason, Per: time.Minute},
		lost:   status.Pacer{Per: time.Second},
	}
}

// note tells the operator of a request that was refused: in the log, in the
// metrics, and in what is kept of the last ones. Of a flood it does next to nothing.
func (h *Handler) note(req *request, refusal *outcome.Refusal) {
	isEvent := h.isEvent(req)
	if isEvent && req.Authentic && losesEvent(refusal) {
		h.metrics.CountAuthentic(refusal.Outcome)
		r := h.refused(req, refusal, isEvent)
		r.Authentic = true
		h.logger.Warn("an authentic event was refused, and is lost unless it is sent again", fieldsOf(r)...)
		h.counts().Keep(r)
		return
	}
	now := time.Now()
	kind := status.Kind(refusal.Status, refusal.Reason.Error())
	keeps, _ := h.refusals.kept.Pass(kind, now)
	var r *status.Refused
	if keeps {
		r = h.refused(req, refusal, isEvent)
		h.counts().Keep(r)
	}
	if isEvent && h.mayLoseEvent(refusal) {
		var warn func(count uint64)
		if r != nil {
			warn = func(count uint64) {
				h.logger.Warn("what may have been an event was refused, and is lost unless it is sent again", append(fieldsOf(r), zap.Uint64("count", count))...)
			}
		}
		if h.refusals.lost.Say(now, warn) {
			return
		}
		// It is counted for the next warning, which may be of another reason.
	}
	logs, unlogged := h.refusals.logged.Pass(kind, now)
	if !logs {
		return
	}
	if r == nil {
		r = h.refused(req, refusal, isEvent)
		h.counts().Keep(r)
	}
	fields := fieldsOf(r)
	if unlogged > 0 {
		fields = append(fields, zap.Uint64("not_logged", unlogged))
	}
	h.logger.Info("request refused", fields...)
}

// refused returns what is known of a request that was refused, without secrets.
func (h *Handler) refused(req *request, refusal *outcome.Refusal, isEvent bool) *status.Refused {
	r := &status.Refused{
		Time: req.event.Time.UTC(), Receiver: h.name, Provider: h.provider.Name,
		Method: status.Shortened(req.Method, keptMethod), Path: string(h.mask.Beginning([]byte(req.Sent.EscapedPath()), loggedPath)), Query: h.mask.Query(req.Sent.RawQuery),
		ClientIP: clientIP(req.Request.Request),
		Status:   refusal.Status, Outcome: refusal.Outcome, Reason: h.mask.Text(refusal.Reason.Error()), Remedy: refusal.Remedy,
		ID:      strings.Clone(h.mask.Text(req.Attribute(h.provider.Event.ID))), // it may be a part of a long URL
		Type:    strings.Clone(h.mask.Text(req.Attribute(h.provider.Event.Type))),
		Headers: h.mask.Headers(req.Header),
	}
	if refusal.Outcome == outcome.BadSignature {
		h.explain(req, refusal, r)
	}
	if r.Remedy == "" {
		r.Remedy = h.remedyOf(refusal)
	}
	if isEvent && (h.signature == nil || !h.signature.IsToken() || !h.signature.From[0].InBody()) { // else the secret is in it
		body := req.body
		if req.Decoded != nil {
			body = req.Decoded
		}
		r.Body, r.BodySize = h.mask.Beginning(body, status.MaxBody), len(body)
	}
	return r
}

// isEvent tells whether a request that was refused was not a verification.
func (h *Handler) isEvent(req *request) bool {
	return req.Method == http.MethodPost && !req.bringsOffer && !h.verification.Recognizes(&req.Request, false) &&
		!(req.Authentic && h.verification.Recognizes(&req.Request, true))
}

// losesEvent tells whether an event was refused for what it is, or for want of room:
// its sender did nothing wrong that it knows of. A signature that is not right, or is
// another customer's, may be answered with any status.
func losesEvent(refusal *outcome.Refusal) bool {
	if refusal.Outcome == outcome.BadSignature {
		return false
	}
	switch refusal.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusServiceUnavailable:
		return true
	}
	return false
}

// mayLoseEvent tells the same of what is not known to be authentic: as it was
// refused before that could be known, or the provider does not sign.
func (h *Handler) mayLoseEvent(refusal *outcome.Refusal) bool {
	if h.signature == nil {
		return losesEvent(refusal) || refusal.Status == http.StatusRequestTimeout
	}
	return losesEvent(refusal) && refusal.Status != http.StatusBadRequest
}

// fieldsOf returns what is logged of a request that was refused.
func fieldsOf(r *status.Refused) []zap.Field {
	fields := []zap.Field{
		zap.String("provider", r.Provider), zap.String("path", r.Path), zap.String("client_ip", r.ClientIP),
		zap.Int("status", r.Status), zap.String("reason", r.Reason),
	}
	for _, optional := range []struct{ name, value string }{{"remedy", r.Remedy}, {"id", r.ID}, {"type", r.Type}} {
		if optional.value != "" {
			fields = append(fields, zap.String(optional.name, optional.value))
		}
	}
	return fields
}

// remedyOf says what an operator can do, where whoever has refused has not said
// it.
func (h *Handler) remedyOf(refusal *outcome.Refusal) string {
	switch refusal.Outcome {
	case outcome.TooLarge:
		return "if the sender may send as much, raise max_body_size"
	case outcome.Timeout:
		return "the sender, or a proxy in front, is slow; raise timeout if the sender waits longer"
	case outcome.Aborted:
		return "the sender, or a proxy in front, has given up half-way: see its timeouts"
	case outcome.MethodNotAllowed:
		return "a browser or a scanner, as a rule"
	case outcome.Unavailable:
		return remedyFor(refusal.Reason)
	case outcome.BadSignature:
		return "there were too many of them to seek the cause; most likely the secret is not the sender's"
	case outcome.BadRequest:
		if refusal.Status == http.StatusUnsupportedMediaType {
			return "have the sender, or the proxy in front that does it, compress with gzip or zstd only, or not at all"
		}
		return "caddy webhook refused --json shows what was sent, if Caddy's admin endpoint is a Unix socket"
	}
	return ""
}

// seeking is held while the cause of a wrong signature is sought.
var seeking struct {
	sync.Mutex
	until time.Time // the end of a second
	spent time.Duration
}

// explain says what is wrong with a signature. The sender learns nothing of it.
func (h *Handler) explain(req *request, refusal *outcome.Refusal, r *status.Refused) {
	if h.signature == nil || refusal.Remedy != "" {
		return
	}
	seek := true
	if len(req.body) <= decodedToExplain {
		seeking.Lock()
	} else {
		// The memory for a large one is no longer counted, so it does not wait.
		seek = seeking.TryLock()
	}
	if seek {
		defer seeking.Unlock()
		began := time.Now()
		if !began.Before(seeking.until) {
			seeking.until, seeking.spent = began.Add(time.Second), 0
		}
		seek = seeking.spent < soughtInSecond
		defer func() { seeking.spent += time.Since(began) }()
	}

	var lease intake.Lease
	lease.Begin(intake.Memory, nil, time.Time{})
	defer lease.Release()
	coding, _ := intake.ContentCoding(req.Header)
	signedAs := req.Request
	if seek && req.Decoded == nil && coding != "identity" && lease.Take(decodedToExplain) == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		signedAs.Decoded, _ = intake.DecodeBody(ctx, req.body, coding, decodedToExplain, &lease)
	}
	explanation := h.signature.Explain(&signedAs, req.body, refusal.Reason, seek, h.neighbours(), signsIn)
	r.Remedy = h.mask.Text(explanation.Remedy)
	if explanation.Size > 0 && !req.bringsOffer { // else a secret is in it
		r.Signed = &status.Signed{Size: explanation.Size, SHA256: explanation.SHA256, Expected: explanation.Expected}
		if h.public.HasUser {
			explanation.Content = bytes.ReplaceAll(explanation.Content, []byte(userIn(h.public.Text)+"@"), []byte(status.Masked+"@"))
			r.Signed.SHA256 = "" // a password could be guessed by it
		}
		r.Signed.Content = h.mask.Beginning(explanation.Content, shownContent)
	}
}

// signsIn returns the providers whose signatures are in a header field.
func signsIn(header string) string {
	var found []string
	for _, row := range provider.Rows {
		if row.Signature != nil && slices.ContainsFunc(row.Signature.From, func(from rules.Source) bool {
			_, name := from.Split()
			return from.Is(rules.SourceHeader) && strings.EqualFold(name, header)
		}) {
			found = append(found, row.Name)
		}
	}
	return strings.Join(found, " or ")
}

// secretFieldsOf tells which header fields have a secret, by the rules for those
// that are stored; also those in which another provider has its token, as a sender
// may have the wrong URL.
func secretFieldsOf(p *provider.Row) (isSecret func(name string) bool) {
	own := rules.NewStoredHeaders([]string{rules.HeadersAll}, p.Signature, p.Verification, &p.Event)
	return func(name string) bool {
		return own.IsSecret(name) || slices.Contains(tokenFields(), name)
	}
}

// tokenFields returns the canonical names of header fields in which providers have
// a token.
var tokenFields = sync.OnceValue(func() (names []string) {
	for _, p := range provider.Rows {
		var sources []rules.Source
		if p.Signature != nil && p.Signature.IsToken() {
			sources = slices.Clone(p.Signature.From)
		}
		if p.Verification != nil {
			sources = append(sources, p.Verification.Token, p.Verification.Secret)
		}
		for _, source := range sources {
			if kind, name := source.Split(); kind == rules.SourceHeader {
				names = append(names, http.CanonicalHeaderKey(name))
			}
		}
	}
	return names
})

// userIn returns user and password in a URL, as they are written there.
func userIn(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return rest[:max(0, strings.LastIndexByte(rest, '@'))]
}

// passwordIn returns the password in a URL, as it is written there and decoded.
func passwordIn(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	_, written, _ := strings.Cut(u.User.String(), ":")
	return []string{password, written}
}
