package natsoutput

import (
	"encoding/json"
	"testing"
	"time"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

func TestMessage(t *testing.T) {
	e := &webhookreceiver.Event{
		ID: "d 1", Source: "https://hooks.example.com/webhooks", Type: "test", Subject: "Euro € \"%",
		Time:            time.Date(2026, 11, 23, 23, 58, 55, 533720000, time.UTC),
		DataContentType: "text/plain; charset=utf-8",
		Extensions:      []webhookreceiver.Attribute{{Name: "community", Value: "yours"}},
		DataKind:        webhookreceiver.DataText, Data: []byte("a\nb"), Body: []byte("a\nb"),
	}
	id := "webhooks.test https://hooks.example.com/webhooks d%201"

	m := newMessage(e, contentModeStructured, "webhooks.test", "S")
	if got := string(m.Data); got != string(e.AppendJSON(nil)) || !json.Valid(m.Data) {
		t.Errorf("structured: got %s", got)
	}
	checkHeaders(t, m.Header, map[string]string{
		"Content-Type": "application/cloudevents+json", "Nats-Msg-Id": id, "Nats-Expected-Stream": "S",
	})

	m = newMessage(e, contentModeBinary, "webhooks.test", "")
	if got := string(m.Data); got != "a\nb" {
		t.Errorf("binary: got %q", got)
	}
	checkHeaders(t, m.Header, map[string]string{
		"ce-specversion": "1.0", "ce-id": "d%201", "ce-source": "https://hooks.example.com/webhooks", "ce-type": "test",
		"ce-subject": "Euro%20%E2%82%AC%20%22%25", "ce-time": "2026-11-23T23:58:55.533720Z",
		"ce-datacontenttype": "text/plain;%20charset=utf-8", "ce-community": "yours", "Nats-Msg-Id": id,
	})
	m.Data[0] = 'X'
	if e.Data[0] != 'a' {
		t.Error("the message shares the event's data")
	}
}

func checkHeaders(t *testing.T, got map[string][]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if len(got[name]) != 1 || got[name][0] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d headers, want %d: %v", len(got), len(want), got)
	}
}
