package sites

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddytls"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// Certificates returns how it stands with the certificates of URLs such as Of returns: one of each host that
// is known. The config must run.
func Certificates(urls []string) (all []status.Certificate) {
	seen := make(map[string]bool)
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || strings.Contains(u.Hostname(), "*") {
			continue
		}
		host := u.Hostname()
		if seen[u.Scheme+host] {
			continue
		}
		seen[u.Scheme+host] = true
		if u.Scheme != "https" {
			all = append(all, status.Certificate{Host: host, State: status.CertificateHTTP})
			continue
		}
		all = append(all, certificate(host, caddytls.AllMatchingCertificates(host), time.Now()))
	}
	return all
}

// certificate tells of the best of a host's certificates.
func certificate(host string, found []certmagic.Certificate, now time.Time) status.Certificate {
	best := status.Certificate{Host: host, State: status.CertificateNone}
	ranks := []string{status.CertificateNone, status.CertificateExpired, status.CertificateInternal, status.CertificateValid}
	for _, c := range found {
		if c.Leaf == nil {
			continue
		}
		until := c.Leaf.NotAfter.UTC()
		one := status.Certificate{Host: host, State: stateOf(&c, host, now), Until: &until, Issuer: c.Leaf.Issuer.CommonName}
		if slices.Index(ranks, one.State) > slices.Index(ranks, best.State) {
			best = one
		}
	}
	return best
}

// localAuthority begins the name of Caddy's own authority, which may be trusted on this machine.
const localAuthority = "Caddy Local Authority"

func stateOf(c *certmagic.Certificate, host string, now time.Time) string {
	if now.After(c.Leaf.NotAfter) {
		return status.CertificateExpired
	}
	intermediates := x509.NewCertPool()
	for _, der := range c.Certificate.Certificate[1:] {
		if other, err := x509.ParseCertificate(der); err == nil {
			intermediates.AddCert(other)
		}
	}
	_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: host, Intermediates: intermediates, CurrentTime: now})
	if err != nil || strings.HasPrefix(c.Leaf.Issuer.CommonName, localAuthority) {
		return status.CertificateInternal
	}
	return status.CertificateValid
}
