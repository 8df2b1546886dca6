package webhookreceiver

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label outcome: what became of a request.
const (
	outcomeStored           = "stored"
	outcomeDuplicate        = "duplicate"
	outcomeVerified         = "verified"
	outcomeBadToken         = "bad_token"
	outcomeBadSignature     = "bad_signature"
	outcomeBadRequest       = "bad_request"
	outcomeTooLarge         = "too_large"
	outcomeTimeout          = "timeout"
	outcomeAborted          = "aborted"
	outcomeUnavailable      = "unavailable"
	outcomeMethodNotAllowed = "method_not_allowed"
)

var outcomes = []string{
	outcomeStored, outcomeDuplicate, outcomeVerified, outcomeBadToken, outcomeBadSignature, outcomeBadRequest,
	outcomeTooLarge, outcomeTimeout, outcomeAborted, outcomeUnavailable, outcomeMethodNotAllowed,
}

// outcomeOf maps the error that a request is answered with to its outcome.
func outcomeOf(err error) string {
	var answer caddyhttp.HandlerError
	if !errors.As(err, &answer) {
		return outcomeUnavailable
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return outcomeBadSignature
	case http.StatusForbidden:
		return outcomeBadToken
	case http.StatusMethodNotAllowed:
		return outcomeMethodNotAllowed
	case http.StatusRequestTimeout:
		return outcomeTimeout
	case http.StatusRequestEntityTooLarge:
		return outcomeTooLarge
	case http.StatusServiceUnavailable:
		return outcomeUnavailable
	}
	if errors.Is(err, errReading) {
		return outcomeAborted
	}
	return outcomeBadRequest
}

// The collectors are the process's: Caddy makes a registry for each config, and
// they are registered in every one, so that values survive reloads. Labels are
// names of providers and of outputs' modules, which only a config can choose.
var (
	requestsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_webhook_receiver_requests_total",
		Help: "Requests that were answered, by what became of them.",
	}, []string{"provider", "outcome"})

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
	}, []string{"provider"})

	lastVerification = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_last_verification_timestamp_seconds",
		Help: "When the endpoint was last verified with success, in Unix time; missing before the first time since the process started.",
	}, []string{"provider"})
)

// durationBuckets go from a fast disk's fsync to a provider's patience.
var durationBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}

// provisionMetrics makes the collectors part of the config's registry. Counters
// start at zero, so that a first increase shows as one.
func (h *Handler) provisionMetrics(registry *prometheus.Registry) error {
	h.requests = make(map[string]prometheus.Counter)
	for _, outcome := range outcomes {
		h.requests[outcome] = requestsTotal.WithLabelValues(h.provider.name, outcome)
	}
	for _, collector := range []prometheus.Collector{
		requestsTotal, storeDuration, fsyncDuration, batchEvents, storedBytesTotal, lastEvent, lastVerification,
	} {
		// Every receiver of a config does this.
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// countRequest counts what became of a request.
func (h *Handler) countRequest(outcome string) {
	h.requests[outcome].Inc()
	switch outcome {
	case outcomeStored:
		lastEvent.WithLabelValues(h.provider.name).SetToCurrentTime()
	case outcomeVerified:
		lastVerification.WithLabelValues(h.provider.name).SetToCurrentTime()
	}
}

// outputMetrics are one output's.
type outputMetrics struct {
	duration prometheus.Observer
	bytes    prometheus.Counter
}

func newOutputMetrics(output string) outputMetrics {
	return outputMetrics{storeDuration.WithLabelValues(output), storedBytesTotal.WithLabelValues(output)}
}

// count counts what the output did with an event.
func (m outputMetrics) count(began time.Time, event *Event, err error) {
	m.duration.Observe(time.Since(began).Seconds())
	if err == nil {
		m.bytes.Add(float64(len(event.Data)))
	}
}
