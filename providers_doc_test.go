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
	for _, p := range providers {
		verification, signature := "none", "none"
		if p.verification != nil {
			verification = p.verification.WithDefaults().Method
		}
		if p.signature != nil {
			signature = strings.ReplaceAll(p.signature.Algorithm, " ", " or ")
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", p.name, p.name, p.title, verification, signature)
	}
	b.WriteString(notHere)
	for _, p := range providers {
		fmt.Fprintf(&b, "\n## %s\n\n%s. [Source of the format](%s).\n", p.name, p.title, p.docs)
		if p.note != "" {
			fmt.Fprintf(&b, "%s\n", p.note)
		}
		b.WriteString("\n| | |\n| --- | --- |\n")
		row := func(name, value string) {
			if value != "" {
				fmt.Fprintf(&b, "| %s | %s |\n", name, value)
			}
		}
		row("verification", describeVerification(p.verification))
		row("signature", describeSignature(p.signature))
		row("id", describeSources(p.event.ID))
		row("type", describeSources(p.event.Type))
		row("subject", describeSources(p.event.Subject))
		row("answer to an event", describeAnswer(&p.event))
		if p.usesToken() {
			row("`verify_token`", p.token+map[bool]string{true: " (optional)"}[p.tokenOptional])
		}
		if p.usesSecret() {
			row("`secret`", p.secret+map[bool]string{true: " (optional)"}[p.secretOptional])
		}
		row("defaults", fmt.Sprintf("`max_body_size %s`, `timeout %s`, `accept %s`", strings.ReplaceAll(humanize.IBytes(uint64(p.maxBodySize)), " ", ""), p.timeout, p.accept))
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
func minimalCaddyfile(t *testing.T, p provider) string {
	t.Helper()
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "token")
	t.Setenv("WEBHOOK_SECRET", exampleSecret(p))
	options := []string{"provider     " + p.name}
	if p.usesToken() && !p.tokenOptional {
		options = append(options, "verify_token {env.WEBHOOK_VERIFY_TOKEN}")
	}
	if p.usesSecret() {
		options = append(options, "secret       {env.WEBHOOK_SECRET}")
	}
	if p.signature != nil && strings.Contains(p.signature.Content, partURL) {
		options = append(options, "public_url   https://hooks.example.com")
	}
	provision(t, strings.Join(options, "\n")+"\noutput log")
	return "hooks.example.com {\n\twebhook_receiver /webhooks {\n\t\t" + strings.Join(options, "\n\t\t") + "\n\t}\n}\n"
}

func describeVerification(v *Verification) string {
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

func describeSignature(s *Signature) string {
	if s == nil {
		return "none: events can come from anybody"
	}
	full := s.WithDefaults()
	var from []string
	for i, source := range s.From {
		text := describeSource(source)
		// All headers have the prefix, of which the last one tells; of a token what
		// is in no header need not.
		isLast := i == len(s.From)-1 || !s.From[i+1].is(sourceHeader)
		if s.Prefix != "" && source.is(sourceHeader) && isLast {
			text += " after `" + s.Prefix + "`"
		}
		from = append(from, text)
	}
	where := strings.Join(from, " or ")
	if s.Algorithm == algorithmToken {
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

func describeAnswer(e *EventRules) string {
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

func describeSources(sources []Source) string {
	var all []string
	for _, source := range sources {
		all = append(all, describeSource(source))
	}
	return strings.Join(all, ", else ")
}

func describeSource(s Source) string {
	kind, name := s.split()
	return map[string]string{
		sourceHeader: "header", sourceQuery: "query parameter", sourceBody: "body's", sourceForm: "form's", sourceSignature: "the signature's",
	}[kind] + " `" + name + "`"
}

func sortedSources(m map[Source]string) []Source {
	var all []Source
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
