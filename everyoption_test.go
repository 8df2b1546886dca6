package webhookreceiver

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options/optiontest"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// inReceiver returns what reads a Caddyfile with a receiver in it, by Caddy's own
// adapter, with lines of options between two others.
func inReceiver(before, after string) func(string) error {
	return func(lines string) error {
		source := ":8080 {\nwebhook_receiver {\n" + before + lines + "\n" + after + "}\n}\n"
		_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), map[string]any{"filename": "Caddyfile"})
		return err
	}
}

// TestEveryOption makes every mistake with every option, as often as not at the
// wrong line for the parser.
func TestEveryOption(t *testing.T) {
	for name, b := range map[string]optiontest.Block{
		"receiver":     {Table: new(Handler).options(), Parse: inReceiver("", ""), Line: 2},
		"file":         {Table: file.Options(), Parse: inReceiver("verify_token x\noutput file {\n", "}\n"), Line: 4},
		"log":          {Parse: inReceiver("verify_token x\noutput log {\n", "}\n"), Line: 4},
		"verification": {Table: verificationOptions(new(rules.Verification)), Parse: inReceiver("provider generic\nverification {\n", "}\n"), Line: 4},
		"signature":    {Table: signatureOptions(new(rules.Signature)), Parse: inReceiver("provider generic\nsignature {\n", "}\n"), Line: 4},
		"event":        {Table: eventOptions(new(rules.EventRules)), Parse: inReceiver("provider generic\nevent {\n", "}\n"), Line: 4},
	} {
		t.Run(name, func(t *testing.T) { optiontest.Run(t, b) })
	}
	for lines, want := range map[string]string{
		"output":                  "output takes the name of an output, such as file; those in this Caddy are file, log and test",
		"output fiel":             "did you mean file?",
		"output /var/log/x.jsonl": "did you mean output file /var/log/x.jsonl?",
		"output s3cret-Canary01":  "(not shown, as it may be a secret)",
		"output nats":             "xcaddy build --with github.com/caddy-webhook-receiver/caddy-webhook-receiver@v0.0.0=. --with github.com/caddy-webhook-receiver/caddy-webhook-receiver/nats@v0.0.0=./nats",
		"output kafka {\nx\n}":    "/kafka@v0.0.0=./kafka",
		"output kafak":            "did you mean kafka?",
		"output log x":            "output log: it takes nothing",
		"output file a b":         "output file: it takes at most one file name, in quotes if it has spaces",
		"output file \"\"":        "output file: the filename is empty",
		"verification x":          "verification: verification takes a block",
	} {
		err := inReceiver("", "")(lines)
		if err == nil {
			t.Errorf("no error for %q", lines)
			continue
		}
		mustContain(t, err.Error(), want, ", at Caddyfile:3")
		if strings.Contains(err.Error(), "Canary") {
			t.Errorf("a secret is in %v", err)
		}
	}
}
