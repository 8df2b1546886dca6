package kafkaoutput

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// patience is how long to poll for what should be there at once.
const patience = time.Minute

// cluster is a fake one, or the real one of the flag -brokers.
type cluster struct {
	t     *testing.T
	fake  *kfake.Cluster // nil if it is real
	addrs []string
	topic string // with 6 partitions

	clientOptions []kgo.Opt   // of clients that read it
	options       []kfake.Opt // of a fake one that can be revived
}

// newCluster returns a real cluster, if there is one, else a fake one.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	if *realBrokers == "" {
		return newFake(t)
	}
	c := &cluster{t: t, addrs: strings.Split(*realBrokers, ",")}
	c.topic = fmt.Sprintf("webhook-receiver-test-%d", time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin := kadm.NewClient(c.client())
	if _, err := admin.CreateTopic(ctx, 6, -1, nil, c.topic); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := admin.DeleteTopics(ctx, c.topic); err != nil {
			t.Error(err)
		}
	})
	return c
}

func newFake(t *testing.T, options ...kfake.Opt) *cluster {
	t.Helper()
	c := &cluster{t: t, topic: "webhooks"}
	var fake *kfake.Cluster
	err := errors.New("not tried")
	for try := 0; err != nil && try < 5; try++ { // another process may have been faster
		c.options = append([]kfake.Opt{
			kfake.Ports(port(freeAddress(t)), port(freeAddress(t)), port(freeAddress(t))), kfake.SeedTopics(6, c.topic),
		}, options...)
		fake, err = kfake.NewCluster(c.options...)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.fake, c.addrs = fake, fake.ListenAddrs()
	t.Cleanup(func() { c.fake.Close() })
	return c
}

// client returns a client. Options hold for later ones, too.
func (c *cluster) client(options ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	c.clientOptions = append(c.clientOptions, options...)
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.addrs...)}, c.clientOptions...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(client.Close)
	return client
}

// otherClient reads a real cluster's topics, if it is there, instead of our own.
var otherClient func(c *cluster, topic string) []*kgo.Record

// records are all that a topic holds.
func (c *cluster) records(topic string) []*kgo.Record {
	c.t.Helper()
	if c.fake == nil && otherClient != nil {
		return otherClient(c, topic)
	}
	client := c.client()
	client.AddConsumeTopics(topic)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		c.t.Fatal(err)
	}
	missing := make(map[int32]int64)
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			missing[o.Partition] = o.Offset
		}
	})
	var records []*kgo.Record
	for len(missing) > 0 {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			c.t.Fatalf("reading %s: %v", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			records = append(records, r)
			if r.Offset+1 >= missing[r.Partition] {
				delete(missing, r.Partition)
			}
		})
	}
	return records
}

// counts says how often each id is in the topic.
func (c *cluster) counts(topic string) map[string]int {
	c.t.Helper()
	counts := make(map[string]int)
	for _, r := range c.records(topic) {
		var event struct{ ID string }
		if err := json.Unmarshal(r.Value, &event); err != nil {
			c.t.Fatal(err)
		}
		counts[event.ID]++
	}
	return counts
}

func port(address string) int {
	_, text, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(text)
	return n
}

// network lets a fake cluster's answers get lost.
type network struct {
	drop  atomic.Int64 // every how many-th write of a broker ends its connection instead; 0: none
	stall atomic.Bool  // brokers don't write
	shut  atomic.Bool  // connections are ended as soon as they are there
	count atomic.Int64
	epoch atomic.Int64 // a connection of an earlier one ends at the broker's next write, however long it was idle
}

func (n *network) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return listener{l, n}, err
}

type listener struct {
	net.Listener
	network *network
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && l.network.shut.Load() {
		_ = c.Close()
	}
	return conn{c, l.network, l.network.epoch.Load()}, err
}

type conn struct {
	net.Conn
	network *network
	epoch   int64 // when it began
}

// Write writes an answer. What it answers has been done by then.
func (c conn) Write(b []byte) (int, error) {
	for c.network.stall.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	every := c.network.drop.Load()
	if every > 0 && c.network.count.Add(1)%every == 0 || c.epoch != c.network.epoch.Load() {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}
