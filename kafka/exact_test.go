package kafkaoutput

import (
	"encoding/json"
	"strings"
	"testing"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// TestBodiesComeBack: in structured mode a record gives the body back byte for byte, in
// binary mode it has the decoded one, and no attribute that is too long for a header.
func TestBodiesComeBack(t *testing.T) {
	for _, sent := range []string{"{\n  \"a\": 1\r\n}\n", "\ufeff[1] ", "{}", "coded"} {
		decoded := sent
		if sent == "coded" {
			decoded = "{\"b\":\n2}\n"
		}
		e := &webhookreceiver.Event{ID: "1", Source: "/", Type: "t", Extensions: []webhookreceiver.Attribute{{Name: "long", Value: strings.Repeat("x", 4097)}}}
		if err := event.SetData(e, []byte(decoded), "", event.AcceptJSON); err != nil {
			t.Fatal(err)
		}
		event.SetSent(e, []byte(sent), sent != decoded)

		var back struct {
			Data     json.RawMessage
			Bodysent string
		}
		if err := json.Unmarshal(newRecord(e, "s", "", modeStructured).Value, &back); err != nil {
			t.Fatal(err)
		}
		if body, err := event.Restore(back.Data, back.Bodysent); err != nil || string(body) != sent {
			t.Errorf("%q came back as %q (%v)", sent, body, err)
		}

		m := newRecord(e, "s", "", modeBinary)
		if string(m.Value) != decoded {
			t.Errorf("%q in binary mode: %q", sent, m.Value)
		}
		for _, header := range m.Headers {
			if header.Key == "ce_bodysent" || header.Key == "ce_long" {
				t.Errorf("a header %s", header.Key)
			}
		}
	}
}
