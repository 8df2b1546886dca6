package webhookreceiver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
)

// playRows runs "caddy webhook test" with the rows as the table.
func playRows(rows []provider, args ...string) (out string, err error) {
	var all []cli.Provider
	for _, p := range rows {
		all = append(all, p.playable(""))
	}
	var b bytes.Buffer
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	cli.Register(cmd, all, playConfigured)
	cmd.SetArgs(append([]string{"test"}, args...))
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	err = cmd.ExecuteContext(context.Background())
	return b.String(), err
}

// credentials returns the options that tell token and secret to a receiver and
// to the test command.
func credentials(p provider) (options string, args []string) {
	if p.usesToken() {
		options += "\nverify_token sesame"
		args = append(args, "--verify-token", "sesame")
	}
	if p.usesSecret() {
		options += "\nsecret " + exampleSecret(p)
		args = append(args, "--secret", exampleSecret(p))
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
func expectedSteps(p provider) (pass, leftOut []string) {
	private := p.signsWithPrivateKey()
	add := func(name string, needsKey bool) {
		if needsKey && private {
			leftOut = append(leftOut, name)
		} else {
			pass = append(pass, name)
		}
	}
	if v := p.verification; v != nil {
		switch {
		case v.Token != "":
			add("right token", v.Signed)
			add("wrong token", v.Signed)
			add("no token", v.Signed)
		default:
			add("verification", v.Signed)
			if v.Challenge != "" && !v.Signed && v.Method != http.MethodPost {
				add("no challenge", false)
			}
		}
		if v.Signed {
			add("forged verification", false)
		}
	}
	add("empty event", true)
	if p.accept == acceptJSON {
		add("broken JSON", true)
	}
	if s := p.signature; s != nil {
		if s.Algorithm == algorithmToken {
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
func wantPlayed(t *testing.T, p provider, options string) {
	t.Helper()
	more, args := credentials(p)
	rc := newReceiver(t, options+more)
	out, err := playRows([]provider{p}, append(args, rc.URL+"/webhooks?a=b%20c")...)
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
	if p.signsWithPrivateKey() {
		if len(stored) > 0 {
			t.Error("something is stored that nobody could sign")
		}
		return
	}
	if len(stored) != 1 {
		t.Fatalf("%d events are stored, want the sample event", len(stored))
	}
	event, line := rc.last(t)
	if want := map[bool]string{true: sampleType, false: "webhook"}[len(p.event.Type) > 0]; event["type"] != want {
		t.Errorf("the sample event is of the type %v, want %s", event["type"], want)
	}
	if !strings.Contains(line, sampleType) {
		t.Errorf("nothing tells that it is a sample: %s", line)
	}
	// Nothing that would be stored, if that is asked for.
	if out, err := playRows([]provider{p}, append(args, "--no-event", rc.URL)...); err != nil || len(lines(t, rc.file)) != 1 {
		t.Errorf("with --no-event: %v, %d events\n%s", err, len(lines(t, rc.file)), out)
	}
}

// TestPlayEveryProvider has every row of the table played, and nothing fails: a
// new row needs no code here.
func TestPlayEveryProvider(t *testing.T) {
	if p := playable(); len(p) != len(providers) || p[0].Name != defaultProvider {
		t.Errorf("%d of %d providers can be played, the first is %s", len(p), len(providers), p[0].Name)
	}
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			wantPlayed(t, p, "provider "+p.name)
			if p.patience <= p.timeout {
				t.Errorf("waits for %s, and the receiver has %s", p.patience, p.timeout)
			}
			if p.secretOptional {
				rc := newReceiver(t, "provider "+p.name)
				out, err := playRows([]provider{p}, rc.URL)
				if err != nil || !strings.Contains(out, noSecret) {
					t.Errorf("without a secret: %v\n%s", err, out)
				}
			}
		})
	}
}

// customRows have what the table has not, and a config can say.
var customRows = []provider{
	{name: "hmac-sha384 after a header with the time", signature: &Signature{
		Algorithm: "hmac-sha384", From: []Source{"header:T", "header:S"}, Prefix: "s=", Encoding: encodingBase64, KeyEncoding: encodingBase64,
		Timestamp: []Source{"signature:t="}, TimestampFormat: timestampUnixMilli, Content: "{method} {timestamp}.{body}",
	}},
	{name: "hmac-sha512, id, and a time in the body", signature: &Signature{
		Algorithm: "hmac-sha512", From: []Source{"header:S"}, Separator: ", ", KeyPrefix: "key_", Content: "{url}{id}{body}",
		ID: []Source{"header:I", "header:J"}, Timestamp: []Source{"body:meta.at"}, TimestampFormat: timestampRFC3339,
	}, event: EventRules{ID: []Source{"header:i"}, Type: []Source{"body:meta.2.kind", "query:kind"}, Subject: []Source{"body:meta.at.x", "body:0"}}},
	{
		name: "token in the query", signature: &Signature{Algorithm: algorithmToken, From: []Source{"query:key"}, Prefix: "k-"},
		verification: &Verification{Method: http.MethodOptions, Token: "header:T", Match: map[Source]string{"query:a": "b"}},
		event:        EventRules{Type: []Source{"query:kind"}, Status: 202, Body: `{"ok":true}`, ContentType: contentTypeJSON, Echo: "X-Request"},
	},
	{
		name: "token in an element", signature: &Signature{Algorithm: algorithmToken, From: []Source{"body:all.*.key"}},
		event: EventRules{Type: []Source{"body:all.3.kind"}},
	},
	{name: "public key and two signatures", signature: &Signature{Algorithm: algorithmECDSA, From: []Source{"header:S"}, Separator: ";", Prefix: "v1=", Content: "{timestamp}{body}", Timestamp: []Source{"signature:t="}}},
	{name: "HMAC of a challenge, no signature", verification: &Verification{Challenge: "header:C", HMAC: encodingHex, Headers: map[string]string{"X-Answer": "{hmac}"}, Status: 204}},
	{
		name: "POST with a token", verification: &Verification{Method: http.MethodPost, Match: map[Source]string{"header:Event": "hello"}, Token: "header:T", Body: "hello"},
		event: EventRules{Type: []Source{"header:Event"}},
	},
	{
		name: "signed POST with a token", signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:S"}},
		verification: &Verification{Method: http.MethodPost, Match: map[Source]string{"body:a.type": "1"}, Signed: true, Token: "query:t", Challenge: "body:a.c", HMAC: encodingHex, ContentType: contentTypeJSON, Body: `["{challenge}","{hmac}"]`},
	},
	{
		name: "signed GET", signature: &Signature{Algorithm: hmacSHA1, From: []Source{"header:S"}, Content: "{method}{url}{body}"},
		verification: &Verification{Signed: true, Challenge: "query:c"},
	},
	{name: "the body before it is compressed", signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:S"}, Content: "{timestamp}.{decoded}", Timestamp: []Source{"header:T"}}},
	{name: "a URL with the body's hash", signature: &Signature{
		Algorithm: "hmac-sha384 hmac-sha256", From: []Source{"header:S"}, Content: "{method} {url}", URLForms: []string{urlEscaped, urlPort}, BodyHash: "query:sum",
	}},
	{name: "a form, and the body's hash for JSON", signature: &Signature{
		Algorithm: hmacSHA256, From: []Source{"header:S"}, Content: "{form}{url}", BodyHash: "query:sum",
	}, accept: acceptAny},
	{
		name: "JSON in a form", signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:S", "header:X-S"}, Content: "{id}.{body}", ID: []Source{"header:I", "header:X-I"}, Timestamp: []Source{"form:meta.at"}},
		event:  EventRules{ID: []Source{"header:I", "header:X-I"}, Type: []Source{"form:payload.event.kind"}, Subject: []Source{"body:never", "form:subject"}},
		accept: acceptAny,
	},
	{
		name: "token in a form", signature: &Signature{Algorithm: algorithmToken, From: []Source{"form:payload.token"}},
		verification: &Verification{Method: http.MethodPost, Match: map[Source]string{"form:type": "hello"}, Signed: true, Challenge: "form:payload.challenge", StrictQuery: true},
		accept:       acceptAny,
	},
	{name: "token that is the challenge", verification: &Verification{Token: "query:origin", Challenge: "query:origin"}},
	{name: "signed field by field", signature: &Signature{Algorithm: hmacSHA1, From: []Source{"header:S"}, Content: "{url}{form}"}, event: EventRules{Type: []Source{"form:kind"}}, accept: acceptAny},
	{name: "a form", signature: &Signature{Algorithm: hmacSHA256, From: []Source{"header:S"}, Content: "{form}"}, accept: acceptAny},
}

// TestPlayCustomRows plays receivers with rules of their own, as --config does.
func TestPlayCustomRows(t *testing.T) {
	for _, p := range sorted(customRows) {
		t.Run(p.name, func(t *testing.T) {
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			wantPlayed(t, p, written(p))
		})
	}
}

// TestPlayURL: what a provider signs is the URL that it was given.
func TestPlayURL(t *testing.T) {
	p, err := providerNamed("square")
	if err != nil {
		t.Fatal(err)
	}
	rc := newReceiver(t, "provider square\nsecret s\npublic_url https://hooks.example.com/square")
	out, err := playRows([]provider{p}, "--secret", "s", rc.URL)
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
	if out, err := playRows(providers, "--config", config, "--secret", "s", rc.URL); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	rc = newReceiver(t, "provider twilio\nsecret s\npublic_url https://u:p@hooks.example.com")
	write("hooks.example.com {\n\twebhook_receiver {\n\t\tprovider twilio\n\t\tsecret {env.NOTHING_HERE}\n\t\tpublic_url https://u:p@hooks.example.com\n\t}\n}\n")
	for _, path := range []string{"", "/twilio/1?a=%7c"} {
		if out, err := playRows(providers, "--config", config, "--secret", "s", rc.URL+path); err != nil {
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
		out, err := playRows(providers, append(args, "--secret", "s", rc.URL)...)
		if err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		mustContain(t, out, "as generic, which waits 20s", "pass  wrong signature", "pass  broken JSON", "All 4 checks passed")
	}
	for want, args := range map[string][]string{
		"several receivers":       {"--config", one},
		"no receiver":             {"--config", one, "--provider", "slack"},
		"unrecognized":            {"--config", write("wrong", "a.example {\n"+block("", "nonsense")+"}\n")},
		"must be one of":          {"--config", write("worse.json", `{"handler":"webhook_receiver","provider":"generic","event":{"id":["x"]}}`)},
		"unexpected end":          {"--config", write("broken.json", `{`)},
		"cannot unmarshal":        {"--config", write("odd.json", `{"handler":"webhook_receiver","provider":1}`)},
		"nothing-here":            {"--config", filepath.Join(dir, "nothing-here")},
		"not known; known are: a": {"--provider", "nobody"},
		"uses no secret":          {"--provider", "strava", "--verify-token", "x"},
		"is not a key in base64":  {"--provider", "telnyx"},
	} {
		out, err := playRows(providers, append(args, "--secret", "s", rc.URL)...)
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

// TestPlant puts values where sources say that they are.
func TestPlant(t *testing.T) {
	for _, test := range []struct {
		sources []Source
		want    string // "": something is in the way
	}{
		{[]Source{"body:a"}, `{"a":1}`},
		{[]Source{"body:a.b", "body:a.c", "body:d.1.e"}, `{"a":{"b":1,"c":1},"d":[null,{"e":1}]}`},
		{[]Source{"body:0.a", "body:0.b.*.c"}, `[{"a":1,"b":[{"c":1}]}]`},
		{[]Source{"body:a", "body:0"}, `{"0":1,"a":1}`},
		{[]Source{"body:1001"}, `{"1001":1}`},
		{[]Source{"body:0", "body:a"}, ""},
		{[]Source{"body:a", "body:a.b"}, ""},
		{[]Source{"body:a.b", "body:a"}, ""},
		{[]Source{"body:a.0", "body:a.0.b"}, ""},
	} {
		d := newDraft(http.MethodPost, mustURL(t, "http://a"))
		var err error
		for _, s := range test.sources {
			if err == nil {
				err = d.put(s, 1)
			}
		}
		if test.want == "" {
			if err == nil {
				t.Errorf("%q: no error", test.sources)
			}
			continue
		}
		if err != nil || d.encode() != nil || string(d.body) != test.want {
			t.Errorf("%q: %v, %s, want %s", test.sources, err, d.body, test.want)
		}
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
