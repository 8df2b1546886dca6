package kafkaoutput

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options/optiontest"
)

func TestCaddyfile(t *testing.T) {
	t.Parallel()
	var o Output
	if err := o.UnmarshalCaddyfile(caddyfile.NewTestDispenser(`kafka {
		brokers one:9092 {env.KAFKA_BROKERS}
		topic webhooks.{http.webhook_receiver.event.type}
		key {http.webhook_receiver.event.id}
		content_mode binary
		acks all
		compression zstd
		max_message_size 5MiB
		sasl scram-sha-512 {env.KAFKA_USER} {file./run/secrets/kafka}
		tls {
			ca ca.pem
			cert cert.pem
			key key.pem
		}
	}`)); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"brokers":["one:9092","{env.KAFKA_BROKERS}"],"topic":"webhooks.{http.webhook_receiver.event.type}",` +
		`"key":"{http.webhook_receiver.event.id}","content_mode":"binary","acks":"all","compression":"zstd",` +
		`"max_message_size":5242880,` +
		`"sasl":{"mechanism":"scram-sha-512","user":"{env.KAFKA_USER}","password":"{file./run/secrets/kafka}"},` +
		`"tls":{"ca":"ca.pem","cert":"cert.pem","key":"key.pem"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCaddyfileErrors(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"brokers":                         "brokers takes one host:port or more, such as kafka-1.internal:9092; here is nothing",
		"topic a b":                       "topic takes one topic, such as webhooks; here are 2 arguments",
		`topic ""`:                        "topic is empty",
		"topic a\ntopic b":                "topic is already specified in line 4",
		"nonsense 1":                      "unrecognized option 'nonsense'; the options here are acks, ",
		"compresion zstd":                 "unrecognized option 'compresion'; did you mean compression?",
		"content_mode batch":              `content_mode "batch": must be structured or binary`,
		"acks 1":                          `acks "1": must be all, as with anything less an event that was answered 200 is lost with one broker`,
		"compression brotli":              `compression "brotli": must be gzip, lz4, none, snappy or zstd`,
		"compression zst":                 "did you mean zstd?",
		"max_message_size much":           `max_message_size "much": must be a size such as 1MiB`,
		"max_message_size 100":            "max_message_size 100: must be between",
		"max_message_size 1GiB":           "max_message_size 1073741824: must be between",
		"auto_create_topics yes":          "auto_create_topics takes nothing; here is 1 argument",
		"topic {x}":                       "must begin with fixed text",
		"topic a.{x}\nauto_create_topics": "without end",
		"brokers kafka":                   `brokers "kafka": must be host:port, such as kafka-1.internal:9092`,
		"brokers kafka://me:hush@kafka":   "must be host:port, such as",
		"sasl plain me":                   "sasl takes a mechanism, a user and a password, such as scram-sha-512 {env.KAFKA_USER} {env.KAFKA_PASSWORD}; here are 2 arguments",
		"sasl gssapi me hush":             `sasl mechanism "gssapi": must be plain, scram-sha-256 or scram-sha-512`,
		"sasl scram-sha-521 me hush":      "did you mean scram-sha-512?",
		"sasl plain me hush\nhush!":       "it is not shown, as it may be a sasl",
		"tls {\nca a\nca b\n}":            "tls: ca is already specified in line 5",
		"tls {\ninsecure_skip_verify\n}":  "tls: unrecognized option 'insecure_skip_verify'; the options here are ca, cert and key",
		"tls {\nkey x\n}":                 "tls: key and cert must be given together",
		"tls on":                          "tls: it takes a block, or nothing",
	} {
		block := "# nothing\n# nothing\n" + options
		if !strings.HasPrefix(options, "brokers") {
			block = strings.Replace(block, "# nothing", "brokers a:9092", 1)
		}
		if !strings.HasPrefix(options, "topic") {
			block = strings.Replace(block, "# nothing", "topic webhooks", 1)
		}
		err := new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser("kafka {\n" + block + "\n}"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Testfile:") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", options, err, want)
		}
	}
	for block, want := range map[string]string{
		"kafka broker:9092":           "it takes a block, and nothing before it",
		"kafka {\n brokers a:9092\n}": "topic is required, as in topic webhooks, at Testfile:1",
		"kafka {\n topic a\n}":        "brokers is required, as in brokers kafka-1.internal:9092, at Testfile:1",
	} {
		if err := new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser(block)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", block, err, want)
		}
	}
}

// TestEveryOption makes every mistake with every option.
func TestEveryOption(t *testing.T) {
	t.Parallel()
	optiontest.Run(t, optiontest.Block{
		Table:  new(Output).table(),
		Needed: map[string]string{"brokers": "a:9092", "topic": "b"},
		Parse: func(block string) error {
			return new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser("kafka {\n" + block + "\n}"))
		},
	})
	optiontest.Run(t, optiontest.Block{
		Table:  new(TLS).table(),
		Needed: map[string]string{"cert": "a", "key": "b"},
		Parse: func(block string) error {
			return new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser("kafka {\n brokers a:9092\n topic b\n tls {\n" + block + "\n}\n}"))
		},
		Line: 4,
	})
}

// load provisions an output as Caddy would.
func load(t *testing.T, config string) error {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	_, err := ctx.LoadModuleByID("http.webhook_receiver.outputs.kafka", json.RawMessage(config))
	return err
}

func TestConfigErrors(t *testing.T) {
	c := newFake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "me", "hush"), kfake.Superuser("SCRAM-SHA-256", "me", "hush"))
	t.Setenv("KAFKA_TEST_EMPTY", "")
	t.Setenv("KAFKA_TEST_SECRET", "hush")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(more string) string {
		return fmt.Sprintf(`{"brokers":[%q],"topic":"webhooks",%s}`, c.addrs[0], more)
	}
	login := func(mechanism, user, password string) string {
		return config(fmt.Sprintf(`"sasl":{"mechanism":%q,"user":%q,"password":%q}`, mechanism, user, password))
	}
	for _, test := range []struct{ config, want string }{
		{`{"topic":"webhooks"}`, "brokers is required"},
		{`{"brokers":["a:9092"]}`, "topic is required"},
		{`{"brokers":["a"],"topic":"webhooks"}`, `brokers "a": must be host:port`},
		{`{"brokers":["a:9092,:9092"],"topic":"webhooks"}`, `brokers ":9092": must be host:port`},
		{`{"brokers":["a:0"],"topic":"webhooks"}`, `brokers "a:0": must be host:port`},
		{`{"brokers":["{env.KAFKA_TEST_EMPTY}"],"topic":"webhooks"}`, `brokers "{env.KAFKA_TEST_EMPTY}"`},
		{config(`"acks":"leader"`), `acks "leader": must be all`},
		{config(`"content_mode":"batch"`), `content_mode "batch"`},
		{config(`"compression":"brotli"`), `compression "brotli"`},
		{config(`"max_message_size":-1`), "max_message_size -1"},
		{config(`"tls":{"cert":"x"}`), "tls: cert and key must be given together"},
		{config(`"tls":{"ca":"/nowhere/ca.pem"}`), "tls ca: open /nowhere/ca.pem"},
		{config(fmt.Sprintf(`"tls":{"ca":%q}`, empty)), "is empty"},
		{config(fmt.Sprintf(`"tls":{"ca":%q}`, "config_test.go")), "tls ca: the file has no certificate in PEM"},
		{login("plain", "me", "{env.KAFKA_TEST_EMPTY}"), "sasl password: the placeholder {env.KAFKA_TEST_EMPTY} has no value"},
		{login("plain", "me", ""), "sasl password: is empty"},
		{login("plain", "", "hush"), "sasl user: is empty"},
		{login("plain", "{env.KAFKA_TEST_UNSET}", "hush"), "sasl user: the placeholder {env.KAFKA_TEST_UNSET} has no value"},
		{login("kerberos", "me", "hush"), `sasl mechanism "kerberos"`},
		{strings.Replace(login("plain", "me", "hush"), `"webhooks"`, `"missing"`, 1), `topic "missing": UNKNOWN_TOPIC_OR_PARTITION`},
	} {
		err := load(t, test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s:\n%v, want %q", test.config, err, test.want)
		}
	}
	// The fake cluster just ends the connection; a real one says why.
	for key, answer := range map[kmsg.Key]*kerr.Error{
		kmsg.SASLAuthenticate: kerr.SaslAuthenticationFailed, kmsg.SASLHandshake: kerr.UnsupportedSaslMechanism,
	} {
		fault := c.fake.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: answer, TopLevel: true, Count: -1})
		err := load(t, login("plain", "me", "wrong-hush"))
		if err == nil || !strings.Contains(err.Error(), "sasl plain: the cluster refuses mechanism, user or password") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v: %v", answer, err)
		}
		fault.Remove()
	}
	for _, mechanism := range []string{"plain", "scram-sha-256"} {
		if err := load(t, login(mechanism, "me", "{env.KAFKA_TEST_SECRET}")); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
}

func TestTopics(t *testing.T) {
	t.Setenv("KAFKA_TEST_STAGE", "prod.")
	t.Setenv("KAFKA_TEST_EMPTY", "")
	for option, want := range map[string]string{
		"":                               "topic is required",
		"{http.webhook_receiver.x}":      "must begin with fixed text",
		"{env.KAFKA_TEST_EMPTY}":         "the placeholder {env.KAFKA_TEST_EMPTY} is empty",
		"a.{env.KAFKA_TEST_EMPTY}":       "the placeholder {env.KAFKA_TEST_EMPTY} is empty",
		"a b":                            "a topic's name is of",
		"a{x} b":                         "a topic's name is of",
		"a{x":                            "a topic's name is of",
		"..":                             "a topic's name is of",
		strings.Repeat("a", 250):         "a topic's name is of",
		strings.Repeat("a", 249) + "{x}": "leaves no room",
	} {
		if _, err := parseTopic(option); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", option, err, want)
		}
	}
	repl := caddy.NewEmptyReplacer()
	repl.Set("type", "../Ünï.{env.HOME} x\x00-9_")
	repl.Set("empty", "")
	repl.Set("long", strings.Repeat("l", 1000))
	repl.Set("nested", "{long}")
	for option, want := range map[string]string{
		"webhooks":                 "webhooks",
		"{env.KAFKA_TEST_STAGE}in": "prod.in",
		"a.{type}.z":               "a.____n___env_HOME__x_-9_.z",
		"a.{empty}{unknown}":       "a.__",
		"a.{nested}":               "a._long_",
		"a.{long}":                 "a." + strings.Repeat("l", 247),
	} {
		topic, err := parseTopic(option)
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		if got, err := topic.name(repl); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", option, got, want, err)
		}
	}
	if err := load(t, `{"brokers":["a:9092"],"topic":"a.{type}","auto_create_topics":true}`); err == nil || !strings.Contains(err.Error(), "without end") {
		t.Errorf("topics of senders are created: %v", err)
	}
}

// TLS with a certificate on either side.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM, keyPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
	if err := errors.Join(os.WriteFile(certFile, certPEM, 0o600), os.WriteFile(keyFile, keyPEM, 0o600)); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	c := newFake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}))
	c.clientOptions = []kgo.Opt{kgo.DialTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool})}

	s := start(t, c.output(fmt.Sprintf("tls {\nca %s\ncert %s\nkey %s\n}", certFile, certFile, keyFile)))
	s.wantStored("1", `{}`)
	if counts := c.counts(c.topic); counts["1"] != 1 {
		t.Errorf("%v", counts)
	}
	// Without TLS the log says what is missing.
	if err := s.reload("timeout 1s\n" + c.output()); err != nil {
		t.Fatal(err)
	}
	s.poll("the reason", func() bool { return strings.Contains(s.log(), "is TLS missing?") })
	// Without the authority the broker is not trusted.
	if err := s.reload("timeout 1s\n" + c.output("tls")); err != nil {
		t.Fatal(err)
	}
	s.poll("the reason", func() bool {
		if status, _ := s.post("2", `{}`); status == 200 {
			t.Fatal("an event was given to a broker that is not trusted")
		}
		return strings.Contains(s.log(), "certificate signed by unknown authority")
	})
}
