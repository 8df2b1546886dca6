package status

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// How it can stand with the certificate of a host.
const (
	CertificateValid    = "valid"
	CertificateInternal = "internal" // of an authority that is not trusted everywhere
	CertificateExpired  = "expired"
	CertificateNone     = "none" // none yet
	CertificateHTTP     = "http" // the site is plain HTTP
)

// Certificate is how it stands with the certificate of a host.
type Certificate struct {
	Host   string     `json:"host"`
	State  string     `json:"state"`
	Until  *time.Time `json:"until,omitempty"`
	Issuer string     `json:"issuer,omitempty"`
}

// Address is the URL that is to be entered at the service.
type Address struct {
	URL  string `json:"url,omitempty"` // empty: it is not known
	From string `json:"from"`          // where that is from
}

// Where an address can be from.
const (
	FromPublicURL = "public_url"
	FromSite      = "site"
	FromNobody    = "unknown"
)

// Address returns the URL to enter: public_url, else what the site's matchers say.
func (r *Receiver) Address() Address {
	if r.PublicURL != "" && !r.PublicBase {
		return Address{r.PublicURL, FromPublicURL}
	}
	var best string
	for _, site := range r.Sites() {
		if _, behind, ok := strings.Cut(site, " "); ok {
			site = "unix://" + behind // the socket says nothing of host and path
		}
		u, ok := ParseSite(site)
		if !ok {
			continue
		}
		if r.PublicURL != "" {
			return Address{strings.TrimSuffix(r.PublicURL, "/") + u.EscapedPath(), FromPublicURL}
		}
		if u.Scheme == "unix" || u.Hostname() == "" || strings.Contains(u.Host, "*") || net.ParseIP(u.Hostname()).IsUnspecified() {
			continue // it is open which host it is
		}
		if best == "" || u.Scheme == "https" && !strings.HasPrefix(best, "https:") {
			best = strings.TrimSuffix(site, "*")
		}
	}
	if best == "" {
		return Address{From: FromNobody}
	}
	return Address{best, FromSite}
}

// ParseSite returns what a site begins with, which is all of it except for a * at its end, as a URL. It is not ok
// if it is open which path that is.
func ParseSite(site string) (u *url.URL, ok bool) {
	site = strings.TrimSuffix(site, "*")
	u, err := url.Parse(site)
	return u, err == nil && !strings.ContainsAny(site, "?#{}\\") && !strings.ContainsAny(u.Path, "*[")
}
