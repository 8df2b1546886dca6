//go:build broker && linux

package kafkaoutput

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// TLS and logins, and what the user needs.
func (b *brokers) testSecurity(t *testing.T) {
	c := newCluster(t)
	admin := b.admin(t)
	if _, err := admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: "caddy", Mechanism: kadm.ScramSha512, Iterations: 4096, Password: testPassword}}); err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, br := range b.all {
		addresses = append(addresses, br.secure)
	}
	secure := &cluster{t: t, addrs: addresses, topic: c.topic}
	output := func(mechanism, password string) string {
		return secure.output(fmt.Sprintf("sasl %s caddy %s\ntls {\nca %s\ncert %s\nkey %s\n}", mechanism, password, b.cert, b.cert, b.key))
	}
	validate := func(options string) (int, string) {
		s := newServer(t)
		s.run("validate", s.caddyfile(options))
		<-s.exited
		return s.exitStatus, s.log()
	}
	for options, want := range map[string]string{
		output("scram-sha-512", "{env.KAFKA_TEST_PASSWORD}"): "TOPIC_AUTHORIZATION_FAILED",
		output("plain", "{env.KAFKA_TEST_PASSWORD}"):         "TOPIC_AUTHORIZATION_FAILED",
		output("plain", "wrong"):                             "the cluster refuses mechanism, user or password",
		output("scram-sha-512", "wrong"):                     "the cluster refuses mechanism, user or password",
		output("scram-sha-256", "{env.KAFKA_TEST_PASSWORD}"): "the cluster refuses mechanism, user or password",
	} {
		b.poll(t, "a refusal: "+want, func(context.Context) error {
			if status, log := validate(options); status != 1 || !strings.Contains(log, want) {
				return fmt.Errorf("%d, want %q in\n%s", status, want, log)
			}
			return nil
		})
	}

	// A broker that wants a login only ends the connection, as one does that stops.
	noLogin := secure.output("tls {\nca " + b.cert + "\ncert " + b.cert + "\nkey " + b.key + "\n}")
	if status, log := validate(noLogin); status != 0 || !strings.Contains(log, "or that wants a login (sasl)") {
		t.Errorf("without sasl: %d\n%s", status, log)
	}

	write := kadm.NewACLs().Allow("User:caddy").AllowHosts("*").Topics(c.topic).Operations(kadm.OpWrite).ResourcePatternType(kadm.ACLPatternLiteral)
	if _, err := admin.CreateACLs(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	for _, mechanism := range []string{"scram-sha-512", "plain"} {
		b.poll(t, "the permission", func(context.Context) error {
			if status, log := validate(output(mechanism, "{env.KAFKA_TEST_PASSWORD}")); status != 0 || !strings.Contains(log, "events are stored in Kafka") {
				return fmt.Errorf("%d\n%s", status, log)
			}
			return nil
		})
	}
	s := start(t, "timeout 10s\n"+output("scram-sha-512", "{env.KAFKA_TEST_PASSWORD}"))
	s.wantStored("allowed", `{"type":"t"}`)
	if _, err := admin.DeleteACLs(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	b.poll(t, "a refusal", func(context.Context) error {
		if status, _ := s.post("denied", `{"type":"t"}`); status != http.StatusServiceUnavailable {
			return fmt.Errorf("%d", status)
		}
		return nil
	})
	if !strings.Contains(s.log(), "the user may not write to it") || strings.Contains(s.log(), testPassword) {
		t.Error("the log does not say that the user may not write, or holds the password")
	}
	if counts := c.counts(c.topic); counts["allowed"] != 1 {
		t.Errorf("%v", counts)
	}
}

// newCertificate returns a certificate that is its own authority, and a file with
// its key and itself.
func (b *brokers) newCertificate() (cert, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		b.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		b.t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	cert, key = filepath.Join(b.t.TempDir(), "cert"), filepath.Join(b.t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(cert, certPEM, 0o600), os.WriteFile(key, append(keyPEM, certPEM...), 0o600)); err != nil {
		b.t.Fatal(err)
	}
	return cert, key
}
