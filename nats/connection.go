package natsoutput

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

const (
	// dialTimeout is for one server. A config waits for each of them once.
	dialTimeout = 2 * time.Second

	// A server that has not answered two pings is given up.
	pingInterval = 2 * time.Second

	// writeTimeout is how long one write to a server may be stuck.
	writeTimeout = 5 * time.Second

	// ackTimeout is how long an acknowledgement is waited for before the event is
	// published again, with the same id.
	ackTimeout = 5 * time.Second

	// maxPending is how many events may wait for their acknowledgement at a time;
	// the next ones wait to be published.
	maxPending = 8192

	// changeServerAfter is how long nothing may be stored, though there is a
	// connection, before another server is tried, and how long until the next one.
	changeServerAfter = 5 * time.Second

	// closeAfter is how long a connection stays after its last config has ended, for
	// requests that are still in flight.
	closeAfter = time.Minute
)

var (
	errNotConnected = errors.New("not connected to NATS")
	errNoAnswer     = errors.New("no stream has taken the event: its leader is being elected, too few of its servers are up, or none has the subject")
	errNoAck        = errors.New("the stream has not acknowledged the event")
	errDenied       = errors.New("the servers deny the user a permission: to publish to the subject, or to subscribe to _INBOX.>")
	errTooLarge     = errors.New("the event is larger than max_payload of the servers")
)

// connections holds the connections in use by connectionKey, so that receivers,
// and an old and a new config during a reload, share one.
var connections = caddy.NewUsagePool()

// connection is a connection to a cluster that is made again for ever. One
// goroutine publishes, so that nobody else is held up by a server that does not
// read; it waits for no acknowledgement.
type connection struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	queue  chan publication
	closed chan struct{}
	close  func()       // any number of times
	denied atomic.Int64 // when the servers last denied a permission, in Unix nanoseconds

	serverChanged atomic.Int64 // when another server was last tried, likewise

	dialErr error // why it was not connected in the beginning, if known
}

type publication struct {
	ctx     context.Context
	message *nats.Msg
	outcome chan<- published
}

type published struct {
	future jetstream.PubAckFuture
	err    error
}

// connect returns a connection, even if no server can be reached. That the
// servers refuse the credentials is an error.
func connect(a access) (*connection, error) {
	c := &connection{queue: make(chan publication), closed: make(chan struct{})}
	// The connection outlives configs, and so their loggers.
	logger := caddy.Log().Named(string(new(Output).CaddyModule().ID)).With(zap.Strings("servers", a.hosts()))
	firstErr := make(chan error, 1)
	options, err := a.options()
	if err != nil {
		return nil, err
	}
	options = append(options,
		nats.Name("caddy webhook_receiver"),
		nats.Timeout(dialTimeout),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(250*time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 250*time.Millisecond),
		nats.ReconnectBufSize(-1), // what can't be sent fails, and is not kept for later
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(writeTimeout),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			select {
			case firstErr <- err:
			default:
			}
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: closed by us
				logger.Warn("the connection to NATS is lost", zap.Error(err))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info("connected to NATS again", zap.String("server", nc.ConnectedServerName()))
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				c.denied.Store(time.Now().UnixNano())
				err = errDenied // the original has the subject
			}
			logger.Debug("NATS reports an error", zap.Error(err))
		}),
	)
	if c.nc, err = nats.Connect(a.servers, options...); err != nil {
		return nil, err
	}
	if c.js, err = jetstream.New(c.nc,
		jetstream.WithPublishAsyncMaxPending(maxPending),
		jetstream.WithPublishAsyncTimeout(ackTimeout)); err != nil {
		c.nc.Close()
		return nil, err
	}
	if !c.nc.IsConnected() {
		// It comes at once: the first attempt is over.
		select {
		case err := <-firstErr:
			if isRefusal(err) {
				c.nc.Close()
				return nil, fmt.Errorf("servers %v: %w", a.hosts(), err)
			}
			c.dialErr = err
		case <-time.After(dialTimeout):
		}
	}
	c.close = sync.OnceFunc(func() {
		close(c.closed)
		c.nc.Close()
	})
	go c.publishQueue()
	return c, nil
}

// isRefusal tells whether the servers know better than to let us in.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
		nats.ErrNkeysNotSupported,
	}, func(refusal error) bool { return errors.Is(err, refusal) })
}

// Destruct closes the connection, in a while.
func (c *connection) Destruct() error {
	time.AfterFunc(closeAfter, c.close)
	return nil
}

func (c *connection) publishQueue() {
	for {
		select {
		case <-c.closed:
			return
		case p := <-c.queue:
			if p.ctx.Err() != nil {
				continue // nobody waits for it
			}
			future, err := c.js.PublishMsgAsync(p.message, jetstream.WithRetryAttempts(0))
			p.outcome <- published{future, err}
		}
	}
}

// publish returns nil once the message is stored. It returns by the time ctx
// ends, so it calls nothing that takes the client's lock, which a write that is
// stuck holds.
func (c *connection) publish(ctx context.Context, message *nats.Msg) error {
	began := time.Now().UnixNano()
	outcome := make(chan published, 1)
	var p published
	select {
	case c.queue <- publication{ctx, message, outcome}:
	case <-c.closed:
		return errNotConnected
	case <-ctx.Done():
		return fmt.Errorf("the event could not be sent in time: %w", ctx.Err())
	}
	select {
	case p = <-outcome:
	case <-ctx.Done():
		return fmt.Errorf("the event could not be sent in time: %w", ctx.Err())
	}
	if p.err != nil {
		return translate(p.err)
	}
	select {
	case <-p.future.Ok():
		return nil
	case err := <-p.future.Err():
		if errors.Is(err, jetstream.ErrAsyncPublishTimeout) && c.denied.Load() >= began {
			return errDenied
		}
		return translate(err)
	case <-ctx.Done():
		return fmt.Errorf("%w in time: %w", errNoAck, ctx.Err())
	}
}

// changeServer connects to another server, if that was not tried just now: the
// one that we are connected to may be cut off from the others, and would never tell.
func (c *connection) changeServer() {
	now, last := time.Now().UnixNano(), c.serverChanged.Load()
	if now-last > int64(changeServerAfter) && c.serverChanged.CompareAndSwap(last, now) {
		// It takes the client's lock. If it fails, the connection is closed.
		go func() { _ = c.nc.ForceReconnect() }()
	}
}

// translate puts what goes wrong into words for an operator.
func translate(err error) error {
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrDisconnected),
		errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionReconnecting):
		return errNotConnected
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return errNoAnswer
	case errors.Is(err, jetstream.ErrAsyncPublishTimeout):
		return fmt.Errorf("%w within %s", errNoAck, ackTimeout)
	case errors.Is(err, nats.ErrMaxPayload):
		return errTooLarge
	}
	return err
}

// JetStream's codes for what passes by itself: the cluster has no leader, and
// the same message is being stored.
const (
	errCodeUnavailable = 10008
	errCodeInProcess   = 10158
)

// shouldRetry tells whether it makes sense to publish the event again in a moment.
func shouldRetry(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.ErrorCode == errCodeUnavailable || api.ErrorCode == errCodeInProcess
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	return !errors.Is(err, errDenied) && !errors.Is(err, errTooLarge)
}
