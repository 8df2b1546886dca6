package webhookreceiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/log"
)

// What outputs are given is internal/event's.
type (
	// Event is what was received, a CloudEvent. Its fields are the attributes (ID,
	// Source, Type, Subject, Time, DataContentType and Extensions, which are more of
	// them) and Data, of the kind DataKind. Attributes returns the attributes as a
	// protocol binding has them; AppendJSON appends all of it as JSON.
	Event = event.Event

	// Attribute is an attribute of an event, and its value.
	Attribute = event.Attribute

	// DataKind is what an event's data is.
	DataKind = event.DataKind
)

const (
	DataJSON   = event.DataJSON   // a JSON value, which is the data member
	DataText   = event.DataText   // UTF-8 text, of which the data member is a string
	DataBinary = event.DataBinary // anything else, of which the data_base64 member is a string
)

// Output stores events. It is what a module in the namespace
// http.webhook_receiver.outputs must implement; the receiver loads one for each
// output of its config. If it implements caddyfile.Unmarshaler too, it can be
// used in the Caddyfile, with its name as the first token. If it has the method
// Destination() string, that says where it stores events, whatever its other
// options; without it dedupe begins afresh whenever any option of it changes. If it
// has more than one copy of an event in memory while it stores it, the method
// Copies() int64 says how many.
type Output interface {
	// Store stores the event. A nil error means that the output has accepted
	// the event as durably as it documents: the sender will be told so, and will
	// not send it again.
	//
	// Store is called by many goroutines at once. It must return by the time
	// ctx ends, and must not keep or change the event after that. It may also
	// be called during and after Cleanup, by requests that were in flight when
	// the config was replaced; it must then store the event or return an error,
	// too.
	//
	// ctx holds the request's placeholders: the value of caddy.ReplacerCtxKey is
	// its *caddy.Replacer, which already knows the event's.
	//
	// The error is logged and must hold nothing of the event, and no secret.
	Store(ctx context.Context, event *Event) error

	// Durable tells whether an event that was accepted survives a crash of the
	// machine. It is called after the output was provisioned.
	Durable() bool
}

// destined is an output that says where it stores events.
type destined interface{ Destination() string }

// copier is an output that has more than one copy of an event in memory while it
// stores it. Of any other it is taken to have one.
type copier interface{ Copies() int64 }

// namedOutput reports an output's failure and recovery, once each.
type namedOutput struct {
	Output
	name    string
	logger  *zap.Logger
	metrics metrics.Output

	begun   atomic.Uint64 // calls of Store so far
	failing atomic.Bool
	mu      sync.Mutex // for changes of failing
	changed uint64     // begun when failing last changed
}

func (o *namedOutput) store(ctx context.Context, event *Event) (err error) {
	begun := o.begun.Add(1)
	began := time.Now()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			err = fmt.Errorf("output %s: %w", o.name, err)
		}
		o.metrics.Count(began, len(event.Data), err)
		o.note(begun, err)
	}()
	return o.Store(ctx, event)
}

// note logs a change of state. The outcome of a call that began before the last
// change is no news: it may be known only now, but is from then.
func (o *namedOutput) note(begun uint64, err error) {
	failing := err != nil
	if failing == o.failing.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if failing == o.failing.Load() || begun <= o.changed {
		return
	}
	o.failing.Store(failing)
	o.changed = o.begun.Load()
	if err != nil {
		o.logger.Error("events are not being stored", zap.String("output", o.name), zap.Error(err), zap.String("remedy", remedyFor(err)))
	} else {
		o.logger.Info("events are being stored again", zap.String("output", o.name))
	}
}

// remedyFor says what an operator can do about an output's failure.
func remedyFor(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on the disk; Caddy goes on by itself"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "let the user that Caddy runs as write there (owner and mode of file and directory, systemd's ReadWritePaths)"
	case errors.Is(err, syscall.EIO):
		return "look for errors of the disk in the kernel's log"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit on open files (systemd's LimitNOFILE)"
	case errors.Is(err, context.DeadlineExceeded):
		return "the output is too slow or hangs: look what keeps it busy, or raise timeout if the sender waits longer"
	}
	return "see the error; senders are answered 503 until it is gone"
}

// storeAll returns nil when every output has accepted the event.
func storeAll(ctx context.Context, outputs []*namedOutput, e *Event) error {
	err := storeIn(ctx, outputs, e)
	if err == nil {
		event.FreeLines(e) // else an output may still be at them
	}
	return err
}

func storeIn(ctx context.Context, outputs []*namedOutput, event *Event) error {
	if len(outputs) == 1 {
		return outputs[0].store(ctx, event)
	}
	outcomes := make(chan error, len(outputs))
	for _, o := range outputs {
		go func() { outcomes <- o.store(ctx, event) }()
	}
	var errs []error
	for range outputs {
		errs = append(errs, <-outcomes)
	}
	return errors.Join(errs...)
}

// Interface guards
var (
	_ Output = (*file.Output)(nil)
	_ Output = (*log.Output)(nil)
)
