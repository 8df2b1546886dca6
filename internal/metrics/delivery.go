package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

var (
	deliveryAttempts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_webhook_receiver_delivery_attempts_total",
		Help: "Attempts to deliver an event, and events that were given up, by what became of them.",
	}, []string{"receiver", "delivery", "outcome"})

	deliveryBacklog = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_delivery_backlog_bytes",
		Help: "Size of what is stored and was not read yet to be delivered.",
	}, []string{"receiver", "delivery"})

	deliveryOldest = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_delivery_oldest_timestamp_seconds",
		Help: "When the oldest event that is not delivered was received, in Unix time; missing while there is none.",
	}, []string{"receiver", "delivery"})

	deliveryDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "caddy_webhook_receiver_delivery_duration_seconds",
		Help:    "Time that an attempt to deliver an event took.",
		Buckets: durationBuckets,
	}, []string{"receiver", "delivery"})

	deliveryUp = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_delivery_up",
		Help: "1 while events are delivered, 0 while the application is down.",
	}, []string{"receiver", "delivery"})
)

// Delivery is the metrics of one delivery.
type Delivery struct {
	labels   prometheus.Labels
	attempts map[string]prometheus.Counter // by outcome
	duration prometheus.Observer
}

// OfDelivery returns the metrics of a delivery of a receiver.
func OfDelivery(receiver, name string) *Delivery {
	d := &Delivery{labels: prometheus.Labels{"receiver": receiver, "delivery": name}, attempts: make(map[string]prometheus.Counter)}
	d.duration = deliveryDuration.With(d.labels)
	for _, became := range outcome.OfDeliveries {
		d.attempts[became] = deliveryAttempts.WithLabelValues(receiver, name, became)
	}
	return d
}

// Count counts what became of attempts or events.
func (d *Delivery) Count(became string, n uint64) { d.attempts[became].Add(float64(n)) }

// Took counts how long an attempt took.
func (d *Delivery) Took(t time.Duration) { d.duration.Observe(t.Seconds()) }

// Stands tells how the delivery stands. oldest is zero if there is nothing to deliver.
func (d *Delivery) Stands(up bool, backlog int64, oldest time.Time) {
	value := 0.0
	if up {
		value = 1
	}
	deliveryUp.With(d.labels).Set(value)
	deliveryBacklog.With(d.labels).Set(float64(backlog))
	if oldest.IsZero() {
		deliveryOldest.Delete(d.labels)
		return
	}
	deliveryOldest.With(d.labels).Set(float64(oldest.UnixNano()) / 1e9)
}

// Forget has the metrics of a delivery that is no more be gone.
func (d *Delivery) Forget() {
	deliveryAttempts.DeletePartialMatch(d.labels)
	deliveryDuration.Delete(d.labels)
	deliveryUp.Delete(d.labels)
	deliveryBacklog.Delete(d.labels)
	deliveryOldest.Delete(d.labels)
}
