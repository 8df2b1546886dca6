package kafkaoutput

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
)

const (
	// checkTimeout is how long loading a config waits for the cluster.
	checkTimeout = 3 * time.Second

	// topicTimeout is how long a topic may be missing until it is believed: brokers
	// learn a little later of one that was just created.
	topicTimeout = 2 * time.Second

	// checkAgain is how long it takes until a cluster is asked again.
	checkAgain = 10 * time.Second
)

// checkTopic asks the cluster for the topic. What the cluster says is wrong is an
// error; that it says nothing is a warning, and it is asked again until the
// config ends.
func (o *Output) checkTopic(ctx caddy.Context) error {
	facts, err := o.ask(ctx)
	switch {
	case err == nil:
		o.report(facts)
		return nil
	case o.AutoCreateTopics && errors.Is(err, kerr.UnknownTopicOrPartition):
		o.logger.Info("the topic is not there yet; brokers are asked to create it with the first event", zap.String("topic", o.topic.text))
	case isRefusal(err):
		return o.withOption(err)
	default:
		o.logger.Warn("the cluster does not answer; events are answered 503 until it does",
			zap.Strings("brokers", o.Brokers), zap.Error(err))
	}
	askCtx, stop := context.WithCancel(context.Background())
	o.stopAsking = stop
	go o.keepAsking(askCtx)
	return nil
}

// keepAsking waits for the cluster and the topic, to tell what it would have told
// when the config was loaded.
func (o *Output) keepAsking(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkAgain):
		}
		facts, err := o.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			o.report(facts)
			return
		case o.AutoCreateTopics && errors.Is(err, kerr.UnknownTopicOrPartition):
		case isRefusal(err):
			o.logger.Error("events can't be stored", zap.Error(o.withOption(err)))
			return
		}
	}
}

func (o *Output) ask(ctx context.Context) (facts, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		facts, err := o.connection.ask(ctx, o.topic)
		if o.AutoCreateTopics || !errors.Is(err, kerr.UnknownTopicOrPartition) || time.Since(began) > topicTimeout {
			return facts, err
		}
	}
}

// isRefusal tells whether the cluster is there, and said no.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]error{
		kerr.UnknownTopicOrPartition, kerr.InvalidTopicException, kerr.TopicAuthorizationFailed,
		kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism,
	}, func(refusal error) bool { return errors.Is(err, refusal) })
}

// withOption adds which option is wrong.
func (o *Output) withOption(err error) error {
	if errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) {
		if o.SASL == nil {
			return fmt.Errorf("sasl is required by the cluster: %w", err)
		}
		return fmt.Errorf("sasl %s: the cluster refuses mechanism, user or password: %w", o.SASL.Mechanism, err)
	}
	return fmt.Errorf("topic %q: %w", o.Topic, err)
}

// facts are what counts of a topic for what an acknowledgement is worth. Those
// that the cluster does not tell are 0.
type facts struct {
	partitions     int
	replicas       int // of the partition that has the fewest
	minInSync      int64
	maxMessageSize int64
}

// ask returns the facts about the topic; about one that depends on the event
// there are none. A cluster that just did not answer is not asked again, so that
// loading a config with many receivers does not wait for each of them.
func (c *connection) ask(ctx context.Context, t topic) (facts, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if time.Since(c.unreachableAt) < checkAgain/2 {
		return facts{}, c.unreachableReason
	}
	client, err := c.acquire()
	if err != nil {
		return facts{}, err
	}
	defer c.release()
	var f facts
	if t.perEvent {
		err = client.Ping(ctx)
	} else {
		f, err = askTopic(ctx, client, t.text)
	}
	if err != nil && !isRefusal(err) {
		if ctx.Err() != nil {
			err = c.trouble.withReason(ctx.Err())
		}
		c.unreachableAt, c.unreachableReason = time.Now(), err
	}
	return f, err
}

// askTopic asks with requests of its own, as those of the client may have the
// topic created.
func askTopic(ctx context.Context, client *kgo.Client, name string) (facts, error) {
	metadata := kmsg.NewPtrMetadataRequest()
	metadata.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
	topics, err := metadata.RequestWith(ctx, client)
	if err != nil {
		return facts{}, err
	}
	if len(topics.Topics) != 1 {
		return facts{}, kerr.UnknownTopicOrPartition
	}
	topic := topics.Topics[0]
	if err := kerr.ErrorForCode(topic.ErrorCode); err != nil {
		return facts{}, err
	}
	f := facts{partitions: len(topic.Partitions), replicas: math.MaxInt}
	for _, p := range topic.Partitions {
		f.replicas = min(f.replicas, len(p.Replicas))
	}

	describe := kmsg.NewPtrDescribeConfigsRequest()
	describe.Resources = []kmsg.DescribeConfigsRequestResource{{
		ResourceType: kmsg.ConfigResourceTypeTopic,
		ResourceName: name,
		ConfigNames:  []string{"min.insync.replicas", "max.message.bytes"},
	}}
	described, err := describe.RequestWith(ctx, client)
	if err != nil {
		return f, nil // not everybody may read a topic's options
	}
	for _, resource := range described.Resources {
		for _, config := range resource.Configs {
			if config.Value == nil {
				continue
			}
			n, _ := strconv.ParseInt(*config.Value, 10, 64) // 0 is not known
			switch config.Name {
			case "min.insync.replicas":
				f.minInSync = n
			case "max.message.bytes":
				f.maxMessageSize = n
			}
		}
	}
	return f, nil
}

// report logs the facts, and warns of what makes an acknowledgement worth less
// than it should be.
func (o *Output) report(f facts) {
	if o.topic.perEvent {
		o.logger.Info("events are stored in Kafka, in topics that depend on the event; these are not checked",
			zap.String("topic", o.Topic))
		return
	}
	topic := zap.String("topic", o.topic.text)
	o.logger.Info("events are stored in Kafka", topic, zap.Strings("brokers", o.Brokers),
		zap.Int("partitions", f.partitions), zap.Int("replicas", f.replicas), zap.Int64("min_insync_replicas", f.minInSync))
	if f.replicas == 1 {
		o.logger.Warn("the topic has one replica: an event that was answered 200 is lost with one broker's disk", topic)
	} else if f.minInSync == 1 {
		o.logger.Warn("the topic's min.insync.replicas is 1: while the other replicas are behind, an event that was "+
			"answered 200 is lost with one broker's disk; 2 is better, with 3 replicas", topic)
	}
	if f.maxMessageSize != 0 && f.maxMessageSize < o.MaxMessageSize {
		o.logger.Warn("max_message_size is over the topic's max.message.bytes: large events, and large batches, will be refused",
			topic, zap.Int64("max_message_size", o.MaxMessageSize), zap.Int64("max_message_bytes", f.maxMessageSize))
	}
}
