package status

import (
	"context"
	"strings"
	"testing"
)

// fakeDelivery stands as its report says.
type fakeDelivery struct {
	DeliveryReport
	ended bool
}

func (d *fakeDelivery) SendAgain(context.Context, []byte) (a Attempt, err error) { return a, nil }

func (d *fakeDelivery) Knows(context.Context, Line) (r EventReport) { return r }

func (d *fakeDelivery) InEffect() bool { return !d.ended }

func (d *fakeDelivery) Report() DeliveryReport { return d.DeliveryReport }

func (d *fakeDelivery) Do(context.Context, string) (string, error) { return "", nil }

func publish(t *testing.T, r DeliveryReport) *fakeDelivery {
	t.Helper()
	d := &fakeDelivery{DeliveryReport: r}
	t.Cleanup(PublishDelivery(d))
	return d
}

// TestDeliveriesOfReceivers: each receiver reports its own, also where another one of the same
// name delivers from another file.
func TestDeliveriesOfReceivers(t *testing.T) {
	one, other := receiver(t, "https://one.example.com/"), receiver(t, "https://other.example.com/")
	one.Outputs = []Output{{Name: "log", Failing: func() bool { return false }}, {Name: "file", File: "/x/events.jsonl", Failing: func() bool { return false }}}
	other.Outputs = []Output{{Name: "file", File: "/x/events", Failing: func() bool { return false }}}
	publish(t, DeliveryReport{Receiver: one.Name, Name: "mail", DeadFile: "/x/events.jsonl.mail.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: one.Name, Name: "app", DeadFile: "/x/events.jsonl.app.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: one.Name, Name: "app", DeadFile: "/x/events.app.dead.jsonl"})
	publish(t, DeliveryReport{Receiver: "a", Name: "app", DeadFile: "/x/events.jsonl.app.dead.jsonl"})

	names := func(all []DeliveryReport) string {
		var names []string
		for _, d := range all {
			names = append(names, d.Receiver+"/"+d.Name)
		}
		return strings.Join(names, " ")
	}
	if got := names(reportOf(t, "https://one.example.com/").Deliveries); got != one.Name+"/app "+one.Name+"/mail" {
		t.Errorf("one has %s", got)
	}
	if got := reportOf(t, "https://other.example.com/").Deliveries; len(got) != 1 || got[0].DeadFile != "/x/events.app.dead.jsonl" {
		t.Errorf("the other has %+v", got)
	}
	if got := names(Deliveries()); got != one.Name+"/app "+one.Name+"/app "+one.Name+"/mail a/app" {
		t.Errorf("all are %s", got)
	}
	for _, test := range []struct {
		receiver, name string
		want           int
	}{{one.Name, "app", 2}, {one.Name, "mail", 1}, {"a", "app", 1}, {"a", "mail", 0}, {"", "app", 0}, {"", "", 0}} {
		if got := FindDeliveries(test.receiver, test.name); len(got) != test.want {
			t.Errorf("%s/%s is %d deliveries, want %d", test.receiver, test.name, len(got), test.want)
		}
	}
}

// TestNoDeliveries: a list is a list, and what is withdrawn is gone.
func TestNoDeliveries(t *testing.T) {
	receiver(t, "https://one.example.com/")
	if got := reportOf(t, "https://one.example.com/").Deliveries; got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
	withdraw := PublishDelivery(&fakeDelivery{})
	kept := &fakeDelivery{DeliveryReport: DeliveryReport{Name: "kept"}}
	t.Cleanup(PublishDelivery(kept))
	t.Cleanup(PublishDelivery(&fakeDelivery{DeliveryReport: DeliveryReport{Name: "of another config"}, ended: true}))
	withdraw()
	withdraw()
	if got := FindDeliveries("", "of another config"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := Deliveries(); len(got) != 1 || got[0].Name != "kept" {
		t.Errorf("%+v", got)
	}
}

// TestDeliverySecretsAreMasked wherever one may be in what is reported.
func TestDeliverySecretsAreMasked(t *testing.T) {
	defer Know([]string{"sesame-street"})()
	warnings := []string{"of sesame-street"}
	publish(t, DeliveryReport{URL: "http://localhost/sesame-street", LastError: "400: you sent sesame-street", Warnings: warnings})
	got := Deliveries()[0]
	if text := got.URL + got.LastError + strings.Join(got.Warnings, ""); strings.Contains(text, "sesame") || strings.Count(text, Masked) != 3 {
		t.Errorf("%+v", got)
	}
	if warnings[0] != "of sesame-street" {
		t.Error("what the delivery knows itself was changed")
	}
}
