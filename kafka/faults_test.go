package kafkaoutput

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// lenience is how much later than at its timeout an answer may come on a busy machine.
const lenience = 5 * time.Second

// underLoad is how long a fault lasts.
func underLoad() time.Duration { return max(*long, 1500*time.Millisecond) }

// Faults that end before any request's time is up cost nothing but time: every
// event is acknowledged, and there once.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	produce := []kmsg.Key{kmsg.Produce}
	answer := func(err *kerr.Error) func(*cluster, *network) {
		return func(c *cluster, _ *network) {
			fault := c.fake.Fault(kfake.Fault{Keys: produce, Err: err, Count: -1})
			time.Sleep(underLoad())
			fault.Remove()
		}
	}
	for name, fault := range map[string]func(*cluster, *network){
		"not enough replicas":              answer(kerr.NotEnoughReplicas),
		"not enough replicas after append": answer(kerr.NotEnoughReplicasAfterAppend),
		"request timed out after append":   answer(kerr.RequestTimedOut),
		"leader not available":             answer(kerr.LeaderNotAvailable),
		"leaders move": func(c *cluster, _ *network) {
			for end := time.Now().Add(underLoad()); time.Now().Before(end); time.Sleep(150 * time.Millisecond) {
				c.fake.ShufflePartitionLeaders()
			}
		},
		"connections cut before the append": func(c *cluster, _ *network) {
			n := 0
			c.fake.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
				c.fake.KeepControl()
				n++
				return nil, fmt.Errorf("cut"), n%5 == 0
			})
			time.Sleep(underLoad())
		},
		"connections cut after the append": func(_ *cluster, n *network) {
			n.drop.Store(7)
			time.Sleep(underLoad())
			n.drop.Store(0)
		},
		"connections ended at once": func(_ *cluster, n *network) {
			n.shut.Store(true)
			n.drop.Store(1)
			time.Sleep(underLoad())
			n.drop.Store(0)
			n.shut.Store(false)
		},
		"brokers stall": func(_ *cluster, n *network) {
			n.stall.Store(true)
			time.Sleep(underLoad())
			n.stall.Store(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n network
			c := newFake(t, kfake.ListenFn(n.listen))
			s := start(t, "timeout 40s\n"+c.output())
			tr := newTraffic(8, s)
			tr.waitStored(s, 50)
			fault(c, &n)
			tr.waitStored(s, 50)
			tr.stop()
			tr.check(c, false)
			if len(tr.status) != 1 {
				t.Errorf("answers: %v, want nothing but 200", tr.status)
			}
		})
	}
}

// A cluster that does not take events: an answer within the receiver's timeout,
// one error with the reason in the log, verification at once, and when it is
// over it goes on by itself.
func TestFaultsThatLast(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin  func(*cluster, *network) (end func())
		reason string // in the log's error
	}{
		"the password is no longer valid": {func(c *cluster, n *network) func() {
			fault := c.fake.Fault(kfake.Fault{
				Keys: []kmsg.Key{kmsg.SASLAuthenticate}, Err: kerr.SaslAuthenticationFailed, TopLevel: true, Count: -1,
			})
			n.epoch.Add(1)
			return fault.Remove
		}, "SASL_AUTHENTICATION_FAILED"},
		"not enough replicas": {func(c *cluster, _ *network) func() {
			return c.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1}).Remove
		}, "NOT_ENOUGH_REPLICAS"},
		"appended, but not by enough replicas": {func(c *cluster, _ *network) func() {
			return c.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicasAfterAppend, Count: -1}).Remove
		}, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"},
		"brokers stall": {func(_ *cluster, n *network) func() {
			n.stall.Store(true)
			return func() { n.stall.Store(false) }
		}, "i/o timeout"},
		"the cluster is gone": {func(c *cluster, _ *network) func() {
			c.fake.Close()
			return c.revive
		}, "connection refused|EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n network
			c := newPersistentFake(t, &n, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "admin", testPassword))
			c.client(kgo.SASL(scram.Auth{User: "admin", Pass: testPassword}.AsSha256Mechanism()))
			const timeout = 2 * time.Second
			s := start(t, fmt.Sprintf("timeout %v\n%s", timeout, c.output("sasl scram-sha-256 admin {env.KAFKA_TEST_PASSWORD}")))
			tr := newTraffic(8, s)
			tr.waitStored(s, 50)
			end := fault.begin(c, &n)
			s.poll("the error", func() bool { return len(s.entries("events are not being stored")) > 0 })
			if took := s.verify(); took > timeout/2 {
				t.Errorf("verification took %v", took)
			}
			began := time.Now()
			status, retryAfter := s.post("refused", `{"type":"t","subject":"s1","text":"hush"}`)
			if took := time.Since(began); status != http.StatusServiceUnavailable || retryAfter == "" || took > timeout+lenience {
				t.Errorf("an event: %d, Retry-After %q, after %v; want 503 within %v", status, retryAfter, took, timeout)
			}
			// The log of requests has it as well, should the first event's time have been
			// up before the cluster said anything. What no repeat can mend is told at once.
			s.poll("the reason", func() bool {
				return regexp.MustCompile("(last error was: [^\"]*|output kafka: )(" + fault.reason + ")").MatchString(s.log())
			})
			end()
			s.poll("the recovery", func() bool { return len(s.entries("events are being stored again")) > 0 })
			tr.waitStored(s, 50)
			tr.stop()
			tr.check(c, true)
			if tr.slow > timeout+lenience {
				t.Errorf("the slowest answer came after %v", tr.slow)
			}
			if log := s.log(); strings.Contains(log, "hush") || strings.Contains(log, testPassword) {
				t.Error("the log holds data of an event, or the password")
			}
		})
	}
}

// newPersistentFake is a cluster that can be closed, and revived with what it
// held.
func newPersistentFake(t *testing.T, n *network, options ...kfake.Opt) *cluster {
	t.Helper()
	return newFake(t, append(options, kfake.ListenFn(n.listen), kfake.DataDir(filepath.Join(t.TempDir(), "kfake")))...)
}

func (c *cluster) revive() {
	c.t.Helper()
	fake, err := kfake.NewCluster(c.options...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.fake = fake
}

// Events that can't be stored are refused, and hurt no others.
func TestRefused(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	if err := c.fake.CreateTopic("small", 1, map[string]string{"max.message.bytes": "2000"}); err != nil {
		t.Fatal(err)
	}
	if err := c.fake.CreateTopic("by.t", 1, nil); err != nil {
		t.Fatal(err)
	}
	body := func(size int) string { return `{"type":"t","text":"` + strings.Repeat("hush", size/4) + `"}` }
	for name, test := range map[string]struct {
		options, bad, good string
		reason             string // in the log's error
	}{
		"larger than max_message_size": {c.output("max_message_size 2000"), body(4000), body(100), "max_message_size (2000 bytes)"},
		"larger than the topic takes":  {strings.Replace(c.output(), c.topic, "small", 1), body(4000), body(100), "max.message.bytes"},
		"a topic that is not there":    {strings.Replace(c.output(), c.topic, "by.{http.webhook_receiver.event.type}", 1), `{"type":"other/x","text":"hush"}`, body(4), "no such topic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "timeout 10s\n"+test.options)
			s.wantStored("good", test.good)
			if status, _ := s.post("bad", test.bad); status != http.StatusServiceUnavailable {
				t.Errorf("%d, want 503", status)
			}
			s.wantStored("good", test.good)
			entries := s.entries("events are not being stored")
			if len(entries) != 1 || !strings.Contains(fmt.Sprint(entries[0]["error"]), test.reason) {
				t.Errorf("%v, want an error with %q", entries, test.reason)
			}
			if strings.Contains(s.log(), "hush") {
				t.Error("the log holds data of an event")
			}
		})
	}
}

// Many faults at once, and a timeout that is shorter than some of them last, so
// that records are given up at any stage. What was acknowledged is there; what
// was given up may be there, and what was sent again after others were given up
// may be there twice.
func TestChaos(t *testing.T) {
	t.Parallel()
	var n network
	c := newFake(t, kfake.ListenFn(n.listen))
	s := start(t, "timeout 700ms\n"+c.output())
	other := start(t, "timeout 20s\n"+c.output())
	tr := newTraffic(32, s, other)
	tr.waitStored(s, 200)
	answers := func(count int, err *kerr.Error, keys ...kmsg.Key) func() {
		return c.fake.Fault(kfake.Fault{Keys: keys, Err: err, TopLevel: keys[0] != kmsg.Produce, Count: count}).Remove
	}
	for end := time.Now().Add(max(*long, 5*time.Second)); time.Now().Before(end); {
		stop := func() {}
		switch rand.IntN(7) {
		case 0:
			c.fake.ShufflePartitionLeaders()
		case 1:
			stop = answers(1+rand.IntN(20), kerr.RequestTimedOut, kmsg.Produce)
		case 2:
			stop = answers(1+rand.IntN(20), kerr.NotEnoughReplicasAfterAppend, kmsg.Produce)
		case 3:
			stop = answers(1+rand.IntN(20), kerr.NotEnoughReplicas, kmsg.Produce)
		case 4:
			n.drop.Store(rand.Int64N(6))
		case 5:
			n.stall.Store(true)
			stop = func() { n.stall.Store(false) }
		case 6:
			stop = answers(1+rand.IntN(5), kerr.CoordinatorNotAvailable, kmsg.InitProducerID, kmsg.Metadata)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(time.Second))))
		stop()
	}
	n.drop.Store(0)
	n.stall.Store(true) // by chance none may have outlasted the timeout
	time.Sleep(2 * time.Second)
	n.stall.Store(false)
	tr.waitStored(s, 200)
	tr.stop()
	tr.check(c, true)
	if tr.status[http.StatusServiceUnavailable] == 0 {
		t.Error("no event was given up")
	}
}
