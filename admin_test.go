package webhookreceiver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWhoSeesWhatWasSent: whoever can use a Unix socket's file, and nobody else.
func TestWhoSeesWhatWasSent(t *testing.T) {
	rc := newReceiver(t, "name seen\nprovider github\nsecret sesame-street")
	rc.send(t, signedFor("guess", "what was sent", "X-Plain", "plain value"))
	for address, private := range map[net.Addr]bool{
		&net.UnixAddr{Net: "unix", Name: "/run/caddy/admin.sock"}: true,
		&net.UnixAddr{Net: "unix", Name: "@caddy"}:                false, // abstract
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2019}:      false,
		&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 2021}:      false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/webhook_receiver/refused", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address))
		w := httptest.NewRecorder()
		if err := answerRefused(w, r); err != nil {
			t.Fatal(err)
		}
		answer := w.Body.String()
		if !strings.Contains(answer, `"X-Plain":[`) {
			t.Fatalf("%s is not told of it: %s", address, answer)
		}
		for _, part := range []string{"what was sent", "plain value", `"signed"`, `"private":true`} {
			if strings.Contains(answer, part) != private {
				t.Errorf("%s: %s is in %s: %t", address, part, answer, !private)
			}
		}
	}
}
