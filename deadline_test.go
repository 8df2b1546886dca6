package webhookreceiver

import (
	"context"
	"errors"
	"testing"
	"time"
)

type deadlineTestKey struct{}

func newDeadlineContext(after time.Duration) *deadlineContext {
	parent := context.WithValue(context.Background(), deadlineTestKey{}, "value")
	return &deadlineContext{Context: parent, deadline: time.Now().Add(after)}
}

func TestDeadlineContext(t *testing.T) {
	passed, ended, alive := newDeadlineContext(-time.Second), newDeadlineContext(time.Hour), newDeadlineContext(time.Hour)
	ended.end()
	for _, waited := range []bool{false, true} { // whether somebody has asked for Done
		for c, want := range map[*deadlineContext]error{passed: context.DeadlineExceeded, ended: context.Canceled, alive: nil} {
			if waited {
				select {
				case <-c.Done():
					if want == nil {
						t.Error("done before its deadline")
					}
				default:
					if want != nil {
						t.Errorf("not done, though %v", want)
					}
				}
			}
			if err := c.Err(); !errors.Is(err, want) {
				t.Errorf("waited for: %t: %v, want %v", waited, err, want)
			}
			if deadline, ok := c.Deadline(); !ok || !deadline.Equal(c.deadline) {
				t.Errorf("deadline %v, %t", deadline, ok)
			}
			if c.Value(deadlineTestKey{}) != "value" {
				t.Error("the parent's values are gone")
			}
		}
	}
}

func TestDeadlineContextEndsWhoeverWaits(t *testing.T) {
	soon, later := newDeadlineContext(10*time.Millisecond), newDeadlineContext(time.Hour)
	child, cancel := context.WithCancel(later)
	defer cancel()
	waiting := later.Done()
	later.end()
	for name, done := range map[string]<-chan struct{}{"the deadline": soon.Done(), "end": waiting, "the parent's end": child.Done()} {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Errorf("not done by %s", name)
		}
	}
	if err := soon.Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
