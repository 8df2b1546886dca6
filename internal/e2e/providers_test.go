package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v66/github"
	"github.com/slack-go/slack"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v81/webhook"
)

// library signs an event, and tells whether a request is one of the service's,
// as the service's own library, or the one that it recommends, does.
type library struct {
	secret, id, body string
	sign             func(t *testing.T, secret, body string, at time.Time) http.Header
	accepts          func(secret, body string, header http.Header) error
	stale            time.Duration // 0: signatures do not age
}

var libraries = map[string]library{
	"github": {
		secret: "github secret", id: "72d3162e-cc78-11e3-81ab-4c9367dc0958", body: `{"action":"opened"}`,
		sign: func(_ *testing.T, secret, body string, _ time.Time) http.Header {
			return http.Header{
				"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, body)},
				"X-Github-Delivery":   {"72d3162e-cc78-11e3-81ab-4c9367dc0958"},
				"X-Github-Event":      {"issues"},
			}
		},
		accepts: func(secret, body string, header http.Header) error {
			return github.ValidateSignature(header.Get("X-Hub-Signature-256"), []byte(body), []byte(secret))
		},
	},
	"stripe": {
		secret: "whsec_stripe", id: "evt_1", body: `{"id":"evt_1","object":"event","type":"charge.succeeded"}`,
		sign: func(_ *testing.T, secret, body string, at time.Time) http.Header {
			signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: secret, Timestamp: at})
			return http.Header{"Stripe-Signature": {signed.Header}}
		},
		accepts: func(secret, body string, header http.Header) error {
			return webhook.ValidatePayload([]byte(body), header.Get("Stripe-Signature"), secret)
		},
		stale: 6 * time.Minute,
	},
	"standard_webhooks": {
		secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_1", body: `{"type":"user.created","data":{"id":"u1"}}`,
		sign: func(t *testing.T, secret, body string, at time.Time) http.Header {
			w, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := w.Sign("msg_1", at, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{}
			header.Set("webhook-id", "msg_1")
			header.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
			header.Set("webhook-signature", signature)
			return header
		},
		accepts: func(secret, body string, header http.Header) error {
			w, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				return err
			}
			return w.Verify([]byte(body), header)
		},
		stale: 6 * time.Minute,
	},
	"slack": {
		secret: "slack secret", id: "Ev1", body: `{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}`,
		sign: func(_ *testing.T, secret, body string, at time.Time) http.Header {
			header := http.Header{}
			header.Set("X-Slack-Request-Timestamp", fmt.Sprint(at.Unix()))
			header.Set("X-Slack-Signature", "v0="+hexMAC(secret, fmt.Sprintf("v0:%d:%s", at.Unix(), body)))
			return header
		},
		accepts: func(secret, body string, header http.Header) error {
			v, err := slack.NewSecretsVerifier(header, secret)
			if err != nil {
				return err
			}
			if _, err := v.Write([]byte(body)); err != nil {
				return err
			}
			return v.Ensure()
		},
		stale: 6 * time.Minute,
	},
}

func hexMAC(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// TestOfficialLibraries sends requests that services' libraries accept, and
// altered ones that they refuse, to a receiver: it does the same.
func TestOfficialLibraries(t *testing.T) {
	t.Parallel()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const second = "whsec_c2Vjb25k"
			s := newServer(t)
			s.env = append(s.env, "E2E_SECRET="+l.secret)
			s.configure(site("provider "+name, "secret {env.E2E_SECRET} "+second, "output file {$DIR}/events.jsonl"))
			s.start()
			send := func(header http.Header, body string) int {
				t.Helper()
				req, err := http.NewRequest(http.MethodPost, "http://"+s.http+"/", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = header
				a, err := read(newClient(t).Do(req))
				if err != nil {
					t.Fatal(err)
				}
				return a.status
			}
			now := time.Now()
			for _, secret := range []string{l.secret, second} {
				header := l.sign(t, secret, l.body, now)
				if err := l.accepts(secret, l.body, header); err != nil {
					t.Fatalf("the library refuses its own: %v", err)
				}
				if status := send(header, l.body); status != 200 {
					t.Errorf("answer %d to what the library accepts", status)
				}
			}
			events := delivered(t, s.path("events.jsonl"))
			if events[0].id() != l.id {
				t.Errorf("id %q, want %q", events[0].id(), l.id)
			}

			altered := map[string]func() (http.Header, string){
				"body":       func() (http.Header, string) { return l.sign(t, l.secret, l.body, now), l.body + " " },
				"wrong key":  func() (http.Header, string) { return l.sign(t, "whsec_d3Jvbmc=", l.body, now), l.body },
				"no headers": func() (http.Header, string) { return http.Header{}, l.body },
			}
			if l.stale > 0 {
				altered["stale"] = func() (http.Header, string) { return l.sign(t, l.secret, l.body, now.Add(-l.stale)), l.body }
			}
			for what, alter := range altered {
				header, body := alter()
				if l.accepts(l.secret, body, header) == nil {
					t.Errorf("%s: the library accepts it", what)
				}
				if status := send(header, body); status != 401 {
					t.Errorf("%s: answer %d, want 401", what, status)
				}
			}
			if strings.Contains(s.log(), l.secret) {
				t.Error("the secret is in the log")
			}
		})
	}
}

// delivered are the events in a file, with the ids of their deliveries.
func delivered(t *testing.T, path string) []record {
	t.Helper()
	var all []record
	for _, line := range lines(t, path) {
		r, err := parseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestOtherServices runs the documents' example of a described service.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	example := readDocument(t, "docs/reference.md").under(t, "Other services", "caddyfile")[0]
	s := newServer(t)
	s.env = append(s.env, "WEBHOOK_VERIFY_TOKEN=sesame", "WEBHOOK_SECRET=open")
	s.configure(strings.Replace(example, "hooks.example.com", "http://", 1))
	s.start()

	a := do(t, newClient(t), http.MethodGet, "http://"+s.http+"/webhooks?challenge=abc&token=sesame", nil)
	if a.status != 200 || a.body != "abc" {
		t.Errorf("answer %d %q to the verification", a.status, a.body)
	}
	do(t, newClient(t), http.MethodGet, "http://"+s.http+"/webhooks?challenge=abc&token=other", nil).want(t, 403)

	const body = `{"event":{"name":"created","id":7}}`
	at := fmt.Sprint(time.Now().Unix())
	signed := []string{"X-Timestamp: " + at, "X-Signature: sha256=" + hexMAC("open", at+"."+body), "X-Delivery: d1"}
	s.post(body, signed...).wantStored(t)
	s.post(body+" ", signed...).want(t, 401)
	s.post(body).want(t, 401)
	all := delivered(t, s.path("data", "caddy", "webhooks", "events.jsonl"))
	if len(all) != 1 || all[0].id() != "d1" || all[0].kind() != "created" || all[0].subject() != "7" {
		t.Errorf("stored: %v", all)
	}
}

// TestDedupe has an event come twice, also across a reload, and to another
// receiver.
func TestDedupe(t *testing.T) {
	t.Parallel()
	config := func(timeout string) string {
		options := []string{"provider cloudevents", "dedupe 1h", "output file {$DIR}/events.jsonl", "timeout " + timeout}
		return "http:// {\n" + directive("/a", options...) + directive("/b", options...) + "}\n"
	}
	s := newServer(t)
	s.configure(config("10s"))
	s.start()
	send := func(path string, stored int) {
		t.Helper()
		s.postTo(path, `{"a":1}`, "ce-id: one").want(t, 200)
		if n := len(lines(t, s.path("events.jsonl"))); n != stored {
			t.Errorf("%d stored, want %d", n, stored)
		}
	}
	send("/a", 1)
	send("/a", 1)
	s.reload(config("11s"))
	send("/a", 1)
	send("/b", 2)
	send("/b", 2)
	if n := s.number(regexp.MustCompile(`(?m)^caddy_webhook_receiver_requests_total\{outcome="duplicate",provider="cloudevents",receiver="cloudevents"\} (\S+)`), s.fromAdmin("/metrics")); n != 3 {
		t.Errorf("%v duplicates are counted", n)
	}
}
