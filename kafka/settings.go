package kafkaoutput

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

const (
	// What waits for the cluster, of all receivers that share a client. More is
	// refused at once.
	maxWaitingRecords = 50_000
	maxWaitingBytes   = maxMessageSize

	// A broker that takes longer than both together to answer is given up, and
	// the record sent again, so a stalled one does not cost a whole timeout.
	produceTimeout = 5 * time.Second // how long the broker may wait for its replicas
	answerTimeout  = 5 * time.Second // how much longer its answer may take
	dialTimeout    = 5 * time.Second

	// Between attempts, as long as a cluster is out of order.
	minBackoff = 100 * time.Millisecond
	maxBackoff = time.Second
)

// codecs are the values of the option compression.
var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

// compressions returns the names of the codecs, sorted.
func compressions() []string { return slices.Sorted(maps.Keys(codecs)) }

func checkCompression(name string) error {
	return expect.Word("compression", name, compressions()...)
}

// settings are what a client is made of: which cluster, as whom, and what holds
// for all records of a client.
type settings struct {
	brokers          []string
	sasl             *SASL
	tls              *pemFiles
	compression      string
	maxMessageSize   int64
	autoCreateTopics bool
}

// connectionKey tells settings apart without holding a secret.
type connectionKey [sha256.Size]byte

// settings evaluates the options that the client depends on.
func (o *Output) settings() (settings, error) {
	s := settings{compression: cmp.Or(o.Compression, "none"), maxMessageSize: o.MaxMessageSize, autoCreateTopics: o.AutoCreateTopics}
	if err := checkCompression(s.compression); err != nil {
		return s, err
	}
	var err error
	if s.brokers, err = resolveBrokers(o.Brokers); err != nil {
		return s, err
	}
	if o.SASL != nil {
		resolved, err := o.SASL.resolve()
		if err != nil {
			return s, err
		}
		s.sasl = &resolved
	}
	if o.TLS != nil {
		files, err := o.TLS.read()
		if err != nil {
			return s, err
		}
		s.tls = &files
	}
	return s, nil
}

func resolveBrokers(option []string) ([]string, error) {
	var brokers []string
	for _, text := range option {
		expanded, err := caddy.NewReplacer().ReplaceOrErr(text, true, true)
		if err != nil {
			return nil, fmt.Errorf("brokers %q: %w", text, err)
		}
		some, err := splitBrokers(expanded)
		if err != nil {
			return nil, err
		}
		brokers = append(brokers, some...)
	}
	return brokers, nil
}

// splitBrokers takes apart what one argument, or placeholder, stands for.
func splitBrokers(text string) (brokers []string, err error) {
	for broker := range strings.SplitSeq(text, ",") {
		broker = strings.TrimSpace(broker)
		if err := checkBroker(broker); err != nil {
			return nil, err
		}
		brokers = append(brokers, broker)
	}
	return brokers, nil
}

// checkBroker quotes nothing of what may be a URL with a password in it.
func checkBroker(broker string) error {
	host, port, err := net.SplitHostPort(broker)
	n, notNumber := strconv.ParseUint(port, 10, 16)
	if err == nil && host != "" && notNumber == nil && n > 0 && !strings.ContainsAny(broker, "/@") {
		return nil
	}
	quoted := expect.Quote(broker)
	switch {
	case strings.Contains(broker, "@"):
		quoted = "(not shown, as it may hold a password)"
	case strings.ContainsAny(broker, ".:"):
		quoted = strconv.Quote(broker)
	}
	return fmt.Errorf("brokers %s: must be host:port, such as kafka-1.internal:9092", quoted)
}

func (s settings) key() connectionKey {
	return sha256.Sum256(fmt.Appendf(nil, "%#v %#v %#v %q %d %t",
		s.brokers, s.sasl, s.tls, s.compression, s.maxMessageSize, s.autoCreateTopics))
}

// options returns the settings as the client takes them.
func (s settings) options() ([]kgo.Opt, error) {
	options := []kgo.Opt{
		kgo.ClientID("caddy-webhook-receiver"),
		kgo.DisableClientMetrics(),
		kgo.SeedBrokers(s.brokers...),
		kgo.RequiredAcks(kgo.AllISRAcks()), // and idempotent, which is the default
		kgo.ProducerLinger(0),              // a lone event waits for no timer
		kgo.ProducerBatchCompression(codecs[s.compression]),
		kgo.ProducerBatchMaxBytes(int32(s.maxMessageSize)),
		kgo.MaxBufferedRecords(maxWaitingRecords),
		kgo.MaxBufferedBytes(maxWaitingBytes),
		// Otherwise a record that was sent, and not answered, would hold up its
		// partition, and be held, for as long as the cluster is away. Nobody waits
		// for it any more. The client begins a new epoch then, so that no later
		// record is taken for it.
		kgo.AllowIdempotentProduceCancellation(),
		kgo.ProduceRequestTimeout(produceTimeout),
		kgo.RequestTimeoutOverhead(answerTimeout),
		kgo.MetadataMinAge(time.Second), // so that a new leader is found as soon
		kgo.RetryBackoffFn(backoff),
		// Otherwise the client gives up all that it has when a broker ends a fresh
		// connection, as one that starts or stops does, or a proxy in front of it;
		// sent again, it would be there twice.
		kgo.AlwaysRetryEOF(),
	}
	if s.autoCreateTopics {
		options = append(options, kgo.AllowAutoTopicCreation())
	}
	if s.sasl != nil {
		options = append(options, kgo.SASL(s.sasl.mechanism()))
	}
	var config *tls.Config
	if s.tls != nil {
		var err error
		if config, err = s.tls.config(); err != nil {
			return nil, err
		}
	}
	d := newDialer(config)
	return append(options, kgo.Dialer(d.DialContext), kgo.WithHooks(d)), nil
}

// backoff doubles with each failure. The last fifth is left to chance, so that
// clients don't come back all at once.
func backoff(failures int) time.Duration {
	d := min(minBackoff<<min(max(failures-1, 0), 10), maxBackoff)
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
