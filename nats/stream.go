package natsoutput

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// errNoStream means that the servers have said that no stream would take the
// events.
var errNoStream = errors.New("no stream takes the events")

// findStream returns the stream that takes the subjects of the pattern: the one
// named, or any if name is empty.
func findStream(ctx context.Context, js jetstream.JetStream, name, pattern string) (*jetstream.StreamInfo, error) {
	names := []string{name}
	if name == "" {
		names = nil
		lister := js.StreamNames(ctx, jetstream.WithStreamListSubject(pattern))
		for found := range lister.Name() {
			names = append(names, found)
		}
		if err := lister.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
			return nil, lookupError(fmt.Sprintf("subject %q", pattern), err)
		}
	}
	for _, n := range names {
		stream, err := js.Stream(ctx, n)
		if err != nil {
			return nil, lookupError(fmt.Sprintf("stream %q", n), err)
		}
		info := stream.CachedInfo()
		for _, filter := range info.Config.Subjects {
			if covers(filter, pattern) {
				if info.Config.NoAck {
					return nil, fmt.Errorf("stream %q: %w: it acknowledges nothing (no_ack)", n, errNoStream)
				}
				return info, nil
			}
		}
	}
	if name != "" {
		return nil, fmt.Errorf("subject %q: %w: stream %q has other subjects", pattern, errNoStream, name)
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("subject %q: %w: these take only a part of it: %s", pattern, errNoStream, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("subject %q: %w: make one that has it", pattern, errNoStream)
}

// lookupError tells apart what the servers are sure of from what may be otherwise
// in a moment.
func lookupError(what string, err error) error {
	for _, sure := range []error{
		nats.ErrNoResponders, jetstream.ErrStreamNotFound, jetstream.ErrInvalidStreamName,
		jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount,
	} {
		if errors.Is(err, sure) {
			return fmt.Errorf("%s: %w: %w", what, errNoStream, err)
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// covers tells whether every subject of the pattern is one of the filter.
func covers(filter, pattern string) bool {
	filters, tokens := strings.Split(filter, "."), strings.Split(pattern, ".")
	for i, f := range filters {
		if f == ">" {
			return i < len(tokens)
		}
		if i >= len(tokens) || f != "*" && f != tokens[i] {
			return false
		}
	}
	return len(filters) == len(tokens)
}

// shortWindow is the length of a window for duplicates that is shorter than the
// repeats of one request, or of an impatient sender, may take.
const shortWindow = 30 * time.Second

// warnings says what an operator should know of the stream that it was given.
func warnings(config jetstream.StreamConfig) (warnings []string) {
	if config.Storage == jetstream.MemoryStorage {
		warnings = append(warnings, "the stream is in memory only: its events are lost when its servers stop")
	}
	if config.PersistMode == jetstream.AsyncPersistMode {
		warnings = append(warnings, "the stream acknowledges before it writes (persist_mode async): a crash of its server loses events")
	}
	if config.Replicas == 1 {
		warnings = append(warnings, "the stream has one replica: a crash of its server loses what is not fsynced yet (see sync_interval), and a dead disk loses everything")
	}
	if config.Discard == jetstream.DiscardOld && (config.MaxMsgs > 0 || config.MaxBytes > 0 || config.MaxMsgsPerSubject > 0) {
		warnings = append(warnings, "the stream drops its oldest events when it is full (discard old)")
	}
	if config.Duplicates < shortWindow {
		warnings = append(warnings, "the stream's window for duplicates is short: events may be stored twice")
	}
	return warnings
}
