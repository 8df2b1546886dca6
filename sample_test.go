package webhookreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestSampleOfEachProvider: every receiver takes its own sample event, wherever it is, except where only the service
// has the key.
func TestSampleOfEachProvider(t *testing.T) {
	tested := 0
	for _, p := range provider.Rows {
		for public, want := range map[string]string{ // public_url, and what is stored of it as source
			"": "https://hooks.example.com/in/", "https://hooks.example.com": "https://hooks.example.com/in/",
			"https://other.example.com/a%20b/c?x=1&y=%2F": "https://other.example.com/a%20b/c?x=1&y=%2F",
			"https://user:pass@other.example.com/in":      "https://other.example.com/in",
		} {
			if strings.Contains(public, "@") && !play.Of(p, "").SignsURL {
				continue // it is refused
			}
			options := "provider " + p.Name
			if p.UsesToken() {
				options += "\nverify_token sesame"
			}
			if p.UsesSecret() {
				options += "\nsecret " + exampleSecret(p)
			}
			needs := exampleNeeds(p)
			if public != "" && strings.Contains(needs, "public_url") {
				continue // it is needed as it is
			}
			options += needs
			if public != "" {
				options += "\npublic_url " + public
			}
			rc := newReceiver(t, options)
			test := rc.tester()
			if (test == nil) != p.SignsWithPrivateKey() {
				t.Errorf("%s: it can be tested: %t", p.Name, test != nil)
			}
			if test == nil {
				continue
			}
			tested++
			rc.running.published.Sites = func() []string { return []string{"http://insecure.example.com/in/*", "https://hooks.example.com/in/*"} }
			text, err := test(context.Background())
			if err != nil || !strings.HasPrefix(text, "the sample event was stored, and answered 2") {
				t.Errorf("%s, public_url %q: %q, %v", p.Name, public, text, err)
				continue
			}
			e, line := rc.last(t)
			if p.Name == "cloudevents" { // the sender says where it is from
				want, _ = e["source"].(string)
			}
			if n := len(lines(t, rc.file)); n != 1 || e["source"] != want || !strings.Contains(line, play.SampleEvent) {
				t.Errorf("%s, public_url %q: %d events, the last is %s", p.Name, public, n, line)
			}
		}
	}
	if tested < 3*20 {
		t.Errorf("only %d were tested", tested)
	}
}

// sampled sends the receiver a sample event, and returns what became of it.
func (rc *receiver) sampled(t *testing.T) string {
	t.Helper()
	text, err := rc.tester()(context.Background())
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

const sampleStored = "the sample event was stored, and answered 200"

// TestSample: a sample event goes through all that another one does.
func TestSample(t *testing.T) {
	t.Run("several secrets, all headers", func(t *testing.T) {
		rc := newReceiver(t, "provider github\nsecret first second\nheaders all\nattribute tenant acme\nattribute by {http.request.remote.host}")
		if got := rc.sampled(t); got != sampleStored {
			t.Error(got)
		}
		_, line := rc.last(t)
		mustContain(t, line, `"tenant":"acme"`, `"by":"127.0.0.1"`, "X-Hub-Signature-256", "httpheaders")
	})
	t.Run("raw", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "raw.jsonl")
		rc := newReceiver(t, "verify_token sesame\noutput file "+file+" {\nformat raw\n}")
		if got := rc.sampled(t); got != sampleStored {
			t.Error(got)
		}
		if all := lines(t, file); len(all) != 1 || !strings.Contains(all[0], play.SampleEvent) || strings.Contains(all[0], "specversion") {
			t.Errorf("stored: %q", all)
		}
	})
	t.Run("tells nothing of the service", func(t *testing.T) {
		rc := newReceiver(t, "name sampled\nprovider github\nsecret sesame")
		rc.running.published.InEffect = func() bool { return true }
		report := func() (r status.ReceiverReport) {
			for _, r = range status.Now().Receivers {
				if r.Name == "sampled" {
					break
				}
			}
			return r
		}
		rc.post(t, "{}", "X-Hub-Signature-256", "sha256=00")
		before, seq := fmt.Sprint(report().Requests), lastSeq()
		if got := rc.sampled(t); got != sampleStored {
			t.Error(got)
		}
		rc.maxBodySize = 1
		mustContain(t, rc.sampled(t), "413")
		if r := report(); fmt.Sprint(r.Requests) != before || r.LastEvent != nil || r.LastRefusal == nil || r.LastRefusal.Status != 401 || lastSeq() != seq {
			t.Errorf("%+v", r)
		}
		if n := logged(rc.logs, zapcore.InfoLevel, "the first event since the config was loaded is stored"); n != 0 || maybeLost(rc.logs) != 0 {
			t.Error(text(rc.logs))
		}
	})
	t.Run("dedupe", func(t *testing.T) {
		rc := newReceiver(t, "verify_token sesame\ndedupe 1h {http.webhook_receiver.body_sha256}")
		first, second := rc.sampled(t), rc.sampled(t)
		if first != sampleStored || second != "the sample event was answered 200, and not stored again: dedupe takes it for one that is stored" {
			t.Errorf("%q, then %q", first, second)
		}
		if n := len(lines(t, rc.file)); n != 1 {
			t.Errorf("%d are stored", n)
		}
	})
	t.Run("an output fails", func(t *testing.T) {
		dir := t.TempDir()
		rc := newReceiver(t, "verify_token sesame\noutput file "+dir+"/a/events.jsonl")
		if err := os.WriteFile(dir+"/a", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		mustContain(t, rc.sampled(t), "error: the sample event was refused: 503: ", dir+"/a", "not a directory")
		if n := logged(rc.logs, zapcore.ErrorLevel, "events are not being stored"); n != 1 {
			t.Errorf("logged %d times: %s", n, text(rc.logs))
		}
	})
	t.Run("an output hangs", func(t *testing.T) {
		testStores["hangs"] = func(ctx context.Context, _ *Event) error { <-ctx.Done(); return errors.New("too slow") }
		rc := newReceiver(t, "verify_token sesame\ntimeout 50ms\noutput test hangs")
		began := time.Now()
		mustContain(t, rc.sampled(t), "503", "too slow")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("too large", func(t *testing.T) {
		rc := newReceiver(t, "verify_token sesame\nmax_body_size 3B")
		mustContain(t, rc.sampled(t), "error: the sample event was refused: 413: ")
	})
}

// TestSampleWhereItRuns: a receiver is found by its name, and answers whatever stands in front of it.
func TestSampleWhereItRuns(t *testing.T) {
	address, dir := freeAddress(t), t.TempDir()
	runCaddy(t, fmt.Sprintf(`http://%s {
		basic_auth {
			bob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG
		}
		handle_path /base/* {
			@post {
				method POST
				header X-Here *
			}
			route @post {
				webhook_receiver /orders {
					name orders
					provider github
					secret sesame
					output file %s/orders.jsonl
				}
			}
		}
		webhook_receiver /keys {
			name keys
			provider discord
			secret %s
			output file %[2]s/keys.jsonl
		}
	}`, address, dir, rfc8032Hex))
	result, err := status.Test(context.Background(), "orders")
	if err != nil || result != sampleStored {
		t.Errorf("%q, %v", result, err)
	}
	all := lines(t, dir+"/orders.jsonl")
	if len(all) != 1 || !strings.Contains(all[0], `"source":"http://`+address+`/base/orders"`) {
		t.Errorf("stored: %q", all)
	}
	for _, name := range []string{"keys", "nobody", ""} {
		if result, err := status.Test(context.Background(), name); err == nil {
			t.Errorf("%q: %q", name, result)
		}
	}
}
