package webhookreceiver

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// delivery is a request to be sent, which attacks alter.
type delivery struct {
	method, path, body string
	headers            http.Header
}

func (rc *receiver) send(t *testing.T, d delivery) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(d.method, rc.URL+d.path, strings.NewReader(d.body))
	if err != nil {
		t.Fatal(err)
	}
	if d.headers != nil {
		req.Header = d.headers
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// refuses sends what must not become an event.
func (rc *receiver) refuses(t *testing.T, d delivery, status int) {
	t.Helper()
	before := len(lines(t, rc.file))
	if resp, _ := rc.send(t, d); resp.StatusCode != status {
		t.Errorf("status %d, want %d", resp.StatusCode, status)
	}
	if len(lines(t, rc.file)) != before {
		t.Error("it was stored")
	}
}

// TestPresetsAreCustomConfig shows that a row, written out in a Caddyfile, is
// read as the same row.
func TestPresetsAreCustomConfig(t *testing.T) {
	for _, p := range provider.Rows {
		if p.Signature.IsSealed() {
			continue // no config has a cipher
		}
		options := written(p)
		if p.UsesToken() {
			options += "\nverify_token sesame"
		}
		if p.UsesSecret() || p.Keys != nil {
			options += "\nsecret " + secretOf(p, "c2VjcmV0")
		}
		h := provision(t, options)
		row := h.provider
		for what, pair := range map[string][2]any{
			"verification": {row.Verification, p.Verification},
			"signature":    {row.Signature, p.Signature},
			"event":        {row.Event, p.Event},
			"accept":       {h.Accept, p.Accept},
			"limits":       {[]any{h.maxBodySize, h.timeout}, []any{p.MaxBodySize, p.Timeout}},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s: %s is %+v, want %+v", p.Name, what, pair[0], pair[1])
			}
		}
	}
}

// rfc8032Hex is the key of RFC 8032, section 7.1, test 1.
const rfc8032Hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

// exampleSecret returns a secret that the provider could have, another one each time
// where it is a public key.
func exampleSecret(p provider.Row) string {
	if p.Keys != nil {
		return "id:secret"
	}
	return secretOf(p, "c2VjcmV0")
}

// exampleAccount returns an account that the provider could have, or nothing.
func exampleAccount(p provider.Row) string {
	switch {
	case p.Keys == keys.SNS:
		return "arn:aws:sns:us-east-1:123456789012:orders"
	case p.UsesAccount():
		return "12345"
	}
	return ""
}

// exampleNeeds returns what the provider needs beside token and secret.
func exampleNeeds(p provider.Row) (options string) {
	if account := exampleAccount(p); account != "" {
		options = "\naccount " + account
	}
	if p.NeedsURL() {
		options += "\npublic_url https://hooks.example.com/webhooks"
	}
	return options
}

// secretOf returns a secret of some text, or a public key.
func secretOf(p provider.Row, text string) string {
	if p.Signature == nil {
		return text
	}
	if !p.SignsWithPrivateKey() {
		if p.Signature.IsSealed() && p.Signature.Sealed.TokenSigns { // 32 bytes in base64, without padding
			return base64.RawStdEncoding.EncodeToString([]byte(fmt.Sprintf("%032s", text)))
		}
		switch p.Signature.KeyEncoding {
		case rules.EncodingHex:
			return hex.EncodeToString([]byte(text))
		case rules.EncodingBase64:
			return base64.StdEncoding.EncodeToString([]byte(text + " in base64"))
		}
		return text
	}
	private, err := p.Signature.GenerateKey()
	if err != nil {
		panic(err)
	}
	if public, ok := private.Public().(ed25519.PublicKey); ok && p.Signature.WithDefaults().KeyEncoding == rules.EncodingHex {
		return hex.EncodeToString(public)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// written returns the row as options for the provider generic.
func written(p provider.Row) string {
	var b strings.Builder
	line := func(option string, args ...string) {
		b.WriteString(option)
		for _, arg := range args {
			fmt.Fprintf(&b, " `%s`", arg)
		}
		b.WriteByte('\n')
	}
	text := func(option, value string) {
		if value != "" {
			line(option, value)
		}
	}
	sources := func(option string, list []rules.Source) {
		var args []string
		for _, s := range list {
			args = append(args, string(s))
		}
		if len(args) > 0 {
			line(option, args...)
		}
	}
	status := func(status int) {
		if status != 0 {
			line("status", fmt.Sprint(status))
		}
	}

	b.WriteString(exampleNeeds(p))
	fmt.Fprintf(&b, "\nprovider generic\nmax_body_size %dB\ntimeout %s\naccept %s\n", p.MaxBodySize, p.Timeout, p.Accept)
	if v := p.Verification; v != nil {
		b.WriteString("verification {\n")
		text("method", v.Method)
		for source, value := range v.Match {
			line("match", string(source), value)
		}
		if v.Signed {
			line("signed")
		}
		if v.StrictQuery {
			line("strict_query")
		}
		text("token", string(v.Token))
		text("secret", string(v.Secret))
		text("challenge", string(v.Challenge))
		text("hmac", v.HMAC)
		text("hmac_algorithm", v.HMACAlgorithm)
		text("pattern", v.Pattern)
		text("digest", v.Digest)
		status(v.Status)
		for name, value := range v.Headers {
			line("header", name, value)
		}
		text("content_type", v.ContentType)
		text("body", v.Body)
		b.WriteString("}\n")
	}
	if s := p.Signature; s != nil {
		b.WriteString("signature {\n")
		text("algorithm", s.Algorithm)
		sources("from", s.From)
		flag := func(option string, isSet bool) {
			if isSet {
				line(option)
			}
		}
		flag("repeated", s.Repeated)
		for name, value := range s.Claims {
			line("claims", name, value)
		}
		flag("partial", s.Partial)
		text("nonce", string(s.Nonce))
		flag("past_only", s.PastOnly)
		flag("shared_key", s.SharedKey)
		text("account", string(s.Account))
		text("separator", s.Separator)
		text("prefix", s.Prefix)
		text("encoding", s.Encoding)
		text("key_encoding", s.KeyEncoding)
		text("key_prefix", s.KeyPrefix)
		text("content", s.Content)
		if len(s.URLForms) > 0 {
			line("url_forms", s.URLForms...)
		}
		text("body_hash", string(s.BodyHash))
		sources("id", s.ID)
		sources("timestamp", s.Timestamp)
		text("timestamp_format", s.TimestampFormat)
		if s.Tolerance != 0 {
			line("tolerance", time.Duration(s.Tolerance).String())
		}
		b.WriteString("}\n")
	}
	b.WriteString("event {\n")
	sources("id", p.Event.ID)
	sources("type", p.Event.Type)
	sources("subject", p.Event.Subject)
	text("empty", string(p.Event.Empty))
	status(p.Event.Status)
	if p.Event.Refused != 0 {
		line("refused", fmt.Sprint(p.Event.Refused))
	}
	text("echo", p.Event.Echo)
	text("content_type", p.Event.ContentType)
	text("body", p.Event.Body)
	b.WriteString("}\n")
	return b.String()
}

func hmacOf(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func requestOf(method, path, body string, headers ...string) delivery {
	d := delivery{method: method, path: path, body: body, headers: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		d.headers.Set(headers[i], headers[i+1])
	}
	return d
}

// TestAnswersWithoutBody: what would never be sent is no config. The rows of the
// table pass the same check.
func TestAnswersWithoutBody(t *testing.T) {
	for config, refused := range map[string]bool{
		`{"verification":{"challenge":"query:c","status":204}}`:                               true,
		`{"verification":{"challenge":"query:c","status":205}}`:                               true,
		`{"verification":{"status":204,"body":"ok"}}`:                                         true,
		`{"verification":{"method":"HEAD","challenge":"query:c"}}`:                            true,
		`{"verification":{"method":"HEAD","body":"ok"}}`:                                      true,
		`{"verification":{"status":204}}`:                                                     false,
		`{"verification":{"method":"HEAD"}}`:                                                  false,
		`{"verification":{"status":204,"challenge":"query:c","headers":{"X":"{challenge}"}}}`: false,
		`{"event":{"status":204,"body":"ok"}}`:                                                true,
		`{"event":{"status":205,"body":"ok"}}`:                                                true,
		`{"event":{"status":205,"echo":"X-Id"}}`:                                              false,
		`{"event":{"status":206,"body":"ok"}}`:                                                false,
	} {
		_, err := loadJSON(t, `{"provider":"generic","outputs":[{"output":"log"}],`+config[1:])
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "has no body") {
			t.Errorf("%s: %v", config, err)
		}
	}
	for _, p := range provider.Rows {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
