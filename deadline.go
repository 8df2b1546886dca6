package webhookreceiver

import (
	"context"
	"sync"
	"time"
)

// deadlineContext is what context.WithDeadline returns, but made in earnest only
// when somebody waits for its end: most events are stored long before that.
type deadlineContext struct {
	context.Context
	deadline time.Time

	mu     sync.Mutex
	made   context.Context // nil while nobody has asked for it
	cancel context.CancelFunc
	ended  bool
}

// Deadline returns the deadline.
func (c *deadlineContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done returns a channel that is closed at the deadline, or by end.
func (c *deadlineContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made, c.cancel = context.WithDeadline(c.Context, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.made.Done()
}

// Err returns why the context has ended, if it has.
func (c *deadlineContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.made != nil:
		return c.made.Err()
	case c.ended:
		return context.Canceled
	case !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns the value for key. Children find the context in earnest by it.
func (c *deadlineContext) Value(key any) any {
	c.mu.Lock()
	made := c.made
	c.mu.Unlock()
	if made != nil {
		return made.Value(key)
	}
	return c.Context.Value(key)
}

// end is what is called cancel elsewhere.
func (c *deadlineContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}
