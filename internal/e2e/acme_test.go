package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestAutomaticHTTPS runs example.Caddyfile as in production, except for the
// authority that issues the certificate: senders that trust nothing but that
// one verify the endpoint and post events, by each version of HTTP, also while
// the certificate is being renewed.
func TestAutomaticHTTPS(t *testing.T) {
	t.Parallel()
	const domain = "hooks.example.test"
	s := newServer(t)
	s.hasCleaned()
	acme := startAuthority(t, s)
	s.runExample(domain, rightToken, "default_bind 127.0.0.1", "acme_ca "+acme.url, "acme_ca_root "+acme.endpoint, "renew_interval 1s")
	config := &tls.Config{RootCAs: acme.roots, ServerName: domain}
	first := s.certified(config)
	if err := first.VerifyHostname(domain); err != nil || !strings.HasPrefix(first.Issuer.CommonName, "Pebble") {
		t.Fatalf("a certificate for %v by %v", first.DNSNames, first.Issuer)
	}
	if conn, err := tls.Dial("tcp", s.https, &tls.Config{ServerName: domain}); err == nil {
		conn.Close()
		t.Error("trusted by a client that does not trust the authority")
	}
	plain := s.dial(t)
	plain.send(whole("{}"))
	plain.answer().want(t, http.StatusPermanentRedirect)

	url := fmt.Sprintf("https://%s:%d/webhooks", domain, port(t, s.https))
	senders := newTraffic(t)
	for _, protocol := range protocols {
		client := s.clientFor(protocol, config)
		t.Cleanup(client.CloseIdleConnections)
		a := do(t, client, http.MethodGet, url+"?"+handshake("2135675231", rightToken), nil)
		checkVerification(t, http.MethodGet, a, http.StatusOK, "2135675231")
		do(t, client, http.MethodGet, url+"?"+handshake("2135675231", "wrong"), nil).want(t, http.StatusForbidden)
		a = do(t, client, http.MethodPost, url, strings.NewReader(tagged("before")))
		a.wantStored(t)
		if a.proto != protocol {
			t.Errorf("answered over %s, want %s", a.proto, protocol)
		}

		// One sender keeps its connection, one has a new one for each event.
		senders.from(protocol+"-same", url, func() *http.Client { return client })
		var fresh *http.Client
		senders.from(protocol+"-fresh", url, func() *http.Client {
			if fresh != nil {
				fresh.CloseIdleConnections()
			}
			fresh = s.clientFor(protocol, config)
			return fresh
		})
	}

	senders.wait(100)
	acme.renew()
	eventually(t, "there is a new certificate", func() error {
		if s.certified(config).SerialNumber.Cmp(first.SerialNumber) == 0 {
			return errors.New("still the first one")
		}
		return nil
	})
	senders.wait(100)
	senders.stop()
	senders.wantNoFailure()

	events := s.path("data", "caddy", "webhooks", "events.jsonl")
	for _, r := range records(t, events) {
		if r.source() != url {
			t.Fatalf("source %q, want %q", r.source(), url)
		}
	}
	var sent []string
	for _, line := range lines(t, events) {
		if tag, _ := tagOf(line); tag != "before" {
			sent = append(sent, line)
		}
	}
	senders.wantEachOnce(sent)
	t.Logf("%d events, none refused", len(senders.acked))
}

// runExample starts the server with example.Caddyfile, with more global options.
func (s *server) runExample(domain, token string, options ...string) {
	s.t.Helper()
	example, err := os.ReadFile("../../example.Caddyfile")
	if err != nil {
		s.t.Fatal(err)
	}
	options = append(options, "admin "+s.admin)
	config := strings.Replace(string(example), "\n{\n", "\n{\n\t"+strings.Join(options, "\n\t")+"\n", 1)
	s.write("Caddyfile", config)
	s.env = append(s.env, "WEBHOOK_DOMAIN="+domain, "WEBHOOK_VERIFY_TOKEN="+token,
		fmt.Sprintf("WEBHOOK_HTTP_PORT=%d", port(s.t, s.http)), fmt.Sprintf("WEBHOOK_HTTPS_PORT=%d", port(s.t, s.https)))
	s.start()
}
