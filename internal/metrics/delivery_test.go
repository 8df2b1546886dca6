package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// shown returns the metrics of deliveries in a registry of a config, one a line; of histograms the
// number of observations.
func shown(t *testing.T) []string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := Register(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, family := range families {
		name, ok := strings.CutPrefix(family.GetName(), "caddy_webhook_receiver_delivery_")
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			if ok {
				all = append(all, fmt.Sprintf("%s %s %v", name, strings.Join(labels, " "), m.GetCounter().GetValue()+m.GetGauge().GetValue()+float64(m.GetHistogram().GetSampleCount())))
			}
		}
	}
	return all
}

func wantShown(t *testing.T, want ...string) {
	t.Helper()
	want = slices.Clone(want)
	slices.Sort(want)
	got := shown(t)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("there is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// counters are those of a delivery, which start at zero; labels are in the order of their names.
func counters(labels string, counts map[string]int, attempts int) (all []string) {
	for _, became := range outcome.OfDeliveries {
		all = append(all, fmt.Sprintf("attempts_total %s %d", strings.Replace(labels, " ", " "+became+" ", 1), counts[became]))
	}
	return append(all, fmt.Sprintf("duration_seconds %s %d", labels, attempts))
}

// TestDelivery counts, shows how it stands, and goes without a trace.
func TestDelivery(t *testing.T) {
	wantShown(t)
	d := OfDelivery("orders", "app")
	wantShown(t, counters("app orders", nil, 0)...)
	d.Count(outcome.Delivered, 3)
	d.Count(outcome.Lost, 2)
	d.Took(time.Second)
	counted := counters("app orders", map[string]int{"delivered": 3, "lost": 2}, 1)
	d.Stands(true, 0, time.Time{})
	wantShown(t, append(counted, "up app orders 1", "backlog_bytes app orders 0")...)
	d.Stands(false, 5, time.Unix(1e9, 5e8))
	wantShown(t, append(counted, "up app orders 0", "backlog_bytes app orders 5", "oldest_timestamp_seconds app orders 1.0000000005e+09")...)
	d.Stands(true, 0, time.Time{})
	wantShown(t, append(counted, "up app orders 1", "backlog_bytes app orders 0")...)

	other := OfDelivery("users", "app")
	d.Forget()
	d.Forget()
	wantShown(t, counters("app users", nil, 0)...)
	other.Forget()
	wantShown(t)
}

// TestDeliveriesOfOneName are counted as one, and one that goes takes nothing from the other: as
// when a receiver gets another file, and the delivery from there begins before the old one has ended.
func TestDeliveriesOfOneName(t *testing.T) {
	a, b := OfDelivery("orders", "app"), OfDelivery("orders", "app")
	a.Count(outcome.Delivered, 1)
	b.Count(outcome.Delivered, 1)
	counted := counters("app orders", map[string]int{"delivered": 2}, 0)
	a.Stands(false, 5, time.Unix(100, 0))
	wantShown(t, append(counted, "up app orders 0", "backlog_bytes app orders 5", "oldest_timestamp_seconds app orders 100")...)
	b.Stands(true, 7, time.Unix(50, 0))
	wantShown(t, append(counted, "up app orders 0", "backlog_bytes app orders 12", "oldest_timestamp_seconds app orders 50")...)
	b.Stands(true, 7, time.Time{})
	wantShown(t, append(counted, "up app orders 0", "backlog_bytes app orders 12", "oldest_timestamp_seconds app orders 100")...)
	a.Forget()
	wantShown(t, append(counted, "up app orders 1", "backlog_bytes app orders 7")...)
	b.Count(outcome.Delivered, 1)
	wantShown(t, append(counters("app orders", map[string]int{"delivered": 3}, 0), "up app orders 1", "backlog_bytes app orders 7")...)
	c := OfDelivery("orders", "app")
	b.Forget() // c does not tell yet how it stands
	wantShown(t, counters("app orders", map[string]int{"delivered": 3}, 0)...)
	c.Forget()
	wantShown(t)
}

// TestForgottenDeliveryShowsNothing, even if it tells something late.
func TestForgottenDeliveryShowsNothing(t *testing.T) {
	d := OfDelivery("orders", "app")
	d.Forget()
	d.Count(outcome.Delivered, 1)
	d.Took(time.Second)
	d.Stands(true, 5, time.Unix(100, 0))
	wantShown(t)
}

// TestAttemptBuckets tell an attempt that the timeout ended from one that was answered just before.
func TestAttemptBuckets(t *testing.T) {
	if !slices.IsSorted(attemptBuckets) || !slices.Contains(attemptBuckets, 30) || attemptBuckets[len(attemptBuckets)-1] <= 30 {
		t.Errorf("%v", attemptBuckets)
	}
}
