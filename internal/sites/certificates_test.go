package sites

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

var now = time.Now().Truncate(time.Second)

// authority signs certificates.
type authority struct {
	cert  *x509.Certificate
	chain [][]byte // of those between it and the root
	key   *ecdsa.PrivateKey
}

var serial int64

// issue makes a certificate, signed by an authority, or by itself.
func issue(by *authority, of x509.Certificate) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	serial++
	of.SerialNumber, of.NotBefore = big.NewInt(serial), now.Add(-48*time.Hour)
	if of.NotAfter.IsZero() {
		of.NotAfter = now.Add(48 * time.Hour)
	}
	parent, signer := &of, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &of, parent, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	a := &authority{cert: cert, key: key}
	if by != nil {
		a.chain = append([][]byte{der}, by.chain...)
	}
	return a
}

func newAuthority(by *authority, name string) *authority {
	return issue(by, x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
}

// Authorities that this machine trusts, and one that it does not.
var (
	trusted   = newAuthority(nil, "Trusted Root")
	local     = newAuthority(nil, "Caddy Local Authority - 2026 ECC Root")
	untrusted = newAuthority(nil, "Nobody's Root")
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	var roots []byte
	for _, a := range []*authority{trusted, local} {
		roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})...)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, roots, 0o600); err != nil {
		panic(err)
	}
	_ = os.Setenv("SSL_CERT_FILE", file)
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"} {
		_ = os.Setenv(name, dir)
	}
	caddy.DefaultStorage.Path = caddy.AppDataDir() // Caddy has found it before
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// certificateFor returns one for names and addresses.
func certificateFor(by *authority, until time.Duration, names ...string) certmagic.Certificate {
	of := x509.Certificate{NotAfter: now.Add(until), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			of.IPAddresses = append(of.IPAddresses, ip)
		} else {
			of.DNSNames = append(of.DNSNames, name)
		}
	}
	a := issue(by, of)
	return certmagic.Certificate{Certificate: tls.Certificate{Certificate: a.chain, PrivateKey: a.key, Leaf: a.cert}, Names: names}
}

// TestCertificate tells of the best certificate of a host.
func TestCertificate(t *testing.T) {
	valid := status.CertificateValid
	if runtime.GOOS != "linux" { // where a test can't say whom to trust
		valid = status.CertificateInternal
	}
	between := newAuthority(newAuthority(trusted, "Between"), "Between Again")
	const soon, host = time.Hour, "a.example.com"
	for name, test := range map[string]struct {
		host   string
		found  []certmagic.Certificate
		state  string
		issuer string
	}{
		"none":                         {host, nil, status.CertificateNone, ""},
		"valid":                        {host, []certmagic.Certificate{certificateFor(trusted, soon, host)}, valid, "Trusted Root"},
		"with those between":           {host, []certmagic.Certificate{certificateFor(between, soon, host)}, valid, "Between Again"},
		"wildcard":                     {host, []certmagic.Certificate{certificateFor(trusted, soon, "*.example.com")}, valid, "Trusted Root"},
		"an address":                   {"192.0.2.1", []certmagic.Certificate{certificateFor(trusted, soon, "192.0.2.1")}, valid, "Trusted Root"},
		"IPv6":                         {"2001:db8::1", []certmagic.Certificate{certificateFor(trusted, soon, "2001:db8::1")}, valid, "Trusted Root"},
		"of another host":              {host, []certmagic.Certificate{certificateFor(trusted, soon, "b.example.com")}, status.CertificateInternal, "Trusted Root"},
		"of nobody":                    {host, []certmagic.Certificate{certificateFor(untrusted, soon, host)}, status.CertificateInternal, "Nobody's Root"},
		"Caddy's own, trusted here":    {host, []certmagic.Certificate{certificateFor(local, soon, host)}, status.CertificateInternal, "Caddy Local Authority - 2026 ECC Root"},
		"expired":                      {host, []certmagic.Certificate{certificateFor(trusted, -time.Second, host)}, status.CertificateExpired, "Trusted Root"},
		"expired, of nobody":           {host, []certmagic.Certificate{certificateFor(untrusted, -time.Second, host)}, status.CertificateExpired, "Nobody's Root"},
		"valid is better than expired": {host, []certmagic.Certificate{certificateFor(between, -soon, host), certificateFor(trusted, soon, host), certificateFor(untrusted, soon, host)}, valid, "Trusted Root"},
		"internal is, too":             {host, []certmagic.Certificate{certificateFor(trusted, -soon, host), certificateFor(untrusted, soon, host)}, status.CertificateInternal, "Nobody's Root"},
		"without a leaf":               {host, []certmagic.Certificate{{}}, status.CertificateNone, ""},
	} {
		got := certificate(test.host, test.found, now)
		if got.Host != test.host || got.State != test.state || valid == status.CertificateValid && got.Issuer != test.issuer {
			t.Errorf("%s: %+v, want %s by %q", name, got, test.state, test.issuer)
		}
		if one := len(test.found) == 1 && test.found[0].Leaf != nil; one && !got.Until.Equal(test.found[0].Leaf.NotAfter) || got.State == status.CertificateNone && got.Until != nil {
			t.Errorf("%s: until %v", name, got.Until)
		}
	}
}

// TestCertificatesOfURLs: each host once, if it is known which that is.
func TestCertificatesOfURLs(t *testing.T) {
	got := Certificates([]string{
		"http://a.example.com/x", "http://a.example.com:8080/y", "http://[2001:db8::1]/", "https://*.example.com/", "https://:443/", "https:///",
		"unix//run/x.sock b.example.com/x", "://", "http://*.example.com/x",
	})
	want := []status.Certificate{{Host: "a.example.com", State: status.CertificateHTTP}, {Host: "2001:db8::1", State: status.CertificateHTTP}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestCertificatesOfRunningCaddy: of its own authority, and made on demand.
func TestCertificatesOfRunningCaddy(t *testing.T) {
	var addresses []string
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, listener.Addr().String())
		_ = listener.Close()
	}
	port := func(i int) string { _, port, _ := net.SplitHostPort(addresses[i]); return port }
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(`{
		admin off
		persist_config off
		storage file_system `+t.TempDir()+`
		storage_clean_interval off # its start races with the certificates' events, in Caddy 2.9.1
		skip_install_trust
		auto_https disable_redirects
		log {
			output discard
		}
	}
	https://a.localhost:`+port(0)+` {
		bind 127.0.0.1
		tls internal
	}
	https://b.localhost:`+port(1)+` {
		bind 127.0.0.1
		tls internal {
			on_demand
		}
	}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	urls := []string{"https://a.localhost:" + port(0) + "/x", "https://a.localhost:" + port(0) + "/y", "https://b.localhost:" + port(1) + "/*"}
	see := func(states ...string) {
		t.Helper()
		var got []status.Certificate
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			got = Certificates(urls)
			if len(got) == 2 && got[0].State == states[0] && got[1].State == states[1] {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%+v, want %s", got, states)
			}
		}
		if got[0].Host != "a.localhost" || got[0].Until.Before(now) || got[0].Issuer == "" {
			t.Errorf("%+v", got)
		}
	}
	see(status.CertificateInternal, status.CertificateNone)
	conn, err := tls.Dial("tcp", addresses[1], &tls.Config{ServerName: "b.localhost", InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	see(status.CertificateInternal, status.CertificateInternal)
}
