package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var outage = flag.Duration("outage", 4*time.Second, "how long the applications of TestDeliveryOutages are down")

// TestDeliveryOutages has an application be down in each way: nothing is given up, few
// attempts are made, and afterwards the backlog comes in order, at first one event at
// a time, and not as a herd.
func TestDeliveryOutages(t *testing.T) {
	t.Parallel()
	const concurrency = 8
	s := newServer(t)
	kinds := []struct {
		name       string
		begin, end func(app *appProcess)
	}{
		{"500", func(app *appProcess) { app.behave(fails) }, nil},
		{"refused", (*appProcess).kill, (*appProcess).start},
		{"lost", (*appProcess).dropConnections, (*appProcess).start},
		{"silent", func(app *appProcess) { app.behave(silent) }, nil},
		{"late", func(app *appProcess) { app.behave(late) }, nil},
		{"tls", func(app *appProcess) { app.kill(); app.certify(); app.start() }, func(app *appProcess) { app.kill(); app.restoreCertificate(); app.start() }},
	}
	var apps []*appProcess
	options := []string{"verify_token " + rightToken, "output file {$DIR}/a/events.jsonl"}
	for _, kind := range kinds {
		app := s.newApplication()
		app.name = kind.name
		settings := []string{fmt.Sprintf("concurrency %d", concurrency), "timeout 400ms", "retry 100ms 200ms 300ms"}
		if kind.name == "tls" {
			app.tls = true
			app.certify()
			app.keepCertificate()
			settings = append(settings, "transport http {\ntls_trust_pool file "+filepath.Join(app.dir, "trusted.pem")+"\n}")
		}
		app.behave(working)
		app.start()
		options = append(options, app.deliver(settings...))
		apps = append(apps, app)
	}
	s.configure(site(options...))
	s.start()
	tags := s.sends(subjects("before", 20), 1)
	for _, app := range apps {
		app.wantTags(tags, time.Minute)
	}

	begun := time.Now()
	for i, kind := range kinds {
		kind.begin(apps[i])
	}
	during := s.sends(subjects("during", 100), 3)
	within(t, time.Minute, "all applications count as down", func() error {
		for name, state := range s.deliveries() {
			if state != "down" {
				return fmt.Errorf("%s is %s", name, state)
			}
		}
		return nil
	})
	time.Sleep(*outage - time.Since(begun))
	down := time.Since(begun)
	ended := time.Now()
	for i, kind := range kinds {
		apps[i].behave(working)
		if kind.end != nil {
			kind.end(apps[i])
		}
	}
	during = append(during, s.sends(subjects("after", 10), 1)...)
	for i, app := range apps {
		app.wantTags(during, 2*time.Minute)
		attempts := 0
		var back []request
		for _, r := range app.requests() {
			switch {
			case r.at.After(ended):
				back = append(back, r)
			case r.at.After(begun):
				attempts++
			}
		}
		// Concurrency at the beginning, five until it is noticed, and probes that get rarer.
		if most := concurrency + 5 + 6 + int(down/time.Minute); attempts > most {
			t.Errorf("%s: %d attempts in an outage of %v, more than %d", kinds[i].name, attempts, down, most)
		}
		most := 0
		for n, r := range back {
			if most = max(most, r.beside); r.beside > min(n+1, concurrency) {
				t.Errorf("%s: the request number %d after the outage came beside %d others", kinds[i].name, n+1, r.beside-1)
				break
			}
		}
		if most < concurrency/2 {
			t.Errorf("%s: after the outage there were never more than %d requests at a time", kinds[i].name, most)
		}
		t.Logf("%s: %d attempts in %v; afterwards\n%s", kinds[i].name, attempts, down.Round(time.Millisecond), rateChart(back))
	}
	s.wantNoDeadLetters()
}

// rateChart shows how many requests there were in each tenth of a second.
func rateChart(requests []request) string {
	if len(requests) == 0 {
		return ""
	}
	const step = 100 * time.Millisecond
	begin := requests[0].at
	var counts, beside []int
	for _, r := range requests {
		i := max(0, int(r.at.Sub(begin)/step))
		for len(counts) <= i {
			counts, beside = append(counts, 0), append(beside, 0)
		}
		counts[i]++
		beside[i] = max(beside[i], r.beside)
	}
	var chart strings.Builder
	for i, n := range counts {
		if i == 30 {
			fmt.Fprintf(&chart, "  and so on for %v\n", time.Duration(len(counts)-i)*step)
			break
		}
		fmt.Fprintf(&chart, "%6v %4d at most %2d at a time %s\n", time.Duration(i)*step, n, beside[i], strings.Repeat("#", (n+1)/2))
	}
	return chart.String()
}

// dropConnections has nobody answer at the application's address, not even to the first
// packet of a connection: as if the machine was gone.
func (app *appProcess) dropConnections() {
	app.t.Helper()
	app.kill()
	var listener net.Listener
	within(app.t, patience, "the address is free", func() (err error) {
		listener, err = net.Listen("tcp", app.address)
		return err
	})
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(fd uintptr) { err = listenWithoutBacklog(fd) }), err)
	}
	if err != nil {
		app.t.Fatal(err)
	}
	gone := []func() error{listener.Close}
	for range 10 {
		conn, err := net.DialTimeout("tcp", app.address, 200*time.Millisecond)
		if err != nil {
			app.closing = gone
			return
		}
		gone = append(gone, conn.Close)
	}
	app.t.Fatal("connections are not dropped")
}

// certify gives it another certificate than it had, which nobody trusts.
func (app *appProcess) certify() {
	app.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		app.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		app.t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		app.t.Fatal(err)
	}
	app.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	app.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes})))
}

func (app *appProcess) write(name, content string) {
	app.t.Helper()
	if err := os.WriteFile(filepath.Join(app.dir, name), []byte(content), 0o600); err != nil {
		app.t.Fatal(err)
	}
}

func (app *appProcess) copy(from, to string) {
	app.t.Helper()
	content, err := os.ReadFile(filepath.Join(app.dir, from))
	if err != nil {
		app.t.Fatal(err)
	}
	app.write(to, string(content))
}

// keepCertificate has the certificate be the one that is trusted.
func (app *appProcess) keepCertificate() {
	app.copy("cert.pem", "trusted.pem")
	app.copy("key.pem", "trusted.key")
}

// restoreCertificate has it show that one again.
func (app *appProcess) restoreCertificate() {
	app.copy("trusted.pem", "cert.pem")
	app.copy("trusted.key", "key.pem")
}
