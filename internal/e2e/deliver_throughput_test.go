package e2e

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var turn = flag.Duration("turn", 2*time.Second, "how long TestDeliveryThroughput sends in each turn")

// TestDeliveryThroughput stores events without a delivery, and with one that keeps up, by
// turns, and tells how much more slowly that is. The sender is this program, the application
// another one, and all three share the processors.
func TestDeliveryThroughput(t *testing.T) {
	s := newServer(t)
	app := s.newApplication()
	app.start()
	file := []string{"verify_token " + rightToken, "output file {$DIR}/a/events.jsonl"}
	s.configure(site(file...))
	s.start()
	var rates [2][]float64
	for n := range 6 {
		with := n % 2
		options := file
		if with == 1 {
			options = append(options, app.deliver("concurrency 32"))
		}
		s.reload(site(options...))
		before := len(app.taken())
		began := time.Now()
		sent := 0
		for time.Since(began) < *turn {
			sent += len(s.sends(subjects(fmt.Sprintf("%d.%d.", n, sent), 200), 1))
		}
		stored := time.Since(began)
		rates[with] = append(rates[with], float64(sent)/stored.Seconds())
		if with == 1 {
			within(t, time.Minute, "the delivery keeps up", func() error {
				if now := len(app.taken()) - before; now < sent {
					return fmt.Errorf("%d of %d", now, sent)
				}
				return nil
			})
			behind := time.Since(began) - stored
			t.Logf("%d events; all are delivered %v after the last was stored", sent, behind.Round(time.Millisecond))
			if behind > *turn {
				t.Errorf("delivering %d events took %v longer than storing them in %v", sent, behind, stored)
			}
		}
	}
	t.Logf("stored in a second: %.0f without a delivery, %.0f with one", rates[0], rates[1])
}
