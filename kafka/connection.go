package kafkaoutput

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connections holds the connections in use, by what their clients are made of,
// so that receivers, and an old and a new config during a reload, share one.
var connections = caddy.NewUsagePool()

// connection is a client that lives for as long as somebody holds it: a config,
// or an event that is being stored. An event of a config that has gone opens it
// again for itself.
type connection struct {
	options []kgo.Opt
	trouble trouble

	mu      sync.Mutex
	client  *kgo.Client // nil while holders is 0
	holders int

	asking            sync.Mutex // held while the cluster is asked
	unreachableAt     time.Time
	unreachableReason error
}

// newConnection returns a connection that its caller holds. It does not wait for
// the cluster.
func newConnection(s settings) (*connection, error) {
	options, err := s.options()
	if err != nil {
		return nil, err
	}
	c := &connection{}
	c.options = append(options, kgo.WithLogger(&c.trouble), kgo.WithHooks(&c.trouble))
	if _, err := c.acquire(); err != nil {
		return nil, err
	}
	return c, nil
}

// acquire returns the client, which is open until release.
func (c *connection) acquire() (*kgo.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		client, err := kgo.NewClient(c.options...)
		if err != nil {
			return nil, err
		}
		c.client = client
	}
	c.holders++
	return c.client, nil
}

func (c *connection) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holders--; c.holders == 0 {
		go c.client.Close() // nothing waits for a record of it any more
		c.client = nil
	}
}

// Destruct gives up what the configs held.
func (c *connection) Destruct() error {
	c.release()
	return nil
}

// errFull is returned while the cluster does not take what is there already.
var errFull = fmt.Errorf("%d events or %d MiB are waiting for the cluster", maxWaitingRecords, maxWaitingBytes>>20)

// store has a record stored, and waits for that for as long as ctx lives.
func (c *connection) store(ctx context.Context, record func() *kgo.Record) error {
	client, err := c.acquire()
	if err != nil {
		return err
	}
	defer c.release()
	defer c.trouble.startWait()()
	for {
		r := record()
		err := produce(ctx, client, r)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return c.trouble.withReason(ctx.Err())
		case errors.Is(err, kgo.ErrMaxBuffered):
			return c.trouble.withReason(errFull)
		case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
			// Otherwise the client would ask for it for ever, and senders can
			// choose what is asked for. One that was created anew is found so, too.
			go client.PurgeTopicsFromProducing(r.Topic)
		case shouldRetry(err):
			if isExternal(err) {
				c.trouble.note(err.Error())
			}
			select {
			case <-ctx.Done():
			case <-time.After(minBackoff):
			}
			continue
		}
		return err
	}
}

// shouldRetry tells whether a record that was given up is to be sent again, as its
// time isn't up. The client gives up all records of a partition together when
// the first one's time is up.
func shouldRetry(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	if answer, ok := errors.AsType[*kerr.Error](err); ok {
		return answer.Retriable
	}
	return isExternal(err)
}

// produce returns when the record is stored or given up, or ctx ends.
func produce(ctx context.Context, client *kgo.Client, record *kgo.Record) error {
	done := make(chan error, 1)
	client.TryProduce(ctx, record, func(_ *kgo.Record, err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
