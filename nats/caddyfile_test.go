package natsoutput

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func TestCaddyfile(t *testing.T) {
	var o Output
	must(t, o.UnmarshalCaddyfile(caddyfile.NewTestDispenser(`nats {
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
	}`)))
	got, err := json.Marshal(&o)
	must(t, err)
	want := `{"servers":["nats://a:4222","tls://b"],"subject":"webhooks.{http.webhook_receiver.event.type}","stream":"WEBHOOKS",` +
		`"credentials":"/etc/caddy/nats.creds","nkey":"/etc/caddy/nats.nk","user":"caddy","password":"{env.NATS_PASSWORD}","token":"{file./run/secrets/nats}",` +
		`"tls":{"ca":"/etc/caddy/ca.pem","cert":"/etc/caddy/cert.pem","key":"/etc/caddy/key.pem"},"content_mode":"binary"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	var bare Output
	must(t, bare.UnmarshalCaddyfile(caddyfile.NewTestDispenser("nats {\n tls\n}")))
	if bare.TLS == nil {
		t.Error("tls without a block is ignored")
	}
}

func TestCaddyfileErrors(t *testing.T) {
	for _, test := range []struct{ options, want string }{
		{"nats surplus", "wrong argument count"},
		{"nats {\n servers\n}", "wrong argument count"},
		{"nats {\n subject a b\n}", "wrong argument count"},
		{"nats {\n subject \"\"\n}", "subject is empty"},
		{"nats {\n user hunter2\n}", "wrong argument count"},
		{"nats {\n user caddy \"\"\n}", "user is empty"},
		{"nats {\n token a\n token b\n}", "token is already specified"},
		{"nats {\n content_mode raw\n}", `content_mode "raw": must be structured or binary`},
		{"nats {\n subjects a\n}", "unrecognized option 'subjects'"},
		{"nats {\n tls on\n}", "wrong argument count"},
		{"nats {\n tls {\n insecure\n }\n}", "unrecognized option 'insecure'"},
		{"nats {\n tls {\n ca\n }\n}", "wrong argument count"},
	} {
		err := new(Output).UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.options))
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(test.want)) || !strings.Contains(err.Error(), "Testfile:") {
			t.Errorf("%q: got %v, want %q and the line", test.options, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes a secret", test.options)
		}
	}
}
