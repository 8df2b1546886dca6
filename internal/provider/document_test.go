package provider_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

var update = flag.Bool("update", false, "write PROVIDERS.md and docs/providers anew")

const project = "../.."

// TestDocuments compares PROVIDERS.md and docs/providers with the table; -update writes
// them.
func TestDocuments(t *testing.T) {
	want := map[string]string{"PROVIDERS.md": index()}
	for _, p := range provider.Rows {
		want["docs/providers/"+p.Name+".md"] = details(t, p)
	}
	old, err := filepath.Glob(project + "/docs/providers/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		name, err := filepath.Rel(project, path)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := want[filepath.ToSlash(name)]; !ok {
			t.Errorf("%s is of no provider", name)
		}
	}
	if *update {
		if err := os.MkdirAll(project+"/docs/providers", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range want {
		path := filepath.Join(project, name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%s is not what the table says; go test -run Documents ./internal/provider -update writes it (%v)", name, err)
		}
	}
}

// index returns PROVIDERS.md.
func index() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Providers

The receiver knows %d services. `+"`provider <name>`"+` in the Caddyfile tells it how the service verifies the endpoint, how it signs
events, and where an event has its id, type and subject.

- Each name below links to its page: what the service needs, and a Caddyfile. `+"`caddy webhook providers <name>`"+` shows the same in a shell.
- [Guides](docs/guides/README.md) lead through the set-up of GitHub, Stripe, Shopify, Slack, Meta and Socialboards.
- A service that is not here, or that changes, can be described in the config: see [Other services](docs/reference.md#other-services).
- To add one takes a quarter of an hour: see [docs/new-provider.md](docs/new-provider.md).

The columns:

- **verification** is the method of the request that verifies the endpoint.
- **signature** is the algorithm. With *token* the service signs nothing, but sends the secret itself.
- **known by** says why the check of the signature is right: the tests send requests that somebody else has signed, or accepted, such as the
  service's own library. *words* means that another program has computed the signature from what the service's documents say. For a *token*
  there is nothing to compute.

This page, and the pages of the services, are made from the table in the code.
`, len(provider.Rows))
	for _, kind := range provider.Kinds {
		fmt.Fprintf(&b, "\n## %s\n\n| provider | service | verification | signature | known by |\n| --- | --- | --- | --- | --- |\n", kind)
		for _, p := range provider.Rows {
			if p.Kind != kind {
				continue
			}
			verification, signature := "none", "none"
			if p.Verification != nil {
				verification = p.Verification.WithDefaults().Method
			}
			if p.Signature != nil {
				signature = strings.ReplaceAll(p.Signature.Algorithm, " ", " or ")
				if p.Signature.Partial {
					signature += ", not of the body"
				}
			}
			fmt.Fprintf(&b, "| [`%s`](docs/providers/%s.md) | %s | %s | %s | %s |\n", p.Name, p.Name, p.Title, verification, signature, strings.Join(withoutDetails(knownBy(p)), "; "))
		}
	}
	b.WriteString(notHere)
	return b.String()
}

// knownBy says who has made or accepted the signatures of the vectors.
func knownBy(p provider.Row) (all []string) {
	for _, v := range vectors {
		by := v.by
		switch {
		case v.provider != p.Name:
			continue
		case by == byWords:
			by = "words"
		case by == byToken:
			by = "token"
		case by == byDocuments && p.Signature == nil:
			continue
		}
		by = strings.ReplaceAll(by, "the provider's", "its")
		if !slices.Contains(all, by) && !strings.Contains(by, "the same,") {
			all = append(all, by)
		}
	}
	// Words add nothing to what somebody else has signed.
	if len(all) > 1 {
		all = slices.DeleteFunc(all, func(by string) bool { return by == "words" })
	}
	return all
}

// withoutDetails leaves out what makes one request of a source differ from another.
func withoutDetails(sources []string) (all []string) {
	for _, by := range sources {
		if short, detail, _ := strings.Cut(by, ", "); !strings.HasPrefix(detail, "and ") {
			by = short
		}
		if !slices.Contains(all, by) {
			all = append(all, by)
		}
	}
	return all
}

// details returns the document of a provider.
func details(t *testing.T, p provider.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`provider %s`", p.Title, p.Name)
	for _, alias := range p.Aliases {
		fmt.Fprintf(&b, ", also `%s`", alias)
	}
	b.WriteString(". ")
	if guide := "docs/guides/" + p.Name + ".md"; exists(t, guide) {
		fmt.Fprintf(&b, "[How to set it up, with its traps](../guides/%s.md). ", p.Name)
	}
	fmt.Fprintf(&b, "[Where its format is documented](%s). [All providers](../../PROVIDERS.md).\n", p.Docs)
	if p.Note != "" {
		fmt.Fprintf(&b, "\n%s\n", p.Note)
	}
	b.WriteString("\n| | |\n| --- | --- |\n")
	for _, property := range p.Properties() {
		fmt.Fprintf(&b, "| %s | %s |\n", property.Name, strings.ReplaceAll(property.Text, "|", `\|`))
	}
	if known := knownBy(p); len(known) > 0 {
		fmt.Fprintf(&b, "| [known by](../../PROVIDERS.md) | %s |\n", strings.Join(known, "; "))
	}
	fmt.Fprintf(&b, "\n```caddyfile\n%s```\n", loading(t, p))
	b.WriteString("\nAn event without a type gets the type `webhook`, and one without an id a new UUIDv7. The options of the same names change the defaults.\n")
	b.WriteString("[The reference](../reference.md) has all options, and says what words in braces stand for.\n")
	return b.String()
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(project, path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// loading returns the row's Caddyfile, which must load.
func loading(t *testing.T, p provider.Row) string {
	t.Helper()
	t.Setenv("WEBHOOK_VERIFY_TOKEN", "token")
	secret, account := "secret", "12345"
	for i := len(vectors) - 1; i >= 0; i-- {
		if v := vectors[i]; v.provider == p.Name && v.secret != "" {
			secret = v.secret
			account = cmp.Or(v.account, account)
		}
	}
	if p.Keys != nil {
		secret = "id:secret"
	}
	t.Setenv("WEBHOOK_SECRET", secret)
	t.Setenv("WEBHOOK_ACCOUNT", account)
	newReceiver(t, strings.Join(p.Options(), "\n"))
	return p.Caddyfile()
}

// notHere says which services are left out.
const notHere = `
## Left out

These are not there. Either the config cannot describe them, or a detail could not be found in the service's own documents: a wrong guess would
refuse genuine events.

- **Apple App Store**: each notification brings a chain of certificates of its own.
- **Brex** and **Etsy**: how keys are encoded, and which headers have the signature, could not be confirmed.
- **Circle**: each notification names its key by an id, and it must be fetched with an API key.
- **Contentful** signs a list of headers that each request names itself.
- **Dropbox Sign** sends events as multipart forms, which are not read.
- **Front**'s applications want their challenge back, and no document says in which form. Webhooks of its rules are ` + "`front_rule`" + `.
- **Hygraph** signs a JSON text with the body as a string in it.
- **Kinde** signs webhooks with the keys of its users' tokens, so that a user's own token could be taken for an event.
- **Mixpanel**'s cohorts want an answer that repeats a part of the request.
- **Plivo**'s calls sign the URL's query apart from the form. Its messages are ` + "`plivo_messaging`" + `.
- **RingCentral**'s validation request cannot be told from an event.
- **Smartcar** wants an HMAC of a text that it chooses, and no document says that the request for it is signed.
- **Wix** has type and subject in JSON texts inside a claim.
- **Airtable**, **Chargify**, **Courier**, **Customer.io**, **Doppler**, **Enode**, **Klaviyo**, **Netlify**, **Recharge**, **Sendbird**, **Shippo** and **Tebex**: one
  detail of each, such as the order of what is signed, is second-hand.

**GitLab**'s signing token and other Standard Webhooks are ` + "`standard_webhooks`" + `. **FusionAuth** signs with a JSON Web Token with a hash of the body,
which ` + "`algorithm jwt-rs256`" + ` and ` + "`claims`" + ` can describe.
`
