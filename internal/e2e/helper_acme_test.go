package e2e

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

func init() {
	// Pebble's chaos: it is Caddy that is tested with it, not the plugin.
	_ = os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	_ = os.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
}

// authority is a certificate authority of the public kind: it speaks ACME
// (Pebble, which Let's Encrypt tests with) and looks for itself whether a
// server has the name that it asks for.
type authority struct {
	url      string
	endpoint string         // file with the certificate of the ACME endpoint
	roots    *x509.CertPool // what clients trust

	mu      sync.Mutex
	renewed map[string]bool // asked about, by the certificate's id; whether to renew it now
}

// startAuthority starts one for which every name is that of the server.
func startAuthority(t *testing.T, s *server) *authority {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)

	dns := startDNS(t)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	validation := va.New(quiet, port(t, s.http), port(t, s.https), false, dns, store)
	front := wfe.New(quiet, store, validation, issuer, []string{"pebble.letsencrypt.org"}, false, false, 1, 1)

	a := &authority{roots: x509.NewCertPool(), renewed: map[string]bool{}}
	acme := httptest.NewTLSServer(a.withRenewalInfo(front.Handler()))
	t.Cleanup(acme.Close)
	a.url = acme.URL + "/dir"
	a.endpoint = s.write("acme.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: acme.Certificate().Raw})))
	if !a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()) {
		t.Fatal("Pebble has no root certificate")
	}
	return a
}

// startDNS starts a DNS server for which every name is this machine, and returns
// its address.
func startDNS(t *testing.T) (address string) {
	t.Helper()
	eventually(t, "there is a DNS server", func() error { // somebody else may take the port
		address = "127.0.0.1:" + freePort(t)
		server, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{address}, Log: log.New(io.Discard, "", 0)})
		if err != nil {
			return err
		}
		server.SetDefaultDNSIPv4("127.0.0.1")
		server.SetDefaultDNSIPv6("")
		server.Run()
		t.Cleanup(server.Shutdown)

		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, err := resolver.LookupHost(ctx, "hooks.example.test.")
			cancel()
			if err == nil || time.Since(began) > 2*time.Second {
				return err
			}
		}
	})
	return address
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// withRenewalInfo answers for Pebble when a certificate is to be renewed (RFC
// 9773), to be asked again each second.
func (a *authority) withRenewalInfo(pebble http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, certificate, ok := strings.Cut(r.URL.Path, "/renewalInfo/")
		if !ok {
			pebble.ServeHTTP(w, r)
			return
		}
		a.mu.Lock()
		now := a.renewed[certificate]
		a.renewed[certificate] = now // is known from now on
		a.mu.Unlock()
		start := time.Now().Add(30 * 24 * time.Hour)
		if now {
			start = time.Now().Add(-time.Hour)
		}
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"suggestedWindow": map[string]time.Time{"start": start, "end": start.Add(10 * time.Minute)},
		})
	})
}

// renew has every certificate that there is so far renewed as soon as the
// server asks.
func (a *authority) renew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for certificate := range a.renewed {
		a.renewed[certificate] = true
	}
}
