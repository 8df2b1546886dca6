// Package kafkaoutput registers an output of the webhook_receiver that stores
// events in Apache Kafka, or in an engine that speaks its protocol. An event is
// accepted when all in-sync replicas of its partition have it.
package kafkaoutput

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

func init() {
	caddy.RegisterModule(Output{})
}

// Output stores each event as a record in a topic of Kafka, by the CloudEvents
// Kafka protocol binding, and accepts it once all in-sync replicas of the
// record's partition have it. The producer is idempotent. Receivers that use
// the same cluster with the same options share one client. An example:
//
//	{
//		"output": "kafka",
//		"brokers": ["kafka-1:9093", "kafka-2:9093"],
//		"topic": "webhooks",
//		"sasl": {"mechanism": "scram-sha-512", "user": "caddy", "password": "{env.KAFKA_PASSWORD}"},
//		"tls": {}
//	}
type Output struct {
	// The brokers to begin with, as `host:port`; the others are learnt from them.
	// Placeholders are evaluated when the config is loaded; one may stand for
	// several brokers, separated by commas. Required.
	Brokers []string `json:"brokers,omitempty"`

	// The topic. Placeholders `{env.*}` and `{file.*}` are evaluated when the config is
	// loaded, others for each event. In the value of such a one `_` replaces each
	// character that is no letter of ASCII, no digit, no `-` and no `_`, and stands
	// for an empty value. A topic with such placeholders must begin with fixed text,
	// and is cut at 249 characters. Required.
	Topic string `json:"topic,omitempty"`

	// The record's key, which chooses its partition; placeholders are evaluated
	// for each event. A record without a key goes to any partition.
	// Default: the event's subject, if it has one.
	Key string `json:"key,omitempty"`

	// What a record holds: `structured`, a CloudEvent in JSON; or `binary`, the
	// data as its value and the attributes as headers. Default: `structured`.
	ContentMode string `json:"content_mode,omitempty"`

	// Who must have a record before it is acknowledged: `all` in-sync replicas.
	// There is no other choice. Default: `all`.
	Acks string `json:"acks,omitempty"`

	// How batches of records are compressed: `none`, `gzip`, `snappy`, `lz4` or
	// `zstd`. Default: `none`.
	Compression string `json:"compression,omitempty"`

	// The size, in bytes, of the largest record, and of the largest batch,
	// before compression. It must not be over the topic's `max.message.bytes`.
	// An event that is larger is answered 503. Default: 1000012, which is what
	// brokers take by default.
	MaxMessageSize int64 `json:"max_message_size,omitempty"`

	// Whether brokers are asked to create the topic if it is missing, which they
	// do if their `auto.create.topics.enable` is true. Not with a topic that
	// depends on the event. Default: false.
	AutoCreateTopics bool `json:"auto_create_topics,omitempty"`

	// Who to log in as. Default: nobody.
	SASL *SASL `json:"sasl,omitempty"`

	// Encrypt connections. Default: they are not.
	TLS *TLS `json:"tls,omitempty"`

	topic      topic
	logger     *zap.Logger
	key        connectionKey
	connection *connection // nil until it was taken from connections
	stopAsking context.CancelFunc
}

// The values of the options content_mode and acks.
const (
	modeStructured = "structured"
	modeBinary     = "binary"
	acksAll        = "all"
)

// modes are the values of content_mode.
var modes = []string{modeStructured, modeBinary}

// Limits of max_message_size, in bytes. The upper one leaves room for one
// record of that size among those that wait.
const (
	defaultMessageSize = 1000012
	minMessageSize     = 1 << 10
	maxMessageSize     = 64 << 20
)

// CaddyModule returns the Caddy module information.
func (Output) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.kafka",
		New: func() caddy.Module { return new(Output) },
	}
}

// Provision sets up the output. It asks the cluster for the topic, and changes
// nothing there. A cluster that does not answer is no error: it may be back
// before the first event.
func (o *Output) Provision(ctx caddy.Context) error {
	o.logger = ctx.Logger()
	if err := o.provisionOptions(); err != nil {
		return err
	}
	settings, err := o.settings()
	if err != nil {
		return err
	}
	if o.TLS == nil && o.SASL != nil && o.SASL.Mechanism == mechanismPlain {
		o.logger.Warn("sasl plain without tls: the password goes over the network as it is")
	}
	key := settings.key()
	shared, _, err := connections.LoadOrNew(key, func() (caddy.Destructor, error) {
		return newConnection(settings)
	})
	if err != nil {
		return err
	}
	o.key, o.connection = key, shared.(*connection)
	return o.checkTopic(ctx)
}

func (o *Output) provisionOptions() error {
	o.ContentMode = cmp.Or(o.ContentMode, modeStructured)
	o.Acks = cmp.Or(o.Acks, acksAll)
	o.MaxMessageSize = cmp.Or(o.MaxMessageSize, defaultMessageSize)
	err := cmp.Or(expect.Word("content_mode", o.ContentMode, modes...), checkAcks(o.Acks), checkMessageSize(o.MaxMessageSize), o.check())
	if err != nil {
		return err
	}
	if o.topic, err = parseTopic(o.Topic); err != nil {
		return err
	}
	return o.checkCreation(o.topic)
}

// check returns what is wrong with the options, as far as it can be told before
// placeholders are evaluated. It begins with the option's name, and quotes no secret.
func (o *Output) check() error {
	if len(o.Brokers) == 0 {
		return errors.New("brokers is required, as in brokers kafka-1.internal:9092")
	}
	for _, broker := range o.Brokers {
		if strings.Contains(broker, "{") {
			continue
		}
		if _, err := splitBrokers(broker); err != nil {
			return err
		}
	}
	if !strings.Contains(o.Topic, "{env.") && !strings.Contains(o.Topic, "{file.") {
		t, err := parseTopic(o.Topic)
		if err == nil {
			err = o.checkCreation(t)
		}
		if err != nil {
			return err
		}
	}
	if err := o.TLS.check(); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	return nil
}

func (o *Output) checkCreation(t topic) error {
	if o.AutoCreateTopics && t.perEvent {
		return fmt.Errorf("topic %q: depends on the event, so with auto_create_topics senders could create topics without end", o.Topic)
	}
	return nil
}

// Cleanup gives up this config's part in the client. Requests that are still in
// flight can go on to store their events.
func (o *Output) Cleanup() error {
	if o.stopAsking != nil {
		o.stopAsking()
	}
	if o.connection == nil {
		return nil
	}
	_, err := connections.Delete(o.key)
	return err
}

// Store stores the event, and returns when all in-sync replicas have it.
func (o *Output) Store(ctx context.Context, event *webhookreceiver.Event) error {
	repl := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	name, err := o.topic.name(repl)
	if err != nil {
		return err
	}
	key := event.Subject
	if o.Key != "" {
		key = repl.ReplaceAll(o.Key, "")
	}
	return o.withAdvice(o.connection.store(ctx, func() *kgo.Record {
		return newRecord(event, name, key, o.ContentMode)
	}))
}

// Durable returns true: other machines have the event.
func (*Output) Durable() bool { return true }

// withAdvice adds to an error what the operator has to know. It names the topic
// only as it was configured, as the rest of it may be the sender's.
func (o *Output) withAdvice(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		return fmt.Errorf("the event is larger than max_message_size (%d bytes), or than the topic's max.message.bytes: "+
			"raise both, or lower the receiver's max_body_size so that it is refused with 413: %w", o.MaxMessageSize, err)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return fmt.Errorf("topic %q: the cluster has no such topic: %w", o.Topic, err)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("topic %q: the user may not write to it: %w", o.Topic, err)
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Errorf("the user may not write idempotently (before Kafka 3.0 that takes IDEMPOTENT_WRITE on the cluster): %w", err)
	}
	return err
}

func checkAcks(acks string) error {
	if acks != acksAll {
		return expect.Wrong("acks", acks, acksAll+", as with anything less an event that was answered 200 is lost with one broker")
	}
	return nil
}

func checkMessageSize(size int64) error {
	if size < minMessageSize || size > maxMessageSize {
		return fmt.Errorf("max_message_size %d: must be between %d bytes and %d, such as 1MiB", size, minMessageSize, maxMessageSize)
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner      = (*Output)(nil)
	_ caddy.CleanerUpper     = (*Output)(nil)
	_ webhookreceiver.Output = (*Output)(nil)
	_ caddyfile.Unmarshaler  = (*Output)(nil)
)
