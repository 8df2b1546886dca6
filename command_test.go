package webhookreceiver

import (
	"testing"
	"time"
)

// TestPlayable: the test command can play every provider, and its sample event
// is taken for what it is.
func TestPlayable(t *testing.T) {
	all := playable()
	if all[0].Name != defaultProvider {
		t.Fatalf("the first is %s", all[0].Name)
	}
	for _, p := range all {
		row, err := providerNamed(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		event := new(Event)
		m := &message{event: event}
		if err := event.setData(p.Event, contentTypeJSON, acceptJSON); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := m.attribute(row.event.Type); got != "webhook_receiver_test" {
			t.Errorf("%s: the sample event is of type %q", p.Name, got)
		}
		if p.Deadline < time.Second {
			t.Errorf("%s: waits for %s", p.Name, p.Deadline)
		}
	}
}
