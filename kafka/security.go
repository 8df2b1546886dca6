package kafkaoutput

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
)

// SASL is who to log in as.
type SASL struct {
	// `plain`, which sends the password as it is, so not without TLS;
	// `scram-sha-256` or `scram-sha-512`. Required.
	Mechanism string `json:"mechanism,omitempty"`

	// The user's name. Placeholders are evaluated when the config
	// is loaded; one that is empty is an error. Required.
	User string `json:"user,omitempty"`

	// The user's password. Placeholders are evaluated when the config is loaded; one that
	// is empty is an error. Required.
	Password string `json:"password,omitempty"`
}

// TLS says who to trust, and how to be trusted. The files' names may have
// placeholders; the files are read when the config is loaded.
type TLS struct {
	// A file with the certificates, in PEM, of the authorities that brokers'
	// certificates may be from. Default: those that the system trusts.
	CA string `json:"ca,omitempty"`

	// A file with the client's certificate (with its chain), in PEM. Default: none.
	Cert string `json:"cert,omitempty"`

	// A file with the certificate's key, in PEM. Required with `cert`.
	Key string `json:"key,omitempty"`
}

const (
	mechanismPlain    = "plain"
	mechanismSCRAM256 = "scram-sha-256"
	mechanismSCRAM512 = "scram-sha-512"
)

func checkMechanism(mechanism string) error {
	return expect.Word("sasl mechanism", mechanism, mechanismPlain, mechanismSCRAM256, mechanismSCRAM512)
}

// resolve returns the SASL options with placeholders evaluated. No error holds
// a value.
func (s *SASL) resolve() (SASL, error) {
	resolved := SASL{Mechanism: s.Mechanism}
	if err := checkMechanism(s.Mechanism); err != nil {
		return resolved, err
	}
	var err error
	if resolved.User, err = secret.Resolve(s.User); err != nil {
		return resolved, fmt.Errorf("sasl user: %w", err)
	}
	if resolved.Password, err = secret.Resolve(s.Password); err != nil {
		return resolved, fmt.Errorf("sasl password: %w", err)
	}
	return resolved, nil
}

func (s SASL) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case mechanismSCRAM256:
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism()
	case mechanismSCRAM512:
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism()
	}
	return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism()
}

// pemFiles are the contents of the files that TLS names. Contents, as they
// change while the names stay: after a reload the new ones count.
type pemFiles struct{ ca, cert, key string }

func (t *TLS) check() error {
	switch {
	case t == nil:
		return nil
	case t.Cert != "" && t.Key == "":
		return errors.New("cert and key must be given together: there is no key")
	case t.Cert == "" && t.Key != "":
		return errors.New("key and cert must be given together: there is no cert")
	}
	return nil
}

func (t *TLS) read() (pemFiles, error) {
	var files pemFiles
	for _, file := range []struct {
		option, name string
		contents     *string
	}{{"ca", t.CA, &files.ca}, {"cert", t.Cert, &files.cert}, {"key", t.Key, &files.key}} {
		if file.name == "" {
			continue
		}
		name, err := caddy.NewReplacer().ReplaceOrErr(file.name, true, true)
		if err != nil {
			return files, fmt.Errorf("tls %s: %w", file.option, err)
		}
		contents, err := os.ReadFile(name)
		if err != nil {
			return files, fmt.Errorf("tls %s: %w", file.option, err)
		}
		if *file.contents = string(contents); len(contents) == 0 {
			return files, fmt.Errorf("tls %s %q: is empty", file.option, name)
		}
	}
	return files, nil
}

// config returns what the files mean. No error quotes them.
func (f pemFiles) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.ca != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(f.ca)) {
			return nil, errors.New("tls ca: the file has no certificate in PEM")
		}
	}
	if f.cert != "" {
		pair, err := tls.X509KeyPair([]byte(f.cert), []byte(f.key))
		if err != nil {
			return nil, fmt.Errorf("tls cert and key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
