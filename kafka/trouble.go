package kafkaoutput

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// longWait is how long an event waits until the reason is looked for.
	longWait = 500 * time.Millisecond

	// troubleAge is how long a reason counts.
	troubleAge = 30 * time.Second
)

// trouble knows why events are not being stored. The client goes on trying, and
// of what it meets meanwhile nothing gets into the error that it ends with, as
// that is the request's timeout. It tells its hooks and its log.
type trouble struct {
	waiting atomic.Int64 // events that have waited for long

	mu   sync.Mutex
	last string
	at   time.Time
}

// startWait begins to look for the reason when the event has waited for long,
// until stop.
func (t *trouble) startWait() (stop func()) {
	timer := time.AfterFunc(longWait, func() { t.waiting.Add(1) })
	return func() {
		if !timer.Stop() {
			t.waiting.Add(-1)
		}
	}
}

func (t *trouble) note(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.at = reason, time.Now()
}

// withReason adds the reason, if there is one.
func (t *trouble) withReason(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == "" || time.Since(t.at) > troubleAge {
		return fmt.Errorf("not acknowledged by the cluster: %w", err)
	}
	return fmt.Errorf("not acknowledged by the cluster, whose last error was: %s: %w", t.last, err)
}

// OnBrokerConnect is called after each attempt to connect and log in.
func (t *trouble) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		t.note(err.Error())
	}
}

// OnBrokerRead is called after each answer, or the lack of it.
func (t *trouble) OnBrokerRead(_ kgo.BrokerMetadata, _ int16, _ int, _, _ time.Duration, err error) {
	if errors.Is(err, io.EOF) {
		t.note("a broker ended the connection (EOF), as one does that stops, or that wants a login (sasl)")
	}
}

// Level is debug while an event waits for long: what brokers answer to a record
// that is tried again is told only there.
func (t *trouble) Level() kgo.LogLevel {
	if t.waiting.Load() > 0 {
		return kgo.LogLevelDebug
	}
	return kgo.LogLevelNone
}

// retriedError is the name of the broker's error, in what the client logs of a
// response.
var retriedError = regexp.MustCompile(`retrying[^{}]*\(([A-Z_]+): `)

// Log takes the reason from what the client logs.
func (t *trouble) Log(_ kgo.LogLevel, msg string, keyvals ...any) {
	for i := 0; i+1 < len(keyvals); i += 2 {
		switch value := keyvals[i+1].(type) {
		case error:
			if keyvals[i] == "err" && isExternal(value) {
				t.note(value.Error())
			}
		case string:
			if msg != "produced" || keyvals[i] != "to" {
				continue
			}
			if name := retriedError.FindStringSubmatch(value); name != nil {
				t.note(name[1])
			}
		}
	}
}

// isExternal tells whether an error is the cluster's or the network's, and not the
// client's own way of going on.
func isExternal(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false // though it would do for one of the network
	}
	_, isAnswer := errors.AsType[*kerr.Error](err)
	_, isNetwork := errors.AsType[net.Error](err)
	return isAnswer || isNetwork || errors.Is(err, io.EOF)
}

// Interface guards
var (
	_ kgo.HookBrokerConnect = (*trouble)(nil)
	_ kgo.HookBrokerRead    = (*trouble)(nil)
	_ kgo.Logger            = (*trouble)(nil)
)
