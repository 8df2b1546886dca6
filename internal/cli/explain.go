package cli

import (
	"cmp"
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

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
)

// finding is something that is wrong, and its likely cause.
type finding struct {
	what, cause string
	receiver    bool // it was the receiver that answered
}

// Causes of more than one thing.
const (
	noRoute       = "Caddy answers so where no route matches: the path of the URL is not the receiver's, or its site has another host name."
	somethingElse = "Something else answers at this URL: another route, a receiver for another provider, or a proxy with a page of its own."
	bodyChanged   = "A proxy or firewall in front of the receiver drops or changes bodies"
	reload        = "If it was changed: reload Caddy's config, with --force if it comes from a file; restart Caddy if it comes from the environment."
)

// explainError says in words why there was no answer.
func (p *player) explainError(err error) *finding {
	u := p.account.URL
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
		return &finding{what: fmt.Sprintf("the name %s is not found", u.Hostname()), cause: "There is no DNS record for it, or not yet: " + dns.Err + "."}
	case errors.As(err, &unknown):
		return &finding{what: "the certificate is not trusted", cause: "It was not issued by a public authority. Caddy gets one by itself if the name is public and its ports 80 and 443 can be reached; a local name, or tls internal, has one of Caddy's own authority, whose root.crt --cacert has it trust. --insecure tests the rest."}
	case errors.As(err, &host):
		return &finding{what: "the certificate is for another name", cause: "Its names: " + strings.Join(host.Certificate.DNSNames, ", ") + ". Is the URL's host the address of a site in the Caddyfile, and does another server use the port?"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &finding{what: "the certificate is not valid today", cause: fmt.Sprintf("It is valid from %s to %s. Is this machine's clock right? Caddy's log says why it was not renewed.",
			invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly))}
	case errors.As(err, &notTLS), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &finding{what: fmt.Sprintf("port %s does not speak HTTPS", port), cause: "Wrong port, or a server or proxy that speaks plain HTTP there."}
	case strings.Contains(err.Error(), "tls: internal error"), strings.Contains(err.Error(), "unrecognized name"):
		return &finding{what: "the server has no certificate for " + u.Hostname(), cause: "The URL's host is not the address of a site in the Caddyfile, or Caddy has not got a certificate yet: its log says why."}
	case strings.Contains(err.Error(), "malformed HTTP"), strings.Contains(err.Error(), "readLoopPeekFail"): // it spoke first
		return &finding{what: fmt.Sprintf("port %s does not speak HTTP", port), cause: "Wrong port: a server for something else answers there."}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &finding{what: fmt.Sprintf("nothing listens on port %s", port), cause: "Caddy is not running, the port is wrong, or a firewall refuses it."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		if errors.As(err, &operation) && operation.Op == "dial" {
			return &finding{what: fmt.Sprintf("port %s does not answer", port), cause: "A firewall drops what is sent to it, or the address is another machine's."}
		}
		return &finding{what: fmt.Sprintf("no answer within the %s that the sender waits", p.Patience), cause: "The receiver's disk hangs, or a proxy in front of it waits for another server."}
	case errors.As(err, &operation) && operation.Op == "dial":
		return &finding{what: "no connection", cause: err.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return &finding{what: "the connection was closed without an answer", cause: "abort in the Caddyfile, a firewall, or a port that speaks something else."}
	}
	return &finding{what: "no answer", cause: err.Error()}
}

// wrongStatus says what a status may mean that is not the one that was wanted.
func (p *player) wrongStatus(s play.Step, want int, a *answer) *finding {
	f := &finding{what: fmt.Sprintf("answered %d, want %d", a.StatusCode, want)}
	isEvent := s.Kind >= play.BadEvent
	hasBody := a.Request.ContentLength != 0
	switch code := a.StatusCode; {
	case code >= 300 && code <= 399:
		f.what = fmt.Sprintf("answered %d, a redirect to %s", code, location(a.Response))
		f.cause = "Services that send webhooks do not follow redirects: give them the address that it leads to."
	case code == http.StatusBadRequest && strings.Contains(a.body, "HTTP request to an HTTPS server"):
		f.cause = "The port speaks HTTPS: the URL must begin with https."
	case code == http.StatusBadRequest && p.fits:
		f.cause = bodyChanged + ", or its provider is another one; Caddy's log tells the reason at level debug."
	case code == http.StatusBadRequest && hasBody:
		f.cause = "The receiver found something else than what was sent. " + bodyChanged + ", or its provider is another one; Caddy's log tells the reason at level debug."
		f.receiver = true
	case code == http.StatusBadRequest:
		f.cause = "The receiver did not find what the provider sends: its provider is another one, or something in front of it drops queries or headers."
	case code >= 200 && code <= 299 && s.Kind == play.Forged:
		f.cause = "Whatever answers here does not check signatures, so that anybody can send events: the receiver has no secret, or its provider is another one; or no route matches, which Caddy answers with an empty 200."
	case code >= 200 && code <= 299 && s.Kind == play.Stale:
		f.cause = "Whatever answers here takes old signatures, so that events can be sent again by anybody who has seen them: its provider is another one."
	case code >= 200 && code <= 299 && a.body == "":
		f.cause = noRoute
	case code >= 200 && code <= 299:
		f.cause = somethingElse
	case code == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") != "", code == http.StatusProxyAuthRequired:
		f.cause = "Something in front of the receiver asks for a password; the sender has none."
	case code == cmp.Or(p.Refused, http.StatusUnauthorized) && p.Signs && isEvent, code == http.StatusUnauthorized && p.Signs:
		f.cause, f.receiver = p.wrongSignature(s, a), true
	case code == http.StatusUnauthorized:
		f.cause = "The receiver wants signatures, so its provider is another one; or something in front of it asks for a password, which the sender has not."
	case code == http.StatusForbidden && s.Kind == play.Verifies && p.UsesToken:
		f.cause, f.receiver = "The token is not the receiver's verify_token. "+reload, true
	case code == http.StatusForbidden:
		f.cause = "A firewall, or another directive such as remote_ip, refuses the request."
	case code == http.StatusNotFound:
		f.cause = "The path of the URL is not the receiver's."
	case code == http.StatusMethodNotAllowed:
		f.cause = "The receiver is for a provider that uses other methods, or something else answers at this URL."
	case code == http.StatusRequestTimeout:
		f.cause = "The body did not get to the receiver in time: a proxy in front of it holds it back."
	case code == http.StatusRequestEntityTooLarge:
		f.cause = "A proxy in front of the receiver, or max_body_size, takes only small bodies."
	case code == http.StatusUnsupportedMediaType:
		f.cause = "A proxy in front of the receiver encodes bodies in a way that it does not know."
	case code == http.StatusTooManyRequests:
		f.cause = "A rate limit in front of the receiver."
	case code == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "" && isEvent:
		f.cause, f.receiver = "The receiver could not store the event, or is overloaded: Caddy's log says why.", true
	case code >= 500:
		f.cause = "A proxy in front of the receiver does not reach it, or Caddy's config is broken: see the log."
	}
	return f
}

// wrongSignature says why a right signature may be refused.
func (p *player) wrongSignature(s play.Step, a *answer) string {
	if p.fits {
		return bodyChanged + ": secret and clock are right, as the receiver found the signature of " + p.proof + " right. Or its provider is another one."
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		if off := time.Since(date).Round(time.Second); off.Abs() > time.Minute {
			return fmt.Sprintf("The clocks of this machine and of the server are %s apart, and the signature is of this machine's time.", off.Abs())
		}
	}
	if p.account.Secret == "" {
		return "The receiver has a secret: --secret, or WEBHOOK_SECRET in the environment."
	}
	cause := "The secret is not the receiver's"
	if p.Seals {
		cause += ", or the verify token or the account is not"
	}
	cause += ". " + reload + " Or its provider is another one, or a proxy in front of it drops headers"
	if s.Kind == play.Verifies && a.Request.ContentLength > 0 { // of events the empty one has told
		cause += ", or drops or changes bodies"
	}
	if p.SignsURL {
		cause += "; or the URL, which is signed too, is not what the receiver sees: it needs public_url behind a proxy"
	}
	return cause + "."
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
