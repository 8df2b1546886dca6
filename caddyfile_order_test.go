package webhookreceiver

import (
	"strings"
	"testing"
)

// TestReceiverComesFirst has a site whose inspector answers whatever no receiver
// does: it must not take webhooks.
func TestReceiverComesFirst(t *testing.T) {
	adapted, err := adapt(`hooks.example.com {
	respond 404
	webhook_inspector
	webhook_receiver /webhooks {
		verify_token t
	}
}`)
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, handler := range []string{"webhook_receiver", "webhook_inspector", "static_response"} {
		next := strings.Index(adapted, `"handler": "`+handler+`"`)
		if next <= at {
			t.Errorf("%s is not where it should be: %s", handler, adapted)
		}
		at = next
	}
}
