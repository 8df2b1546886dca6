//go:build unix

package e2e

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// guideSections are what each guide has, in this order; the third is of the service.
var guideSections = []string{"What you need", "Set up Caddy", "Set up ", "What arrives", "Test it", "Traps", "Sources"}

var guideSecret = regexp.MustCompile("with the secret `([^`]+)`")

// signsTime are the options for the guides whose delivery was signed at a time that is long gone.
var signsTime = map[string]string{"stripe": "tolerance 1000000h", "slack": "tolerance 1000000h"}

// TestGuides does what each guide says: it starts its Caddyfile, runs its commands, sends its
// delivery as it stands there, and compares what is stored with what it shows.
func TestGuides(t *testing.T) {
	t.Parallel()
	guides := []string{
		"docs/guides/github.md", "docs/guides/stripe.md", "docs/guides/shopify.md",
		"docs/guides/slack.md", "docs/guides/meta.md", "docs/guides/socialboards.md",
	}
	if there, err := filepath.Glob(project + "/docs/guides/*.md"); err != nil || len(there) != len(guides)+1 { // and README.md
		t.Errorf("%v are there; %v", there, err)
	}
	index := readDocument(t, "docs/guides/README.md")
	for _, path := range guides {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := openGuide(t, name, readDocument(t, path))
			if !slices.Contains(index.links, name+".md") {
				t.Error("the index has no link to it")
			}
			g.reload(g.caddyfile())
			test := g.document.under(t, "Test it", "sh")[0]
			test = strings.NewReplacer("https://hooks.example.com/", "https://"+g.https+"/", "/var/lib/webhooks/", g.dir+"/").Replace(test)
			test = strings.NewReplacer("WEBHOOK_SECRET=…", "WEBHOOK_SECRET="+g.secret, "WEBHOOK_VERIFY_TOKEN=…", "WEBHOOK_VERIFY_TOKEN="+rightToken).Replace(test)
			passes := func() {
				t.Helper()
				if out, err := g.bash(test).CombinedOutput(); err != nil || !strings.Contains(string(out), "checks passed") || !strings.Contains(string(out), "webhook_receiver_test") {
					t.Errorf("%v\n%s\n%s", err, test, out)
				}
			}
			passes()

			want, err := parseRecord(strings.TrimSpace(g.document.under(t, "What arrives", "json")[0]))
			if err != nil {
				t.Fatal(err)
			}
			g.reload(g.caddyfile(signsTime[name]))
			g.send(g.delivery()).wantStored(t)
			all := delivered(t, g.file)
			got := newest(t, all)
			isOwnID := uuidV7.MatchString(want.id()) && uuidV7.MatchString(got.id())
			for _, r := range []record{got, want} {
				delete(r.attributes, "time")
				if r.attributes["dedupekey"] != "" {
					r.attributes["dedupekey"] = "there" // it is of the file's place, too
				}
				if isOwnID {
					delete(r.attributes, "id")
				}
			}
			if !maps.Equal(got.attributes, want.attributes) || got.data != want.data {
				t.Errorf("stored: %s\nthe guide says: %s", got.line, want.line)
			}

			// What the service sends again.
			again := len(all)
			if !strings.Contains(g.caddyfile(), "dedupe") {
				again++
			}
			g.send(g.delivery()).wantStored(t)
			if n := len(delivered(t, g.file)); n != again {
				t.Errorf("%d are stored after a repeat, want %d", n, again)
			}

			// What somebody else sends.
			req, body := g.delivery()
			if g.secret != "" {
				g.send(req, body+" ").want(t, 401)
			}

			// A secret that is being changed.
			g.write("old-secret", g.secret+"\n")
			g.write("new-secret", "another\n")
			change := regexp.MustCompile("`(secret \\{file[^`]+)`").FindStringSubmatch(readText(t, "docs/guides/README.md"))
			if change == nil {
				t.Fatal("the index does not say how to change a secret")
			}
			both := strings.ReplaceAll(change[1], "/etc/caddy/", g.dir+"/")
			g.reload(regexp.MustCompile(`secret +\{env.WEBHOOK_SECRET\}`).ReplaceAllLiteralString(g.caddyfile(signsTime[name]), both))
			g.send(g.delivery()).wantStored(t)
			const token = "{env.WEBHOOK_VERIFY_TOKEN}"
			if strings.Contains(g.caddyfile(), token) {
				g.reload(strings.Replace(g.caddyfile(), token, "another "+token, 1))
				passes()
			}
		})
	}
}

// guide is a server for one of docs/guides, at hooks.example.com and localhost.
type guide struct {
	*server
	document     document
	secret, file string
	client       *http.Client
}

func openGuide(t *testing.T, name string, d document) *guide {
	t.Helper()
	s := newServer(t)
	s.hasCleaned()
	g := &guide{server: s, document: d, file: s.path(name + ".jsonl")}
	text := readText(t, d.path)
	if m := guideSecret.FindStringSubmatch(text); m != nil {
		g.secret = m[1]
	}
	var sections []string
	for line := range strings.Lines(text) {
		if section, ok := strings.CutPrefix(line, "## "); ok {
			sections = append(sections, strings.TrimSpace(section))
		}
	}
	if len(sections) != len(guideSections) {
		t.Fatalf("sections %q", sections)
	}
	for i, section := range sections {
		if section != guideSections[i] && (i != 2 || !strings.HasPrefix(section, guideSections[i])) {
			t.Errorf("section %q, want %q", section, guideSections[i])
		}
	}
	bin := s.mkdir("bin")
	executable(t, filepath.Join(bin, "caddy"), `exec "`+caddyBinary+`" "$@"`)
	s.env = append(s.env, "PATH="+bin+":/usr/bin:/bin", "CADDY_ADMIN="+s.admin, "WEBHOOK_SECRET="+g.secret, "WEBHOOK_VERIFY_TOKEN="+rightToken,
		"SSL_CERT_FILE="+s.path("data", "caddy", "pki", "authorities", "local", "root.crt"))
	s.configure(g.caddyfile())
	s.start()
	g.client = s.tlsClient("HTTP/1.1")
	return g
}

// caddyfile is the guide's, with more options.
func (g *guide) caddyfile(options ...string) string {
	text := g.document.under(g.t, "Set up Caddy", "caddyfile")[0]
	if n := strings.Count(text, "\n"); n > 13 {
		g.t.Errorf("a Caddyfile of %d lines", n)
	}
	text = strings.NewReplacer("hooks.example.com {", "hooks.example.com, localhost {", "/var/lib/webhooks/", g.dir+"/").Replace(text)
	return withLocalAuthority(strings.Replace(text, "\t\toutput ", "\t\t"+strings.Join(options, "\n")+"\n\t\toutput ", 1))
}

// delivery is the request of the guide, and its body.
func (g *guide) delivery() (*http.Request, string) {
	g.t.Helper()
	head, body, _ := strings.Cut(g.document.under(g.t, "What arrives", "http")[0], "\n\n")
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		g.t.Fatal(err)
	}
	return req, strings.TrimSuffix(body, "\n")
}

// send sends a request to its path, with its host and header fields and nothing else.
func (g *guide) send(r *http.Request, body string) answer {
	g.t.Helper()
	attempt := func() (answer, error) {
		req, err := http.NewRequest(r.Method, "https://"+g.https+r.URL.Path, strings.NewReader(body))
		if err != nil {
			g.t.Fatal(err)
		}
		req.Host, req.Header = r.Host, r.Header.Clone()
		if r.UserAgent() == "" {
			req.Header.Set("User-Agent", "") // not Go's
		}
		return read(g.client.Do(req))
	}
	a, err := attempt()
	if isUnseen(err, g.reloaded) {
		a, err = attempt()
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return a
}

func readText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(project, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func newest(t *testing.T, all []record) record {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("nothing is stored")
	}
	return all[len(all)-1]
}

// TestGuidesTraps tries what the guides say that the receiver makes of a service's peculiarities.
func TestGuidesTraps(t *testing.T) {
	t.Parallel()
	hmacBase64 := func(secret, body string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	open := func(t *testing.T, name string) (g *guide, post func(body string, fields ...string) (answer, []record)) {
		t.Helper()
		t.Parallel()
		g = openGuide(t, name, readDocument(t, "docs/guides/"+name+".md"))
		return g, func(body string, fields ...string) (answer, []record) {
			t.Helper()
			a := do(t, g.client, http.MethodPost, "https://"+g.https+"/"+name, strings.NewReader(body), fields...)
			return a, delivered(t, g.file)
		}
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)

	t.Run("github", func(t *testing.T) {
		g, post := open(t, "github")
		g.client.Transport.(*http.Transport).ExpectContinueTimeout = patience
		for size, status := range map[int]int{25_000_000: 200, 25<<20 + 1: 413} {
			body := `{"a":"` + strings.Repeat("x", size-8) + `"}`
			a, err := try(g.client, http.MethodPost, "https://"+g.https+"/github", strings.NewReader(body), "X-Hub-Signature-256: sha256="+hexMAC(g.secret, body), "Expect: 100-continue")
			if err != nil || a.status != status {
				t.Errorf("%d bytes: %d %v, want %d", size, a.status, err, status)
			}
		}
		form := "payload=%7B%22action%22%3A%22opened%22%7D"
		_, all := post(form, "X-Hub-Signature-256: sha256="+hexMAC(g.secret, form), "Content-Type: application/x-www-form-urlencoded")
		if r := newest(t, all); r.text != form {
			t.Errorf("a form is stored as %s", r.line)
		}
	})
	t.Run("stripe", func(t *testing.T) {
		g, post := open(t, "stripe")
		thin := `{"id":"evt_thin","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","related_object":{"id":"mtr_1"}}`
		right, wrong := hexMAC(g.secret, now+"."+thin), hexMAC("whsec_other", now+"."+thin)
		a, _ := post(thin, "Stripe-Signature: t="+now+",v1="+wrong+",v0="+right)
		a.want(t, 401)
		a, all := post(thin, "Stripe-Signature: t="+now+",v1="+wrong+",v1="+right)
		a.wantStored(t)
		if len(all) != 1 || all[0].subject() != "" || all[0].kind() != "v1.billing.meter.error_report_triggered" {
			t.Errorf("stored: %v", all)
		}
		old := strconv.FormatInt(time.Now().Add(-6*time.Minute).Unix(), 10)
		a, _ = post(thin, "Stripe-Signature: t="+old+",v1="+hexMAC(g.secret, old+"."+thin))
		a.want(t, 401)
	})
	t.Run("shopify", func(t *testing.T) {
		g, post := open(t, "shopify")
		const xml = `<?xml version="1.0"?><product><id>1</id></product>`
		a, _ := post(xml, "X-Shopify-Hmac-Sha256: "+hmacBase64(g.secret, xml), "Content-Type: application/xml")
		a.want(t, 400)
		const redact = `{"shop_id":954889,"shop_domain":"example.myshopify.com"}`
		a, _ = post(redact, "X-Shopify-Hmac-Sha256: "+hmacBase64("other", redact), "X-Shopify-Topic: shop/redact")
		a.want(t, 401)
		a, all := post(redact, "X-Shopify-Hmac-Sha256: "+hmacBase64(g.secret, redact), "X-Shopify-Topic: shop/redact")
		a.wantStored(t)
		if len(all) != 1 || all[0].kind() != "shop/redact" {
			t.Errorf("stored: %v", all)
		}
	})
	t.Run("slack", func(t *testing.T) {
		g, post := open(t, "slack")
		signed := func(body string) []string {
			return []string{"X-Slack-Request-Timestamp: " + now, "X-Slack-Signature: v0=" + hexMAC(g.secret, "v0:"+now+":"+body)}
		}
		const command = "team_id=T0001&command=%2Fweather&text=94070"
		for n := 1; n <= 2; n++ {
			a, all := post(command, append(signed(command), "Content-Type: application/x-www-form-urlencoded")...)
			a.wantStored(t)
			if len(all) != n || all[n-1].kind() != "/weather" || all[n-1].text != command {
				t.Errorf("stored: %v", all)
			}
		}
		const limited = `{"type":"app_rate_limited","team_id":"T123456","minute_rate_limited":1518467820}`
		if _, all := post(limited, signed(limited)...); newest(t, all).kind() != "app_rate_limited" {
			t.Errorf("stored: %v", all)
		}
	})
	t.Run("meta", func(t *testing.T) {
		g, post := open(t, "meta")
		const escaped = `{"object":"page","entry":[{"id":"1","text":"\u00e4 \/"},{"id":"2"}]}`
		a, all := post(escaped, "X-Hub-Signature-256: sha256="+hexMAC(g.secret, escaped))
		a.wantStored(t)
		if len(all) != 1 || all[0].data != escaped || all[0].kind() != "page" || all[0].subject() != "1" {
			t.Errorf("stored: %v", all)
		}
	})
	t.Run("times", func(t *testing.T) {
		for name, says := range map[string]string{"github": "within 8 seconds", "shopify": "within 4", "slack": "within 2.5", "socialboards": "within 15"} {
			var seconds float64
			if _, err := fmt.Sscanf(says, "within %g", &seconds); err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(strings.Fields(readText(t, "docs/guides/"+name+".md")), " "); !strings.Contains(text, "The receiver answers "+says) {
				t.Errorf("%s does not say %q", name, says)
			}
			want := "`timeout " + time.Duration(seconds*float64(time.Second)).String() + "`"
			if !strings.Contains(readText(t, "docs/providers/"+name+".md"), want) {
				t.Errorf("%s: the default is not %s", name, want)
			}
		}
	})
}
