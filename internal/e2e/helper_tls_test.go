package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// protocols are what events come over with TLS.
var protocols = []string{"HTTP/1.1", "HTTP/2.0", "HTTP/3.0"}

// tlsClient trusts Caddy's local authority and nothing else.
func (s *server) tlsClient(protocol string) *http.Client {
	s.t.Helper()
	config := &tls.Config{RootCAs: s.localRoots()}
	s.certified(config)
	client := s.clientFor(protocol, config)
	s.t.Cleanup(client.CloseIdleConnections)
	return client
}

// localRoots is the certificate of Caddy's local authority, once it is there.
func (s *server) localRoots() *x509.CertPool {
	s.t.Helper()
	roots := x509.NewCertPool()
	eventually(s.t, "the local authority has a certificate", func() error {
		pem, err := os.ReadFile(s.path("data", "caddy", "pki", "authorities", "local", "root.crt"))
		if err == nil && !roots.AppendCertsFromPEM(pem) {
			err = errors.New("not yet whole")
		}
		return err
	})
	return roots
}

// certified waits until the server has a certificate that the client trusts,
// and returns it.
func (s *server) certified(config *tls.Config) (leaf *x509.Certificate) {
	s.t.Helper()
	eventually(s.t, "there is a certificate", func() error {
		conn, err := tls.Dial("tcp", s.https, config)
		if err != nil {
			return err
		}
		leaf = conn.ConnectionState().PeerCertificates[0]
		return conn.Close()
	})
	return leaf
}

// clientFor speaks one protocol to the server, whatever the host in the URL.
func (s *server) clientFor(protocol string, config *tls.Config) *http.Client {
	client := &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if protocol == "HTTP/3.0" {
		client.Transport = &http3.Transport{
			TLSClientConfig: config,
			Dial: func(ctx context.Context, _ string, config *tls.Config, quicConfig *quic.Config) (*quic.Conn, error) {
				return quic.DialAddrEarly(ctx, s.https, config, quicConfig)
			},
		}
		return client
	}
	client.Transport = &http.Transport{
		TLSClientConfig:   config.Clone(), // to which it adds protocols
		ForceAttemptHTTP2: protocol == "HTTP/2.0",
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.https)
		},
	}
	return client
}
