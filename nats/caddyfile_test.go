package natsoutput

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options/optiontest"
)

func TestCaddyfile(t *testing.T) {
	var o Output
	d := caddyfile.NewTestDispenser(`nats {
		servers      nats://a:4222 tls://b
		subject      webhooks.{http.webhook_receiver.event.type}
		stream       WEBHOOKS
		credentials  /etc/caddy/nats.creds
		nkey         /etc/caddy/nats.nk
		user         caddy {env.NATS_PASSWORD}
		token        {file./run/secrets/nats}
		tls {
			ca   /etc/caddy/ca.pem
			cert /etc/caddy/cert.pem
			key  /etc/caddy/key.pem
		}
		content_mode binary
	}`)
	d.Next()
	must(t, o.table().Unmarshal(d, "")) // all at once, which no config may have
	got, err := json.Marshal(&o)
	must(t, err)
	want := `{"servers":["nats://a:4222","tls://b"],"subject":"webhooks.{http.webhook_receiver.event.type}","stream":"WEBHOOKS",` +
		`"credentials":"/etc/caddy/nats.creds","nkey":"/etc/caddy/nats.nk","user":"caddy","password":"{env.NATS_PASSWORD}","token":"{file./run/secrets/nats}",` +
		`"tls":{"ca":"/etc/caddy/ca.pem","cert":"/etc/caddy/cert.pem","key":"/etc/caddy/key.pem"},"content_mode":"binary"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	var bare Output
	must(t, bare.UnmarshalCaddyfile(caddyfile.NewTestDispenser("nats {\n servers a\n subject b\n tls\n}")))
	if bare.TLS == nil {
		t.Error("tls without a block is ignored")
	}
}

func TestCaddyfileErrors(t *testing.T) {
	const needed = "nats {\n servers nats://a\n subject b\n"
	for _, test := range []struct {
		options, want string
		line          int
	}{
		{"nats surplus", "it takes a block, and nothing before it", 1},
		{"nats {\n subject a\n}", "servers: at least one is required", 1},
		{"nats {\n servers a\n}", "subject: is required", 1},
		{"nats {\n servers a http://hunter2@b\n subject c\n}", `servers: number 2: scheme "http": must be nats, tls, ws or wss`, 2},
		{"nats {\n servers a\n subject a..b\n}", `subject "a..b": must be tokens separated by dots, such as webhooks.orders`, 3},
		{needed + " user hunter2\n}", "user takes a name and a password, such as caddy {env.NATS_PASSWORD}; here is 1 argument", 4},
		{needed + " user caddy \"\"\n}", "user has an argument that is empty", 4},
		{needed + " token hunter2\n token b\n}", "token is already specified in line 4", 5},
		{needed + " token hunter2\n hunter2\n}", "it is not shown, as it may be a token", 5},
		{needed + " user caddy hunter2\n stream x\n token a\n}", "token: only one of credentials, nkey, user and token can be given, and there is user, too", 6},
		{needed + " content_mode binry\n}", `content_mode "binry": must be structured or binary; did you mean binary?`, 4},
		{needed + " subjects a\n}", "unrecognized option 'subjects'; did you mean subject?", 4},
		{needed + " tls on\n}", "tls: it takes a block, or nothing", 4},
		{needed + " tls {\n insecure\n }\n}", "tls: unrecognized option 'insecure'; the options here are ca, cert and key", 5},
		{needed + " tls {\n cert a\n }\n}", "tls: cert and key must be given together", 5},
	} {
		err := new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.options))
		if place := fmt.Sprintf(", at Testfile:%d", test.line); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasSuffix(err.Error(), place) {
			t.Errorf("%q: got %v, want %q%s", test.options, err, test.want, place)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes a secret", test.options)
		}
	}
}

// TestEveryOption makes every mistake with every option.
func TestEveryOption(t *testing.T) {
	optiontest.Run(t, optiontest.Block{
		Table:  new(Output).table(),
		Needed: map[string]string{"servers": "nats://a:4222", "subject": "b"},
		Parse: func(block string) error {
			return new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser("nats {\n" + block + "\n}"))
		},
	})
	optiontest.Run(t, optiontest.Block{
		Table:  new(TLS).table(),
		Needed: map[string]string{"cert": "a", "key": "b"},
		Parse: func(block string) error {
			return new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser("nats {\n servers a\n subject b\n tls {\n" + block + "\n}\n}"))
		},
		Line: 4,
	})
}
