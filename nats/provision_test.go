package natsoutput

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestConfigErrors(t *testing.T) {
	s := node(t, func(o *server.Options) { o.Username, o.Password = "caddy", "hunter2" })
	js := admin(t, s.ClientURL(), nats.UserInfo("caddy", "hunter2"))
	createStream(t, js, jetstream.StreamConfig{Name: "WEBHOOKS", Subjects: []string{"webhooks.>"}})
	createStream(t, js, jetstream.StreamConfig{Name: "PART", Subjects: []string{"part.a", "part.b"}})
	createStream(t, js, jetstream.StreamConfig{Name: "SILENT", Subjects: []string{"silent"}, NoAck: true})
	plain := node(t, func(o *server.Options) { o.JetStream = false })
	t.Setenv("NATS_PASSWORD", "hunter2")
	t.Setenv("NATS_WRONG_PASSWORD", "hunter3")
	t.Setenv("NATS_EMPTY", "")
	missing := filepath.Join(t.TempDir(), "missing")
	broken := filepath.Join(t.TempDir(), "broken")
	must(t, os.WriteFile(broken, []byte("hunter2"), 0o600))

	servers := "servers " + s.ClientURL() + "\n"
	user := "user caddy {env.NATS_PASSWORD}\n"
	for name, test := range map[string]struct{ options, want string }{
		"valid":              {servers + user + "subject webhooks.a", ""},
		"valid, placeholder": {servers + user + "subject webhooks.{http.webhook_receiver.event.type}\nstream WEBHOOKS", ""},
		"password in URL":    {"servers nats://caddy:hunter2@" + s.Addr().String() + "\nsubject webhooks.a", ""},
		"one is enough":      {"servers nats://127.0.0.1:1 " + s.ClientURL() + "\n" + user + "subject webhooks.a", ""},
		"unreachable":        {"servers nats://127.0.0.1:1\nsubject webhooks.a", ""},

		"no servers":        {"subject webhooks.a", "servers: at least one is required"},
		"no subject":        {servers + user, "subject: is required"},
		"no stream":         {servers + user + "subject other.{http.webhook_receiver.event.type}", `subject "other.*": no stream takes the events: make one that has it`},
		"part of it":        {servers + user + "subject part.{http.webhook_receiver.event.type}", `subject "part.*": no stream takes the events: these take only a part of it: PART`},
		"no such stream":    {servers + user + "subject webhooks.a\nstream OTHER", `stream "OTHER": no stream takes the events`},
		"other subjects":    {servers + user + "subject part.a\nstream WEBHOOKS", `subject "part.a": no stream takes the events: stream "WEBHOOKS" has other subjects`},
		"bad stream name":   {servers + user + "subject part.a\nstream a.b", `stream "a.b": no stream takes the events`},
		"no_ack":            {servers + user + "subject silent", `stream "SILENT": no stream takes the events: it acknowledges nothing (no_ack)`},
		"no JetStream":      {"servers " + plain.ClientURL() + "\nsubject webhooks.a", `subject "webhooks.a": no stream takes the events: nats: no responders`},
		"wrong password":    {servers + "user caddy {env.NATS_WRONG_PASSWORD}\nsubject webhooks.a", "nats: Authorization Violation"},
		"wrong in URL":      {"servers nats://caddy:hunter3@" + s.Addr().String() + "\nsubject webhooks.a", "nats: Authorization Violation"},
		"empty password":    {servers + "user caddy {env.NATS_EMPTY}\nsubject webhooks.a", "user's password: the placeholder {env.NATS_EMPTY} has no value"},
		"unset token":       {servers + "token {env.NATS_UNSET}\nsubject webhooks.a", "token: the placeholder {env.NATS_UNSET} has no value"},
		"unknown token":     {servers + "token {nats.token}\nsubject webhooks.a", "token: a placeholder in it has no value"},
		"two kinds":         {servers + user + "token hunter3\nsubject webhooks.a", "only one of credentials, nkey, user and token can be given"},
		"no credentials":    {servers + "credentials " + missing + "\nsubject webhooks.a", "credentials: open " + missing},
		"no nkey":           {servers + "nkey " + missing + "\nsubject webhooks.a", "nkey: open " + missing},
		"broken creds":      {servers + "credentials " + broken + "\nsubject webhooks.a", "credentials \"" + broken + "\": "},
		"broken nkey":       {servers + "nkey " + broken + "\nsubject webhooks.a", "nkey \"" + broken + "\": "},
		"no ca":             {servers + "tls {\n ca " + missing + "\n}\nsubject webhooks.a", "tls ca: open " + missing},
		"broken ca":         {servers + "tls {\n ca " + broken + "\n}\nsubject webhooks.a", broken},
		"cert without key":  {servers + "tls {\n cert " + broken + "\n}\nsubject webhooks.a", "tls: cert and key must be given together"},
		"scheme":            {"servers http://hunter2@localhost\nsubject webhooks.a", `servers: number 1: scheme "http": must be nats, tls, ws or wss`},
		"no host":           {"servers nats://caddy:hunter2@\nsubject webhooks.a", "servers: number 1: must be a URL such as"},
		"not a URL":         {"servers nats://a:4222 \"nats://caddy:hunter2@a:b\"\nsubject webhooks.a", "servers: number 2: must be a URL such as"},
		"unset server":      {"servers {env.NATS_UNSET}\nsubject webhooks.a", "servers: number 1: the placeholder {env.NATS_UNSET} has no value"},
		"wildcard, literal": {servers + user + "subject webhooks.>", "without wildcards"},
	} {
		t.Run(name, func(t *testing.T) {
			logged, err := validate(t, "output nats {\n"+test.options+"\n}")
			if test.want == "" && err != nil {
				t.Errorf("got %v, want none", err)
			} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			for _, secret := range []string{"hunter2", "hunter3"} {
				if err != nil && strings.Contains(err.Error(), secret) || strings.Contains(logged, secret) {
					t.Errorf("a secret is in the error or the log:\n%v\n%s", err, logged)
				}
			}
			if name == "unreachable" && !strings.Contains(logged, "NATS can't be reached") {
				t.Errorf("no warning:\n%s", logged)
			}
		})
	}
}

// JSON can say what the Caddyfile can't.
func TestConfigErrorsInJSON(t *testing.T) {
	for want, o := range map[string]*Output{
		"content_mode \"raw\": must be": {Servers: []string{"a"}, Subject: "a", ContentMode: "raw"},
		"user: name and password":       {Servers: []string{"a"}, Subject: "a", User: "caddy"},
		"must be a URL":                 {Servers: []string{"a,b"}, Subject: "a"},
	} {
		if err := o.Provision(newContext(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		must(t, o.Cleanup())
	}
}

func TestWarnings(t *testing.T) {
	s := node(t, nil)
	js := admin(t, s.ClientURL())
	createStream(t, js, jetstream.StreamConfig{Name: "MEMORY", Subjects: []string{"memory"}, Storage: jetstream.MemoryStorage})
	createStream(t, js, jetstream.StreamConfig{Name: "FILE", Subjects: []string{"file"}, MaxMsgs: 10, Duplicates: time.Second})
	createStream(t, js, jetstream.StreamConfig{Name: "ASYNC", Subjects: []string{"async"}, PersistMode: jetstream.AsyncPersistMode})
	for subject, test := range map[string]struct {
		durable  bool
		warnings []string
	}{
		"memory": {false, []string{"memory only", "one replica"}},
		"file":   {true, []string{"one replica", "discard old", "window for duplicates"}},
		"async":  {false, []string{"persist_mode async", "one replica"}},
	} {
		logged, err := validate(t, "output nats {\nservers "+s.ClientURL()+"\nsubject "+subject+"\n}")
		must(t, err)
		for _, warning := range test.warnings {
			if !strings.Contains(logged, warning) {
				t.Errorf("%s: no warning of %q:\n%s", subject, warning, logged)
			}
		}
		if got := strings.Count(logged, `"level":"warn"`); test.durable && got != len(test.warnings) {
			t.Errorf("%s: %d warnings, want %d:\n%s", subject, got, len(test.warnings), logged)
		}
		if got := !strings.Contains(logged, "no output is durable"); got != test.durable {
			t.Errorf("%s: durable: %t", subject, got)
		}
		if !strings.Contains(logged, `"replicas":1`) || !strings.Contains(logged, `"stream":"`+strings.ToUpper(subject)+`"`) {
			t.Errorf("%s: the log does not tell the stream:\n%s", subject, logged)
		}
	}
}

// What could not be checked when the config was loaded is checked later.
func TestServerComesLater(t *testing.T) {
	dir := t.TempDir()
	addr := freeAddr(t)
	c := startCaddy(t, "output nats {\nservers nats://"+addr+"\nsubject webhooks.a\n}\ntimeout 1s")
	if status := post(testClient(), c.url(), "1", "{}"); status != 503 {
		t.Errorf("without a server: %d", status)
	}
	s := node(t, func(o *server.Options) { o.Port, o.StoreDir = portOf(t, addr), dir })
	eventually(t, 20*time.Second, "the log says that there is no stream", func() error { return c.logs(`no stream takes the events`) })
	createStream(t, admin(t, s.ClientURL()), jetstream.StreamConfig{Name: "S", Subjects: []string{"webhooks.a"}})
	eventually(t, 20*time.Second, "an event is stored", func() error { return statusIs(post(testClient(), c.url(), "1", "{}"), 200) })
}

// Receivers share a connection by servers and credentials, whatever their
// subjects, also over a reload.
func TestSharedConnection(t *testing.T) {
	s := node(t, nil)
	createStream(t, admin(t, s.ClientURL()), jetstream.StreamConfig{Name: "S", Subjects: []string{"a", "b"}})
	before := s.NumClients()
	a := &Output{Servers: []string{s.ClientURL()}, Subject: "a"}
	b := &Output{Servers: []string{s.ClientURL(), s.ClientURL()}, Subject: "b", ContentMode: "binary"}
	endA, endB := provision(t, a), provision(t, b)
	if got := s.NumClients() - before; got != 1 || a.connection != b.connection {
		t.Errorf("%d connections", got)
	}
	endA()
	next := &Output{Servers: []string{s.ClientURL()}, Subject: "a"}
	endNext := provision(t, next)
	endB()
	must(t, next.Store(within(t, 10*time.Second), event("1", "{}")))
	must(t, a.Store(within(t, 10*time.Second), event("2", "{}"))) // a request that was in flight
	endNext()
	must(t, next.Store(within(t, 10*time.Second), event("3", "{}"))) // even without any config
	next.connection.close()                                          // as it does a while later
	if err := next.Store(within(t, time.Second), event("4", "{}")); err == nil {
		t.Error("stored through a closed connection")
	}
}
