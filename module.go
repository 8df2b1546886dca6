// Package webhookreceiver registers a Caddy HTTP handler module that receives
// webhooks: it answers the sender's verification request and stores every event
// as a CloudEvent before it answers 200. With the file output, a 200 means that
// the event is fsynced on disk.
package webhookreceiver

import (
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	_ "github.com/caddy-webhook-receiver/caddy-webhook-receiver/inspector" // which comes along
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/dedupe"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/learn"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func init() {
	caddy.RegisterModule(Handler{})
}

// Handler receives webhooks: it answers the sender's verification request, and
// stores each event as a CloudEvent before it answers 200. It ends the handler chain:
// no later handler sees the request. An example:
//
//	{
//		"handler": "webhook_receiver",
//		"provider": "github",
//		"secrets": ["{env.WEBHOOK_SECRET}"],
//		"outputs": [{"output": "file", "filename": "/var/lib/webhooks/events.jsonl"}],
//		"deliver": [{"url": "http://localhost:3000/webhooks"}]
//	}
//
// While a request is handled, and in access logs, these placeholders have
// values:
//
// Placeholder | Description
// ------------|---------------
// `{http.webhook_receiver.event.id}` | The event's CloudEvents id
// `{http.webhook_receiver.event.type}` | The event's CloudEvents type
// `{http.webhook_receiver.event.subject}` | The event's CloudEvents subject
// `{http.webhook_receiver.body_sha256}` | SHA-256 of the body as it was sent, before Content-Encoding is undone, in hexadecimal digits
// `{http.webhook_receiver.body.<path>}` | A string or number in a JSON body; the path is of keys, and indexes of arrays, separated by dots. Empty for other values, strings over 1 KiB, and such with control characters
type Handler struct {
	// What logs, metrics and the commands call this receiver: 1 to 32 lower-case
	// letters, digits, `-` and `_`. Receivers of the same name share their metrics. If
	// it is set, events have it as the attribute `receiver`.
	// Default: the provider's name.
	Name string `json:"name,omitempty"`

	// The service that sends the webhooks, which says how the endpoint is
	// verified, how events are signed, and where an event's id, type and subject
	// are found. `generic` is for services that have no name here.
	// Default: `socialboards`.
	Provider string `json:"provider,omitempty"`

	// How the endpoint is verified, with the provider `generic`.
	// Default: it is not.
	Verification *rules.Verification `json:"verification,omitempty"`

	// How events are signed, with the provider `generic`. Default: they are not.
	Signature *rules.Signature `json:"signature,omitempty"`

	// Where an event's id, type and subject are, and the answer to it, with the
	// provider `generic`. Default: the id is a new UUIDv7, the type `webhook`, and the
	// answer 200 without a body.
	Event *rules.EventRules `json:"event,omitempty"`

	// The tokens that a verification request may carry. Several are useful while
	// a token is being changed. Placeholders are evaluated when the config is
	// loaded; one that is empty is an error. Required where the provider needs one, as
	// `socialboards` and `meta` do; an error where it uses none.
	VerifyTokens []string `json:"verify_tokens,omitempty"`

	// The accounts whose events are taken. It is for providers that sign the events of all
	// their customers with the same key, or encrypt each for one; the provider's
	// document says what its accounts are. Global placeholders are allowed. Required for
	// such providers; an error for others.
	Accounts []string `json:"accounts,omitempty"`

	// The secrets with which events may be signed: for HMACs the key, for other
	// signatures the public key. Several are useful while a secret is being changed.
	// Placeholders are evaluated when the config is loaded; one that is empty is an
	// error. Required where the provider needs one; an error where it uses none.
	Secrets []string `json:"secrets,omitempty"`

	// A file with the service's public keys, for the providers `aws_sns`, `ebay`, `paypal` and
	// `plaid`: in PEM, certificates too, or a JSON Web Key or a set of them. It is read when
	// the config is loaded. Default: there is no file, and keys are fetched from the service.
	KeysFile string `json:"keys,omitempty"`

	// The URL that the sender was given, where it differs from what Caddy sees, as
	// behind another proxy. Providers that sign the URL must have signed this text. It
	// becomes the events' `source`, as a URI, without user and password. With scheme and
	// host only, as in `https://hooks.example.com`, path and query are those of the
	// request. Default: the URL of the request. Its query is in what is signed, and not
	// in `source`.
	PublicURL string `json:"public_url,omitempty"`

	// How far the timestamp of a signature may be from the time of receipt, to
	// either side, with providers that sign one. Default: the provider's, mostly `5m`.
	Tolerance caddy.Duration `json:"tolerance,omitempty"`

	// Where events are stored. The answer is 200 only when every output has
	// accepted the event. Default: one `file` output with its defaults.
	OutputsRaw []json.RawMessage `json:"outputs,omitempty" caddy:"namespace=http.webhook_receiver.outputs inline_key=output"`

	// Extra CloudEvents attributes, by name (1 to 20 lower-case letters and
	// digits). Placeholders in the values are evaluated for each event; an
	// attribute that comes out empty is left out of that event. Default: none.
	Attributes map[string]string `json:"attributes,omitempty"`

	// The header fields of requests that are stored, in the attribute `httpheaders`:
	// names, `all`, or `none`. `all` is without those that anybody may set (`Forwarded`,
	// `X-Forwarded-*`, `X-Real-IP`, `Proxy-*`, `Remote-*`, `X-Webhook-*`).
	//
	// What holds a secret is stored as `REDACTED`: `Authorization`, `Cookie`, and fields with
	// token, secret, key, auth or password in their names, except for signatures; and
	// values of the query that are not signed.
	//
	// Default: what is needed to check a signature again and to find id, type and subject;
	// `Content-Type`, if it is not `application/json`; `Content-Encoding`; and, of providers
	// that sign, `User-Agent`. Of providers that have nothing in headers, no field is stored.
	Headers []string `json:"headers,omitempty"`

	// The largest body, in bytes, as sent and also when decompressed. A larger
	// one is answered 413. Default: the provider's; of `socialboards` 5242880 (5 MiB).
	MaxBodySize *int64 `json:"max_body_size,omitempty"`

	// How long a request may take, from when its headers were read to the
	// answer. A body that is not complete by then is answered 408, an event that
	// is not stored by then 503. Default: the provider's; of `socialboards` `15s`.
	Timeout *caddy.Duration `json:"timeout,omitempty"`

	// Which bodies are taken for an event: `json`, or `any`, where what is not
	// JSON is stored as a string, or as base64 if it is not text either.
	// Default: the provider's; of `socialboards` `json`.
	Accept string `json:"accept,omitempty"`

	// Whether events that come again are stored again. Default: they are.
	Dedupe *dedupe.Config `json:"dedupe,omitempty"`

	// Applications that events are sent on to. Default: none.
	Deliver []*deliver.Delivery `json:"deliver,omitempty"`

	name             string
	provider         provider.Row
	public           rules.PublicURL     // of PublicURL
	verification     *rules.Verification // nil: there is none
	signature        *rules.Verifier     // nil: events are not signed
	signatureSecrets []string
	learnt           *learn.Secrets // nil: none comes by itself
	accounts         []string
	firstToken       string // of VerifyTokens
	deliveries       []*deliver.Handle
	tokens           [][sha256.Size]byte // hashed, so that comparing takes the same time for any length
	secrets          [][]byte            // keys of HMACs
	outputs          []*namedOutput
	destinations     []string             // of the outputs
	copies           int64                // of an event, in all outputs
	attributes       []string             // the names in Attributes, sorted
	headers          *rules.StoredHeaders // nil: none are stored
	verifies         string               // the attribute verification of events
	maxBodySize      int64
	timeout          time.Duration
	dedupe           *dedupe.Deduplicator // nil: events are stored however often they come
	emptyKey         string               // what its key is of an event that has nothing of it
	metrics          metrics.Receiver
	logger           *zap.Logger
	refusals         *refusals
	mask             *status.Mask
	counts           func() *status.Counts
	running          *running
	first            *struct{ event, verification sync.Once }

	release []func() // what the receiver shares with others; more than once does nothing
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.webhook_receiver",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision sets up the handler and its outputs. It creates no file that stays.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	h.first = new(struct{ event, verification sync.Once })
	h.refusals = newRefusals()
	config, _ := json.Marshal(h) // for a comparison
	if err := h.check(); err != nil {
		return err
	}
	if err := h.provisionProvider(); err != nil {
		return err
	}
	h.provisionName()
	if err := h.provisionTokens(ctx); err != nil {
		return err
	}
	h.provisionLearnt(ctx)
	if err := h.provisionAttributes(); err != nil {
		return err
	}
	if err := h.provisionOutputs(ctx); err != nil {
		return err
	}
	if err := h.provisionDedupe(); err != nil {
		return err
	}
	if err := h.checkTogether(ctx, string(config)); err != nil {
		return err
	}
	if err := h.provisionDeliveries(ctx); err != nil {
		return err
	}
	h.release = append(h.release, intake.Memory.Fit(h.mostMemory()))
	h.publish(ctx, string(config))
	h.metrics = metrics.OfReceiver(h.name, h.provider.Name)
	return metrics.Register(ctx.GetMetricsRegistry())
}

// Cleanup lets go of what the receiver shares with others, as far as it holds it:
// a config may have been rejected half-way.
func (h *Handler) Cleanup() error {
	for _, release := range h.release {
		release()
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
