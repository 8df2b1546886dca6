package webhookreceiver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// delivery is a request to be sent, which attacks alter.
type delivery struct {
	method, path, body string
	headers            http.Header
}

func (v vector) delivery() delivery {
	d := delivery{method: http.MethodPost, path: "/webhooks", body: v.body, headers: http.Header{}}
	if v.target != "" {
		d.path = v.target
	}
	for i := 0; i+1 < len(v.headers); i += 2 {
		d.headers.Add(v.headers[i], v.headers[i+1])
	}
	return d
}

// receiver is for the vector's provider, and at the vector's time.
func (v vector) receiver(t *testing.T, options string) *receiver {
	t.Helper()
	options += fmt.Sprintf("\nsecret %q", v.secret)
	if v.url != "" {
		options += fmt.Sprintf("\npublic_url %q", v.url)
	}
	rc := newReceiver(t, options)
	rc.setTime(time.Unix(v.at, 0))
	return rc
}

func (rc *receiver) setTime(at time.Time) {
	if rc.Handler.signature != nil {
		rc.Handler.signature.Now = func() time.Time { return at }
	}
}

// of returns the provider's row, and the options with which it is used: its own,
// or written out for the provider generic.
func (v vector) of(t *testing.T) (p provider, preset, custom string) {
	t.Helper()
	p, err := providerNamed(v.provider)
	if err != nil {
		t.Fatal(err)
	}
	preset, custom = "provider "+p.name, written(p)
	if p.usesToken() {
		preset, custom = preset+"\nverify_token sesame", custom+"\nverify_token sesame"
	}
	return p, preset, custom
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

func TestRows(t *testing.T) {
	var last string
	for _, p := range providers {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if p.name <= last || p.title == "" || !strings.HasPrefix(p.docs, "https://") || p.maxBodySize <= 0 || p.timeout <= 0 {
			t.Errorf("%s: the row lacks something, or its name is there twice", p.name)
		}
		if p.usesToken() != (p.token != "") && p.name != genericProvider || p.usesSecret() != (p.secret != "") && p.name != genericProvider {
			t.Errorf("%s: the row does not say what token and secret are", p.name)
		}
		if p.signature != nil && !slices.ContainsFunc(vectors, func(v vector) bool { return v.provider == p.name }) {
			t.Errorf("%s: there is no vector", p.name)
		}
		last = p.name
	}
}

// TestVectors has each vector accepted, by the preset and by its row written out
// as custom config.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		p, preset, custom := v.of(t)
		for kind, options := range map[string]string{"preset": preset, "custom": custom} {
			t.Run(v.provider+"/"+v.by+"/"+kind, func(t *testing.T) {
				if !json.Valid([]byte(v.body)) {
					options = strings.Replace(options, "\naccept json", "", 1)
					if p.accept == acceptJSON {
						options += "\naccept any"
					}
				}
				rc := v.receiver(t, options)
				resp, body := rc.send(t, v.delivery())
				want := max(p.event.Status, http.StatusOK)
				if resp.StatusCode != want || body != p.event.Body {
					t.Fatalf("answer %d %q, want %d %q: %s", resp.StatusCode, body, want, p.event.Body, text(rc.logs))
				}
				if p.event.Echo != "" && resp.Header.Get(p.event.Echo) != v.delivery().headers.Get(p.event.Echo) {
					t.Errorf("%s is not repeated in the answer", p.event.Echo)
				}
				event, _ := rc.last(t)
				id, _ := event["id"].(string)
				if v.id != "" && id != v.id || v.id == "" && len(id) != 36 {
					t.Errorf("id %q, want %q or a UUID", id, v.id)
				}
				kind, subject := v.kind, any(v.subject)
				if kind == "" {
					kind = "webhook"
				}
				if v.subject == "" {
					subject = nil
				}
				if event["type"] != kind || event["subject"] != subject {
					t.Errorf("type %v, subject %v, want %v, %v", event["type"], event["subject"], kind, subject)
				}
			})
		}
	}
}

// TestPresetsAreCustomConfig shows that a row, written out in a Caddyfile, is
// read as the same row.
func TestPresetsAreCustomConfig(t *testing.T) {
	for _, p := range providers {
		options := written(p)
		if p.usesToken() {
			options += "\nverify_token sesame"
		}
		if p.usesSecret() {
			options += "\nsecret " + exampleSecret(p)
		}
		h := provision(t, options)
		row := h.provider
		for what, pair := range map[string][2]any{
			"verification": {row.verification, p.verification},
			"signature":    {row.signature, p.signature},
			"event":        {row.event, p.event},
			"accept":       {h.Accept, p.accept},
			"limits":       {[]any{h.maxBodySize, h.timeout}, []any{p.maxBodySize, p.timeout}},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s: %s is %+v, want %+v", p.name, what, pair[0], pair[1])
			}
		}
	}
}

func exampleSecret(p provider) string {
	if p.signature == nil {
		return "secret"
	}
	switch p.signature.Algorithm + p.signature.KeyEncoding {
	case algorithmEd25519:
		return rfc8032Hex
	case algorithmEd25519 + encodingBase64:
		return rfc8032Base64
	case algorithmECDSA, algorithmECDSA + encodingBase64:
		return exampleECDSA()
	}
	return "c2VjcmV0"
}

var exampleECDSA = sync.OnceValue(func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
})

// written returns the row as options for the provider generic.
func written(p provider) string {
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
	sources := func(option string, list []Source) {
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

	fmt.Fprintf(&b, "provider generic\nmax_body_size %dB\ntimeout %s\naccept %s\n", p.maxBodySize, p.timeout, p.accept)
	if v := p.verification; v != nil {
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
		text("challenge", string(v.Challenge))
		text("hmac", v.HMAC)
		status(v.Status)
		for name, value := range v.Headers {
			line("header", name, value)
		}
		text("content_type", v.ContentType)
		text("body", v.Body)
		b.WriteString("}\n")
	}
	if s := p.signature; s != nil {
		b.WriteString("signature {\n")
		text("algorithm", s.Algorithm)
		sources("from", s.From)
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
	sources("id", p.event.ID)
	sources("type", p.event.Type)
	sources("subject", p.event.Subject)
	status(p.event.Status)
	text("echo", p.event.Echo)
	text("content_type", p.event.ContentType)
	text("body", p.event.Body)
	b.WriteString("}\n")
	return b.String()
}

// TestAttacks makes the same attacks on every provider that signs: each alters
// a request that is accepted as it is.
func TestAttacks(t *testing.T) {
	for _, v := range vectors {
		if v.by == byDocuments || strings.Contains(v.by, "secondary") || strings.Contains(v.by, "same, with") {
			continue // no JSON, or a second one of the kind
		}
		p, preset, _ := v.of(t)
		t.Run(v.provider, func(t *testing.T) {
			rc := v.receiver(t, preset)
			if resp, _ := rc.send(t, v.delivery()); resp.StatusCode >= 300 {
				t.Fatalf("status %d for the request as it is", resp.StatusCode)
			}
			for name, alter := range attacks(t, p, v) {
				t.Run(name, func(t *testing.T) {
					d := v.delivery()
					alter(&d)
					rc.refuses(t, d, http.StatusUnauthorized)
				})
			}
			if len(p.signature.Timestamp) > 0 {
				tolerance := time.Duration(p.signature.WithDefaults().Tolerance)
				for name, off := range map[string]time.Duration{"stale": tolerance + 2*time.Second, "future": -tolerance - 2*time.Second} {
					t.Run(name, func(t *testing.T) {
						rc.setTime(time.Unix(v.at, 0).Add(off))
						rc.refuses(t, v.delivery(), http.StatusUnauthorized)
					})
				}
				rc.setTime(time.Unix(v.at, 0))
			}
			if p.verification.IsOracle() {
				t.Run("challenge as oracle", func(t *testing.T) { attackOracle(t, rc, p, v) })
			}
			if got := text(rc.logs); strings.Contains(got, v.secret) {
				t.Error("the secret is in the log")
			}

			other := v
			other.secret = exampleSecret(p)
			if other.secret == v.secret {
				other.secret = strings.Replace(v.secret, "d75a", "d75b", 1)
			}
			if p.signature.Algorithm == algorithmEd25519 {
				raw, _ := hex.DecodeString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") // RFC 8032, test 2
				if other.secret = hex.EncodeToString(raw); p.signature.KeyEncoding == encodingBase64 {
					other.secret = base64.StdEncoding.EncodeToString(raw)
				}
			}
			t.Run("wrong key", func(t *testing.T) {
				other.receiver(t, preset).refuses(t, v.delivery(), http.StatusUnauthorized)
			})
		})
	}
}

func attacks(t *testing.T, p provider, v vector) map[string]func(*delivery) {
	s := p.signature
	if s.From[0].is(sourceBody) {
		return map[string]func(*delivery){
			"missing":    func(d *delivery) { d.body = strings.Replace(d.body, `"clientState":"client state",`, "", 1) },
			"empty":      func(d *delivery) { d.body = strings.Replace(d.body, "client state", "", 1) },
			"truncated":  func(d *delivery) { d.body = strings.Replace(d.body, "client state", "client stat", 1) },
			"one wrong":  func(d *delivery) { d.body = strings.Replace(d.body, `"client state"}]`, `"x"}]`, 1) },
			"one lacks":  func(d *delivery) { d.body = strings.Replace(d.body, `{"clientState":"client state"}]`, `{}]`, 1) },
			"no element": func(d *delivery) { d.body = `{"value":[]}` },
			"no array":   func(d *delivery) { d.body = `{"value":{"clientState":"client state"}}` },
			"nothing":    func(d *delivery) { d.body = `{}` },
			"once right": func(d *delivery) { d.body = `{"value":[{"clientState":"client state","clientState":"x"}]}` },
		}
	}
	names := make([]string, 0, 2)
	for _, source := range s.From {
		if _, name := source.split(); v.delivery().headers.Get(name) != "" {
			names = append(names, name)
		}
	}
	each := func(f func(value string) string) func(*delivery) {
		return func(d *delivery) {
			for _, name := range names {
				d.headers.Set(name, f(d.headers.Get(name)))
			}
		}
	}
	all := map[string]func(*delivery){
		"missing": func(d *delivery) {
			for _, name := range names {
				d.headers.Del(name)
			}
		},
		"empty":               each(func(string) string { return "" }),
		"a space":             each(func(string) string { return " " }),
		"truncated":           each(func(value string) string { return value[:len(value)-4] }),
		"longer":              each(func(value string) string { return value + "00" }),
		"cut at the front":    each(func(value string) string { return value[1:] }),
		"another one's":       each(func(value string) string { return value[:len(value)-8] + "AAAAAAA=" }),
		"wrong prefix":        each(func(value string) string { return "sha512=" + strings.TrimPrefix(value, s.Prefix) }),
		"prefix twice":        each(func(value string) string { return strings.Replace(value, s.Prefix, s.Prefix+"x"+s.Prefix, 1) + "x" }),
		"the prefix alone":    each(func(string) string { return s.Prefix }),
		"placeholder":         each(func(string) string { return s.Prefix + "{env.SECRET}" }),
		"header twice":        func(d *delivery) { d.headers.Add(names[0], d.headers.Get(names[0])) },
		"header twice, wrong": func(d *delivery) { d.headers.Add(names[0], "x") },
		"header twice, first": func(d *delivery) {
			d.headers[http.CanonicalHeaderKey(names[0])] = []string{"x", d.headers.Get(names[0])}
		},
		"in the query instead": func(d *delivery) {
			d.path += "?" + names[0] + "=" + escape(d.headers.Get(names[0]))
			d.headers.Del(names[0])
			d.headers.Del(names[len(names)-1])
		},
	}
	if s.Algorithm == algorithmToken {
		return all
	}
	all["altered body"] = func(d *delivery) { d.body = d.body[:len(d.body)-3] + "X" + d.body[len(d.body)-2:] }
	all["body cut"] = func(d *delivery) { d.body = d.body[:len(d.body)-2] }
	all["body twice"] = func(d *delivery) { d.body += d.body }
	all["no body"] = func(d *delivery) { d.body = "" }
	all["body re-encoded"] = func(d *delivery) { d.body = " " + d.body }
	all["body compressed"] = func(d *delivery) {
		d.body = compressed(t, "gzip", d.body)
		d.headers.Set("Content-Encoding", "gzip")
	}
	all["header without body"] = func(d *delivery) {
		all["no body"](d)
		all["missing"](d)
	}
	for what, list := range map[string][]Source{"id": s.ID, "timestamp": s.Timestamp} {
		if len(list) == 0 || !list[0].is(sourceHeader) {
			continue
		}
		_, name := list[0].split()
		all["altered "+what] = func(d *delivery) {
			value := d.headers.Get(name)
			last := value[len(value)-2:]
			d.headers.Set(name, value[:len(value)-2]+map[bool]string{true: "01", false: last[:1] + "1"}[last == "00"])
		}
		all["missing "+what] = func(d *delivery) { d.headers.Del(name) }
		all["empty "+what] = func(d *delivery) { d.headers.Set(name, "") }
		all[what+" twice"] = func(d *delivery) { d.headers.Add(name, d.headers.Get(name)) }
		all[what+" not one"] = func(d *delivery) { d.headers.Set(name, "1e9") }
	}
	if len(s.Timestamp) > 0 && s.Timestamp[0].is(sourceSignature) {
		_, prefix := s.Timestamp[0].split()
		all["altered timestamp"] = each(func(value string) string { return strings.Replace(value, prefix+"1", prefix+"2", 1) })
		all["missing timestamp"] = each(func(value string) string { return strings.Replace(value, prefix, "x=", 1) })
		all["empty timestamp"] = each(func(value string) string { return prefix + s.Separator + value[strings.Index(value, s.Prefix):] })
		all["timestamp twice"] = each(func(value string) string { return value[:strings.Index(value, s.Separator)+1] + value })
	}
	return all
}

// attackOracle tries to get an event signed by the endpoint itself.
func attackOracle(t *testing.T, rc *receiver, p provider, v vector) {
	signed := func(body string) string {
		return strings.Replace(p.signature.WithDefaults().Content, partBody, body, 1)
	}
	challenge := func(text string) (*http.Response, string) {
		_, name := p.verification.Challenge.split()
		return rc.send(t, delivery{method: http.MethodGet, path: "/webhooks?" + name + "=" + escape(text)})
	}
	for _, body := range []string{v.body, "{}", "[]", `{"a":1}`, "[1]", `"text"`, " 1", "1\n", strings.Repeat("1", 300)} {
		if resp, answer := challenge(signed(body)); resp.StatusCode != http.StatusBadRequest || answer != "" {
			t.Errorf("challenge %.20q: answer %d %q, want 400", body, resp.StatusCode, answer)
		}
	}
	_, header := p.signature.From[0].split()
	harmless := []string{"1", "true", "null", "-1.5e+10", "0"}
	if signed("") != "" {
		harmless = append(harmless, "")
	}
	for _, body := range harmless {
		resp, answer := challenge(signed(body))
		mac := hmacOf(v.secret, signed(body))
		encoded := hex.EncodeToString(mac)
		if p.signature.Encoding == encodingBase64 {
			encoded = base64.StdEncoding.EncodeToString(mac)
		}
		if resp.StatusCode != http.StatusOK || !strings.Contains(answer, encoded) {
			t.Fatalf("challenge %q: answer %d %q", body, resp.StatusCode, answer)
		}
		d := delivery{method: http.MethodPost, path: "/webhooks", body: body, headers: http.Header{}}
		d.headers.Set(header, p.signature.Prefix+encoded)
		rc.refuses(t, d, http.StatusBadRequest) // its signature is right
	}
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func hmacOf(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
