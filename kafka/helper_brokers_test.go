//go:build broker && linux

package kafkaoutput

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// brokers are a real cluster of Apache Kafka, with its defaults except for what
// server.properties says: three brokers, which are its controllers as well.
type brokers struct {
	t         testing.TB
	classpath string
	all       []*broker
	cert, key string // files, of the brokers' certificate, which clients have as well
}

type broker struct {
	address, secure, controller string // secure: TLS on either side, and a login
	dir, data                   string
	cmd                         *exec.Cmd
	exited                      chan struct{}
}

// slowly is how long a broker may take for what it does in seconds on a machine
// that has nothing else to do.
const slowly = 5 * time.Minute

// newBrokers returns brokers that are yet to be started. The last one's data have
// a small disk of their own.
func newBrokers(t testing.TB) *brokers {
	t.Helper()
	b := &brokers{t: t, classpath: jars(t) + "/*"}
	for range 3 {
		dir := t.TempDir()
		b.all = append(b.all, &broker{address: freeAddress(t), secure: freeAddress(t), controller: freeAddress(t), dir: dir, data: filepath.Join(dir, "data")})
	}
	small := b.all[2].data
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=512m"); err != nil {
		t.Fatalf("mounting a small disk, as root: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, 0) })

	b.cert, b.key = b.newCertificate()
	var voters []string
	for i, br := range b.all {
		voters = append(voters, fmt.Sprintf("%d@%s", i, br.controller))
	}
	for i, br := range b.all {
		properties := fmt.Sprintf(`process.roles=broker,controller
node.id=%d
controller.quorum.voters=%s
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://%s,SECURE://%s,CONTROLLER://%s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_caddy="%s";
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=%s
ssl.truststore.type=PEM
ssl.truststore.location=%s
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs=%s
default.replication.factor=3
min.insync.replicas=2
auto.create.topics.enable=false
`, i, strings.Join(voters, ","), br.address, br.secure, br.controller, testPassword, b.key, b.cert, br.data)
		if err := os.WriteFile(filepath.Join(br.dir, "server.properties"), []byte(properties), 0o600); err != nil {
			t.Fatal(err)
		}
		format := b.java(i, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", "server.properties")
		if out, err := format.CombinedOutput(); err != nil {
			t.Fatalf("formatting: %v\n%s", err, out)
		}
	}
	t.Cleanup(func() {
		for i, br := range b.all {
			b.kill(i)
			if t.Failed() {
				log, _ := os.ReadFile(filepath.Join(br.dir, "log"))
				t.Logf("end of the log of broker %d:\n%s", i, log[max(0, len(log)-3000):])
			}
		}
	})
	return b
}

// jars returns the folder with Kafka's jars, which Maven fetches the first time.
func jars(t testing.TB) string {
	t.Helper()
	pom, err := os.ReadFile("testdata/broker/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "webhook_receiver", fmt.Sprintf("kafka-%.4x", sha256.Sum256(pom)))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	partial := dir + ".partial"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "mvn", "-q", "-B", "-ntp", "-f", "testdata/broker/pom.xml",
		"dependency:copy-dependencies", "-DoutputDirectory="+partial).CombinedOutput()
	if err != nil {
		t.Fatalf("fetching Kafka: %v\n%s", err, out)
	}
	if err := os.Rename(partial, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// java is a command in the folder of a broker, which ends with this process.
func (b *brokers) java(i int, args ...string) *exec.Cmd {
	config, err := filepath.Abs("testdata/broker/log4j2.properties")
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.Command("java", append([]string{
		"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile=" + config, "-cp", b.classpath,
	}, args...)...)
	cmd.Dir = b.all[i].dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start starts a broker, and does not wait for it.
func (b *brokers) start(i int) {
	b.t.Helper()
	br := b.all[i]
	log, err := os.OpenFile(filepath.Join(br.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	br.cmd, br.exited = b.java(i, "kafka.Kafka", "server.properties"), make(chan struct{})
	br.cmd.Stdout, br.cmd.Stderr = log, log
	if err := br.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		_ = br.cmd.Wait()
		_ = log.Close()
		close(br.exited)
	}()
}

func (b *brokers) startAll() {
	for i := range b.all {
		b.start(i)
	}
}

func (b *brokers) signal(i int, s os.Signal) {
	if err := b.all[i].cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

func (b *brokers) kill(i int) {
	if br := b.all[i]; br.cmd != nil {
		_ = br.cmd.Process.Kill()
		<-br.exited
	}
}

func (b *brokers) waitExit(i int) {
	b.t.Helper()
	select {
	case <-b.all[i].exited:
	case <-time.After(slowly):
		b.t.Fatalf("broker %d does not end", i)
	}
}

func (b *brokers) addresses() string {
	var all []string
	for _, br := range b.all {
		all = append(all, br.address)
	}
	return strings.Join(all, ",")
}

// poll waits until f returns nil.
func (b *brokers) poll(t testing.TB, what string, f func(context.Context) error) {
	t.Helper()
	for deadline := time.Now().Add(slowly); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := f(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, slowly, err)
		}
	}
}

func (b *brokers) admin(t testing.TB) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(b.addresses(), ",")...), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// waitPartitions waits until the topic's partitions are as they should be.
func (b *brokers) waitPartitions(t testing.TB, topic, what string, good func(kadm.PartitionDetail) bool) {
	t.Helper()
	admin := b.admin(t)
	b.poll(t, what, func(ctx context.Context) error {
		topics, err := admin.ListTopics(ctx, topic)
		if err != nil || topics.Error() != nil {
			return fmt.Errorf("%w %w", err, topics.Error())
		}
		for _, p := range topics[topic].Partitions {
			if p.Err != nil || p.Leader < 0 || !good(p) {
				return fmt.Errorf("partition %d: leader %d, in sync %v, %w", p.Partition, p.Leader, p.ISR, p.Err)
			}
		}
		return nil
	})
}

// waitWhole waits until all replicas of the topic are in sync. A broker does not
// listen until it knows what the controllers know; one that is cut off from them
// would tell what was.
func (b *brokers) waitWhole(t testing.TB, topic string) {
	t.Helper()
	for _, br := range b.all {
		b.poll(t, "a broker to listen", func(context.Context) error {
			conn, err := net.Dial("tcp", br.address)
			if err == nil {
				_ = conn.Close()
			}
			return err
		})
	}
	b.waitPartitions(t, topic, "replicas in sync", func(p kadm.PartitionDetail) bool { return len(p.ISR) == 3 })
}

// waitLeaders waits until no partition of the topic is led by the broker.
func (b *brokers) waitLeaders(t testing.TB, topic string, not int) {
	t.Helper()
	b.waitPartitions(t, topic, "other leaders", func(p kadm.PartitionDetail) bool { return p.Leader != int32(not) })
}

// leader is who leads the topic's first partition.
func (b *brokers) leader(t testing.TB, topic string) (leader int) {
	t.Helper()
	b.waitPartitions(t, topic, "a leader", func(p kadm.PartitionDetail) bool {
		if p.Partition == 0 {
			leader = int(p.Leader)
		}
		return true
	})
	return leader
}
