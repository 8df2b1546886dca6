// Package metrics has the receiver's metrics. They belong to the process: Caddy
// makes a registry for each config, and the same collectors are registered in
// every one, so that values survive reloads. Labels are names of receivers, of
// providers and of outputs' modules, which only a config can choose.
package metrics

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

var (
	requestsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_webhook_receiver_requests_total",
		Help: "Requests that were answered, by what became of them.",
	}, []string{"receiver", "provider", "outcome"})

	authenticRefusedTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_webhook_receiver_authentic_refused_total",
		Help: "Events with a right signature or token that were refused all the same, and are lost unless they are sent again.",
	}, []string{"receiver", "provider", "outcome"})

	storeDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "caddy_webhook_receiver_store_duration_seconds",
		Help:    "Time that an output took to store an event, or to fail to.",
		Buckets: durationBuckets,
	}, []string{"output"})

	fsyncDuration = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "caddy_webhook_receiver_fsync_duration_seconds",
		Help:    "Time that an fsync of an events' file took.",
		Buckets: durationBuckets,
	})

	batchEvents = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "caddy_webhook_receiver_batch_events",
		Help:    "Events that shared one write to an events' file, and one fsync.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 11), // to 1024
	})

	storedBytesTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_webhook_receiver_stored_bytes_total",
		Help: "Size of the data, without the envelope, of the events that an output has stored.",
	}, []string{"output"})

	lastEvent = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_last_event_timestamp_seconds",
		Help: "When the last event was stored, in Unix time; missing before the first one since the process started.",
	}, []string{"receiver", "provider"})

	lastVerification = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_last_verification_timestamp_seconds",
		Help: "When the endpoint was last verified with success, in Unix time; missing before the first time since the process started.",
	}, []string{"receiver", "provider"})
)

// durationBuckets go from a fast disk's fsync to a provider's patience.
var durationBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}

// Register makes the metrics part of a config's registry. Every receiver of the
// config does this.
func Register(registry *prometheus.Registry) error {
	for _, collector := range []prometheus.Collector{
		requestsTotal, authenticRefusedTotal, storeDuration, fsyncDuration, batchEvents, storedBytesTotal, lastEvent, lastVerification,
		deliveryAttempts, deliveryBacklog, deliveryOldest, deliveryDuration, deliveryUp,
	} {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// Receiver is the metrics of the receivers of one name.
type Receiver struct {
	name, provider string
	requests       map[string]prometheus.Counter // by outcome

	lastEvent, lastVerification func() prometheus.Gauge // missing before the first one
}

// OfReceiver returns the metrics of the receivers of that name, for a provider.
// Counters start at zero, so that a first increase shows as one.
func OfReceiver(name, provider string) Receiver {
	gauge := func(of *prometheus.GaugeVec) func() prometheus.Gauge {
		return sync.OnceValue(func() prometheus.Gauge { return of.WithLabelValues(name, provider) })
	}
	m := Receiver{name, provider, make(map[string]prometheus.Counter), gauge(lastEvent), gauge(lastVerification)}
	for _, became := range outcome.All {
		m.requests[became] = requestsTotal.WithLabelValues(name, provider, became)
	}
	for _, became := range []string{outcome.BadRequest, outcome.TooLarge, outcome.Unavailable} {
		authenticRefusedTotal.WithLabelValues(name, provider, became)
	}
	return m
}

// Count counts what became of a request.
func (m Receiver) Count(became string) {
	m.requests[became].Inc()
	switch became {
	case outcome.Stored:
		m.lastEvent().SetToCurrentTime()
	case outcome.Verified:
		m.lastVerification().SetToCurrentTime()
	}
}

// CountAuthentic counts an authentic event that was refused, by what became of it.
func (m Receiver) CountAuthentic(became string) {
	authenticRefusedTotal.WithLabelValues(m.name, m.provider, became).Inc()
}

// Output is the metrics of one output.
type Output struct {
	duration prometheus.Observer
	bytes    prometheus.Counter
}

// OfOutput returns the metrics of the outputs of one module, by its name.
func OfOutput(name string) Output {
	return Output{storeDuration.WithLabelValues(name), storedBytesTotal.WithLabelValues(name)}
}

// Count counts what the output did with an event whose data have that many bytes.
func (m Output) Count(began time.Time, bytes int, err error) {
	m.duration.Observe(time.Since(began).Seconds())
	if err == nil {
		m.bytes.Add(float64(bytes))
	}
}

// Synced counts an fsync of an events' file.
func Synced(took time.Duration) { fsyncDuration.Observe(took.Seconds()) }

// Committed counts events that shared one write to an events' file.
func Committed(events int) { batchEvents.Observe(float64(events)) }
