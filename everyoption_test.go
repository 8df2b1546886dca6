package webhookreceiver

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/inspector"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options/optiontest"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// inReceiver returns what reads a Caddyfile with a receiver in it, by Caddy's own
// adapter, with lines of options between two others.
func inReceiver(before, after string) func(string) error {
	return func(lines string) error {
		return adaptError(":8080 {\nwebhook_receiver {\n" + before + lines + "\n" + after + "}\n}\n")
	}
}

// inInspector returns the same for an inspector.
func inInspector(lines string) error {
	return adaptError(":8080 {\nwebhook_inspector {\n" + lines + "\n}\n}\n")
}

func adaptError(source string) error {
	_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), map[string]any{"filename": "Caddyfile"})
	return err
}

// TestEveryOption makes every mistake with every option, as often as not at the
// wrong line for the parser.
func TestEveryOption(t *testing.T) {
	for name, b := range map[string]optiontest.Block{
		"receiver":     {Table: new(Handler).options(), Parse: inReceiver("", ""), Line: 2},
		"file":         {Table: file.Options(), Parse: inReceiver("verify_token x\noutput file {\n", "}\n"), Line: 4},
		"deliver":      {Table: deliver.Options(), Parse: inReceiver("verify_token x\ndeliver http://localhost:3000/ {\n", "}\n"), Line: 4},
		"log":          {Parse: inReceiver("verify_token x\noutput log {\n", "}\n"), Line: 4},
		"inspector":    {Table: inspector.Options(), Parse: inInspector, Line: 2},
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
		"output file a b":         "output file: it takes one file name at most, in quotes if it has spaces",
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

// TestEveryProvider makes those mistakes that depend on the provider, with every
// one of them: what is needed is named at the line of the directive, and what is
// useless at its own, before or after the provider's.
func TestEveryProvider(t *testing.T) {
	const canary = "s3cret{env.CANARY}" // so that its form can't be told
	names := []string{""}
	for _, row := range provider.Rows {
		names = append(names, row.Name)
	}
	for _, name := range names {
		row, _ := provider.Named(cmp.Or(name, provider.Default))
		called := "provider " + name + " "
		if name == "" {
			called = "provider socialboards (the default, as none is written) "
		}
		token, secret := "verify_token "+canary, "secret "+canary
		var needed []string
		if row.UsesToken() {
			needed = append(needed, token)
		}
		if row.UsesSecret() {
			needed = append(needed, secret)
		}
		needed = append(needed, strings.FieldsFunc(exampleNeeds(row), func(c rune) bool { return c == '\n' })...)
		// mistake expects an error at the last line, or at the directive's.
		mistake := func(lines []string, line string, atDirective bool, parts ...string) {
			t.Helper()
			before := slices.DeleteFunc(slices.Clone(lines), func(other string) bool { return strings.Fields(other)[0] == strings.Fields(line + " x")[0] })
			for _, providerFirst := range []bool{true, false} {
				at, source := 3+len(before), strings.Join(append(slices.Clone(before), line), "\n")
				switch {
				case name == "":
				case providerFirst:
					at, source = at+1, "provider "+name+"\n"+source
				default:
					source += "\nprovider " + name
				}
				if atDirective {
					at = 2
				}
				err := inReceiver("", "")(source)
				if err == nil {
					t.Errorf("%s: no error for %q", name, source)
					continue
				}
				mustContain(t, err.Error(), append(parts, fmt.Sprintf(", at Caddyfile:%d", at))...)
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("%s: a secret is in %v", name, err)
				}
			}
		}
		if row.UsesToken() && !row.TokenOptional {
			mistake(needed, "verify_token", false, "such as {env.WEBHOOK_VERIFY_TOKEN}")
			mistake(slices.DeleteFunc(slices.Clone(needed), func(line string) bool { return line == token }), "", true,
				"verify_token: "+called+"needs one", "add a line such as verify_token {env.WEBHOOK_VERIFY_TOKEN}")
		}
		if row.UsesSecret() && !row.SecretOptional && !row.LearnsSecret() {
			mistake(needed, "secret", false, "such as {env.WEBHOOK_SECRET}")
			mistake(slices.DeleteFunc(slices.Clone(needed), func(line string) bool { return line == secret }), "", true,
				"secret: "+called+"needs one", "add a line such as secret {env.WEBHOOK_SECRET}")
		}
		if !row.UsesToken() {
			mistake(needed, token, false, "verify_token: "+called+"sends no token, so it uses none: take it out")
		}
		if !row.UsesSecret() {
			why := "does not sign its events"
			if row.Keys != nil {
				why = "has public keys"
			}
			mistake(needed, secret, false, "secret: "+called+why+", so it uses none: take it out")
		}
		if s := row.Signature; s == nil || len(s.Timestamp) == 0 {
			mistake(needed, "tolerance 5m", false, "tolerance: "+called+"signs no timestamp, so it uses none: take it out")
		}
		if s := row.Signature; s == nil || !s.SignsURL() {
			mistake(needed, "public_url https://me:s3cret@hooks.example.com/", false, "public_url: user and password are for providers that sign the URL, which "+called+"does not")
		}
		if len(row.Event.ID) == 0 {
			mistake(needed, "dedupe 10m", false, "dedupe: "+called+"has no delivery id, so a key is needed, as in dedupe 10m {")
		}
		if name != provider.Generic {
			for block, rule := range map[string]string{"verification": "token query:x", "signature": "algorithm token\nfrom query:x", "event": "id header:x"} {
				mistake(needed, block+" {\n"+rule+"\n}", false, block+": is for provider generic only, and "+called+"has its own")
			}
		}
	}
}

// TestImportedOptions names the files that lines are of.
func TestImportedOptions(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.conf")
	if err := os.WriteFile(other, []byte("verify_token x\ntimeout 1s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := inReceiver("", "")("import " + other + "\ntimeout 2s")
	if err == nil {
		t.Fatal("no error")
	}
	mustContain(t, err.Error(), "timeout is already specified in "+other+", line 2", ", at Caddyfile:4")
	if err = inReceiver("timeout 1s\n", "")("import " + other); err == nil {
		t.Fatal("no error")
	}
	mustContain(t, err.Error(), "timeout is already specified in Caddyfile, line 3", ", at "+other+":2", "import chain ['Caddyfile:4 (import)']")
	if err = inReceiver("import "+other+"\n", "")("tolerance 5m"); err == nil {
		t.Fatal("no error")
	}
	mustContain(t, err.Error(), "tolerance: provider socialboards", ", at Caddyfile:4")
	if err = inReceiver("provider stripe\nsecret x\n", "")("import " + other); err == nil {
		t.Fatal("no error")
	}
	mustContain(t, err.Error(), "verify_token: provider stripe", ", at "+other+":1")
}
