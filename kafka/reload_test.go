package kafkaoutput

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// noAnswer is what is logged when a config is loaded and the cluster is away, or
// the machine too slow.
const noAnswer = "the cluster does not answer; events are answered 503 until it does"

// Fifty reloads under load, some of which change what the client is made of, and
// some of which are rejected.
func TestReloads(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := start(t, c.output())
	tr := newTraffic(8, s)
	tr.waitStored(s, 20)
	for i := range 50 {
		var err error
		switch i % 5 {
		case 0:
			err = s.reload(c.output("compression zstd"))
		case 1:
			if s.reload(strings.Replace(c.output(), c.topic, "missing", 1)) == nil && len(s.entries(noAnswer)) == 0 {
				t.Error("a topic that is not there was accepted")
			}
		default:
			err = s.reload(fmt.Sprintf("timeout %ds\n%s", 10+i, c.output()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tr.waitStored(s, 20)
	tr.stop()
	tr.check(c, false)
	// Where Caddy ends a connection that was idle just as a request comes, there
	// is no answer, and nothing was stored.
	delete(tr.status, 0)
	if len(tr.status) != 1 {
		t.Errorf("answers: %v, want nothing but 200", tr.status)
	}
}

// An event in flight is stored where its config said, although that config is
// gone when the cluster answers again, and the cluster used by no other.
func TestReloadInFlight(t *testing.T) {
	t.Parallel()
	var n network
	before, after := newFake(t, kfake.ListenFn(n.listen)), newFake(t)
	s := start(t, before.output())
	n.stall.Store(true)
	answered := make(chan int)
	go func() {
		status, _ := s.post("in flight", `{"type":"t"}`)
		answered <- status
	}()
	time.Sleep(200 * time.Millisecond) // the cluster has the record then, as a rule
	if err := s.reload(after.output()); err != nil {
		t.Fatal(err)
	}
	n.stall.Store(false)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("%d, want 200", status)
	}
	s.wantStored("next", `{"type":"t"}`)
	if counts := before.counts(before.topic); len(counts) != 1 || counts["in flight"] != 1 {
		t.Errorf("in the cluster of before: %v", counts)
	}
	if counts := after.counts(after.topic); len(counts) != 1 || counts["next"] != 1 {
		t.Errorf("in the cluster of after: %v", counts)
	}
}

// Of two Caddys one is killed, again and again.
func TestKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	one, two := start(t, c.output()), start(t, c.output())
	tr := newTraffic(8, one, two)
	for range 3 {
		tr.waitStored(two, 100)
		two.kill()
		two.run("run", two.caddyfile(c.output()))
	}
	tr.waitStored(two, 100)
	tr.stop()
	tr.check(c, false)
	if tr.status[0] == 0 {
		t.Error("no request was lost with its server")
	}
}

// With a file beside it, an event is acknowledged when both have it.
func TestFileToo(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	file := filepath.Join(t.TempDir(), "events.jsonl")
	s := start(t, "timeout 5s\noutput file "+file+"\n"+c.output())
	s.wantStored("both", `{"type":"t"}`)
	c.fake.Close()
	if status, _ := s.post("one", `{"type":"t"}`); status != http.StatusServiceUnavailable {
		t.Errorf("without the cluster: %d, want 503", status)
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(lines), "\n"); n != 2 {
		t.Errorf("%d lines in the file, want 2", n)
	}
}

// A cluster that is away does not keep Caddy from starting.
func TestStartedBeforeTheCluster(t *testing.T) {
	t.Parallel()
	var n network
	c := newPersistentFake(t, &n)
	c.fake.Close()
	s := start(t, "timeout 1s\n"+strings.Repeat(c.output(), 4))
	if len(s.entries(noAnswer)) != 4 {
		t.Error("no warning for each output")
	}
	if status, _ := s.post("early", `{"type":"t"}`); status != http.StatusServiceUnavailable {
		t.Errorf("%d, want 503", status)
	}
	c.revive()
	s.poll("an event to be stored", func() bool {
		status, _ := s.post("late", `{"type":"t"}`)
		return status == http.StatusOK
	})
	s.poll("what the topic is like", func() bool { return len(s.entries("events are stored in Kafka")) == 4 })
}

// caddy validate asks, and leaves nothing behind.
func TestValidate(t *testing.T) {
	t.Parallel()
	c := newFake(t, kfake.AllowAutoTopicCreation())
	for name, test := range map[string]struct {
		options string
		status  int
		log     string
	}{
		"the topic is there":     {c.output(), 0, "events are stored in Kafka"},
		"the topic is missing":   {strings.Replace(c.output(), c.topic, "missing", 1), 1, "UNKNOWN_TOPIC_OR_PARTITION"},
		"it will be created":     {strings.Replace(c.output("auto_create_topics"), c.topic, "created", 1), 0, "not there yet"},
		"a password in the open": {c.output("sasl plain me {env.KAFKA_TEST_PASSWORD}"), 0, "the password goes over the network as it is"},
		"the cluster is missing": {"output kafka {\nbrokers 127.0.0.1:1\ntopic webhooks\n}", 0, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.run("validate", s.caddyfile(test.options))
			<-s.exited
			if s.exitStatus != test.status || !strings.Contains(s.log(), test.log) {
				t.Errorf("exit status %d, want %d, and %q in\n%s", s.exitStatus, test.status, test.log, s.log())
			}
			if strings.Contains(s.log(), testPassword) {
				t.Error("the log holds the password")
			}
			for _, topic := range []string{"missing", "created"} {
				if c.fake.TopicInfo(topic) != nil {
					t.Errorf("there is a topic %s", topic)
				}
			}
		})
	}
}
