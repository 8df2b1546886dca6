package webhookreceiver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// What sealed events are made with in these tests.
const (
	sealedKey     = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	sealedOptions = "\nverify_token sesame\nsecret " + sealedKey + "\naccount 12345"
)

// sealedRequest returns what a service sends, with a message in it.
func sealedRequest(t *testing.T, name, message string) *http.Request {
	t.Helper()
	p, err := provider.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := rules.NewOpener(*p.Signature, rules.Keys{Secrets: []string{sealedKey}, Tokens: []string{"sesame"}}, rules.PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/?timestamp=1767225600&nonce=n1", nil)
	r.Header.Set("X-Lark-Request-Timestamp", "1767225600")
	r.Header.Set("X-Lark-Request-Nonce", "n1")
	body, signature, err := v.Seal(&rules.Request{Request: r, Sent: r.URL}, []byte(message), "12345", true)
	if err != nil {
		t.Fatal(err)
	}
	signed := httptest.NewRequest(http.MethodPost, "/?timestamp=1767225600&nonce=n1&msg_signature="+signature, bytes.NewReader(body))
	signed.Header = r.Header
	signed.Header.Set("X-Lark-Signature", signature)
	return signed
}

func (rc *receiver) sendRequest(t *testing.T, r *http.Request) int {
	t.Helper()
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, r)
	return w.Code
}

// TestSealedEvents: what was encrypted is the event's data, and what was sent is kept, also
// where it is large; the command verify compares the one with the other.
func TestSealedEvents(t *testing.T) {
	long := strings.Repeat("long ", 40<<10)
	for name, message := range map[string]string{
		"lark":     "{\"schema\":\"2.0\",\n\"header\":{\"token\":\"sesame\",\"event_id\":\"e1\",\"event_type\":\"t\"},\"event\":\"" + long + "\"}",
		"dingtalk": "{\"EventType\":\"t\",\n\"text\":\"" + long + "\"}",
		"wecom":    "<xml><FromUserName>me</FromUserName>\n<MsgType>t</MsgType><MsgId>e1</MsgId><Content>" + long + "</Content></xml>",
	} {
		t.Run(name, func(t *testing.T) {
			options := sealedOptions
			if name == "lark" {
				options = "\nverify_token sesame\nsecret " + sealedKey
			}
			rc := newReceiver(t, "provider "+name+options)
			r := sealedRequest(t, name, message)
			var sent bytes.Buffer
			if _, err := sent.ReadFrom(r.Body); err != nil {
				t.Fatal(err)
			}
			r.Body = http.NoBody
			again := r.Clone(context.Background())
			again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(sent.Bytes())), int64(sent.Len())
			if code := rc.sendRequest(t, again); code != http.StatusOK {
				t.Fatalf("status %d: %s", code, text(rc.logs))
			}
			event, line := rc.last(t)
			if event["type"] != "t" || event["verification"] != "signature" || event["bodysent"] != base64.StdEncoding.EncodeToString(sent.Bytes()) {
				t.Errorf("%.300s", line)
			}
			if want := strings.ReplaceAll(message, "\n", " "); !strings.HasPrefix(message, "<") && !strings.HasSuffix(line, `"data":`+want+"}") {
				t.Errorf("data is %.100s", line[strings.Index(line, `"data":`):])
			} else if strings.HasPrefix(message, "<") && event["data"] != message {
				t.Errorf("data is %.100v", event["data"])
			}
			if strings.Contains(line, "sesame") && name != "lark" || strings.Contains(line, sealedKey) {
				t.Error("a secret is stored")
			}
			verifySealed(t, "provider "+name+options, line, "1 fit\n")
			verifySealed(t, "provider "+name+options, strings.Replace(line, "long long", "long lone", 1), "1 fit no secret\n")
			verifySealed(t, "provider "+name+strings.Replace(options, "sesame", "other", 1), line, "1 fit no secret\n")
			if name != "lark" {
				verifySealed(t, "provider "+name+strings.Replace(options, "12345", "1", 1), line, "1 fit no secret\n")
			}
		})
	}
}

// verifySealed runs the command verify with a receiver's config over a line.
func verifySealed(t *testing.T, options, line, want string) {
	t.Helper()
	dir := t.TempDir()
	config, file := filepath.Join(dir, "Caddyfile"), filepath.Join(dir, "events.jsonl")
	for name, text := range map[string]string{config: ":80 {\n\twebhook_receiver {\n" + options + "\noutput log\n}\n}\n", file: line + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	cli.Register(cmd, playable(), playConfigured, checkerFor, readConfig)
	cmd.SetArgs([]string{"verify", file, "--config", config})
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(context.Background())
	if !strings.Contains(out.String(), want) {
		t.Errorf("%s: %v, %s", want, err, out.String())
	}
}

// TestSealedErrors: what is needed must be there, and be what it must be.
func TestSealedErrors(t *testing.T) {
	for options, want := range map[string]string{
		"provider lark":                                                                           "secret: provider lark needs one, the Encrypt Key",
		"provider lark\nverify_token sesame":                                                      "secret: provider lark needs one, the Encrypt Key",
		"provider lark\nsecret x\naccount 1":                                                      "account: provider lark has none",
		"provider wecom\nsecret " + sealedKey:                                                     "needs one",
		"provider wecom\nverify_token sesame":                                                     "secret: provider wecom needs one, the EncodingAESKey",
		"provider wecom" + sealedOptions + "x":                                                    "",
		"provider wecom\nverify_token sesame\nsecret tooshort\naccount 1":                         "secret number 1: is no key of 43 letters and digits; what provider wecom needs is the EncodingAESKey",
		"provider dingtalk\nverify_token sesame\nsecret " + sealedKey:                             "account: provider dingtalk needs one, the CorpId",
		"provider dingtalk\nsecret " + sealedKey + "\naccount 1":                                  "verify_token: provider dingtalk needs one, the token",
		"provider dingtalk" + strings.Replace(sealedOptions, "sesame", "{env.NOT_SET_AT_ALL}", 1): "verify_token number 1",
	} {
		_, err := load(t, options+"\noutput log")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %s", options, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "tooshort") {
			t.Errorf("a secret is in %v", err)
		}
	}
}

// TestSealedMemory: what is decrypted is counted before it is.
func TestSealedMemory(t *testing.T) {
	for _, name := range []string{"lark", "dingtalk", "wecom"} {
		p, _ := provider.Named(name)
		v, err := rules.NewOpener(*p.Signature, rules.Keys{Secrets: []string{sealedKey}, Tokens: []string{"sesame"}}, rules.PublicURL{})
		if err != nil {
			t.Fatal(err)
		}
		r := sealedRequest(t, name, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Fatal(err)
		}
		taken := &counted{limit: 1 << 40}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = v.OpenData(&rules.Request{Request: r, Sent: r.URL, Decoded: body.Bytes()}, body.Bytes(), nil, taken)
		runtime.ReadMemStats(&after)
		allocated := int64(after.TotalAlloc - before.TotalAlloc)
		if allocated > taken.size+taken.size/4 {
			t.Errorf("%s: %d bytes allocated, and %d counted", name, allocated, taken.size)
		}
		_, err = v.OpenData(&rules.Request{Request: r, Sent: r.URL, Decoded: body.Bytes()}, body.Bytes(), nil, &counted{limit: 100})
		var refusal *outcome.Refusal
		if !errors.As(err, &refusal) || refusal.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: without memory: %v", name, err)
		}
	}
}

// counted is memory up to a limit.
type counted struct{ size, limit int64 }

func (c *counted) Take(n int64) error {
	if c.size += n; c.size > c.limit {
		return outcome.Busy(fmt.Errorf("more than %d", c.limit))
	}
	return nil
}
