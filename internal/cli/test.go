package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func testCommand(providers []Provider) *cobra.Command {
	var p player
	var names []string
	for _, provider := range providers {
		names = append(names, provider.Name)
	}
	var name string
	insecure := false
	cmd := &cobra.Command{
		Use:   "test <url> [--provider <name>] [--verify-token <token>] [--secret <secret>] [--no-event] [--insecure]",
		Short: "Tries a receiver out, as its provider would",
		Long: `
Plays the service that sends webhooks: it verifies the endpoint with the right
token and with a wrong one, sends a sample event, whose type is
webhook_receiver_test, and bad input. It prints which of the answers are right,
with the time they took, and for the others what may be the cause.

The sample event is stored like any other; --no-event leaves it out.

The token and the secret are better given as WEBHOOK_VERIFY_TOKEN and
WEBHOOK_SECRET in the environment, as others can see the arguments of commands.

The exit status is 1 if any answer is wrong.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.Index(names, name)
			if i < 0 {
				return fmt.Errorf("--provider %q: not known; known are: %s", name, strings.Join(names, ", "))
			}
			p.Provider, p.console = providers[i], newConsole(cmd)
			if err := p.setURL(args[0]); err != nil {
				return err
			}
			if err := p.setSecrets(); err != nil {
				return err
			}
			p.client = newTestClient(p.Deadline, insecure)
			return p.play(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "provider", names[0], "Service to play: "+strings.Join(names, ", "))
	flags.StringVar(&p.token, "verify-token", "", "Verify token (default $WEBHOOK_VERIFY_TOKEN)")
	flags.StringVar(&p.secret, "secret", "", "Secret for signatures (default $WEBHOOK_SECRET)")
	flags.BoolVar(&p.noEvent, "no-event", false, "Send nothing that would be stored")
	flags.BoolVar(&insecure, "insecure", false, "Take any certificate")
	return cmd
}

// newTestClient returns a client that behaves like a service: it uses no proxy
// of ours, and follows no redirect.
func newTestClient(deadline time.Duration, insecure bool) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableKeepAlives = true // each check stands for itself
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: insecure}
	return &http.Client{
		Transport:     transport,
		Timeout:       deadline,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// player plays a provider.
type player struct {
	Provider
	*console
	client        *http.Client
	url           *url.URL
	token, secret string
	noEvent       bool

	passed, failed int
}

func (p *player) setURL(s string) (err error) {
	p.url, err = url.Parse(s)
	if err != nil || p.url.Host == "" || p.url.Scheme != "https" && p.url.Scheme != "http" {
		return errors.New("the URL must be absolute, with https (or http), as in https://hooks.example.com/webhooks")
	}
	return nil
}

func (p *player) setSecrets() error {
	if p.token == "" {
		p.token = os.Getenv("WEBHOOK_VERIFY_TOKEN")
	}
	if p.secret == "" {
		p.secret = os.Getenv("WEBHOOK_SECRET")
	}
	if p.Token != "" && p.token == "" {
		return fmt.Errorf("provider %s needs the verify token: --verify-token, or WEBHOOK_VERIFY_TOKEN in the environment", p.Name)
	}
	if p.Sign != nil && p.secret == "" {
		return fmt.Errorf("provider %s needs the secret: --secret, or WEBHOOK_SECRET in the environment", p.Name)
	}
	return nil
}

// step is one request and what must come of it.
type step struct {
	name    string
	request func(context.Context) (*http.Request, error)
	// judge returns what is right, or an error that says what is wrong; it may
	// be a finding, with the likely cause.
	judge func(*answer) (string, error)
}

func (p *player) play(ctx context.Context) error {
	p.printf("%s as %s:\n", sanitize(p.url.Redacted()), p.Name)
	if p.url.Scheme == "http" {
		p.printf("  note  the URL is not https: services that send webhooks insist on it\n")
	}
	unreachable := false
	for i, s := range p.steps() {
		a, err := p.ask(ctx, s)
		if err != nil {
			p.fail(s.name, nil, explainError(err, p.url))
			unreachable = true
			break // the others would fail in the same way
		}
		if i == 0 && a.TLS != nil {
			p.certificate(a.TLS)
		}
		if right, err := s.judge(a); err != nil {
			p.fail(s.name, a, err)
			if i == 0 && a.StatusCode != http.StatusForbidden {
				p.printf("  note  it may not be the receiver that answered: the other checks are left out\n")
				break
			}
		} else {
			p.pass(s.name, a.took, right)
		}
	}
	switch {
	case unreachable:
		return errors.New("the receiver was not reached")
	case p.failed > 0:
		return fmt.Errorf("%d of %d checks failed", p.failed, p.passed+p.failed)
	}
	p.printf("All %d checks passed.\n", p.passed)
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

func (p *player) fail(name string, a *answer, err error) {
	p.failed++
	took := time.Duration(0)
	if a != nil {
		took = a.took
	}
	p.print(p.colours.Red, "FAIL", name, took, err.Error())
	var f *finding
	if errors.As(err, &f) && f.cause != "" {
		p.printf("        %s\n", sanitize(f.cause))
	}
	if a != nil && a.elsewhere() != "" {
		p.printf("        %s\n", sanitize(a.elsewhere()))
	}
}

func (p *player) print(colour []byte, mark, name string, took time.Duration, text string) {
	time := ""
	if took > 0 {
		time = fmt.Sprintf("%.1f ms", took.Seconds()*1000)
	}
	p.printf("  %s  %s  %s  %s\n", p.paint(colour, mark), pad(name, 18), pad(time, 8), sanitize(text))
}

func randomText() string {
	var b [12]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // the system is broken
	}
	return hex.EncodeToString(b[:])
}
