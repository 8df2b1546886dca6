package webhookreceiver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// playRows runs "caddy webhook test" with the rows as the table.
func playRows(rows []provider.Row, args ...string) (out string, err error) {
	var all []play.Service
	for _, p := range rows {
		all = append(all, play.Of(p, ""))
	}
	var b bytes.Buffer
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	cli.Register(cmd, all, playConfigured, checkerFor, readConfig)
	cmd.SetArgs(append([]string{"test"}, args...))
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	err = cmd.ExecuteContext(context.Background())
	return b.String(), err
}

// sampleType is the type of the sample event, wherever the service has types.
const sampleType = "webhook_receiver_test"

// credentials returns the options that tell token and secret to a receiver and
// to the test command.
func credentials(p provider.Row) (options string, args []string) {
	if p.UsesToken() {
		options += "\nverify_token sesame"
		args = append(args, "--verify-token", "sesame")
	}
	if p.UsesSecret() {
		secret := exampleSecret(p)
		options += "\nsecret " + secret
		args = append(args, "--secret", secret)
	}
	options += exampleNeeds(p)
	if account := exampleAccount(p); account != "" {
		args = append(args, "--account", account)
	}
	return options, args
}

// played returns the names of the steps, by how they came out.
func played(out string) map[string][]string {
	steps := map[string][]string{}
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 27 && line[:2] == "  " && strings.Contains("pass FAIL ----", line[2:6]) {
			name := strings.TrimSpace(line[8:27])
			steps[line[2:6]] = append(steps[line[2:6]], name)
		}
	}
	return steps
}

// expectedSteps says, from the row alone, what must be played.
func expectedSteps(p provider.Row) (pass, leftOut []string) {
	private := p.SignsWithPrivateKey()
	add := func(name string, needsKey bool) {
		if needsKey && private {
			leftOut = append(leftOut, name)
		} else {
			pass = append(pass, name)
		}
	}
	if v := p.Verification; v != nil {
		switch {
		case v.Secret != "": // the right one is only the service's
			leftOut = append(leftOut, "verification")
			add("stranger's secret", false)
		case v.Token != "":
			add("right token", v.Signed)
			add("wrong token", v.Signed)
			add("no token", v.Signed)
		default:
			add("verification", v.Signed || v.DigestsURL())
			if v.Challenge != "" && !v.Signed && v.Method != http.MethodPost {
				add("no challenge", false)
			}
		}
		if v.Signed && v.Secret == "" {
			add("forged verification", false)
		}
	}
	add("empty event", true)
	if p.Accept == event.AcceptJSON {
		add("broken JSON", true)
	}
	if s := p.Signature; s != nil {
		if s.Algorithm == rules.AlgorithmToken {
			add("wrong secret", false)
		} else {
			add("wrong signature", false)
		}
		if len(s.Timestamp) > 0 {
			add("stale event", true)
		}
	}
	add("event", true)
	return pass, leftOut
}

// wantPlayed plays a row against a receiver for it.
func wantPlayed(t *testing.T, p provider.Row, options string) {
	t.Helper()
	more, args := credentials(p)
	rc := newReceiver(t, options+more)
	out, err := playRows([]provider.Row{p}, append(args, rc.URL+"/webhooks?a=b%20c")...)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text(rc.logs))
	}
	got := played(out)
	pass, leftOut := expectedSteps(p)
	if !slices.Equal(got["pass"], pass) || !slices.Equal(got["----"], leftOut) {
		t.Errorf("played %q, left out %q, want %q and %q", got["pass"], got["----"], pass, leftOut)
	}
	for _, secret := range args {
		if !strings.HasPrefix(secret, "--") && strings.Contains(out, secret) {
			t.Errorf("%q is shown: %s", secret, out)
		}
	}
	stored := lines(t, rc.file)
	if p.SignsWithPrivateKey() {
		if len(stored) > 0 {
			t.Error("something is stored that nobody could sign")
		}
		return
	}
	if len(stored) != 1 {
		t.Fatalf("%d events are stored, want the sample event", len(stored))
	}
	event, line := rc.last(t)
	if want := map[bool]string{true: sampleType, false: "webhook"}[len(p.Event.Type) > 0]; !strings.HasPrefix(fmt.Sprint(event["type"]), want) {
		t.Errorf("the sample event is of the type %v, want %s", event["type"], want)
	}
	if !strings.Contains(line, sampleType) {
		t.Errorf("nothing tells that it is a sample: %s", line)
	}
	// Nothing that would be stored, if that is asked for.
	if out, err := playRows([]provider.Row{p}, append(args, "--no-event", rc.URL)...); err != nil || len(lines(t, rc.file)) != 1 {
		t.Errorf("with --no-event: %v, %d events\n%s", err, len(lines(t, rc.file)), out)
	}
}

// TestPlayEveryProvider has every row of the table played, and nothing fails: a
// new row needs no code here.
func TestPlayEveryProvider(t *testing.T) {
	if p := playable(); len(p) != len(provider.Rows) || p[0].Name != provider.Default {
		t.Errorf("%d of %d providers can be played, the first is %s", len(p), len(provider.Rows), p[0].Name)
	}
	for _, p := range provider.Rows {
		t.Run(p.Name, func(t *testing.T) {
			wantPlayed(t, p, "provider "+p.Name)
			if p.Patience <= p.Timeout {
				t.Errorf("waits for %s, and the receiver has %s", p.Patience, p.Timeout)
			}
			if p.SecretOptional {
				rc := newReceiver(t, "provider "+p.Name)
				out, err := playRows([]provider.Row{p}, rc.URL)
				if err != nil || !strings.Contains(out, "no secret was given") {
					t.Errorf("without a secret: %v\n%s", err, out)
				}
			}
		})
	}
}

// customRows have what the table has not, and a config can say.
var customRows = []provider.Row{
	{Name: "hmac-sha384 after a header with the time", Signature: &rules.Signature{
		Algorithm: "hmac-sha384", From: []rules.Source{"header:T", "header:S"}, Prefix: "s=", Encoding: rules.EncodingBase64, KeyEncoding: rules.EncodingBase64,
		Timestamp: []rules.Source{"signature:t="}, TimestampFormat: rules.TimestampUnixMilli, Content: "{method} {timestamp}.{body}",
	}},
	{Name: "hmac-sha512, id, and a time in the body", Signature: &rules.Signature{
		Algorithm: "hmac-sha512", From: []rules.Source{"header:S"}, Separator: ", ", KeyPrefix: "key_", Content: "{url}{id}{body}",
		ID: []rules.Source{"header:I", "header:J"}, Timestamp: []rules.Source{"body:meta.at"}, TimestampFormat: rules.TimestampRFC3339,
	}, Event: rules.EventRules{ID: []rules.Source{"header:i"}, Type: []rules.Source{"body:meta.2.kind", "query:kind"}, Subject: []rules.Source{"body:meta.at.x", "body:0"}}},
	{
		Name: "token in the query", Signature: &rules.Signature{Algorithm: rules.AlgorithmToken, From: []rules.Source{"query:key"}, Prefix: "k-"},
		Verification: &rules.Verification{Method: http.MethodOptions, Token: "header:T", Match: map[rules.Source]string{"query:a": "b"}},
		Event:        rules.EventRules{Type: []rules.Source{"query:kind"}, Status: 202, Body: `{"ok":true}`, ContentType: event.ContentTypeJSON, Echo: "X-Request"},
	},
	{
		Name: "token in an element", Signature: &rules.Signature{Algorithm: rules.AlgorithmToken, From: []rules.Source{"body:all.*.key"}},
		Event: rules.EventRules{Type: []rules.Source{"body:all.3.kind"}},
	},
	{Name: "public key and two signatures", Signature: &rules.Signature{Algorithm: rules.AlgorithmECDSA, From: []rules.Source{"header:S"}, Separator: ";", Prefix: "v1=", Content: "{timestamp}{body}", Timestamp: []rules.Source{"signature:t="}}},
	{Name: "HMAC of a challenge, no signature", Verification: &rules.Verification{Challenge: "header:C", HMAC: rules.EncodingHex, Headers: map[string]string{"X-Answer": "{hmac}"}, Status: 204}},
	{
		Name: "POST with a token", Verification: &rules.Verification{Method: http.MethodPost, Match: map[rules.Source]string{"header:Event": "hello"}, Token: "header:T", Body: "hello"},
		Event: rules.EventRules{Type: []rules.Source{"header:Event"}},
	},
	{
		Name: "signed POST with a token", Signature: &rules.Signature{Algorithm: rules.HMACSHA256, From: []rules.Source{"header:S"}},
		Verification: &rules.Verification{Method: http.MethodPost, Match: map[rules.Source]string{"body:a.type": "1"}, Signed: true, Token: "query:t", Challenge: "body:a.c", HMAC: rules.EncodingHex, ContentType: event.ContentTypeJSON, Body: `["{challenge}","{hmac}"]`},
	},
	{
		Name: "signed GET", Signature: &rules.Signature{Algorithm: rules.HMACSHA1, From: []rules.Source{"header:S"}, Content: "{method}{url}{body}"},
		Verification: &rules.Verification{Signed: true, Challenge: "query:c"},
	},
	{Name: "the body before it is compressed", Signature: &rules.Signature{Algorithm: rules.HMACSHA256, From: []rules.Source{"header:S"}, Content: "{timestamp}.{decoded}", Timestamp: []rules.Source{"header:T"}}},
	{Name: "a URL with the body's hash", Signature: &rules.Signature{
		Algorithm: "hmac-sha384 hmac-sha256", From: []rules.Source{"header:S"}, Content: "{method} {url}", URLForms: []string{rules.URLEscaped, rules.URLPort}, BodyHash: "query:sum",
	}},
	{Name: "a form, and the body's hash for JSON", Signature: &rules.Signature{
		Algorithm: rules.HMACSHA256, From: []rules.Source{"header:S"}, Content: "{form}{url}", BodyHash: "query:sum",
	}, Accept: event.AcceptAny},
	{
		Name: "JSON in a form", Signature: &rules.Signature{Algorithm: rules.HMACSHA256, From: []rules.Source{"header:S", "header:X-S"}, Content: "{id}.{body}", ID: []rules.Source{"header:I", "header:X-I"}, Timestamp: []rules.Source{"form:meta.at"}},
		Event:  rules.EventRules{ID: []rules.Source{"header:I", "header:X-I"}, Type: []rules.Source{"form:payload.event.kind"}, Subject: []rules.Source{"body:never", "form:subject"}},
		Accept: event.AcceptAny,
	},
	{
		Name: "token in a form", Signature: &rules.Signature{Algorithm: rules.AlgorithmToken, From: []rules.Source{"form:payload.token"}},
		Verification: &rules.Verification{Method: http.MethodPost, Match: map[rules.Source]string{"form:type": "hello"}, Signed: true, Challenge: "form:payload.challenge", StrictQuery: true},
		Accept:       event.AcceptAny,
	},
	{Name: "token that is the challenge", Verification: &rules.Verification{Token: "query:origin", Challenge: "query:origin"}},
	{Name: "signed field by field", Signature: &rules.Signature{Algorithm: rules.HMACSHA1, From: []rules.Source{"header:S"}, Content: "{url}{form}"}, Event: rules.EventRules{Type: []rules.Source{"form:kind"}}, Accept: event.AcceptAny},
	{Name: "a form", Signature: &rules.Signature{Algorithm: rules.HMACSHA256, From: []rules.Source{"header:S"}, Content: "{form}"}, Accept: event.AcceptAny},
}

// TestPlayCustomRows plays receivers with rules of their own, as --config does.
func TestPlayCustomRows(t *testing.T) {
	for _, p := range customRows {
		p = p.WithDefaults()
		t.Run(p.Name, func(t *testing.T) {
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			wantPlayed(t, p, written(p))
		})
	}
}

// TestPlayURL: what a provider signs is the URL that it was given.
func TestPlayURL(t *testing.T) {
	p, err := provider.Named("square")
	if err != nil {
		t.Fatal(err)
	}
	rc := newReceiver(t, "provider square\nsecret s\npublic_url https://hooks.example.com/square")
	out, err := playRows([]provider.Row{p}, "--secret", "s", rc.URL)
	if err == nil || !strings.Contains(out, "needs public_url") {
		t.Errorf("%v\n%s", err, out)
	}
	config := filepath.Join(t.TempDir(), "Caddyfile")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("hooks.example.com {\n\twebhook_receiver /square {\n\t\tprovider square\n\t\tsecret {env.NOTHING_HERE}\n\t\tpublic_url https://hooks.example.com/square\n\t}\n}\n")
	if out, err := playRows(provider.Rows, "--config", config, "--secret", "s", rc.URL); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	rc = newReceiver(t, "provider twilio\nsecret s\npublic_url https://u:p@hooks.example.com")
	write("hooks.example.com {\n\twebhook_receiver {\n\t\tprovider twilio\n\t\tsecret {env.NOTHING_HERE}\n\t\tpublic_url https://u:p@hooks.example.com\n\t}\n}\n")
	for _, path := range []string{"", "/twilio/1?a=%7c"} {
		if out, err := playRows(provider.Rows, "--config", config, "--secret", "s", rc.URL+path); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestPlayConfig takes the rules from a config.
func TestPlayConfig(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const rules = "provider generic\nsignature {\nalgorithm hmac-sha512\nfrom header:X-Sig\n}\naccept json\n"
	block := func(path, options string) string {
		return fmt.Sprintf("webhook_receiver %s {\n%s\n}\n", path, options)
	}
	rc := newReceiver(t, rules+"secret s")
	one := write("Caddyfile", "{\nadmin off\n}\na.example {\n"+block("/a", rules+"secret s")+block("/b", rules+"secret other")+block("/c", "verify_token x")+"}\n")
	for _, args := range [][]string{
		{"--config", one, "--provider", "generic"},
		{"--config", write("config.json", `{"apps":[{"handler":"webhook_receiver","provider":"generic","accept":"json","signature":{"algorithm":"hmac-sha512","from":["header:X-Sig"]}}]}`)},
	} {
		out, err := playRows(provider.Rows, append(args, "--secret", "s", rc.URL)...)
		if err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		mustContain(t, out, "as generic, which waits 20s", "pass  wrong signature", "pass  broken JSON", "All 4 checks passed")
	}
	for want, args := range map[string][]string{
		"several receivers":        {"--config", one},
		"no receiver":              {"--config", one, "--provider", "slack"},
		"unrecognized":             {"--config", write("wrong", "a.example {\n"+block("", "nonsense")+"}\n")},
		"must be one of":           {"--config", write("worse.json", `{"handler":"webhook_receiver","provider":"generic","event":{"id":["x"]}}`)},
		"unexpected end":           {"--config", write("broken.json", `{`)},
		"cannot unmarshal":         {"--config", write("odd.json", `{"handler":"webhook_receiver","provider":1}`)},
		"nothing-here":             {"--config", filepath.Join(dir, "nothing-here")},
		"provider front_rule uses": {"--provider", "front-rule", "--verify-token", "x"},
		"caddy webhook providers":  {"--provider", "nobody"},
		"uses no secret":           {"--provider", "strava", "--verify-token", "x"},
		"is not a key in base64":   {"--provider", "telnyx"},
	} {
		out, err := playRows(provider.Rows, append(args, "--secret", "s", rc.URL)...)
		if err == nil || out != "" {
			t.Errorf("%q: %v\n%s", args, err, out)
			continue
		}
		if want == "no receiver" {
			want = "there is no receiver"
		}
		mustContain(t, err.Error(), want)
	}
}
