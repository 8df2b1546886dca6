package natsoutput

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

func TestCredentials(t *testing.T) {
	seedFile, public := newKey(t, nkeys.CreateUser)
	token := node(t, func(o *server.Options) { o.Authorization = "s3cret" })
	createStream(t, admin(t, token.ClientURL(), nats.Token("s3cret")), jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})
	nkey := node(t, func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: public}} })
	option, err := nats.NkeyOptionFromSeed(seedFile)
	must(t, err)
	createStream(t, admin(t, nkey.ClientURL(), option), jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})
	operated, creds := operatedNode(t)
	createStream(t, admin(t, operated.ClientURL(), nats.UserCredentials(creds)), jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})

	t.Setenv("NATS_TOKEN", "s3cret")
	t.Setenv("NATS_CREDENTIALS", creds)
	for _, o := range []*Output{
		{Servers: []string{token.ClientURL()}, Subject: "a", Token: "{env.NATS_TOKEN}"},
		{Servers: []string{nkey.ClientURL()}, Subject: "a", NKey: seedFile},
		{Servers: []string{operated.ClientURL()}, Subject: "a", Credentials: "{env.NATS_CREDENTIALS}"},
	} {
		provision(t, o)
		must(t, o.Store(within(t, 10*time.Second), event("1", "{}")))
	}
}

// operatedNode is a server whose users come with a JWT, and such a user's file.
func operatedNode(t *testing.T) (s *server.Server, creds string) {
	operatorFile, operator := newKey(t, nkeys.CreateOperator)
	accountFile, account := newKey(t, nkeys.CreateAccount)
	_, system := newKey(t, nkeys.CreateAccount)
	userFile, user := newKey(t, nkeys.CreateUser)

	accountClaims := jwt.NewAccountClaims(account)
	accountClaims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountJWT, err := accountClaims.Encode(keyOf(t, operatorFile))
	must(t, err)
	systemJWT, err := jwt.NewAccountClaims(system).Encode(keyOf(t, operatorFile))
	must(t, err)
	userJWT, err := jwt.NewUserClaims(user).Encode(keyOf(t, accountFile))
	must(t, err)
	seed, err := keyOf(t, userFile).Seed()
	must(t, err)
	file, err := jwt.FormatUserConfig(userJWT, seed)
	must(t, err)
	creds = filepath.Join(t.TempDir(), "user.creds")
	must(t, os.WriteFile(creds, file, 0o600))

	resolver := &server.MemAccResolver{}
	must(t, resolver.Store(account, accountJWT))
	must(t, resolver.Store(system, systemJWT))
	return node(t, func(o *server.Options) {
		o.TrustedKeys, o.AccountResolver, o.SystemAccount = []string{operator}, resolver, system
	}), creds
}

// newKey returns the file of a new key's seed, and the public key.
func newKey(t *testing.T, create func() (nkeys.KeyPair, error)) (file, public string) {
	t.Helper()
	pair, err := create()
	must(t, err)
	seed, err := pair.Seed()
	must(t, err)
	public, err = pair.PublicKey()
	must(t, err)
	file = filepath.Join(t.TempDir(), "seed")
	must(t, os.WriteFile(file, seed, 0o600))
	return file, public
}

func keyOf(t *testing.T, file string) nkeys.KeyPair {
	t.Helper()
	seed, err := os.ReadFile(file)
	must(t, err)
	pair, err := nkeys.FromSeed(seed)
	must(t, err)
	return pair
}

func TestTLS(t *testing.T) {
	ca, cert, key := newCertificates(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	must(t, err)
	pool := x509.NewCertPool()
	authorities, err := os.ReadFile(ca)
	must(t, err)
	pool.AppendCertsFromPEM(authorities)
	s := node(t, func(o *server.Options) {
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
		o.TLSTimeout = 5
	})
	createStream(t, admin(t, s.ClientURL(), nats.RootCAs(ca), nats.ClientCert(cert, key)), jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})

	o := &Output{Servers: []string{s.ClientURL()}, Subject: "a", TLS: &TLS{CA: ca, Cert: cert, Key: key}}
	provision(t, o)
	must(t, o.Store(within(t, 10*time.Second), event("1", "{}")))

	// Who the servers are is checked; they may be others in a moment.
	logged, err := validate(t, "output nats {\nservers "+s.ClientURL()+"\nsubject a\ntls\n}")
	if err != nil || !strings.Contains(logged, "certificate signed by unknown authority") {
		t.Errorf("without ca: %v\n%s", err, logged)
	}
	plain := node(t, nil)
	logged, err = validate(t, "output nats {\nservers "+plain.ClientURL()+"\nsubject a\ntls\n}")
	if err != nil || !strings.Contains(logged, "secure connection not available") {
		t.Errorf("a server without TLS: %v\n%s", err, logged)
	}
}

// newCertificates returns files: an authority, and a certificate of it for
// 127.0.0.1 with its key.
func newCertificates(t *testing.T) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, caKey.Public(), caKey)
	must(t, err)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), caKey)
	must(t, err)
	keyDER, err := x509.MarshalECPrivateKey(leafKey)
	must(t, err)
	return write("ca", "CERTIFICATE", caDER), write("cert", "CERTIFICATE", leafDER), write("key", "EC PRIVATE KEY", keyDER)
}

// What has changed in a file holds after a reload. Without a change the
// connection stays.
func TestFilesChange(t *testing.T) {
	stream := jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}}
	seed, first := newKey(t, nkeys.CreateUser)
	otherSeed, second := newKey(t, nkeys.CreateUser)
	nkey := node(t, func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: first}, {Nkey: second}} })
	option, err := nats.NkeyOptionFromSeed(otherSeed)
	must(t, err)
	createStream(t, admin(t, nkey.ClientURL(), option), stream)
	operated, creds := operatedNode(t)
	createStream(t, admin(t, operated.ClientURL(), nats.UserCredentials(creds)), stream)
	users := node(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "u", Password: "first"}, {Username: "v", Password: "second"}}
	})
	createStream(t, admin(t, users.ClientURL(), nats.UserInfo("v", "second")), stream)
	name, password := filepath.Join(t.TempDir(), "name"), filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(name, []byte("u\n"), 0o600))
	must(t, os.WriteFile(password, []byte("first\n"), 0o600))
	ca, cert, key := newCertificates(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	must(t, err)
	encrypted := node(t, func(o *server.Options) { o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}} })
	createStream(t, admin(t, encrypted.ClientURL(), nats.RootCAs(ca)), stream)

	withTLS := &Output{Servers: []string{encrypted.ClientURL()}, TLS: &TLS{CA: ca, Cert: cert, Key: key}}
	for what, test := range map[string]struct {
		options *Output
		changes map[string]string // what is put into which file
	}{
		"nkey":     {&Output{Servers: []string{nkey.ClientURL()}, NKey: seed}, map[string]string{seed: read(t, otherSeed)}},
		"creds":    {&Output{Servers: []string{operated.ClientURL()}, Credentials: creds}, map[string]string{creds: read(t, creds) + "\n"}},
		"user":     {&Output{Servers: []string{users.ClientURL()}, User: "{file." + name + "}", Password: "{file." + password + "}"}, map[string]string{name: "v", password: "second"}},
		"tls ca":   {withTLS, map[string]string{ca: read(t, ca) + "\n"}},
		"tls cert": {withTLS, map[string]string{cert: read(t, cert) + "\n"}},
		"tls key":  {withTLS, map[string]string{key: read(t, key) + "\n"}},
	} {
		t.Run(what, func(t *testing.T) {
			options, err := json.Marshal(test.options)
			must(t, err)
			load := func() *Output {
				o := &Output{Subject: "a"}
				must(t, json.Unmarshal(options, o))
				provision(t, o)
				return o
			}
			before := load()
			if load().connection != before.connection {
				t.Error("another connection, though nothing has changed")
			}
			for file, contents := range test.changes {
				must(t, os.WriteFile(file, []byte(contents), 0o600))
			}
			after := load()
			if after.connection == before.connection {
				t.Error("the same connection, though a file has changed")
			}
			must(t, after.Store(within(t, 10*time.Second), event("1", "{}")))

			// The one of before still connects, for what is in flight.
			must(t, before.connection.nc.ForceReconnect())
			eventually(t, 20*time.Second, "it goes on", func() error { return before.Store(within(t, 5*time.Second), event("2", "{}")) })
			if text := fmt.Sprintf("%+v", after.key); strings.Contains(text, read(t, otherSeed)) || strings.Contains(text, "second") {
				t.Error("the key of the pool holds a secret")
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	contents, err := os.ReadFile(file)
	must(t, err)
	return string(contents)
}

// Credentials that are refused for a while don't end it.
func TestCredentialsAreRefusedForAWhile(t *testing.T) {
	good := node(t, func(o *server.Options) { o.Authorization = "good" })
	createStream(t, admin(t, good.ClientURL(), nats.Token("good")), jetstream.StreamConfig{Name: "S", Subjects: []string{"a"}})
	bad := node(t, func(o *server.Options) { o.Authorization = "other" })
	p := newProxy(t, "127.0.0.1:0", good.Addr().String())
	o := &Output{Servers: []string{"nats://" + p.addr()}, Subject: "a", Token: "good"}
	provision(t, o)

	p.lead(bad.Addr().String())
	eventually(t, 20*time.Second, "the credentials are refused several times", func() error {
		varz, err := bad.Varz(nil)
		if err == nil && varz.TotalConnections < 4 {
			err = fmt.Errorf("%d times", varz.TotalConnections)
		}
		return err
	})
	if err := o.Store(within(t, time.Second), event("1", "{}")); err == nil {
		t.Error("stored without access")
	}
	p.lead(good.Addr().String())
	eventually(t, 20*time.Second, "it goes on", func() error { return o.Store(within(t, 5*time.Second), event("2", "{}")) })
}
