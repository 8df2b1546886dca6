package provider_test

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestRows says what a row lacks.
func TestRows(t *testing.T) {
	last := ""
	for _, p := range provider.Rows {
		lacks := func(isThere bool, what string) {
			if !isThere {
				t.Errorf("%s lacks %s", p.Name, what)
			}
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		isGeneric := p.Name == provider.Generic // what it uses is in the config
		lacks(slices.Contains(provider.Kinds, p.Kind), "a kind, of those in provider.go")
		lacks(p.UsesAccount() == (p.Account != ""), "what its account is, or says it of one that is not used")
		_, err := os.Stat(p.Name + ".go")
		lacks(err == nil, "a file of its own, "+p.Name+".go")
		lacks(p.Name > last, "a name that no other row has")
		lacks(p.Title != "", "the title, as the service calls itself")
		lacks(strings.HasPrefix(p.Docs, "https://"), "the address of the documents that it follows")
		lacks(p.UsesToken() == (p.Token != "") || isGeneric, "what its token is, or says it of one that is not used")
		lacks(p.UsesSecret() == (p.Secret != "") || isGeneric, "what its secret is, or says it of one that is not used")
		lacks(p.Timeout > 0 && p.Timeout < p.Patience && p.MaxBodySize > 0, "limits, or a timeout that is less than the service's patience")
		lacks(p.Signature == nil || slices.ContainsFunc(vectors, func(v vector) bool { return v.provider == p.Name }), "a vector, in "+p.Name+"_test.go")
		lacks(p.Verification == nil || len(handshakes[p.Name]) > 0, "a verification, in "+p.Name+"_test.go")
		last = p.Name
	}
}

// TestVectors has each vector accepted, and its attributes found.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.provider+"/"+v.by, func(t *testing.T) {
			p, options := v.row(t)
			rc := v.receiver(t, options)
			resp, body := rc.send(t, v.delivery())
			if p.Signature.IsSealed() && p.Signature.Sealed.Reply != nil {
				body = openReply(v.keys(), body)
			}
			if want := max(p.Event.Status, http.StatusOK); resp.StatusCode != want || body != v.answer && body != p.Event.Body {
				t.Fatalf("answer %d %q, want %d %q: %s", resp.StatusCode, body, want, p.Event.Body, rc.reasons)
			}
			if p.Event.Echo != "" && resp.Header.Get(p.Event.Echo) != v.delivery().headers.Get(p.Event.Echo) {
				t.Errorf("%s is not repeated in the answer", p.Event.Echo)
			}
			e := rc.events()[0]
			if v.id != "" && e.id != v.id || v.id == "" && len(e.id) != 36 {
				t.Errorf("id %q, want %q or a UUID", e.id, v.id)
			}
			if want := cmp.Or(v.kind, "webhook"); e.kind != want || e.subject != v.subject {
				t.Errorf("type %q, subject %q, want %q, %q", e.kind, e.subject, want, v.subject)
			}
		})
	}
}

// TestVerification has the endpoint verified as each provider does it, by the
// documents that the rows name.
func TestVerification(t *testing.T) {
	setTime(t, now)
	for name, all := range handshakes {
		p, err := provider.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range all {
			options := "provider " + name
			if p.Signature.IsSealed() {
				v, _ := attacked(p)
				_, options = v.row(t)
			} else if p.UsesToken() {
				options += "\nverify_token sesame"
			}
			if v, _ := attacked(p); !p.Signature.IsSealed() && v.account != "" {
				options += fmt.Sprintf("\naccount %q", v.account)
			}
			if test.secret != "" {
				options += fmt.Sprintf("\nsecret %q", test.secret)
			}
			if p.NeedsURL() {
				options += "\npublic_url " + handshakeURL
			}
			rc := newReceiver(t, options)
			resp, body := rc.send(t, test.request)
			if v, _ := attacked(p); p.Signature.IsSealed() && v.answer != "" {
				body = openReply(v.keys(), body)
			}
			if resp.StatusCode != test.status || body != test.body {
				t.Errorf("%s %s %q: answer %d %q, want %d %q", name, test.request.method, test.request.path, resp.StatusCode, body, test.status, test.body)
			}
			for i := 0; i+1 < len(test.headers); i += 2 {
				if got := resp.Header.Get(test.headers[i]); got != test.headers[i+1] {
					t.Errorf("%s: %s %q, want %q", name, test.headers[i], got, test.headers[i+1])
				}
			}
			if n := len(rc.events()); n != 0 {
				t.Errorf("%s: %d events stored", name, n)
			}
		}
	}
}

// attackOracle tries to get an event signed by the endpoint itself.
func attackOracle(t *testing.T, rc *receiver, p provider.Row, v vector) {
	signed := func(body string) string {
		return strings.Replace(p.Signature.WithDefaults().Content, rules.PartBody, body, 1)
	}
	challenge := func(text string) (*http.Response, string) {
		_, name := p.Verification.Challenge.Split()
		return rc.send(t, delivery{method: http.MethodGet, path: "/webhooks?" + name + "=" + escape(text)})
	}
	for _, body := range []string{v.body, "{}", "[]", `{"a":1}`, "[1]", `"text"`, " 1", "1\n", strings.Repeat("1", 300)} {
		if resp, answer := challenge(signed(body)); resp.StatusCode != http.StatusBadRequest || answer != "" {
			t.Errorf("challenge %.20q: answer %d %q, want 400", body, resp.StatusCode, answer)
		}
	}
	_, header := p.Signature.From[0].Split()
	harmless := []string{"1", "true", "null", "-1.5e+10", "0"}
	if signed("") != "" {
		harmless = append(harmless, "")
	}
	for _, body := range harmless {
		resp, answer := challenge(signed(body))
		mac := hmacOf(v.secret, signed(body))
		encoded := hex.EncodeToString(mac)
		if p.Signature.Encoding == rules.EncodingBase64 {
			encoded = base64.StdEncoding.EncodeToString(mac)
		}
		if resp.StatusCode != http.StatusOK || !strings.Contains(answer, encoded) {
			t.Fatalf("challenge %q: answer %d %q", body, resp.StatusCode, answer)
		}
		d := delivery{method: http.MethodPost, path: "/webhooks", body: body, headers: http.Header{}}
		d.headers.Set(header, p.Signature.Prefix+encoded)
		rc.refuses(t, d, http.StatusBadRequest) // its signature is right
	}
}

// noLimit is memory of which there is enough.
type noLimit struct{}

func (noLimit) Take(int64) error { return nil }

// FuzzSignature puts anything into the headers that a provider's signature is
// taken from. Only what holds the vector's own signature is accepted.
func FuzzSignature(f *testing.F) {
	var signing []vector
	for _, v := range vectors {
		if p, _ := provider.Named(v.provider); p.Signature != nil && !p.Signature.IsToken() && !p.Signature.IsSealed() && !p.Signature.From[0].InBody() {
			signing = append(signing, v)
		}
	}
	for i, v := range signing {
		for j := 1; j < len(v.headers); j += 2 {
			f.Add(i, j/2, v.headers[j])
			f.Add(i, j/2, v.headers[j]+","+v.headers[j])
			f.Add(i, j/2, strings.ToUpper(v.headers[j])+" ")
		}
	}
	checks := make([]*rules.Verifier, len(signing))
	for i, v := range signing {
		p, err := provider.Named(v.provider)
		if err != nil {
			f.Fatal(err)
		}
		public, err := rules.ParsePublicURL(v.url)
		if err != nil {
			f.Fatal(err)
		}
		if checks[i], err = rules.NewVerifier(*p.Signature, []string{v.secret}, public); err != nil {
			f.Fatal(err)
		}
		if v.account != "" {
			checks[i].Accounts = []string{v.account}
		}
	}
	f.Fuzz(func(t *testing.T, row, header int, value string) {
		if row < 0 || row >= len(signing) || header < 0 || 2*header+1 >= len(signing[row].headers) {
			return
		}
		v, check := signing[row], checks[row]
		setTime(t, time.Unix(v.at, 0))
		r := httptest.NewRequest(http.MethodPost, v.delivery().path, nil)
		r.Header = v.delivery().headers
		name, right := v.headers[2*header], v.headers[2*header+1]
		r.Header.Set(name, value)
		check.Accounts = []string{v.account}
		e := new(event.Event)
		if event.SetData(e, []byte(v.body), "", event.AcceptAny) != nil {
			t.Fatal("the vector has no body")
		}
		m := &rules.Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: e}
		err := check.Verify(m, []byte(v.body), noLimit{})
		if err == nil {
			err = check.VerifyData(m, []byte(v.body), noLimit{})
		}
		signatures := 0
		for _, source := range check.From {
			_, n := source.Split()
			signatures += len(v.delivery().headers.Values(n))
		}
		if signatures > 1 {
			return // another one is right
		}
		isSigned := false // by this header
		for _, source := range append(append(check.From, check.ID...), check.Timestamp...) {
			_, n := source.Split()
			isSigned = isSigned || strings.EqualFold(n, name)
		}
		significant := right
		for _, element := range strings.FieldsFunc(right, func(c rune) bool { return strings.ContainsRune(check.Separator, c) }) {
			if strings.HasPrefix(element, check.Prefix) && check.Separator != "" {
				significant = element
			}
		}
		// Base64 of either alphabet stands for the same, with line breaks or without, and its last
		// letter can do so in several ways.
		urlAlphabet := strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "")
		spelling := func(s string) string { return strings.ToLower(urlAlphabet.Replace(s)) }
		significant = strings.TrimRight(strings.TrimPrefix(significant, check.Prefix), "=")
		if err == nil && isSigned && !strings.Contains(spelling(value), spelling(significant[:len(significant)-1])) {
			t.Errorf("%s: %s %q was accepted in the place of %q", v.provider, name, value, right)
		}
		if err != nil && value == right {
			t.Errorf("%s: %v", v.provider, err)
		}
	})
}

// TestTolerance has the receiver's own tolerance count instead of the row's.
func TestTolerance(t *testing.T) {
	for _, name := range []string{"stripe", "zoom", "linear", "standard_webhooks", "box"} {
		v := vectors[slices.IndexFunc(vectors, func(v vector) bool { return v.provider == name })]
		_, options := v.row(t)
		for tolerance, ages := range map[string]map[time.Duration]int{
			"\ntolerance 10s":  {9 * time.Second: 200, -9 * time.Second: 200, 12 * time.Second: 401, -12 * time.Second: 401},
			"\ntolerance 720h": {719 * time.Hour: 200, 721 * time.Hour: 401},
		} {
			rc := v.receiver(t, options+tolerance)
			for age, status := range ages {
				setTime(t, time.Unix(v.at, 0).Add(age))
				if resp, _ := rc.send(t, v.delivery()); resp.StatusCode != status {
					t.Errorf("%s%s: status %d after %s, want %d", name, tolerance, resp.StatusCode, age, status)
				}
			}
		}
	}
}

// TestRepeatsAreInTime has the tolerance cover repeats that keep the time of the
// first attempt, of services that do not say that they sign anew.
func TestRepeatsAreInTime(t *testing.T) {
	for name, repeated := range map[string]time.Duration{
		"zoom":     85 * time.Minute,
		"discord":  10 * time.Minute,
		"sendgrid": 24 * time.Hour,
	} {
		v := vectors[slices.IndexFunc(vectors, func(v vector) bool { return v.provider == name })]
		_, options := v.row(t)
		rc := v.receiver(t, options)
		setTime(t, time.Unix(v.at, 0).Add(repeated+time.Minute))
		if resp, _ := rc.send(t, v.delivery()); resp.StatusCode >= 300 {
			t.Errorf("%s: status %d for a repeat", name, resp.StatusCode)
		}
	}
}
