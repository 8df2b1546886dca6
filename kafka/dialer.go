package kafkaoutput

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// silence is for how long a broker that gave no answer is not dialled again.
const silence = maxBackoff

// dialer opens the connections of a client. It refuses to open one to a broker
// that has just given no answer. The client opens those of a broker one after
// another, and tries twice for each request, so what is asked of one that hangs
// would wait for all that was asked of it before, up to 10 seconds each; the
// question who leads now, too, which any other could answer.
type dialer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	silent map[string]lapse // by the broker's address
}

type lapse struct {
	at  time.Time
	err error
}

// newDialer returns a dialer; with a config, of TLS.
func newDialer(config *tls.Config) *dialer {
	plain := &net.Dialer{Timeout: dialTimeout}
	d := &dialer{dial: plain.DialContext, silent: make(map[string]lapse)}
	if config != nil {
		d.dial = (&tls.Dialer{NetDialer: plain, Config: config}).DialContext
	}
	return d
}

// DialContext opens a connection. That it was refused is an error as of a broker
// that is down, of which the client asks others who leads now.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := d.lastSilence(address); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s gave no answer, and is tried again in a second: %v", address, err)}
	}
	began := time.Now()
	conn, err := d.dial(ctx, network, address)
	// Had it taken less, it would be the caller that did not wait.
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && time.Since(began) >= dialTimeout {
		d.note(address, err)
	}
	return conn, err
}

// OnBrokerE2E is called after each request, with its answer or the lack of it.
func (d *dialer) OnBrokerE2E(broker kgo.BrokerMetadata, _ int16, request kgo.BrokerE2E) {
	if err := request.Err(); errors.Is(err, os.ErrDeadlineExceeded) {
		d.note(net.JoinHostPort(broker.Host, fmt.Sprint(broker.Port)), err)
	}
}

func (d *dialer) note(address string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent[address] = lapse{time.Now(), err}
}

// lastSilence returns how a broker gave no answer within the last second, or nil.
func (d *dialer) lastSilence(address string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last := d.silent[address]; time.Since(last.at) < silence {
		return last.err
	}
	delete(d.silent, address)
	return nil
}

// Interface guards
var _ kgo.HookBrokerE2E = (*dialer)(nil)
