package kafkaoutput

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker that could not be reached in time is not dialled for a second.
func TestDialer(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		silent bool
	}{
		"no answer":                {&net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}, true},
		"no answer to a handshake": {context.DeadlineExceeded, true},
		"refused":                  {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		"none":                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialer(nil)
				dialled := 0
				d.dial = func(context.Context, string, string) (net.Conn, error) { dialled++; return nil, c.err }
				dial := func(ctx context.Context, address string) error {
					_, err := d.DialContext(ctx, "tcp", address)
					return err
				}
				_ = dial(t.Context(), "a:1")
				time.Sleep(silence - time.Millisecond)
				err := dial(t.Context(), "a:1")
				if (dialled == 1) != c.silent || (err == nil) != (c.err == nil) {
					t.Errorf("dialled %d times, the last time: %v", dialled, err)
				}
				dialled = 0
				_ = dial(t.Context(), "b:1")
				time.Sleep(time.Millisecond)
				_ = dial(t.Context(), "a:1")
				if dialled != 2 {
					t.Error("another one, or after a second the same, is not dialled")
				}

				// Here it was the caller that did not wait.
				time.Sleep(time.Hour)
				dialled = 0
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_ = dial(ctx, "a:1")
				_ = dial(ctx, "a:1")
				if dialled != 2 {
					t.Error("not dialled, as a caller had no time")
				}
			})
		})
	}
}

// What is asked of a broker that hangs does not wait for all that was asked of it
// before, and what others lead now is stored.
func TestOneHangs(t *testing.T) {
	t.Parallel()
	var networks [3]network
	var listeners atomic.Int64
	c := newFake(t, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		return networks[(listeners.Add(1)-1)%3].listen(network, address)
	}))
	lead := func(broker int32) {
		for partition := range int32(6) {
			if err := c.fake.MoveTopicPartition(c.topic, partition, broker); err != nil {
				t.Fatal(err)
			}
		}
	}
	lead(0)
	options, err := settings{brokers: c.addrs, compression: "none", maxMessageSize: defaultMessageSize}.options()
	if err != nil {
		t.Fatal(err)
	}
	const answer = 300 * time.Millisecond
	client, err := kgo.NewClient(append(options, kgo.ProduceRequestTimeout(answer), kgo.RequestTimeoutOverhead(answer))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := produce(t.Context(), client, &kgo.Record{Topic: c.topic}); err != nil {
		t.Fatal(err)
	}

	networks[0].stall.Store(true)
	defer networks[0].stall.Store(false)
	stored := make(chan error, 20)
	for i := range cap(stored) {
		go func() {
			stored <- produce(t.Context(), client, &kgo.Record{Topic: c.topic, Key: fmt.Appendf(nil, "%d", i)})
		}()
		time.Sleep(10 * time.Millisecond) // in requests of their own
	}
	for end := time.Now().Add(10 * answer); time.Now().Before(end); time.Sleep(answer / 10) {
		began := time.Now()
		_, err := client.Broker(0).Request(t.Context(), kmsg.NewPtrMetadataRequest())
		if took := time.Since(began); err == nil || took > 4*answer {
			t.Errorf("%v after %v, want an error after %v", err, took, answer)
		}
	}
	lead(1)
	for range cap(stored) {
		if err := <-stored; err != nil {
			t.Error(err)
		}
	}
}
