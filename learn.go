package webhookreceiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/learn"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// storageWithin is how long the storage may take while a config is loaded, or a command waits.
const storageWithin = 10 * time.Second

// provisionLearnt reads the secrets that the receiver has learnt. A storage that can't be read
// is no config error: a Caddy that only validates a config may not be allowed to.
func (h *Handler) provisionLearnt(ctx caddy.Context) {
	if !h.provider.LearnsSecret() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, storageWithin)
	defer cancel()
	var err error
	h.learnt, err = learn.New(limited, ctx.Storage(), h.name, h.provider.Name, h.signatureSecrets, h.signature)
	h.release = append(h.release, h.learnt.Cleanup)
	switch {
	case err != nil:
		h.logger.Error("events that are signed with a learnt secret are answered 503 until it can be read", zap.Error(err))
	case len(h.signature.Secrets()) == 0:
		h.logger.Warn("no secret is known yet, so that every event is refused", zap.String("remedy", "run caddy webhook learn "+h.name+", and set the webhook up at the service meanwhile"))
	}
}

// verifySignature verifies the signature of what was sent.
func (h *Handler) verifySignature(req *request) (err error) {
	if h.learnt == nil {
		return h.signature.Verify(&req.Request, req.body, &req.lease)
	}
	req.unconfirmed, err = h.learnt.Verify(&req.Request, req.body, &req.lease)
	return err
}

// unconfirmed refuses an event that nobody can tell from a forged one yet.
func (h *Handler) unconfirmed() error {
	return &outcome.Refusal{
		Status: http.StatusServiceUnavailable, Outcome: outcome.Unavailable,
		Reason: errors.New("the event is signed with a secret that is not confirmed yet"),
		Remedy: "answer caddy webhook learn " + h.name + "; the service sends it again",
	}
}

// maxOffer is the size, in bytes, of the largest body that is looked into for a secret, which
// anybody can send.
const maxOffer = 4 << 10

// isOffer tells whether a request was refused only for being signed with the secret that
// it brings.
func (h *Handler) isOffer(req *request, coding string) bool {
	if h.learnt == nil || req.Authentic || req.unconfirmed || coding != intake.Identity || len(req.body) > maxOffer {
		return false
	}
	probe := req.Request
	probe.Event = new(Event)
	if event.SetData(probe.Event, req.body, event.ContentTypeJSON, event.AcceptJSON) != nil || !h.verification.IsOffer(&probe) {
		return false
	}
	req.bringsOffer = true
	secret, err := h.verification.OfferedSecret(&probe)
	if err != nil {
		return false
	}
	verifier, err := h.signature.WithSecret(secret)
	if err != nil || verifier.Verify(&probe, req.body, &req.lease) != nil {
		return false
	}
	return event.SetData(&req.event, req.body, event.ContentTypeJSON, event.AcceptJSON) == nil
}

// takeSecret takes the secret that a verification brings, or refuses it.
func (h *Handler) takeSecret(req *request) error {
	secret, err := h.verification.OfferedSecret(&req.Request)
	if err != nil {
		return err
	}
	isNew, err := h.learnt.Offer(secret, clientIP(req.Request.Request), req.UserAgent())
	if isNew {
		h.logger.Info("a secret has come, and waits to be confirmed", zap.String("client_ip", clientIP(req.Request.Request)))
	}
	return err
}

// learnState is what is told of a receiver that learns its secret, without one.
type learnState struct {
	Receiver string        `json:"receiver"`
	Provider string        `json:"provider"`
	Learnt   []time.Time   `json:"learnt"` // when each came
	Window   *learn.Window `json:"window,omitempty"`
	Secret   string        `json:"secret,omitempty"`    // which was just confirmed
	Forgot   *int          `json:"forgotten,omitempty"` // how many
}

// answerLearn tells how a receiver stands that learns its secret, or does what the path says,
// below learn: <receiver>/<action>.
func answerLearn(w http.ResponseWriter, r *http.Request) error {
	name, action, isAction := strings.Cut(strings.TrimPrefix(r.URL.Path, "/webhook_receiver/learn/"), "/")
	method := http.MethodGet
	if isAction {
		method = http.MethodPost
	}
	return answerJSON(w, r, method, func() (any, error) {
		receivers, err := learning(name)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(r.Context(), storageWithin)
		defer cancel()
		state := &learnState{Receiver: name, Provider: receivers[0].provider.Name}
		if isAction {
			if err := state.act(ctx, receivers, action, r.URL.Query().Get("candidate")); err != nil {
				return nil, err
			}
		}
		state.Learnt, state.Window = receivers[0].learnt.Learnt(), receivers[0].learnt.Window()
		return state, nil
	})
}

// act does something with the secrets of a receiver, which may be in several sites.
func (state *learnState) act(ctx context.Context, receivers []*running, action, candidate string) (err error) {
	h := receivers[0]
	switch action {
	case "open":
		h.learnt.Open()
		h.logger.Info("a secret is waited for")
	case "close":
		h.learnt.Close()
	case "keep":
		if state.Secret, err = h.learnt.Keep(ctx, candidate); err == nil {
			h.logger.Info("a secret was learnt: it was confirmed, and counts from now on")
		}
	case "reject":
		if err = h.learnt.Reject(candidate); err == nil {
			h.logger.Info("a secret that had come was not confirmed, and does not count")
		}
	case "forget":
		n := 0
		if n, err = h.learnt.Forget(ctx); err == nil {
			state.Forgot = &n
			h.logger.Info("the learnt secrets were forgotten", zap.Int("count", n))
		}
	default:
		return notFound("this must be a path such as /webhook_receiver/learn/<receiver>/open; instead of open also close, keep, reject or forget")
	}
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusConflict, Err: err}
	}
	if action == "keep" || action == "forget" {
		for _, other := range receivers[1:] {
			_ = other.learnt.Refresh(ctx) // else it does so itself, when it needs it
		}
	}
	return nil
}

// learning returns the receiver of the name in the config that runs, once for each site. There
// must not be another one of that name, whose secrets would be the same.
func learning(name string) ([]*running, error) {
	all.Lock()
	defer all.Unlock()
	var found []*running
	var names []string
	for _, r := range all.receivers {
		if !file.IsInEffect(r.ctx) {
			continue
		}
		if r.learnt != nil {
			names = append(names, r.name)
		}
		if r.name == name {
			found = append(found, r)
		}
	}
	slices.Sort(names)
	switch {
	case len(found) == 0 && len(names) == 0:
		return nil, notFound("there is no receiver in the config that runs whose service sends its secret itself, as %s do", learners())
	case len(found) == 0:
		return nil, notFound("there is no such receiver; those that learn their secrets are: %s", strings.Join(slices.Compact(names), ", "))
	}
	for _, r := range found {
		switch {
		case r.learnt == nil:
			return nil, notFound("the receiver %s is for %s, which sends no secret itself: it is an option of the config", name, r.provider.Title)
		case r.config != found[0].config:
			return nil, caddy.APIError{HTTPStatus: http.StatusConflict, Err: errors.New("several receivers have this name, so that the secrets of one would be those of the other: give each its own name")}
		}
	}
	return found, nil
}

// learners are the providers whose services send their secrets themselves.
func learners() string {
	var names []string
	for _, row := range provider.Rows {
		if row.LearnsSecret() {
			names = append(names, row.Name)
		}
	}
	return strings.Join(names, " and ")
}

// learntIn returns the secrets that a receiver of a config has learnt, from the config's storage.
func learntIn(file string, h *Handler) (secrets []string, err error) {
	if !h.provider.LearnsSecret() {
		return nil, nil
	}
	storage, err := storageIn(file)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(h.Name, h.provider.Name)
	learnt, err := learn.Read(context.Background(), storage, name, h.provider.Name)
	if err != nil {
		return nil, fmt.Errorf("%w; it may be that only the user that Caddy runs as can", err)
	}
	if len(learnt) == 0 && len(h.Secrets) == 0 {
		return nil, fmt.Errorf("no secret of the receiver %s is in the config, nor in its storage as this user sees it: run this as the user that Caddy runs as, or give --secret", name)
	}
	for _, l := range learnt {
		secrets = append(secrets, l.Secret)
	}
	return secrets, nil
}
