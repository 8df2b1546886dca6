package kafkaoutput

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func (c *cluster) connection() *connection {
	c.t.Helper()
	connection, err := newConnection(settings{brokers: c.addrs, compression: "none", maxMessageSize: maxMessageSize})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(connection.release)
	return connection
}

func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// While a cluster is away, what nobody waits for any more is given up, whether
// it was ever sent or not.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T, *cluster, *connection, *network){
		"never reached": func(_ *testing.T, c *cluster, _ *connection, _ *network) { c.fake.Close() },
		"reached before": func(t *testing.T, c *cluster, connection *connection, n *network) {
			if err := store(connection, c.topic, "1", patience); err != nil {
				t.Fatal(err)
			}
			n.stall.Store(true)
			time.AfterFunc(time.Second, c.fake.Close) // with records in flight
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n network
			c := newFake(t, kfake.ListenFn(n.listen))
			connection := c.connection()
			begin(t, c, connection, &n)
			var wg sync.WaitGroup
			giveUp := func(timeout time.Duration) {
				began := time.Now()
				if err := store(connection, c.topic, "1", timeout); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want its deadline's error", err)
				}
				if took := time.Since(began); took < timeout-time.Millisecond || took > timeout+lenience {
					t.Errorf("given up after %v, want %v", took, timeout)
				}
			}
			// The client gives up the others with this one, but their time isn't up.
			wg.Go(func() { giveUp(time.Second) })
			poll(t, "the first record to wait", func() bool { return connection.client.BufferedProduceRecords() == 1 })
			for i := range 200 {
				wg.Go(func() { giveUp(time.Second + time.Duration(i)*10*time.Millisecond) })
			}
			wg.Wait()
			poll(t, "no record that waits", func() bool { return connection.client.BufferedProduceRecords() == 0 })
		})
	}
}

// What waits is bounded, and what is over that is refused at once.
func TestFull(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	c.fake.Close()
	connection := c.connection()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	const size = 1 << 20
	for range maxWaitingBytes / (size + 100) {
		wg.Go(func() {
			_ = connection.store(ctx, func() *kgo.Record { return &kgo.Record{Topic: c.topic, Value: make([]byte, size)} })
		})
	}
	poll(t, "a full buffer", func() bool { return connection.client.BufferedProduceBytes() > maxWaitingBytes-2*size })
	began := time.Now()
	err := store(connection, c.topic, strings.Repeat("x", 2*size), patience)
	if took := time.Since(began); !errors.Is(err, errFull) || took > lenience {
		t.Errorf("%v after %v, want %v at once", err, took, errFull)
	}
}

// A topic that brokers learn of a little later is no reason to refuse a config.
func TestTopicIsNew(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	o := &Output{connection: c.connection(), topic: topic{text: "new"}}
	created := make(chan error, 1)
	time.AfterFunc(topicTimeout/4, func() { created <- c.fake.CreateTopic("new", 3, nil) })
	facts, err := o.ask(context.Background())
	if err := <-created; err != nil {
		t.Fatal(err)
	}
	if err != nil || facts.partitions != 3 {
		t.Errorf("%+v, %v", facts, err)
	}
}

func store(c *connection, topic, value string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return c.store(ctx, func() *kgo.Record { return &kgo.Record{Topic: topic, Value: []byte(value)} })
}

// Configs share a client if it is made of the same, and it is closed with the
// last event that one of them stores.
func TestShared(t *testing.T) {
	t.Parallel()
	base := settings{brokers: []string{"a:9092"}, compression: "none", sasl: &SASL{Mechanism: mechanismPlain, User: "u", Password: "p"}}
	same := base
	same.brokers, same.sasl = []string{"a:9092"}, &SASL{Mechanism: mechanismPlain, User: "u", Password: "p"}
	if same.key() != base.key() {
		t.Error("the same settings have two keys")
	}
	seen := map[connectionKey]string{base.key(): "nothing"}
	for name, change := range map[string]func(*settings){
		"brokers":            func(s *settings) { s.brokers = []string{"a:9092", "b:9092"} },
		"compression":        func(s *settings) { s.compression = "zstd" },
		"password":           func(s *settings) { s.sasl = &SASL{Mechanism: mechanismPlain, User: "u", Password: "q"} },
		"TLS":                func(s *settings) { s.tls = &pemFiles{} },
		"ca":                 func(s *settings) { s.tls = &pemFiles{ca: "a"} },
		"cert":               func(s *settings) { s.tls = &pemFiles{cert: "a"} },
		"key":                func(s *settings) { s.tls = &pemFiles{key: "a"} },
		"max_message_size":   func(s *settings) { s.maxMessageSize++ },
		"auto_create_topics": func(s *settings) { s.autoCreateTopics = true },
	} {
		other := base
		change(&other)
		if as := seen[other.key()]; as != "" {
			t.Errorf("another %s has the same key as another %s", name, as)
		}
		seen[other.key()] = name
	}

	c := newFake(t)
	connection := c.connection()
	first := connection.client
	if again, err := connection.acquire(); err != nil || again != first {
		t.Error("a holder got another client")
	}
	connection.release()
	connection.release()
	if connection.client != nil {
		t.Error("the client outlives its holders")
	}
	if err := store(connection, c.topic, "1", patience); err != nil {
		t.Errorf("an event that came after: %v", err)
	}
	if connection.client != nil {
		t.Error("the client outlives the event")
	}
	_, _ = connection.acquire() // for the cleanup
}

// After a reload, what has changed in a file holds.
func TestFilesChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Output{
		Brokers: []string{"{file." + dir + "/brokers}"},
		SASL:    &SASL{Mechanism: mechanismPlain, User: "{file." + dir + "/user}", Password: "{file." + dir + "/password}"},
		TLS:     &TLS{CA: dir + "/ca", Cert: dir + "/cert", Key: dir + "/key"},
	}
	put := func(name, contents string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := func() connectionKey {
		s, err := o.settings()
		if err != nil {
			t.Fatal(err)
		}
		return s.key()
	}
	names := []string{"brokers", "user", "password", "ca", "cert", "key"}
	for _, name := range names {
		put(name, "a:1")
	}
	for _, name := range names {
		before := key()
		if key() != before {
			t.Error("another key, though nothing has changed")
		}
		if put(name, "b:1"); key() == before {
			t.Errorf("%s has changed, and the key has not", name)
		}
	}
}

// Of many outputs only the first waits for a cluster that does not answer.
func TestAskedOnce(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	c.fake.Close()
	connection := c.connection()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, first := connection.ask(ctx, topic{text: c.topic})
	_, second := connection.ask(context.Background(), topic{text: c.topic})
	if first == nil || second != first {
		t.Errorf("%v, then %v; want the same error", first, second)
	}
}
