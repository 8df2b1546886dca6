package deliver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	// drained is how much of an answer's body is read, in bytes, so that the connection can be
	// used again.
	drained = 64 << 10

	// shown is how much of it is shown.
	shown = 256

	// told is how much of an error is, in bytes: it may quote what the application sent.
	told = 512

	userAgent = "caddy-webhook-deliver"

	// defaultTransport asks for no compression in the sender's name, as Go does, and bounds what
	// is read of an answer's header.
	defaultTransport = `{"compression": false, "max_response_header_size": 65536}`
)

// Target is an application, and how it is sent events under one config.
type Target struct {
	delivery  *Delivery
	url       *url.URL
	dial      reverseproxy.DialInfo // of a Unix socket; else zero
	key       []byte                // nil: requests are not signed
	fields    http.Header           // that the receiver adds
	only      []*regexp.Regexp
	timeout   time.Duration
	transport http.RoundTripper
}

// Provision prepares the delivery. fields are added to requests that are sent as they came: what
// of them was never stored.
func (d *Delivery) Provision(ctx caddy.Context, fields http.Header) (*Target, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	t := &Target{delivery: d, fields: fields, timeout: cmp.Or(time.Duration(d.Timeout), defaultTimeout)}
	text, err := caddy.NewReplacer().ReplaceOrErr(d.URL, true, true)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	var socket string
	if t.url, socket, err = parseURL("url", text); err != nil {
		if text != d.URL { // it may be a secret
			err = fmt.Errorf("url: what its placeholders stand for makes it none: it must be %s", urlSuch)
		}
		return nil, err
	}
	if socket != "" {
		t.dial = reverseproxy.DialInfo{Network: "unix", Address: socket}
	}
	if d.Sign != "" && d.Sign != SignOff {
		text, err := secret.Resolve(d.Sign)
		if err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
		if t.key, err = signingKey(text); err != nil {
			return nil, err
		}
	}
	for _, pattern := range d.Only {
		t.only = append(t.only, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")+"$"))
	}
	if d.Header != nil {
		if err := d.Header.Provision(ctx); err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
	}
	return t, t.provisionTransport(ctx)
}

func (t *Target) provisionTransport(ctx caddy.Context) error {
	if t.delivery.TransportRaw == nil {
		loaded, err := ctx.LoadModuleByID(transportNamespace+".http", json.RawMessage(defaultTransport))
		if err != nil {
			return fmt.Errorf("transport: %w", err)
		}
		t.transport = loaded.(http.RoundTripper)
		return nil
	}
	raw := slices.Clone(t.delivery.TransportRaw) // which LoadModule takes away
	loaded, err := ctx.LoadModule(t.delivery, "TransportRaw")
	t.delivery.TransportRaw = raw
	if err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	transport, ok := loaded.(http.RoundTripper)
	if !ok {
		return fmt.Errorf("transport: module %T is no transport that sends requests", loaded)
	}
	if tls, ok := loaded.(reverseproxy.TLSTransport); ok && tls.TLSEnabled() && t.url.Scheme == "http" {
		return errNotHTTPS
	}
	t.transport = transport
	return nil
}

// URL is where events are sent to, without what may be secret of it.
func (t *Target) URL() string {
	if t.dial.Network != "" {
		return "unix/" + t.dial.Address + ":" + t.url.EscapedPath()
	}
	return (&url.URL{Scheme: t.url.Scheme, Host: t.url.Host, Path: t.url.Path, RawPath: t.url.RawPath}).String()
}

// Wants tells whether events of a type are sent.
func (t *Target) Wants(eventType string) bool {
	if len(t.only) == 0 {
		return !play.IsSample(eventType)
	}
	return slices.ContainsFunc(t.only, func(r *regexp.Regexp) bool { return r.MatchString(eventType) })
}

// Result is what became of an attempt.
type Result struct {
	plan.Outcome
	Status int           // of the answer; 0: there was none
	Reason string        // why the event was not taken; it quotes the answer, and no secret
	Took   time.Duration // to the answer
	Never  bool          // no such request can be made
}

// errCanceled is the cause of a context that ends attempts that are to count as not made.
var errCanceled = errors.New("the delivery was stopped")

// Send sends the event once. If ctx ends with errCanceled, the attempt was not made.
func (t *Target) Send(ctx context.Context, e *reader.Event, attempt int) (r Result) {
	began := time.Now()
	defer func() {
		r.Took = time.Since(began)
		if p := recover(); p != nil {
			r = Result{Outcome: plan.Outcome{Reached: true}, Reason: printable(shortened(fmt.Sprintf("panic: %v", p), told)), Took: r.Took}
		}
		if !r.Taken && errors.Is(context.Cause(ctx), errCanceled) {
			r.NotMade = true
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	var dialing, connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { dialing.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := t.request(ctx, e, attempt)
	if err != nil {
		return Result{Outcome: plan.Outcome{Reached: true}, Reason: "the request can't be made: " + printable(shortened(err.Error(), told)), Never: true}
	}
	resp, err := t.transport.RoundTrip(req)
	if err != nil {
		// What failed before a connection was looked for is the event's fault.
		reached := connected.Load() || !dialing.Load()
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", t.timeout)
		}
		return Result{Outcome: plan.Outcome{Reached: reached}, Reason: printable(shortened(err.Error(), told))}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		_, _ = io.CopyN(io.Discard, resp.Body, drained)
		return Result{Outcome: plan.Outcome{Taken: true, Reached: true}, Status: resp.StatusCode}
	}
	r = Result{Outcome: plan.Outcome{Reached: true}, Status: resp.StatusCode, Reason: status.Answered + statusText(resp.StatusCode)}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		r.Hold = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	if resp.StatusCode >= 200 {
		var begin bytes.Buffer
		_, _ = io.CopyN(&begin, resp.Body, shown)
		_, _ = io.CopyN(io.Discard, resp.Body, drained)
		if text := printable(begin.String()); text != "" {
			r.Reason += ": " + text
		}
	}
	return r
}

func statusText(code int) string {
	text := http.StatusText(code)
	if code >= 300 && code <= 399 {
		text += ", a redirect, which is not followed"
	}
	return strings.TrimSpace(fmt.Sprint(code, " ", text))
}

// shortened returns the beginning of a text.
func shortened(text string, size int) string {
	if len(text) > size {
		return text[:size] + " …"
	}
	return text
}

// printable returns a text in one line, without what terminals and logs make something of.
func printable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' && !strconv.IsPrint(r) || r == '\uFFFD' {
			return ' '
		}
		return r
	}, text))
}

// retryAfter returns for how long an answer wants no attempt; what is no such value wants nothing.
// https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
func retryAfter(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(value, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return min(time.Duration(seconds)*time.Second, plan.MaxHold)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), plan.MaxHold)
	}
	return 0
}

// request returns the event as a request to the application.
func (t *Target) request(ctx context.Context, e *reader.Event, attempt int) (req *http.Request, err error) {
	repl := caddy.NewReplacer()
	vars := make(map[string]any)
	ctx = context.WithValue(ctx, caddy.ReplacerCtxKey, repl)
	ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, vars)
	if t.dial.Network != "" {
		// A variable, and in newer versions of Caddy a value.
		vars[dialInfoKey] = t.dial
		ctx = context.WithValue(ctx, caddy.CtxKey(dialInfoKey), t.dial)
	}
	if t.delivery.As == AsCloudEvents {
		if req, err = e.Binary(ctx, t.url); err == nil {
			req.Header.Set("User-Agent", userAgent)
			e.Mark(req.Header, attempt)
		}
	} else if req, err = e.Again(ctx, t.url, attempt); err == nil {
		for name, values := range t.fields {
			req.Header[name] = values
		}
	}
	if err != nil {
		return nil, err
	}
	if user := t.url.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	if _, ok := req.Header["X-Idempotency-Key"]; !ok {
		// It is not sent, and has Go send again what was lost as the application closed an idle
		// connection: Node does so after five seconds.
		req.Header["X-Idempotency-Key"] = nil
	}
	req.Header.Set(HeaderDepth, fmt.Sprint(depthOf(e)+1))
	if t.key != nil {
		if err := t.sign(req, e); err != nil {
			return nil, err
		}
	}
	if t.delivery.Header != nil {
		repl.Map(placeholders(e))
		t.delivery.Header.ApplyToRequest(req)
	}
	return req, nil
}

const dialInfoKey = "reverse_proxy.dial_info"

// HeaderDepth tells through how many deliveries an event has come.
const HeaderDepth = "X-Webhook-Depth"

// depthOf returns through how many deliveries an event came to the receiver.
func depthOf(e *reader.Event) int {
	depth, _ := strconv.Atoi(e.Attribute(event.DeliveryDepth))
	return max(0, depth)
}

// sign signs the request by the scheme of Standard Webhooks.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func (t *Target) sign(req *http.Request, e *reader.Event) error {
	body, err := req.GetBody()
	if err != nil {
		return err
	}
	id, stamp := req.Header.Get(reader.HeaderEventID), fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, t.key)
	_, _ = fmt.Fprintf(mac, "%s.%s.", id, stamp)
	if _, err := io.Copy(mac, body); err != nil {
		return err
	}
	for name := range req.Header {
		if strings.HasPrefix(name, "Webhook-") {
			delete(req.Header, name)
		}
	}
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", stamp)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

// placeholders returns the values of the event's placeholders.
func placeholders(e *reader.Event) func(key string) (any, bool) {
	return func(key string) (any, bool) {
		switch key {
		case "http.webhook_receiver.event.id":
			return e.ID, true
		case "http.webhook_receiver.event.type":
			return e.Type, true
		case "http.webhook_receiver.event.subject":
			return e.Subject, true
		}
		return nil, false
	}
}
