package deliver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
)

// TestAnswers of applications that keep to no rules.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		taken  bool
		reason string // has that
	}{
		"204":                         {"HTTP/1.1 204 No Content\r\n\r\n", true, ""},
		"299":                         {"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n", true, ""},
		"200 with a body cut off":     {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true, ""},
		"200 with bad chunks":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", true, ""},
		"200 with trailers":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", true, ""},
		"HTTP/1.0":                    {"HTTP/1.0 200 OK\r\n\r\nok", true, ""},
		"100 and 103 before":          {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, true, ""},
		"101":                         {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false, "answered 101"},
		"304":                         {"HTTP/1.1 304 Not Modified\r\n\r\n", false, "answered 304"},
		"redirect with a body":        {"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", false, "which is not followed"},
		"999":                         {"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", false, "answered 999"},
		"nothing":                     {"\r\n", false, ""},
		"no HTTP":                     {"220 mail.example.com ESMTP " + strings.Repeat("x", 30_000) + "\x1b[31m\r\n", false, "malformed HTTP"},
		"a huge field":                {"HTTP/1.1 500 No\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", false, "header"},
		"a huge body":                 {"HTTP/1.1 500 No\r\n\r\n" + strings.Repeat("x", 1<<20), false, "xxx"},
		"a body for the terminal":     {"HTTP/1.1 500 No\r\nContent-Length: 38\r\n\r\n\x1b]0;x\x07\r\nlevel=error\x00\xff\u202e\u2028 \x7f\x9b tail", false, "]0;x   level=error"},
		"only the beginning is shown": {"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("y", 1000), false, "yyy"},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := wire(t, "/", line, nil, test.answer)
			if r.Taken != test.taken || !r.Reached || (r.Reason == "") != test.taken || !strings.Contains(r.Reason, test.reason) {
				t.Errorf("%+v", r)
			}
			if len(r.Reason) > told+shown || strings.ContainsFunc(r.Reason, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("%d bytes are told: %q", len(r.Reason), r.Reason)
			}
		})
	}
	_, r := wire(t, "/ {\ntimeout 100ms\n}", line, nil, "")
	if r.Taken || !r.Reached || r.Reason != "no answer within 100ms" {
		t.Errorf("silence: %+v", r)
	}
	_, r = wire(t, "/ {\ntimeout 300ms\n}", line, nil, "HTTP/1.1 103 Early Hints\r\n\r\n")
	if r.Taken || !r.Reached {
		t.Errorf("only hints: %+v", r)
	}
}

// TestRetryAfter: seconds and dates, up to an hour; junk is nothing.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "3600": time.Hour, "3601": plan.MaxHold, "99999999999": plan.MaxHold, "999999999999999999999999": plan.MaxHold,
		"-1": 0, "7.5": 0, "7s": 0, "soon": 0, "1e3": 0, "7, 8": 0,
		"Thu, 26 Nov 2026 01:00:30 GMT":    30 * time.Second,
		"Thursday, 26-Nov-26 01:00:30 GMT": 30 * time.Second,
		"Thu Nov 26 01:00:30 2026":         30 * time.Second,
		"Thu, 26 Nov 2026 00:59:30 GMT":    0,
		"Fri, 27 Nov 2026 01:00:30 GMT":    plan.MaxHold,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	for status, want := range map[int]time.Duration{429: 7 * time.Second, 503: 7 * time.Second, 500: 0, 502: 0, 301: 0} {
		_, r := wire(t, "/", line, nil, fmt.Sprintf("HTTP/1.1 %d X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", status))
		if r.Hold != want {
			t.Errorf("%d: %s", status, r.Hold)
		}
	}
}

// TestTLS: by HTTP/2, with the CA that the transport trusts, and a certificate for whoever delivers; without
// either the application is not reached.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "caddy"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, certificate, "CERTIFICATE", der)
	writePEM(t, key, "PRIVATE KEY", pkcs)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.PeerCertificates[0].Subject.CommonName != "caddy" || r.ProtoMajor != 2 || r.Header["X-Idempotency-Key"] != nil {
			w.WriteHeader(403)
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(dir, "ca.crt")
	writePEM(t, ca, "CERTIFICATE", server.Certificate().Raw)

	trust := "tls_trust_pool file " + ca + "\n"
	for options, want := range map[string]bool{
		trust + "tls_client_auth " + certificate + " " + key + "\n": true,
		trust: false,
		"tls_client_auth " + certificate + " " + key + "\n": false, // an unknown CA
	} {
		r := mustLoad(t, "deliver "+server.URL+"/in {\ntransport http {\n"+options+"}\n}", nil).Send(context.Background(), eventOf(t, line), 1)
		if r.Taken != want || !want && r.Reason == "" {
			t.Errorf("%s: %+v", options, r)
		}
		if !strings.Contains(options, "trust") && r.Reached {
			t.Errorf("a failed handshake reaches nobody: %+v", r)
		}
	}
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestIdleConnections: an application that closes them costs no attempt.
func TestIdleConnections(t *testing.T) {
	var requests atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 64<<10)
				if n, _ := conn.Read(buffer); n > 0 {
					requests.Add(1)
					_, _ = conn.Write([]byte(ok))
				}
				_, _ = conn.Read(buffer) // the next request is on its way as it closes
			}()
		}
	}()
	target := mustLoad(t, "deliver http://"+l.Addr().String(), nil)
	for range 5 {
		if r := target.Send(context.Background(), eventOf(t, line), 1); !r.Taken {
			t.Fatalf("%+v", r)
		}
	}
	if n := requests.Load(); n != 5 {
		t.Errorf("%d requests were answered", n)
	}
}

// TestOnly: types by globs; those of the test command only if they are asked for.
func TestOnly(t *testing.T) {
	for block, want := range map[string]string{
		"":                   "order.paid x",
		"{\nonly order.*\n}": "order.paid",
		"{\nonly *\n}":       "order.paid x webhook_receiver_test",
		"{\nonly webhook_receiver_test order.p*d\n}": "order.paid webhook_receiver_test",
		"{\nonly order\n}":                           "",
	} {
		target, got := mustLoad(t, "deliver http://localhost:1/ "+block, nil), []string{}
		for _, kind := range []string{"order.paid", "x", "webhook_receiver_test"} {
			if target.Wants(kind) {
				got = append(got, kind)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v", block, got)
		}
	}
}
