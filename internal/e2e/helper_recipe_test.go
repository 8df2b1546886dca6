package e2e

import (
	"cmp"
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
	"strings"
	"testing"
	"time"
)

// recipe is a server for one of docs/recipes.md. Its events go to the default file.
type recipe struct {
	*server
	caddyfile string
	config    tls.Config
	event     string        // what is posted
	timeout   time.Duration // of a request; 0: patience
}

// Addresses of the test for those of the recipes.
const (
	senderAddress = "127.0.0.2"
	proxyAddress  = "127.0.0.3"
	otherAddress  = "127.0.0.4"
)

// cook starts the server, having replaced what the recipe has by what the test has.
func (r *recipe) cook(replace ...string) {
	r.t.Helper()
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(r.caddyfile, replace[i]) {
			r.t.Fatalf("the recipe does not mention %s", replace[i])
		}
	}
	sites := withLocalAuthority(strings.NewReplacer(replace...).Replace(r.caddyfile))
	r.configure(sites)
	r.start()
	if !strings.Contains(sites, "http://") {
		r.config.RootCAs = r.localRoots()
	}
}

// withLocalAuthority has Caddy's own authority issue the sites' certificates.
func withLocalAuthority(sites string) string {
	const options = "{\n\tlocal_certs\n\tskip_install_trust\n"
	if rest, ok := strings.CutPrefix(sites, "{\n"); ok {
		return options + rest
	}
	return options + "}\n" + sites
}

// from sends a request to the site from an address of this machine. The status
// is 0 for one that got no answer.
func (r *recipe) from(address, method, url string, fields ...string) answer {
	r.t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &r.config,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			target := r.https
			if strings.HasSuffix(to, ":80") {
				target = r.http
			}
			dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
			return dialer.DialContext(ctx, "tcp4", target)
		},
	}
	defer transport.CloseIdleConnections()
	a, err := try(&http.Client{Transport: transport, Timeout: cmp.Or(r.timeout, patience)}, method, url, strings.NewReader(map[string]string{"POST": r.event}[method]), fields...)
	if err != nil {
		return answer{body: err.Error()}
	}
	return a
}

// takes checks that the sender can verify the endpoint and post an event, which
// is stored in the file.
func (r *recipe) takes(address, url, file string, fields ...string) {
	r.t.Helper()
	eventually(r.t, "the sender is let in", func() error { // once there is a certificate
		if a := r.from(address, "GET", url+"?"+handshake("42", rightToken), fields...); a.status != 200 || a.body != "42" {
			return fmt.Errorf("answer %d %q", a.status, clip(a.body))
		}
		return nil
	})
	before := len(lines(r.t, file))
	r.from(address, "POST", url, fields...).wantStored(r.t)
	if after := len(lines(r.t, file)); after != before+1 {
		r.t.Errorf("%d events stored, want 1", after-before)
	}
}

// refuses checks that somebody else can do neither.
func (r *recipe) refuses(status int, address, url string, fields ...string) {
	r.t.Helper()
	r.from(address, "GET", url+"?"+handshake("42", rightToken), fields...).want(r.t, status)
	r.from(address, "POST", url, fields...).want(r.t, status)
}

func (r *recipe) defaultFile() string {
	return r.path("data", "caddy", "webhooks", "events.jsonl")
}

// wantStored checks how many events there are in all, after what was refused.
func (r *recipe) wantStored(n int) {
	r.t.Helper()
	if stored := len(records(r.t, r.defaultFile())); stored != n {
		r.t.Errorf("%d events stored, want %d", stored, n)
	}
}

// issuer issues certificates to clients.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{}
	der := i.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "issuer"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	i.certificate, _ = x509.ParseCertificate(der.Certificate[0])
	i.key = der.PrivateKey.(*ecdsa.PrivateKey)
	i.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der.Certificate[0]}))
	return i
}

func (i *issuer) issue(t *testing.T, name string) tls.Certificate {
	return i.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name, Organization: []string{"O"}}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// sign signs with the issuer's key, or its own where there is none yet.
func (i *issuer) sign(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, by := i.certificate, i.key
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
