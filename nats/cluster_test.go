//go:build unix

package natsoutput

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// cluster is three servers in processes of their own, with every connection
// between two of them through a proxy.
type cluster struct {
	t     testing.TB
	names []string
	addrs []string
	https []string // for monitoring
	nodes []*process
	links [3][3]*proxy
	js    jetstream.JetStream // as an administrator has it
}

func startCluster(t testing.TB, syncInterval string) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var routes []string
	for i := range 3 {
		c.names = append(c.names, fmt.Sprintf("n%d", i))
		c.addrs = append(c.addrs, freeAddr(t))
		c.https = append(c.https, freeAddr(t))
		routes = append(routes, freeAddr(t))
	}
	for i := range 3 {
		var others []string
		for j := range 3 {
			if i != j {
				c.links[i][j] = newProxy(t, "127.0.0.1:0", routes[j])
				others = append(others, `"nats://`+c.links[i][j].addr()+`"`)
			}
		}
		config := filepath.Join(t.TempDir(), "nats.conf")
		must(t, os.WriteFile(config, fmt.Appendf(nil, `
			server_name: %s
			listen: %q
			http: %q
			jetstream { store_dir: %q, sync_interval: %s }
			cluster {
				name: test
				listen: %q
				routes: [%s]
				# Nobody learns of a way around the proxies.
				advertise: "127.0.0.1:1"
				no_advertise: true
			}
		`, c.names[i], c.addrs[i], c.https[i], t.TempDir(), syncInterval, routes[i], strings.Join(others, ", ")), 0o600))
		c.nodes = append(c.nodes, startProcess(t, "nats", config))
	}
	c.js = admin(t, "nats://"+strings.Join(c.addrs, ",nats://"))
	createStream(t, c.js, jetstream.StreamConfig{Name: "S", Subjects: []string{"webhooks.>"}, Replicas: 3})
	return c
}

func (c *cluster) servers() string { return "nats://" + strings.Join(c.addrs, " nats://") }

// leader returns the stream's leader, once there is one that can be asked.
func (c *cluster) leader() int {
	c.t.Helper()
	leader := -1
	eventually(c.t, 60*time.Second, "the stream has a leader", func() error {
		ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
		defer cancel()
		s, err := c.js.Stream(ctx, "S")
		if err != nil {
			return err
		}
		for i, name := range c.names {
			if info := s.CachedInfo().Cluster; info != nil && info.Leader == name {
				leader = i
				return nil
			}
		}
		return fmt.Errorf("no leader")
	})
	return leader
}

// connected returns the node that Caddy is connected to.
func (c *cluster) connected() int {
	c.t.Helper()
	node := -1
	eventually(c.t, 30*time.Second, "Caddy is connected", func() error {
		for i, addr := range c.https {
			response, err := http.Get("http://" + addr + "/connz")
			if err != nil {
				return err
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				return err
			}
			if strings.Contains(string(body), `"name": "caddy webhook_receiver"`) {
				node = i
				return nil
			}
		}
		return fmt.Errorf("no node has it")
	})
	return node
}

// healthy waits until all three have everything. That takes a server that was
// cut off a minute or two now and then: its leader's snapshot, which it needs,
// is put off while it tries to catch up without one.
func (c *cluster) healthy() {
	c.t.Helper()
	eventually(c.t, 5*time.Minute, "all replicas are current", func() error {
		ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
		defer cancel()
		s, err := c.js.Stream(ctx, "S")
		if err != nil {
			return err
		}
		info := s.CachedInfo().Cluster
		if info == nil || info.Leader == "" || len(info.Replicas) != 2 {
			return fmt.Errorf("%+v", info)
		}
		for _, r := range info.Replicas {
			if !r.Current || r.Offline {
				return fmt.Errorf("%s is not", r.Name)
			}
		}
		return nil
	})
}

// partition cuts a node's links to the others, or joins them again.
func (c *cluster) partition(node int, cut bool) {
	for other := range 3 {
		if other != node {
			c.links[node][other].set(false, cut)
			c.links[other][node].set(false, cut)
		}
	}
}

// traffic is senders that repeat an event until it is acknowledged.
type traffic struct {
	urls    []string
	stop    chan struct{}
	wg      sync.WaitGroup
	acks    atomic.Int64
	refused atomic.Int64 // answered otherwise
	broken  atomic.Int64 // not answered
	mu      sync.Mutex
	acked   map[string]bool
	slowest atomic.Int64 // of the acknowledged
}

func startTraffic(senders int, urls ...string) *traffic {
	tr := &traffic{urls: urls, stop: make(chan struct{}), acked: make(map[string]bool)}
	client := testClient()
	for i := range senders {
		tr.wg.Go(func() { tr.send(client, i) })
	}
	return tr
}

func (tr *traffic) send(client *http.Client, sender int) {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%d-%d", sender, n)
		for attempt := sender; ; attempt++ {
			select {
			case <-tr.stop:
				return
			default:
			}
			began := time.Now()
			status := post(client, tr.urls[attempt%len(tr.urls)], id, `{"type":"load"}`)
			if status == http.StatusOK {
				tr.slowest.Store(max(tr.slowest.Load(), int64(time.Since(began))))
				break
			}
			if status == 0 {
				tr.broken.Add(1)
			} else {
				tr.refused.Add(1)
			}
			time.Sleep(20 * time.Millisecond) // as a sender's repeats do
		}
		tr.acks.Add(1)
		tr.mu.Lock()
		tr.acked[id] = true
		tr.mu.Unlock()
	}
}

// more waits until that many more events are acknowledged.
func (tr *traffic) more(t *testing.T, n int64) {
	t.Helper()
	target := tr.acks.Load() + n
	eventually(t, 2*time.Minute, "events are acknowledged", func() error {
		if got := tr.acks.Load(); got < target {
			return fmt.Errorf("%d of %d", got, target)
		}
		return nil
	})
}

// check ends the traffic: every acknowledged event must be in the stream, and
// none more than once.
func (tr *traffic) check(t *testing.T, c *cluster) {
	t.Helper()
	close(tr.stop)
	tr.wg.Wait()
	count := make(map[string]int)
	for _, m := range messages(t, c.js, "S") {
		count[idOf(t, m)]++
	}
	lost, repeated := 0, 0
	for id := range tr.acked {
		if count[id] == 0 {
			lost++
		}
	}
	for _, n := range count {
		if n > 1 {
			repeated++
		}
	}
	t.Logf("%d acknowledged, %d refused, %d not answered, slowest acknowledgement %s, %d in the stream, %d lost, %d repeated",
		len(tr.acked), tr.refused.Load(), tr.broken.Load(), time.Duration(tr.slowest.Load()).Round(time.Millisecond), len(count), lost, repeated)
	if lost > 0 || repeated > 0 {
		t.Errorf("%d lost, %d repeated", lost, repeated)
	}
}

func clusterOutput(c *cluster) string {
	return "output nats {\n servers " + c.servers() + "\n subject webhooks.{http.webhook_receiver.event.type}\n}"
}

func rounds() int {
	if *torture {
		return 5
	}
	return 1
}

// Under traffic, the leader is killed and started again, the node that Caddy is
// connected to is cut off, and the quorum lost and back; with -torture the
// leader is cut off as well, and hangs.
func TestClusterFaults(t *testing.T) {
	t.Parallel()
	for round := range rounds() {
		t.Run(fmt.Sprint(round), testClusterFaults)
	}
}

func testClusterFaults(t *testing.T) {
	c := startCluster(t, "always")
	caddy := startCaddy(t, clusterOutput(c))
	must(t, caddy.logs(`"replicas":3`))
	tr := startTraffic(16, caddy.url())
	tr.more(t, 100)

	c.healthy()
	leader := c.leader()
	c.nodes[leader].kill()
	tr.more(t, 100)
	c.nodes[leader].start()
	t.Logf("leader killed: slowest so far %s, %d refused", time.Duration(tr.slowest.Load()), tr.refused.Load())

	cutOff := []func() int{c.connected}
	if *torture {
		cutOff = append(cutOff, c.leader)
	}
	for _, find := range cutOff {
		c.healthy()
		node := find()
		c.partition(node, true)
		tr.more(t, 100)
		c.partition(node, false)
	}
	t.Logf("partitioned: slowest so far %s, %d refused", time.Duration(tr.slowest.Load()), tr.refused.Load())

	if *torture {
		c.healthy()
		hung := c.leader()
		must(t, c.nodes[hung].cmd.Process.Signal(syscall.SIGSTOP))
		tr.more(t, 100)
		must(t, c.nodes[hung].cmd.Process.Signal(syscall.SIGCONT))
		t.Logf("leader stopped: slowest so far %s, %d refused", time.Duration(tr.slowest.Load()), tr.refused.Load())
	}

	// Without a quorum nothing is acknowledged, and verification goes on.
	c.nodes[0].kill()
	c.nodes[1].kill()
	eventually(t, 60*time.Second, "events are refused", func() error {
		return statusIs(post(testClient(), caddy.url(), "probe", "{}"), http.StatusServiceUnavailable)
	})
	before := tr.acks.Load()
	for range 20 {
		began := time.Now()
		if err := caddy.verify(time.Second); err != nil {
			t.Errorf("verification after %s: %v", time.Since(began), err)
		}
	}
	c.nodes[2].kill() // now nothing is left
	must(t, caddy.verify(time.Second))
	if after := tr.acks.Load(); after > before {
		t.Errorf("%d events acknowledged without a quorum", after-before)
	}
	for _, n := range c.nodes {
		n.start()
	}
	tr.more(t, 100)
	tr.check(t, c)
}

func TestReloadsUnderTraffic(t *testing.T) {
	t.Parallel()
	c := startCluster(t, "always")
	caddy := startCaddy(t, clusterOutput(c))
	tr := startTraffic(16, caddy.url())
	tr.more(t, 100)
	for i := range 50 * rounds() {
		options := clusterOutput(c) + fmt.Sprintf("\nattribute round r%d", i)
		if i%2 == 1 { // another connection, so that the old one ends
			options = strings.Replace(options, "servers", "servers nats://127.0.0.1:1", 1)
		}
		must(t, caddy.reload(options))
	}
	tr.more(t, 100)
	if n := tr.refused.Load(); n > 0 { // others are Caddy's resets of connections that waited to be accepted
		t.Errorf("%d events refused", n)
	}
	tr.check(t, c)
}

// Two Caddys behind one name, of which one is killed.
func TestTwoCaddys(t *testing.T) {
	t.Parallel()
	c := startCluster(t, "always")
	caddys := []*caddyServer{startCaddy(t, clusterOutput(c)), startCaddy(t, clusterOutput(c))}
	tr := startTraffic(16, caddys[0].url(), caddys[1].url())
	tr.more(t, 100)
	for i := range 2 * rounds() {
		caddys[i%2].kill()
		tr.more(t, 100)
		caddys[i%2].start()
		caddys[i%2].ready()
		tr.more(t, 100)
	}
	tr.check(t, c)
}
