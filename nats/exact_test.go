package natsoutput

import (
	"encoding/json"
	"strings"
	"testing"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	record "github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// TestBodiesComeBack: in structured mode a message gives the body back byte for byte, in
// binary mode it has the decoded one, and no attribute that is too long for a header.
func TestBodiesComeBack(t *testing.T) {
	for _, sent := range []string{"{\n  \"a\": 1\r\n}\n", "\ufeff[1] ", "{}", "coded"} {
		decoded := sent
		if sent == "coded" {
			decoded = "{\"b\":\n2}\n"
		}
		e := &webhookreceiver.Event{ID: "1", Source: "/", Type: "t", Extensions: []webhookreceiver.Attribute{{Name: "long", Value: strings.Repeat("x", 4097)}}}
		if err := record.SetData(e, []byte(decoded), "", record.AcceptJSON); err != nil {
			t.Fatal(err)
		}
		record.SetSent(e, []byte(sent), sent != decoded)

		var back struct {
			Data     json.RawMessage
			Bodysent string
		}
		if err := json.Unmarshal(newMessage(e, contentModeStructured, "s", "").Data, &back); err != nil {
			t.Fatal(err)
		}
		if body, err := record.Restore(back.Data, back.Bodysent); err != nil || string(body) != sent {
			t.Errorf("%q came back as %q (%v)", sent, body, err)
		}

		m := newMessage(e, contentModeBinary, "s", "")
		if string(m.Data) != decoded || m.Header["ce-bodysent"] != nil || m.Header["ce-long"] != nil {
			t.Errorf("%q in binary mode: %q, %q", sent, m.Data, m.Header)
		}
	}
}
