// Package natsoutput adds the output nats to the webhook_receiver plugin for
// Caddy: events are stored in a stream of NATS JetStream.
package natsoutput

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

func init() {
	caddy.RegisterModule(new(Output))
}

const (
	// retryFor is how long, from its beginning, an outage is bridged by repeating
	// what failed, so that the election of a new leader costs the sender a wait
	// and no repeat. After that events are refused at once until one is stored.
	retryFor = 15 * time.Second

	// checkTimeout is how long the check for the stream may hold up a config.
	checkTimeout = 5 * time.Second
)

// Output publishes each event to a stream of NATS JetStream, and accepts it
// once the stream has acknowledged it: with three replicas, when two of them
// have it. The stream must exist. Receivers that name the same servers and
// credentials share one connection, which is made again for ever. An example:
//
//	{
//		"output": "nats",
//		"servers": ["nats://nats-1:4222", "nats://nats-2:4222"],
//		"subject": "webhooks.{http.webhook_receiver.event.type}",
//		"credentials": "/etc/caddy/nats.creds"
//	}
//
// Only one kind of credentials can be given: a file with them, an NKey, a user with
// password, or a token. Each option of them takes placeholders, which are evaluated when
// the config is loaded; one that comes out empty is an error.
type Output struct {
	// The servers' URLs, as in `nats://nats-1:4222`; the rest of a cluster is
	// found through any of them. With the scheme `tls` the connection must be
	// encrypted. Placeholders are evaluated when the config is loaded. Required.
	Servers []string `json:"servers,omitempty"`

	// The subject that events are published to. Placeholders `{env.*}` and
	// `{file.*}` are evaluated when the config is loaded, others for each event. The
	// value of such a one is a part of one token: `_` replaces each character that
	// has a meaning in subjects, and stands for an empty value. The first token must
	// have no placeholder that is evaluated for each event. Required.
	Subject string `json:"subject,omitempty"`

	// The stream that must take the events. Default: the one that has the subject.
	Stream string `json:"stream,omitempty"`

	// The file with the user's credentials (JWT and seed). Default: none.
	Credentials string `json:"credentials,omitempty"`

	// The file with the seed of the user's NKey. Default: none.
	NKey string `json:"nkey,omitempty"`

	// The user's name. Default: none.
	User string `json:"user,omitempty"`

	// The user's password. Required with `user`.
	Password string `json:"password,omitempty"`

	// The token that the servers want. Default: none.
	Token string `json:"token,omitempty"`

	// Encrypt the connection, whatever the servers' URLs say. Default: the URLs say it.
	TLS *TLS `json:"tls,omitempty"`

	// How a message holds the event: `structured`, as JSON; or `binary`, with the
	// attributes in headers and the data as they are. Default: `structured`.
	ContentMode string `json:"content_mode,omitempty"`

	subject    *subject
	key        connectionKey
	connection *connection  // nil until it is held
	outage     atomic.Int64 // when it began, in Unix nanoseconds; 0: there is none
	volatile   atomic.Bool  // the stream is known to forget in a crash
	logger     *zap.Logger
}

// TLS is how the connection is encrypted.
type TLS struct {
	// A PEM file with the authorities that the servers' certificates are checked
	// against. Default: the system's.
	CA string `json:"ca,omitempty"`

	// A PEM file with the client's certificate. Default: none.
	Cert string `json:"cert,omitempty"`

	// A PEM file with the certificate's key. Required with `cert`.
	Key string `json:"key,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Output) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.nats",
		New: func() caddy.Module { return new(Output) },
	}
}

// Provision connects to the servers and makes sure that a stream takes the
// subject. Servers that can't be reached are no error: they may be there later.
// It changes nothing on them.
func (o *Output) Provision(ctx caddy.Context) error {
	o.logger = ctx.Logger()
	o.ContentMode = cmp.Or(o.ContentMode, contentModeStructured)
	err := cmp.Or(expect.Word("content_mode", o.ContentMode, contentModes...), o.check())
	if err != nil {
		return err
	}
	if o.subject, err = parseSubject(o.Subject); err != nil {
		return err
	}
	access, err := o.access()
	if err != nil {
		return err
	}
	key := access.key()
	c, _, err := connections.LoadOrNew(key, func() (caddy.Destructor, error) { return connect(access) })
	if err != nil {
		return err
	}
	o.key, o.connection = key, c.(*connection)

	if !o.connection.nc.IsConnected() {
		o.logger.Warn("NATS can't be reached; events are refused until it can", zap.Strings("servers", access.hosts()), zap.Error(o.connection.dialErr))
		go o.checkWhenConnected(ctx)
		return nil
	}
	if err := o.checkStream(ctx); errors.Is(err, errNoStream) {
		return err
	} else if err != nil {
		o.logger.Warn("it could not be checked whether a stream takes the events", zap.Error(err))
	}
	return nil
}

// checkWhenConnected does what Provision could not.
func (o *Output) checkWhenConnected(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		if o.connection.nc.IsConnected() {
			if err := o.checkStream(ctx); err == nil {
				return
			} else if errors.Is(err, errNoStream) {
				o.logger.Error("events can't be stored", zap.Error(err))
				return
			}
		}
	}
}

// checkStream looks for the stream, and logs what is to know about it. The error
// is errNoStream if there is none, as the servers say, that could be used.
func (o *Output) checkStream(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	info, err := findStream(ctx, o.connection.js, o.Stream, o.subject.pattern)
	if err != nil {
		return err
	}
	o.volatile.Store(info.Config.Storage == jetstream.MemoryStorage || info.Config.PersistMode == jetstream.AsyncPersistMode)
	o.logger.Info("events are stored in a stream of NATS",
		zap.String("stream", info.Config.Name),
		zap.String("subject", o.subject.pattern),
		zap.Int("replicas", info.Config.Replicas),
		zap.Duration("duplicate_window", info.Config.Duplicates))
	for _, warning := range warnings(info.Config) {
		o.logger.Warn(warning, zap.String("stream", info.Config.Name))
	}
	return nil
}

// Cleanup gives the connection back. It stays for requests that are still in
// flight.
func (o *Output) Cleanup() error {
	if o.connection == nil {
		return nil
	}
	_, err := connections.Delete(o.key)
	return err
}

// Store publishes the event and waits until the stream has acknowledged it. What
// fails for want of a connection or a leader is repeated while that is new; the
// id that goes along keeps the stream from storing it twice.
func (o *Output) Store(ctx context.Context, event *webhookreceiver.Event) error {
	subject, err := o.subject.forEvent(ctx)
	if err != nil {
		return err
	}
	m := newMessage(event, o.ContentMode, subject, o.Stream)
	for wait := firstWait; ; wait = min(2*wait, time.Second) {
		began := time.Now()
		err := o.connection.publish(ctx, m)
		if err == nil {
			o.outage.Store(0)
			return nil
		}
		if !shouldRetry(err) {
			return err
		}
		o.outage.CompareAndSwap(0, began.UnixNano())
		lasts := time.Since(time.Unix(0, o.outage.Load()))
		if lasts >= changeServerAfter && !errors.Is(err, errNotConnected) {
			o.connection.changeServer()
		}
		if lasts > retryFor {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// firstWait is how long the first repeat waits; the wait doubles from there.
const firstWait = 50 * time.Millisecond

// Durable returns whether the stream keeps its messages on disk, as far as is
// known when the config is loaded.
func (o *Output) Durable() bool { return !o.volatile.Load() }

// Interface guards
var (
	_ caddy.Provisioner      = (*Output)(nil)
	_ caddy.CleanerUpper     = (*Output)(nil)
	_ webhookreceiver.Output = (*Output)(nil)
	_ caddyfile.Unmarshaler  = (*Output)(nil)
)
