package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// finding is something that is wrong, and its likely cause.
type finding struct{ what, cause string }

func (f *finding) Error() string { return f.what }

// explainError says in words why there was no answer.
func explainError(err error, u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	var (
		urlErr    *url.Error
		dns       *net.DNSError
		unknown   x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		notTLS    tls.RecordHeaderError
		operation *net.OpError
	)
	if errors.As(err, &urlErr) { // whose text has the URL, and so the token
		err = urlErr.Err
	}
	switch {
	case errors.As(err, &dns):
		return &finding{fmt.Sprintf("the name %s is not found", u.Hostname()), "There is no DNS record for it, or not yet: " + dns.Err + "."}
	case errors.As(err, &unknown):
		return &finding{"the certificate is not trusted", "It was not issued by a public authority. Caddy gets one by itself if the name is public and its ports 80 and 443 can be reached; a local name, or tls internal, has one of Caddy's own authority. --insecure tests the rest."}
	case errors.As(err, &host):
		return &finding{"the certificate is for another name", "Its names: " + strings.Join(host.Certificate.DNSNames, ", ") + ". Is the URL's host the address of a site in the Caddyfile, and does another server use the port?"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &finding{"the certificate is not valid today", fmt.Sprintf("It is valid from %s to %s. Is this machine's clock right? Caddy's log says why it was not renewed.",
			invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly))}
	case errors.As(err, &notTLS), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &finding{fmt.Sprintf("port %s does not speak HTTPS", port), "Wrong port, or a server or proxy that speaks plain HTTP there."}
	case strings.Contains(err.Error(), "tls: internal error"), strings.Contains(err.Error(), "unrecognized name"):
		return &finding{"the server has no certificate for " + u.Hostname(), "The URL's host is not the address of a site in the Caddyfile, or Caddy has not got a certificate yet: its log says why."}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &finding{fmt.Sprintf("nothing listens on port %s", port), "Caddy is not running, the port is wrong, or a firewall refuses it."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		if errors.As(err, &operation) && operation.Op == "dial" {
			return &finding{fmt.Sprintf("port %s does not answer", port), "A firewall drops what is sent to it, or the address is another machine's."}
		}
		return &finding{"no answer within the time that the sender waits", "The receiver's disk hangs, or a proxy in front of it waits for another server."}
	case errors.As(err, &operation) && operation.Op == "dial":
		return &finding{"no connection", err.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return &finding{"the connection was closed without an answer", "abort in the Caddyfile, a firewall, or a port that speaks something else."}
	}
	return &finding{"no answer", err.Error()}
}

// wrongStatus says what a status may mean that is not the one that was wanted.
func (a *answer) wrongStatus(want int) error {
	what := fmt.Sprintf("answered %d, want %d", a.StatusCode, want)
	switch code := a.StatusCode; {
	case code >= 300 && code <= 399:
		return &finding{fmt.Sprintf("answered %d, a redirect to %s", code, location(a.Response)), "Services that send webhooks do not follow redirects: give them the address that it leads to."}
	case code == http.StatusBadRequest && strings.Contains(a.body, "HTTP request to an HTTPS server"):
		return &finding{what, "The port speaks HTTPS: the URL must begin with https."}
	case code == http.StatusOK && a.body == "":
		return &finding{what, "Caddy answers so where no route matches: the path of the URL is not the receiver's, or its site has another host name."}
	case code == http.StatusOK:
		return &finding{what, "Something else answers at this URL."}
	case code == http.StatusUnauthorized, code == http.StatusProxyAuthRequired:
		return &finding{what, "Something in front of the receiver asks for a password; the sender has none."}
	case code == http.StatusForbidden:
		return &finding{what, "A firewall, or another directive such as remote_ip, refuses the request."}
	case code == http.StatusNotFound:
		return &finding{what, "The path of the URL is not the receiver's."}
	case code == http.StatusMethodNotAllowed:
		return &finding{what, "The receiver is for a provider that uses other methods, or something else answers at this URL."}
	case code == http.StatusRequestTimeout:
		return &finding{what, "The body did not get to the receiver in time: a proxy in front of it holds it back."}
	case code == http.StatusRequestEntityTooLarge:
		return &finding{what, "A proxy in front of the receiver, or max_body_size, takes only small bodies."}
	case code == http.StatusTooManyRequests:
		return &finding{what, "A rate limit in front of the receiver."}
	case code == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "":
		return &finding{what, "The receiver could not store the event, or is overloaded: Caddy's log says why."}
	case code >= 500:
		return &finding{what, "A proxy in front of the receiver does not reach it, or Caddy's config is broken: see the log."}
	}
	return &finding{what, ""}
}

// location tells where a redirect leads, without what may be a secret.
func location(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// elsewhere tells of signs that it was not Caddy that answered.
func (a *answer) elsewhere() string {
	if server := a.Header.Get("Server"); server != "" && !strings.EqualFold(server, "Caddy") {
		return fmt.Sprintf("The answer comes from %q, which is in front of Caddy, or in its place.", server)
	}
	return ""
}
