package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

// Configured returns the provider of a receiver in a config: with a name, of the
// one that is for it.
type Configured func(file, name string) (play.Service, error)

func testCommand(providers []play.Service, configured Configured) *cobra.Command {
	var p player
	var names []string
	for _, provider := range providers {
		names = append(names, provider.Name)
	}
	var name, config, caFile string
	insecure := false
	cmd := &cobra.Command{
		Use:   "test <url>",
		Short: "Plays the service, and says what is wrong with the receiver",
		Long: `
Plays the service that sends webhooks, and says of each answer whether it is right,
how long it took, and what may be the cause if it is wrong. An answer is wrong, too, if
it comes later than the service waits.

It tries the verification with the right token, a wrong one and none; bad input; an
event with a wrong signature, and one with an old one. A sample event comes last.
What the service does not have is left out.

The sample event is stored like any other, unless there is --no-event. Its type is
webhook_receiver_test, except where the service's events have none. A receiver with
"accept any" may store the broken JSON, too.

Give the token and the secret as WEBHOOK_VERIFY_TOKEN and WEBHOOK_SECRET in the
environment: others can see the arguments of commands. What only the service's
private key can sign is left out, and needs no secret.

With --config the receiver's own rules are played, such as those of provider generic.

Exit status: 0 if all answers are right, else 1.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if config != "" {
				p.Service, err = configured(config, name)
			} else {
				p.Service, err = providerNamed(providers, name)
			}
			if err != nil {
				return err
			}
			p.console = newConsole(cmd)
			if err := p.setURL(args[0]); err != nil {
				return err
			}
			if err := p.setSecrets(); err != nil {
				return err
			}
			config, err := trusting(caFile)
			if err != nil {
				return err
			}
			config.InsecureSkipVerify = insecure
			p.client = newTestClient(p.Patience, config)
			return p.play(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "provider", "", "Play the service with this `name`; caddy webhook providers lists them (default "+names[0]+")")
	flags.StringVar(&config, "config", "", "Play the service of the receiver in this `file`, by its rules: a Caddyfile, or JSON if it ends in .json")
	flags.StringVar(&p.account.Token, "verify-token", "", "The verify `token` (default $WEBHOOK_VERIFY_TOKEN)")
	flags.StringVar(&p.account.Secret, "secret", "", "The `secret` for signatures (default $WEBHOOK_SECRET)")
	flags.StringVar(&p.account.Account, "account", "", "The `account` whose events are taken, where the service encrypts for one")
	flags.BoolVar(&p.noEvent, "no-event", false, "Send nothing that would be stored: leave the sample event out")
	flags.BoolVar(&insecure, "insecure", false, "Take any certificate of the receiver")
	flags.StringVar(&caFile, "cacert", "", "Also trust the authorities in this `file`, in PEM")
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// providerNamed returns the provider of the name, by default the first.
func providerNamed(providers []play.Service, name string) (play.Service, error) {
	var names []string
	if row, err := provider.Named(name); err == nil {
		name = row.Name // it may be an alias
	}
	for _, p := range providers {
		if p.Name == name || name == "" {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if near := expect.Nearest(name, names); near != "" {
		return play.Service{}, fmt.Errorf("--provider %q: not known; did you mean %s?", name, near)
	}
	return play.Service{}, fmt.Errorf("--provider %q: not known; caddy webhook providers lists those that are", name)
}

// newTestClient returns a client that behaves like a service: it uses no proxy
// of ours, and follows no redirect.
func newTestClient(deadline time.Duration, config *tls.Config) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableKeepAlives = true // each check stands for itself
	transport.TLSClientConfig = config
	return &http.Client{
		Transport:     transport,
		Timeout:       deadline,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// trusting returns what trusts the authorities in a file, beside those of the system.
func trusting(file string) (*tls.Config, error) {
	if file == "" {
		return &tls.Config{}, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--cacert: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	found := 0
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("--cacert: %s: %w", file, err)
		}
		roots.AddCert(certificate)
		found++
	}
	if found == 0 {
		return nil, fmt.Errorf("--cacert: %s: there is no certificate in it: it must be in PEM, with a line -----BEGIN CERTIFICATE-----", file)
	}
	return &tls.Config{RootCAs: roots}, nil
}

// player plays a provider.
type player struct {
	play.Service
	*console
	client  *http.Client
	account play.Account
	noEvent bool

	passed, failed, leftOut int
	fits                    bool   // the receiver has found a signature right
	proof                   string // of what
	cause                   string // of the last failure
}

func (p *player) setURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("the URL must be absolute, with https (or http), as in https://hooks.example.com/webhooks")
	}
	p.account.URL = u
	return nil
}

// setSecrets takes from the environment what was not given, and the provider has
// a use for.
func (p *player) setSecrets() error {
	for _, s := range []struct {
		value        *string
		what, flag   string
		variable     string
		uses, needed bool
	}{
		{&p.account.Token, "verify token", "--verify-token", "WEBHOOK_VERIFY_TOKEN", p.UsesToken, p.NeedsToken},
		{&p.account.Secret, "secret", "--secret", "WEBHOOK_SECRET", p.UsesSecret, p.NeedsSecret},
	} {
		switch {
		case *s.value != "" && !s.uses:
			return fmt.Errorf("%s: provider %s uses no %s", s.flag, p.Name, s.what)
		case *s.value == "" && s.uses:
			*s.value = os.Getenv(s.variable)
		}
		if *s.value == "" && s.needed {
			return fmt.Errorf("provider %s needs the %s: %s, or %s in the environment", p.Name, s.what, s.flag, s.variable)
		}
	}
	switch {
	case p.account.Account != "" && !p.UsesAccount:
		return fmt.Errorf("--account: provider %s uses no account", p.Name)
	case p.account.Account == "" && p.NeedsAccount:
		return fmt.Errorf("provider %s needs the account: --account", p.Name)
	}
	return nil
}

func (p *player) play(ctx context.Context) error {
	steps, err := p.Steps(p.account)
	if err != nil {
		return err
	}
	p.printf("%s as %s, which waits %s for an answer:\n", sanitize(p.account.URL.Redacted()), p.Name, p.Patience)
	if p.account.URL.Scheme == "http" {
		p.printf("  note  the URL is not https: services that send webhooks insist on it\n")
	}
	first, unreachable := true, false
	for _, s := range steps {
		if s.Stores && p.noEvent {
			continue
		}
		if s.LeftOut != "" {
			p.leftOut++
			p.print(p.colours.Yellow, "----", s.Name, 0, "left out: "+s.LeftOut)
			continue
		}
		a, want, err := p.ask(ctx, s)
		if err != nil {
			p.fail(s.Name, nil, p.explainError(err))
			unreachable = p.passed+p.failed == 1
			break // the others would fail in the same way
		}
		if first && a.TLS != nil {
			p.certificate(a.TLS)
		}
		if s.Stores && s.Kind == play.BadEvent && a.StatusCode >= 200 && a.StatusCode <= 299 {
			p.leftOut++
			p.print(p.colours.Yellow, "----", s.Name, a.took, "stored: the receiver takes bodies of any kind (accept any)")
			continue
		}
		if f := p.judge(s, want, a); f != nil {
			p.fail(s.Name, a, f)
			if first && !f.receiver {
				p.printf("  note  it may not be the receiver that answered: the other checks are left out\n")
				break
			}
		} else {
			p.pass(s.Name, a.took, passedAs(s, want))
			if s.Proves && !p.fits {
				p.fits, p.proof = true, "the "+s.Name
			}
		}
		first = false
	}
	switch {
	case unreachable:
		return errors.New("the receiver was not reached")
	case p.failed > 0:
		return fmt.Errorf("%d of %d checks failed", p.failed, p.passed+p.failed)
	case p.leftOut > 0:
		p.printf("%d checks passed, %d left out.\n", p.passed, p.leftOut)
	default:
		p.printf("All %d checks passed.\n", p.passed)
	}
	return nil
}

// certificate tells of the certificate, which was accepted or not looked at.
func (p *player) certificate(state *tls.ConnectionState) {
	certificate := state.PeerCertificates[0]
	if len(state.VerifiedChains) == 0 {
		p.printf("  note  the certificate is not checked\n")
		return
	}
	days := int(time.Until(certificate.NotAfter).Hours() / 24)
	p.pass("certificate", 0, fmt.Sprintf("valid for %d more days, issued by %s", days, certificate.Issuer))
}

func (p *player) pass(name string, took time.Duration, text string) {
	p.passed++
	p.print(p.colours.Green, "pass", name, took, text)
}

func (p *player) fail(name string, a *answer, f *finding) {
	p.failed++
	took := time.Duration(0)
	if a != nil {
		took = a.took
	}
	p.print(p.colours.Red, "FAIL", name, took, f.what)
	if f.cause != "" && f.cause != p.cause { // else it was told already
		p.printf("        %s\n", sanitize(f.cause))
	}
	p.cause = f.cause
	if a != nil && a.elsewhere() != "" {
		p.printf("        %s\n", sanitize(a.elsewhere()))
	}
}

func (p *player) print(colour []byte, mark, name string, took time.Duration, text string) {
	time := ""
	if took > 0 {
		time = fmt.Sprintf("%.1f ms", took.Seconds()*1000)
	}
	p.printf("  %s  %s  %s  %s\n", p.paint(colour, mark), pad(name, 19), pad(time, 8), sanitize(text))
}
