package webhookreceiver

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestProvidersDocument compares PROVIDERS.md with the table; -update writes it.
func TestProvidersDocument(t *testing.T) {
	want := providersDocument(t)
	if *update {
		if err := os.WriteFile("PROVIDERS.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("PROVIDERS.md")
	if err != nil || string(got) != want {
		t.Errorf("PROVIDERS.md is not what the table says; go test -run ProvidersDocument . -update writes it (%v)", err)
	}
}

func providersDocument(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Providers

What ` + "`provider <name>`" + ` stands for, made from the table in the code. ` + "`max_body_size`, `timeout` and `accept`" + ` are the defaults,
which the options of these names override. A type that is not there is ` + "`webhook`" + `, an id that is not there a new UUIDv7.
A service that is not here, or that changes, can be described in the config: see
[Other services](docs/reference.md#other-services).

| provider | service | verification | signature |
| --- | --- | --- | --- |
`)
	for _, p := range provider.Rows {
		verification, signature := "none", "none"
		if p.Verification != nil {
			verification = p.Verification.WithDefaults().Method
		}
		if p.Signature != nil {
			signature = strings.ReplaceAll(p.Signature.Algorithm, " ", " or ")
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", p.Name, p.Name, p.Title, verification, signature)
	}
	b.WriteString(notHere)
	for _, p := range provider.Rows {
		fmt.Fprintf(&b, "\n## %s\n\n%s. [Source of the format](%s).\n", p.Name, p.Title, p.Docs)
		if p.Note != "" {
			fmt.Fprintf(&b, "%s\n", p.Note)
		}
		b.WriteString("\n| | |\n| --- | --- |\n")
		row := func(name, value string) {
			if value != "" {
				fmt.Fprintf(&b, "| %s | %s |\n", name, value)
			}
		}
		row("verification", describeVerification(p.Verification))
		row("signature", describeSignature(p.Signature))
		row("id", describeSources(p.Event.ID))
		row("type", describeSources(p.Event.Type))
		row("subject", describeSources(p.Event.Subject))
		row("answer to an event", describeAnswer(&p.Event))
		if p.UsesToken() {
			row("`verify_token`", p.Token+map[bool]string{true: " (optional)"}[p.TokenOptional])
		}
		if p.UsesSecret() {
			row("`secret`", p.Secret+map[bool]string{true: " (optional)"}[p.SecretOptional])
		}
		row("defaults", fmt.Sprintf("`max_body_size %s`, `timeout %s`, `accept %s`", strings.ReplaceAll(humanize.IBytes(uint64(p.MaxBodySize)), " ", ""), p.Timeout, p.Accept))
		fmt.Fprintf(&b, "\n```caddyfile\n%s```\n", minimalCaddyfile(t, p))
	}
	return b.String()
}

// notHere says which services are left out.
const notHere = `
Left out, as the config cannot describe them: **Asana** sends the secret itself in the verification, to be kept; **AWS SNS** and
**PayPal** sign with certificates that must be fetched from an address in the request, and SNS wants to be called back;
**DingTalk**, **Lark** and **WeCom** encrypt challenges or events; **FusionAuth** signs with JSON Web Tokens; **Notion**, **monday.com**,
**Miro** and **Smartsheet** are not sure enough in their details. **GitLab**'s signing token and other Standard Webhooks are ` + "`standard_webhooks`" + `.
`

// minimalCaddyfile returns the least that the provider needs, which must load.
func minimalCaddyfile(t *testing.T, p provider.Row) string {
	t.Helper()
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "token")
	t.Setenv("WEBHOOK_SECRET", exampleSecret(p))
	options := []string{"provider     " + p.Name}
	if p.UsesToken() && !p.TokenOptional {
		options = append(options, "verify_token {env.WEBHOOK_VERIFY_TOKEN}")
	}
	if p.UsesSecret() {
		options = append(options, "secret       {env.WEBHOOK_SECRET}")
	}
	if p.Signature != nil && strings.Contains(p.Signature.Content, rules.PartURL) {
		options = append(options, "public_url   https://hooks.example.com")
	}
	provision(t, strings.Join(options, "\n")+"\noutput log")
	return "hooks.example.com {\n\twebhook_receiver /webhooks {\n\t\t" + strings.Join(options, "\n\t\t") + "\n\t}\n}\n"
}

func describeVerification(v *rules.Verification) string {
	if v == nil {
		return "none"
	}
	v = v.WithDefaults()
	parts := []string{"`" + v.Method + "`"}
	if v.Method == http.MethodGet {
		parts[0] = "`GET` or `HEAD`"
	}
	if len(v.Match) > 0 {
		var matches []string
		for _, source := range sortedSources(v.Match) {
			matches = append(matches, fmt.Sprintf("%s is `%s`", describeSource(source), v.Match[source]))
		}
		parts = append(parts, strings.Join(matches, " and "))
	}
	if v.Signed {
		parts = append(parts, "signed like an event")
	}
	if v.StrictQuery {
		parts = append(parts, "all of the query must parse")
	}
	if v.Token != "" {
		parts = append(parts, "token in "+describeSource(v.Token))
	}
	if v.Challenge != "" {
		parts = append(parts, "challenge in "+describeSource(v.Challenge))
	}
	answer := fmt.Sprintf("answer %d", v.Status)
	for _, name := range sortedNames(v.Headers) {
		answer += fmt.Sprintf(", `%s: %s`", name, v.Headers[name])
	}
	if v.Body != "" {
		answer += ", `" + v.Body + "`"
	}
	if v.HMAC != "" {
		answer += ", where `{hmac}` is the challenge's HMAC-SHA256 in " + v.HMAC
	}
	return strings.Join(append(parts, answer), "; ")
}

func describeSignature(s *rules.Signature) string {
	if s == nil {
		return "none: events can come from anybody"
	}
	full := s.WithDefaults()
	var from []string
	for i, source := range s.From {
		text := describeSource(source)
		// All headers have the prefix, of which the last one tells; of a token what
		// is in no header need not.
		isLast := i == len(s.From)-1 || !s.From[i+1].Is(rules.SourceHeader)
		if s.Prefix != "" && source.Is(rules.SourceHeader) && isLast {
			text += " after `" + s.Prefix + "`"
		}
		from = append(from, text)
	}
	where := strings.Join(from, " or ")
	if s.Algorithm == rules.AlgorithmToken {
		return "none, but the secret itself in " + where
	}
	text := fmt.Sprintf("%s of `%s`, in %s, in %s", strings.ReplaceAll(s.Algorithm, " ", " or "), full.Content, full.Encoding, where)
	if len(s.URLForms) > 0 {
		text += fmt.Sprintf("; `url_forms %s`", strings.Join(s.URLForms, " "))
	}
	if s.BodyHash != "" {
		text += fmt.Sprintf("; the body's SHA-256 in %s instead of `{form}`", describeSource(s.BodyHash))
	}
	if len(s.Timestamp) > 0 {
		text += fmt.Sprintf("; timestamp in %s, not more than %s away", describeSources(s.Timestamp), time.Duration(full.Tolerance))
	}
	return text
}

func describeAnswer(e *rules.EventRules) string {
	answer := ""
	if e.Status != 0 {
		answer = fmt.Sprint(e.Status)
	}
	if e.Echo != "" {
		answer = "200, repeats the header `" + e.Echo + "`"
	}
	if e.Body != "" {
		answer = "200, `" + e.Body + "`"
	}
	return answer
}

func describeSources(sources []rules.Source) string {
	var all []string
	for _, source := range sources {
		all = append(all, describeSource(source))
	}
	return strings.Join(all, ", else ")
}

func describeSource(s rules.Source) string {
	kind, name := s.Split()
	return map[string]string{
		rules.SourceHeader: "header", rules.SourceQuery: "query parameter", rules.SourceBody: "body's", rules.SourceForm: "form's", rules.SourceSignature: "the signature's",
	}[kind] + " `" + name + "`"
}

func sortedSources(m map[rules.Source]string) []rules.Source {
	var all []rules.Source
	for s := range m {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func sortedNames(m map[string]string) []string {
	var all []string
	for s := range m {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
