package kafkaoutput

import (
	"context"
	"fmt"
	"net"
	"strings"
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
	noAnswer := &net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}
	for name, c := range map[string]struct {
		err    error
		after  time.Duration
		silent bool
	}{
		"no answer":                      {noAnswer, dialTimeout, true},
		"no answer to a handshake":       {context.DeadlineExceeded, dialTimeout, true},
		"no answer in the caller's time": {noAnswer, dialTimeout - time.Millisecond, false},
		"refused":                        {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, dialTimeout, false},
		"none":                           {nil, dialTimeout, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialer(nil)
				dialled := 0
				d.dial = func(context.Context, string, string) (net.Conn, error) {
					dialled++
					time.Sleep(c.after)
					return nil, c.err
				}
				dial := func(address string) error {
					_, err := d.DialContext(t.Context(), "tcp", address)
					return err
				}
				_ = dial("a:1")
				time.Sleep(silence - time.Millisecond)
				err := dial("a:1")
				if (dialled == 1) != c.silent {
					t.Errorf("dialled %d times", dialled)
				}
				if (err == nil) != (c.err == nil) || err != nil && !strings.Contains(err.Error(), c.err.Error()) {
					t.Errorf("%v, want what it was the first time", err)
				}
				if !c.silent {
					return
				}
				time.Sleep(time.Millisecond)
				_, _ = dial("b:1"), dial("a:1")
				if dialled != 3 {
					t.Error("another one, or the same after a second, is not dialled")
				}
			})
		})
	}
}

// What is asked of a broker that hangs does not wait for all that was asked of it
// before, and what others lead now is stored.
func TestOneHangs(t *testing.T) {
	t.Parallel()
	networks := make(map[string]*network)
	c := newFake(t, kfake.ListenFn(func(kind, address string) (net.Listener, error) {
		networks[address] = new(network)
		return networks[address].listen(kind, address)
	}))
	hung := networks[c.addrs[0]]
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

	hung.stall.Store(true)
	defer hung.stall.Store(false)
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
