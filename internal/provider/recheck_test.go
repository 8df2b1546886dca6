package provider_test

import (
	"bytes"
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/recheck"
)

// TestRecheck: what a receiver has stored of each vector gives the body back byte for
// byte, and is enough to find its signature right a day later, and wrong with another
// secret or body; and no secret of a token row is in it.
func TestRecheck(t *testing.T) {
	for _, v := range vectors {
		if v.secret == "" {
			continue // nothing is signed
		}
		t.Run(v.provider+"/"+v.by, func(t *testing.T) {
			p, options := v.row(t)
			if strings.HasSuffix(options, "\naccept any") {
				p.Accept = event.AcceptAny
			}
			rc := v.receiver(t, options)
			rc.send(t, v.delivery())
			setTime(t, time.Now())
			e := stored(t, rc.lines[0])
			e.Time = time.Unix(v.at, 0) // the receiver's clock is set by setTime, that of events is not
			if sent, err := e.BodySent(); err != nil || string(sent) != v.body {
				t.Errorf("the body comes back as %q (%v)", sent, err)
			}
			inBody := p.Signature.IsToken() && p.Signature.From[0].InBody()
			verifies := e.Attribute(event.Verification)
			if p.Signature.IsToken() {
				if !inBody && bytes.Contains(rc.lines[0], []byte(v.secret)) {
					t.Errorf("the secret is in %s", rc.lines[0])
				}
				want := recheck.Unchecked // its header is redacted
				if inBody {
					want = recheck.Fits
				}
				if got, reason := again(t, v, p, v.secret, e); got != want || verifies != "token" {
					t.Errorf("verification %s, verdict %d (%v), want %d", verifies, got, reason, want)
				}
				return
			}
			if verifies != cmp.Or(v.says, "signature") {
				t.Errorf("verification %q", verifies)
			}
			if got, reason := again(t, v, p, v.secret, e); got != recheck.Fits {
				t.Errorf("verdict %d: %v\n%s", got, reason, rc.lines[0])
			}
			if !p.SignsWithPrivateKey() {
				i := len(v.secret) / 2
				digit := byte('1')
				if v.secret[i] == digit {
					digit = '2'
				}
				other := v.secret[:i] + string(digit) + v.secret[i+1:]
				if got, _ := again(t, v, p, other, e); got != recheck.Misfits {
					t.Errorf("verdict %d with another secret", got)
				}
			}
			changed := stored(t, bytes.Replace(rc.lines[0], []byte(`"data":{"`), []byte(`"data":{"x":1,"`), 1))
			changed.Time = e.Time
			if got, _ := again(t, v, p, v.secret, changed); got != recheck.Misfits && !bytes.Equal(changed.Text, e.Text) && !p.Signature.Partial {
				t.Errorf("verdict %d with another body", got)
			}
			if len(p.Signature.Timestamp) > 0 {
				e.Time = e.Time.Add(-time.Duration(p.Signature.WithDefaults().Tolerance) - time.Hour)
				if got, _ := again(t, v, p, v.secret, e); got != recheck.Misfits {
					t.Errorf("verdict %d for one that was stale", got)
				}
			}
			if !p.Signature.From[0].InBody() {
				early := stored(t, rc.lines[0])
				early.Extensions = nil
				if got, reason := again(t, v, p, v.secret, early); got != recheck.Unchecked || !strings.Contains(reason.Error(), "earlier") {
					t.Errorf("verdict %d (%v) without %s", got, reason, event.HTTPHeaders)
				}
			}
		})
	}
}

func stored(t *testing.T, line []byte) *reader.Event {
	t.Helper()
	kind, e, err := reader.Parse(reader.Line{Text: line})
	if kind != reader.Stored {
		t.Fatalf("%s: %v", line, err)
	}
	return e
}

// again checks an event as the command verify does.
func again(t *testing.T, v vector, p provider.Row, secret string, e *reader.Event) (recheck.Verdict, error) {
	t.Helper()
	var c recheck.Checker
	if err := c.Add(recheck.Receiver{Row: p, Secrets: []string{secret}, Tokens: v.keys().Tokens, Accounts: v.keys().Accounts, PublicURL: v.url}); err != nil {
		t.Fatal(err)
	}
	return c.Check(e)
}
