package metrics

import (
	"slices"
	"sync"
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
		Buckets: attemptBuckets,
	}, []string{"receiver", "delivery"})

	deliveryUp = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "caddy_webhook_receiver_delivery_up",
		Help: "1 while events are delivered, 0 while the application is down.",
	}, []string{"receiver", "delivery"})
)

// attemptBuckets go from an application on the same machine to one that answers just before the
// timeout, by default 30 s, and what that cuts off.
var attemptBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120}

// Delivery is the metrics of one delivery.
type Delivery struct {
	*deliveryMetrics

	// How it stands.
	told    bool
	up      bool
	backlog int64
	oldest  time.Time
}

// deliveryMetrics are those of all deliveries of one receiver's name and their own, of which there
// are several where such receivers have different files, and for a moment where a receiver gets another file.
type deliveryMetrics struct {
	labels   prometheus.Labels
	attempts map[string]prometheus.Counter // by outcome
	duration prometheus.Observer
	users    []*Delivery
}

var deliveries struct {
	sync.Mutex
	of map[[2]string]*deliveryMetrics // by receiver and name
}

// OfDelivery returns the metrics of a delivery of a receiver. Counters start at zero, so that a first
// increase shows as one.
func OfDelivery(receiver, name string) *Delivery {
	deliveries.Lock()
	defer deliveries.Unlock()
	key := [2]string{receiver, name}
	m := deliveries.of[key]
	if m == nil {
		m = &deliveryMetrics{labels: prometheus.Labels{"receiver": receiver, "delivery": name}, attempts: make(map[string]prometheus.Counter)}
		m.duration = deliveryDuration.With(m.labels)
		for _, became := range outcome.OfDeliveries {
			m.attempts[became] = deliveryAttempts.WithLabelValues(receiver, name, became)
		}
		if deliveries.of == nil {
			deliveries.of = make(map[[2]string]*deliveryMetrics)
		}
		deliveries.of[key] = m
	}
	d := &Delivery{deliveryMetrics: m}
	m.users = append(m.users, d)
	return d
}

// Count counts what became of attempts or events.
func (d *Delivery) Count(became string, n uint64) { d.attempts[became].Add(float64(n)) }

// Took counts how long an attempt took.
func (d *Delivery) Took(t time.Duration) { d.duration.Observe(t.Seconds()) }

// Stands tells how the delivery stands. oldest is zero if there is nothing to deliver.
func (d *Delivery) Stands(up bool, backlog int64, oldest time.Time) {
	deliveries.Lock()
	defer deliveries.Unlock()
	d.told, d.up, d.backlog, d.oldest = true, up, backlog, oldest
	d.show()
}

// Forget has the metrics of a delivery that is no more be gone.
func (d *Delivery) Forget() {
	deliveries.Lock()
	defer deliveries.Unlock()
	d.users = slices.DeleteFunc(d.users, func(other *Delivery) bool { return other == d })
	if len(d.users) > 0 {
		d.show()
		return
	}
	if key := [2]string{d.labels["receiver"], d.labels["delivery"]}; deliveries.of[key] == d.deliveryMetrics {
		delete(deliveries.of, key)
		deliveryAttempts.DeletePartialMatch(d.labels)
		deliveryDuration.Delete(d.labels)
		d.hide()
	}
}

// show shows how they stand, all together. The lock is held.
func (m *deliveryMetrics) show() {
	up, backlog, oldest, told := 1.0, int64(0), time.Time{}, false
	for _, d := range m.users {
		if !d.told {
			continue
		}
		told = true
		backlog += d.backlog
		if !d.up {
			up = 0
		}
		if oldest.IsZero() || !d.oldest.IsZero() && d.oldest.Before(oldest) {
			oldest = d.oldest
		}
	}
	if !told {
		m.hide()
		return
	}
	deliveryUp.With(m.labels).Set(up)
	deliveryBacklog.With(m.labels).Set(float64(backlog))
	if oldest.IsZero() {
		deliveryOldest.Delete(m.labels)
		return
	}
	deliveryOldest.With(m.labels).Set(float64(oldest.UnixNano()) / 1e9)
}

func (m *deliveryMetrics) hide() {
	deliveryUp.Delete(m.labels)
	deliveryBacklog.Delete(m.labels)
	deliveryOldest.Delete(m.labels)
}
