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
	silent map[string]time.Time // since when, by the broker's address
}

// newDialer returns a dialer; with a config, of TLS.
func newDialer(config *tls.Config) *dialer {
	plain := &net.Dialer{Timeout: dialTimeout}
	d := &dialer{dial: plain.DialContext, silent: make(map[string]time.Time)}
	if config != nil {
		d.dial = (&tls.Dialer{NetDialer: plain, Config: config}).DialContext
	}
	return d
}

// DialContext opens a connection. That it was refused is an error as of a broker
// that is down, of which the client asks others who leads now.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.isSilent(address) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s has just given no answer, and is asked again in a second", address)}
	}
	conn, err := d.dial(ctx, network, address)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && ctx.Err() == nil {
		d.note(address)
	}
	return conn, err
}

// OnBrokerE2E is called after each request, with its answer or the lack of it.
func (d *dialer) OnBrokerE2E(broker kgo.BrokerMetadata, _ int16, request kgo.BrokerE2E) {
	if errors.Is(request.Err(), os.ErrDeadlineExceeded) {
		d.note(net.JoinHostPort(broker.Host, fmt.Sprint(broker.Port)))
	}
}

func (d *dialer) note(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent[address] = time.Now()
}

func (d *dialer) isSilent(address string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if since, ok := d.silent[address]; ok && time.Since(since) < silence {
		return true
	}
	delete(d.silent, address)
	return false
}

// Interface guards
var _ kgo.HookBrokerE2E = (*dialer)(nil)
