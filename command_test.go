package webhookreceiver

import (
	"testing"
	"time"
)

// TestPlayable: the test command can play every provider, and its sample event
// is taken for what it is.
func TestPlayable(t *testing.T) {
	all := playable()
	if len(all) != len(providers) || all[0].Name != defaultProvider {
		t.Fatalf("%d providers can be played, the first is %s", len(all), all[0].Name)
	}
	for i, p := range all {
		event := new(Event)
		if err := event.setData(p.Event, contentTypeJSON, acceptJSON); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := event.field(providers[i].eventType); got != "webhook_receiver_test" {
			t.Errorf("%s: the sample event is of type %q", p.Name, got)
		}
		if p.Deadline < time.Second {
			t.Errorf("%s: waits for %s", p.Name, p.Deadline)
		}
	}
}
