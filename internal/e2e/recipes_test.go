package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// recipes are run as docs/recipes.md has them, except for addresses and paths.
var recipes = map[string]func(*testing.T, *recipe){
	"Only the sender's addresses":   testSendersAddresses,
	"A path that nobody guesses":    testUnguessablePath,
	"A password":                    testPassword,
	"Mutual TLS":                    testMutualTLS,
	"A rate limit":                  testRateLimit,
	"Two receivers on one site":     testTwoReceivers,
	"Beside an application":         testBesideAnApplication,
	"Behind another proxy or a CDN": testBehindAProxy,
	"Events in the access log":      testAccessLog,
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/recipes.md")
	if len(document.blocks) != len(recipes) {
		t.Errorf("there are %d recipes, of which %d are tested", len(document.blocks), len(recipes))
	}
	for title, test := range recipes {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.hasCleaned()
			s.env = append(s.env, "WEBHOOK_VERIFY_TOKEN="+rightToken)
			test(t, &recipe{server: s, caddyfile: document.under(t, title, "caddyfile")[0], event: "{}"})
		})
	}
}

const webhooks = "https://hooks.example.com/webhooks"

func testSendersAddresses(t *testing.T, r *recipe) {
	r.cook("203.0.113.7", senderAddress)
	r.takes(senderAddress, webhooks, r.defaultFile())
	r.refuses(404, otherAddress, webhooks)
	r.refuses(404, otherAddress, webhooks, "X-Forwarded-For: "+senderAddress, "Forwarded: for="+senderAddress, "X-Real-Ip: "+senderAddress)
	r.refuses(404, senderAddress, "https://hooks.example.com/")
	r.wantStored(1)
}

func testUnguessablePath(t *testing.T, r *recipe) {
	r.cook()
	path := regexp.MustCompile(`/webhooks/\w+`).FindString(r.caddyfile)
	r.takes(senderAddress, "https://hooks.example.com"+path, r.defaultFile())
	for _, guess := range []string{"", "/", path[:len(path)-1], path + "0", "/webhooks", "/webhooks/", "/webhooks/*"} {
		r.refuses(404, senderAddress, "https://hooks.example.com"+guess)
	}
	r.wantStored(1)
	if line := lines(t, r.defaultFile())[0]; strings.Contains(line, path) {
		t.Errorf("the path is in the event: %s", line)
	}
}

func testPassword(t *testing.T, r *recipe) {
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "WEBHOOK_PASSWORD_HASH="+string(hash))
	r.cook()
	withPassword := func(user string) string { return strings.Replace(webhooks, "://", "://"+user+"@", 1) }
	r.takes(senderAddress, withPassword("sender:open%20sesame"), r.defaultFile())
	r.refuses(401, senderAddress, webhooks)
	r.refuses(401, senderAddress, withPassword("sender:open"))
	r.refuses(401, senderAddress, withPassword("sender"))
	r.wantStored(1)
}

func testMutualTLS(t *testing.T, r *recipe) {
	const name = "client.webhooks.fbclientcerts.com"
	ours, others := newIssuer(t), newIssuer(t)
	r.write("sender-ca.pem", ours.pem)
	r.cook("/etc/caddy/", r.dir+"/")
	show := func(certificates ...tls.Certificate) {
		r.config = tls.Config{RootCAs: r.config.RootCAs, Certificates: certificates}
	}
	show(ours.issue(t, name))
	r.takes(senderAddress, webhooks, r.defaultFile())
	for _, somebody := range []string{"somebody.else", name + ".evil", "x" + name, name + ",O=x", "x,CN=" + name} {
		show(ours.issue(t, somebody))
		r.refuses(404, senderAddress, webhooks)
	}
	show(others.issue(t, name))
	r.refuses(0, senderAddress, webhooks)
	show()
	r.refuses(0, senderAddress, webhooks)
	r.wantStored(1)
}

// A Caddy with the plugin for that is this test's own program.
func testRateLimit(t *testing.T, r *recipe) {
	r.binary, r.env = os.Args[0], append(r.env, asCaddy+"=1")
	r.cook("events 600", "events 10", "window 1m", "window 1h")
	r.takes(senderAddress, webhooks, r.defaultFile())
	stored := 1
	for range 20 {
		a := r.from(senderAddress, "POST", webhooks)
		if a.status == 200 {
			stored++
			continue
		}
		a.want(t, 429)
		if a.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	if stored < 5 || stored > 9 { // the verification counts as well
		t.Errorf("%d events taken of a limit of 10 requests", stored)
	}
	r.wantStored(stored)
	r.takes(otherAddress, webhooks, r.defaultFile()) // each address has its own
}

func testTwoReceivers(t *testing.T, r *recipe) {
	r.env = append(r.env, "TICKETS_VERIFY_TOKEN="+rightToken, "MEMBERS_VERIFY_TOKEN=another")
	r.cook("/var/lib/webhooks/", r.dir+"/")
	const site = "https://hooks.example.com"
	r.takes(senderAddress, site+"/tickets", r.path("tickets.jsonl"))
	r.from(senderAddress, "GET", site+"/members?"+handshake("42", rightToken)).want(t, 403)
	r.from(senderAddress, "GET", site+"/members?"+handshake("42", "another")).want(t, 200)
	r.from(senderAddress, "GET", site+"/tickets?"+handshake("42", "another")).want(t, 403)
	r.from(senderAddress, "POST", site+"/members").wantStored(t)
	r.from(senderAddress, "POST", site+"/").want(t, 404)
	for _, file := range []string{"tickets.jsonl", "members.jsonl"} {
		if n := len(records(t, r.path(file))); n != 1 {
			t.Errorf("%d events in %s, want 1", n, file)
		}
	}
}

func testBesideAnApplication(t *testing.T, r *recipe) {
	var asked []string
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		fmt.Fprint(w, "application")
	}))
	defer application.Close()
	r.cook("localhost:3000", strings.TrimPrefix(application.URL, "http://"))
	const site = "https://www.example.com"
	r.takes(senderAddress, site+"/webhooks", r.defaultFile())
	for method, status := range map[string]int{"PUT": 405, "GET": 400, "HEAD": 400} {
		r.from(senderAddress, method, site+"/webhooks").want(t, status)
	}
	if a := r.from(senderAddress, "POST", site+"/form"); a.status != 200 || a.body != "application" {
		t.Errorf("the application: %d %q", a.status, a.body)
	}
	if want := []string{"POST /form"}; !slices.Equal(asked, want) {
		t.Errorf("the application was asked %v, want %v", asked, want)
	}
	r.wantStored(1)
}

func testBehindAProxy(t *testing.T, r *recipe) {
	r.cook("192.0.2.0/24", proxyAddress)
	const url = "http://hooks.example.com/webhooks"
	const sender = "X-Forwarded-For: 198.51.100.9"
	r.takes(proxyAddress, url, r.defaultFile(), sender)
	r.takes(proxyAddress, url, r.defaultFile(), "X-Forwarded-For: 10.9.8.7, 203.0.113.7")
	r.refuses(404, proxyAddress, url)
	r.refuses(404, proxyAddress, url, "X-Forwarded-For: 198.51.101.9")
	r.refuses(404, proxyAddress, url, sender+", 10.9.8.7") // the client said so, and is 10.9.8.7 itself
	r.refuses(404, otherAddress, url, sender)
	r.wantStored(2)
	for _, e := range records(t, r.defaultFile()) {
		if e.source() != webhooks {
			t.Errorf("source %q, want %q", e.source(), webhooks)
		}
	}
}

func testAccessLog(t *testing.T, r *recipe) {
	r.cook("/var/log/caddy/", r.dir+"/")
	r.event = `{"CommunityName":"acme","EventType":"ticket_new_note","TicketId":17}`
	r.takes(senderAddress, webhooks, r.defaultFile())
	r.from(senderAddress, "POST", webhooks+"?"+handshake("1", rightToken)).wantStored(t)
	r.from(senderAddress, "PUT", webhooks).want(t, 405)
	var logged []logEntry
	eventually(t, "all requests are logged", func() error {
		logged = logEntries(t, r.path("webhooks.log"))
		if n := len(logged); n == 0 || fmt.Sprint(logged[n-1]["status"]) != "405" {
			return fmt.Errorf("%d requests", n)
		}
		return nil
	})
	sum := sha256.Sum256([]byte(r.event))
	var ids []string
	for _, e := range logged {
		if e.field("event_id") == "" {
			continue
		}
		ids = append(ids, e.field("event_id"))
		for name, want := range map[string]string{
			"event_type": "ticket_new_note", "ticket": "17", "community": "acme", "sha256": hex.EncodeToString(sum[:]), "status": "200",
		} {
			if fmt.Sprint(e[name]) != want {
				t.Errorf("%s is not %s: %v", name, want, e)
			}
		}
	}
	stored := records(t, r.defaultFile())
	if len(stored) != 2 || len(ids) != 2 || ids[0] != stored[0].id() || ids[1] != stored[1].id() {
		t.Errorf("logged %v, stored %v", ids, stored)
	}
	if log, err := os.ReadFile(r.path("webhooks.log")); err != nil || strings.Contains(string(log), rightToken) {
		t.Errorf("the token is in the log (%v): %s", err, log)
	}
}
