// Package inspector registers a Caddy HTTP handler module with a page in the browser: which events came, what
// was in them, what was refused and why, and what became of them at the applications. It reads the
// files that receivers write, and what they and deliveries publish of themselves; nothing is looked at while
// no page is open, except for a minute after. What is sent to a page has gone through two gates: who asks
// (access.go), and what he may see (view.go).
package inspector

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/sites"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

func init() {
	caddy.RegisterModule(Handler{})
	httpcaddyfile.RegisterHandlerDirective("webhook_inspector", parseCaddyfile)
	httpcaddyfile.RegisterDirectiveOrder("webhook_inspector", httpcaddyfile.Before, "respond")
}

// Handler serves a page that shows the events of this Caddy's receivers, what was refused, and deliveries. An example, which
// shows no bodies and lets nobody act:
//
//	{"handler": "webhook_inspector", "receivers": ["tickets"], "read_only": true, "no_payload": true}
//
// The page itself holds nothing, and is open; what it shows is for users. Whoever is authenticated by Caddy is one: then
// `{http.auth.user.id}` is set, as `basic_auth` does. So is whoever `user` or `certificates` say. Everybody else needs the
// inspector's key, which is in Caddy's data directory, in `webhook_receiver/inspector.key`; `caddy webhook inspect` prints the
// page's address with it. The handler answers every request that gets to it, and calls no other.
type Handler struct {
	// The names of the receivers that are shown: of others neither events nor anything else is. Default: all of this Caddy.
	Receivers []string `json:"receivers,omitempty"`

	// A placeholder that says who is a user, beside `{http.auth.user.id}`: whoever it is not empty for. With `forward_auth` it
	// may be `{http.reverse_proxy.header.Remote-User}`, from the answer of the identity provider. Placeholders of the request
	// itself are errors, as anybody can send them. Default: none.
	User string `json:"user,omitempty"`

	// Whether a client certificate that the site's TLS has verified makes a user, whom its subject names. Default: false.
	Certificates bool `json:"certificates,omitempty"`

	// Whether there are no actions: nothing is sent, paused or retried. Default: false.
	ReadOnly bool `json:"read_only,omitempty"`

	// Whether bodies, the values of header fields and the query are hidden. Id, type and subject of events are not. Default: false.
	NoPayload bool `json:"no_payload,omitempty"`

	logger  *zap.Logger
	hub     *hub
	release []func()
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.webhook_inspector",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision sets up the handler.
func (h *Handler) Provision(ctx caddy.Context) error {
	if err := h.check(); err != nil {
		return err
	}
	h.logger = ctx.Logger()
	h.hub = newHub(h)
	h.release = append(h.release, h.hub.end, status.PublishInspector(&status.Inspector{
		InEffect: func() bool { return file.IsInEffect(ctx) },
		Sites:    sync.OnceValue(func() []string { return sites.Of(ctx, h) }),
	}))
	// A page that is open must not hold up a stop.
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		server.RegisterOnShutdown(h.hub.end)
	}
	return nil
}

// Cleanup ends the streams of pages that are open, which ask again, and get what runs by then.
func (h *Handler) Cleanup() error {
	for _, release := range h.release {
		release()
	}
	return nil
}

// onePlaceholder is a text that is one placeholder.
var onePlaceholder = regexp.MustCompile(`^\{[^{}\s]+\}$`)

// Placeholders that say nothing about who somebody is, though they are not empty: of some, all that begin so.
var (
	ofRequest = []string{"http.request.", "http.regexp.", "http.matchers.", "http.error", "http.error.", "http.vars.client_ip"}

	ofEverybody = []string{
		"env.", "file.", "system.", "time.", "http.shutting_down", "http.time_until_shutdown", "http.response.", "http.intercept.",
		"http.vars.root", "http.vars.span_id", "http.vars.start_time", "http.vars.trace_id", "http.vars.trusted_proxy", "http.vars.uuid",
		"http.reverse_proxy.active.", "http.reverse_proxy.duration", "http.reverse_proxy.duration_ms", "http.reverse_proxy.retries",
		"http.reverse_proxy.status_code", "http.reverse_proxy.status_text", "http.reverse_proxy.upstream.",
	}
)

func isAmong(placeholders []string, name string) bool {
	return slices.ContainsFunc(placeholders, func(p string) bool { return name == p || strings.HasSuffix(p, ".") && strings.HasPrefix(name, p) })
}

func (h *Handler) check() error {
	for _, name := range h.Receivers {
		if name == "" {
			return errors.New("receivers: a name is empty")
		}
	}
	switch name := strings.Trim(h.User, "{}"); {
	case h.User == "":
	case !onePlaceholder.MatchString(h.User):
		return fmt.Errorf("user %s: must be one placeholder, such as {http.reverse_proxy.header.Remote-User}: anything else is the same for everybody", expect.Quote(h.User))
	case isAmong(ofRequest, name):
		return fmt.Errorf("user %s: anybody can send that: it must be a placeholder that an authentication before this sets, such as {http.reverse_proxy.header.Remote-User} with forward_auth", h.User)
	case isAmong(ofEverybody, name):
		return fmt.Errorf("user %s: that is no user: it must be a placeholder that an authentication before this sets, such as {http.reverse_proxy.header.Remote-User} with forward_auth", h.User)
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
