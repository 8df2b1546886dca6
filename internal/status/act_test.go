package status

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// doer does what it is asked for, or says why not.
type doer struct {
	fakeDelivery
	asked []string
	err   error
}

func (d *doer) Do(_ context.Context, action string) (string, error) {
	d.asked = append(d.asked, action)
	return action + " is done", d.err
}

// TestAct does it with each delivery, and fails only if none can do it.
func TestAct(t *testing.T) {
	able := func(file string) *doer {
		return &doer{fakeDelivery: fakeDelivery{DeliveryReport: DeliveryReport{DeadFile: file}}}
	}
	unable := func(file string) *doer { d := able(file); d.err = errors.New("it sleeps"); return d }
	for name, test := range map[string]struct {
		deliveries []Delivery
		want, err  string
	}{
		"one":          {[]Delivery{able("/x")}, "pause is done", ""},
		"one can't":    {[]Delivery{unable("/x")}, "", "it sleeps"},
		"two":          {[]Delivery{able("/x"), able("/y")}, "that with the dead letters in /x: pause is done; that with the dead letters in /y: pause is done", ""},
		"one of two":   {[]Delivery{unable("/x"), able("/y")}, "that with the dead letters in /x: it sleeps; that with the dead letters in /y: pause is done", ""},
		"both can not": {[]Delivery{unable("/x"), unable("/y")}, "", "that with the dead letters in /x: it sleeps; that with the dead letters in /y: it sleeps"},
	} {
		got, err := Act(context.Background(), test.deliveries, DeliveryPause)
		if got != test.want || (err != nil) != (test.err != "") || err != nil && err.Error() != test.err {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		for _, d := range test.deliveries {
			if asked := d.(*doer).asked; len(asked) != 1 || asked[0] != DeliveryPause {
				t.Errorf("%s: it was asked for %q", name, asked)
			}
		}
	}
}

// TestDeliveriesFrom are those of a receiver that deliver from the file, in effect.
func TestDeliveriesFrom(t *testing.T) {
	publish(t, DeliveryReport{Receiver: "a", Name: "mail", DeadFile: "/x/e.jsonl.mail.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: "a", Name: "app", DeadFile: "/x/e.jsonl.app.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: "a", Name: "other", DeadFile: "/x/e.other.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: "b", Name: "bs", DeadFile: "/x/e.jsonl.bs.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: "a", Name: "old", DeadFile: "/x/e.jsonl.old.dead.jsonl"}).ended = true
	for _, test := range []struct{ path, receiver, want string }{
		{"/x/e.jsonl", "a", "mail app"}, {"/x/e", "a", "other"}, {"/x/e.jsonl", "b", "bs"}, {"/x/e.jsonl", "", ""}, {"", "a", ""}, {"/x", "a", ""}, {"/x/e.json", "a", ""}, {"/x/e.jsonl.mail", "a", ""},
	} {
		var names []string
		for _, d := range DeliveriesFrom(test.path, test.receiver) {
			names = append(names, d.Report().Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("from %s of %s there are %q, want %q", test.path, test.receiver, got, test.want)
		}
	}
}

// TestSampleGoesToTheReceiver that is named, in effect, and can be sent one; to each of several that have the name.
func TestSampleGoesToTheReceiver(t *testing.T) {
	const none = "no such receiver"
	add := func(name string, inEffect bool, test func(context.Context) (string, error)) {
		t.Cleanup(Publish(&Receiver{Name: name, InEffect: func() bool { return inEffect }, Test: test}))
	}
	says := func(text string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return text, err }
	}
	add("old", false, says("of another config", nil))
	add("silent", true, nil)
	add("one", false, says("of another config", nil))
	add("one", true, says("stored", nil))
	add("failing", true, says("", errors.New("it was refused")))
	add("twin", true, says("stored here", nil))
	add("twin", true, says("stored there", nil))
	add("odd twin", true, says("stored", nil))
	add("odd twin", true, says("", errors.New("it was refused")))
	for name, want := range map[string]string{"twin": "stored here; stored there", "odd twin": "it was refused", "one": "stored", "failing": "it was refused", "old": none, "silent": none, "": none, "other": none} {
		got, err := Test(context.Background(), name)
		if err != nil {
			got += err.Error()
		}
		if !strings.Contains(got, want) || (err == nil) != strings.HasPrefix(want, "stored") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
