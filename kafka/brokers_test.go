//go:build broker && linux

package kafkaoutput

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

var rounds = flag.Int("rounds", 1, "how often each fault of the real brokers comes")

// A real cluster through all faults. What is in it is read by another client.
func TestBrokers(t *testing.T) {
	b := newBrokers(t)
	*realBrokers, otherClient = b.addresses(), readByKcat

	// Caddy is there first.
	early := &cluster{t: t, addrs: strings.Split(b.addresses(), ","), topic: "early"}
	s := start(t, "timeout 1s\n"+early.output())
	if status, _ := s.post("before", `{"type":"t"}`); status != http.StatusServiceUnavailable {
		t.Errorf("without a cluster: %d, want 503", status)
	}
	b.startAll()
	b.create(t, early.topic, nil)
	b.poll(t, "an event to be stored", func(context.Context) error {
		if status, _ := s.post("after", `{"type":"t"}`); status != http.StatusOK {
			return fmt.Errorf("%d", status)
		}
		return nil
	})

	for _, fault := range []struct {
		name   string
		happen func(t *testing.T, c *cluster, tr *traffic, s *server)
	}{
		{"a leader is killed", func(t *testing.T, c *cluster, tr *traffic, s *server) {
			id := b.leader(t, c.topic)
			b.kill(id)
			b.waitLeaders(t, c.topic, id)
			tr.waitStored(s, 100)
			b.start(id)
		}},
		{"a leader hangs", func(t *testing.T, c *cluster, tr *traffic, s *server) {
			id := b.leader(t, c.topic)
			began := time.Now()
			b.signal(id, syscall.SIGSTOP)
			b.waitOthersSee(t, c.topic, id)
			t.Logf("other leaders after %v", time.Since(began).Round(time.Millisecond))
			tr.waitStored(s, 100)
			b.signal(id, syscall.SIGCONT)
		}},
		{"a disk is full", func(t *testing.T, c *cluster, tr *traffic, s *server) {
			remove := b.fill(t, 2)
			b.waitExit(2)
			b.waitLeaders(t, c.topic, 2)
			tr.waitStored(s, 100)
			remove()
			b.start(2)
		}},
		{"a rolling restart", func(t *testing.T, c *cluster, tr *traffic, s *server) {
			for id := range b.all {
				b.signal(id, syscall.SIGTERM)
				b.waitExit(id)
				tr.waitStored(s, 100)
				b.start(id)
				b.waitWhole(t, c.topic)
			}
		}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			c := newCluster(t)
			s := start(t, "timeout 2m\n"+c.output())
			for range *rounds {
				b.waitWhole(t, c.topic)
				tr := newTraffic(8, s)
				t.Cleanup(tr.stop)
				tr.waitStored(s, 100)
				fault.happen(t, c, tr, s)
				b.waitWhole(t, c.topic)
				tr.waitStored(s, 100)
				tr.stop()
				tr.check(c, false)
				if len(tr.status) != 1 {
					t.Errorf("answers: %v, want nothing but 200", tr.status)
				}
			}
		})
	}

	t.Run("two of three are down", func(t *testing.T) {
		c := newCluster(t)
		const timeout = 3 * time.Second
		s := start(t, fmt.Sprintf("timeout %v\n%s", timeout, c.output()))
		for range *rounds {
			b.waitWhole(t, c.topic)
			tr := newTraffic(8, s)
			t.Cleanup(tr.stop)
			tr.waitStored(s, 100)
			errors := len(s.entries("events are not being stored"))
			ends := len(s.entries("events are being stored again"))
			b.kill(0)
			b.kill(1)
			s.poll("the error", func() bool { return len(s.entries("events are not being stored")) > errors })
			if took := s.verify(); took > timeout {
				t.Errorf("verification took %v", took)
			}
			began := time.Now()
			status, retryAfter := s.post("refused", `{"type":"t","subject":"s1"}`)
			if took := time.Since(began); status != http.StatusServiceUnavailable || retryAfter == "" || took > timeout+lenience {
				t.Errorf("an event: %d, Retry-After %q, after %v; want 503 within %v", status, retryAfter, took, timeout)
			}
			b.start(0)
			b.start(1)
			b.waitWhole(t, c.topic)
			tr.waitStored(s, 100)
			s.poll("the recovery", func() bool { return len(s.entries("events are being stored again")) > ends })
			tr.stop()
			tr.check(c, true)
		}
		for _, entry := range s.entries("events are not being stored") {
			t.Logf("the log's reason: %v", entry["error"])
		}
	})

	t.Run("a topic that comes, goes and comes again", func(t *testing.T) {
		c := newCluster(t)
		s := start(t, "timeout 10s\n"+strings.Replace(c.output(), c.topic, c.topic+".{http.webhook_receiver.event.type}", 1))
		topic := c.topic + ".late"
		for range 2 {
			began := time.Now()
			if status, _ := s.post("none", `{"type":"late"}`); status != http.StatusServiceUnavailable {
				t.Errorf("without the topic: %d, want 503", status)
			}
			t.Logf("503 after %v", time.Since(began).Round(time.Millisecond))
			b.create(t, topic, nil)
			b.poll(t, "an event to be stored", func(context.Context) error {
				if status, _ := s.post("late", `{"type":"late"}`); status != http.StatusOK {
					return fmt.Errorf("%d", status)
				}
				return nil
			})
			if counts := c.counts(topic); counts["late"] != 1 || len(counts) != 1 {
				t.Errorf("%v", counts)
			}
			if _, err := b.admin(t).DeleteTopics(t.Context(), topic); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(s.log(), "the cluster has no such topic") {
			t.Error("the log does not say that there was no such topic")
		}
	})

	t.Run("an event that is too large", func(t *testing.T) {
		c := newCluster(t)
		b.create(t, c.topic+".small", map[string]*string{"max.message.bytes": ptr("2000")})
		s := start(t, "timeout 10s\n"+strings.Replace(c.output(), c.topic, c.topic+".small", 1))
		s.wantStored("good", `{"type":"t"}`)
		if status, _ := s.post("bad", `{"type":"t","text":"`+strings.Repeat("x", 4000)+`"}`); status != http.StatusServiceUnavailable {
			t.Errorf("%d, want 503", status)
		}
		s.wantStored("good too", `{"type":"t"}`)
		if log := s.log(); !strings.Contains(log, "or than the topic's max.message.bytes") || !strings.Contains(log, "is over the topic's max.message.bytes") {
			t.Error("the log has no error, or no warning")
		}
		if counts := c.counts(c.topic + ".small"); counts["good"] != 1 || counts["good too"] != 1 || len(counts) != 2 {
			t.Errorf("%v", counts)
		}
	})

	// Another client takes the same key to the same partition.
	t.Run("partitions", func(t *testing.T) {
		c := newCluster(t)
		s := start(t, c.output())
		var lines strings.Builder
		for i := range 30 {
			subject := fmt.Sprintf("subject-%d", i)
			s.wantStored(subject, fmt.Sprintf(`{"type":"t","subject":%q}`, subject))
			fmt.Fprintf(&lines, "%s/{}\n", subject)
		}
		kcat(t, lines.String(), "-P", "-b", b.addresses(), "-t", c.topic, "-K", "/", "-X", "topic.partitioner=murmur2_random")
		partitions := make(map[string][]int32)
		for _, r := range c.records(c.topic) {
			partitions[string(r.Key)] = append(partitions[string(r.Key)], r.Partition)
		}
		for key, all := range partitions {
			if len(all) != 2 || all[0] != all[1] {
				t.Errorf("key %s: partitions %v", key, all)
			}
		}
		if len(partitions) != 30 {
			t.Errorf("%d keys, want 30", len(partitions))
		}
	})

	t.Run("what the check says", func(t *testing.T) {
		for topic, config := range map[string]struct {
			replicas int16
			minimum  string
			want     string
		}{
			"good":  {3, "2", `"partitions":6,"replicas":3,"min_insync_replicas":2`},
			"one":   {1, "1", "the topic has one replica"},
			"alone": {3, "1", "the topic's min.insync.replicas is 1"},
		} {
			if _, err := b.admin(t).CreateTopic(t.Context(), 6, config.replicas, map[string]*string{"min.insync.replicas": &config.minimum}, topic); err != nil {
				t.Fatal(err)
			}
			b.waitPartitions(t, topic, "the topic", func(kadm.PartitionDetail) bool { return true })
			s := newServer(t)
			s.run("validate", s.caddyfile(strings.Replace(early.output(), early.topic, topic, 1)))
			<-s.exited
			if log := s.log(); s.exitStatus != 0 || !strings.Contains(log, config.want) || (topic == "good") == ownWarning.MatchString(log) {
				t.Errorf("%s: %d, want %s in\n%s", topic, s.exitStatus, config.want, log)
			}
		}
		s := newServer(t)
		s.run("validate", s.caddyfile(strings.Replace(early.output(), early.topic, "missing", 1)))
		<-s.exited
		if s.exitStatus != 1 || !strings.Contains(s.log(), `topic "missing"`) {
			t.Errorf("a missing topic: %d\n%s", s.exitStatus, s.log())
		}
	})

	t.Run("who may write", b.testSecurity)

	// These know nothing of it.
	t.Run("reloads", TestReloads)
	t.Run("Caddy is killed", TestKilled)
	t.Run("structured", TestStructured)
	t.Run("binary", TestBinary)
}

// BenchmarkBrokers is BenchmarkThroughput with a real cluster, and with one topic
// more whose brokers fsync before they acknowledge.
func BenchmarkBrokers(t *testing.B) {
	b := newBrokers(t)
	b.startAll()
	b.create(t, "webhooks", nil)
	b.create(t, "fsynced", map[string]*string{"flush.messages": ptr("1")})
	compare(t, b.addresses(), "webhooks", "fsynced")
}

var ownWarning = regexp.MustCompile(`"level":"warn",[^}]*outputs\.kafka`)

// create creates a topic.
func (b *brokers) create(t testing.TB, topic string, config map[string]*string) {
	t.Helper()
	admin := b.admin(t)
	b.poll(t, "a topic", func(ctx context.Context) error {
		_, err := admin.CreateTopic(ctx, 6, -1, config, topic)
		if errors.Is(err, kerr.TopicAlreadyExists) { // by an attempt whose answer was late
			return nil
		}
		return err
	})
	b.waitWhole(t, topic)
}

// waitOthersSee waits until the others have taken the leadership from a broker,
// which may not know it.
func (b *brokers) waitOthersSee(t testing.TB, topic string, id int) {
	t.Helper()
	others := slices.DeleteFunc(strings.Split(b.addresses(), ","), func(a string) bool { return a == b.all[id].address })
	(&brokers{t: b.t, all: []*broker{{address: others[0]}, {address: others[1]}}}).waitLeaders(t, topic, id)
}

// fill fills a broker's disk, and returns what makes room again.
func (b *brokers) fill(t testing.TB, i int) (remove func()) {
	t.Helper()
	name := filepath.Join(b.all[i].data, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func ptr(s string) *string { return &s }
