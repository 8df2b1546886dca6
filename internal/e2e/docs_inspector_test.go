package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// inspectorRecipes are run as docs/inspector.md has them, except for addresses and paths.
var inspectorRecipes = map[string]func(*testing.T, *recipe){
	"Start":                     testInspectorBelowAPath,
	"Passwords":                 testInspectorPasswords,
	"An identity provider":      testInspectorIdentityProvider,
	"Client certificates":       testInspectorCertificates,
	"The key, through a tunnel": testInspectorAtLocalhost,
	"Docker":                    testInspectorBelowAPath,
	"Several teams":             testInspectorTeams,
}

func TestDocumentsInspector(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/inspector.md")
	for title, test := range inspectorRecipes {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.hasCleaned()
			hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			s.env = append(s.env, "WEBHOOK_VERIFY_TOKEN="+rightToken, "INSPECTOR_PASSWORD_HASH="+string(hash), "CADDY_ADMIN="+s.admin)
			caddyfiles := document.under(t, title, "caddyfile")
			if len(caddyfiles) != 1 {
				t.Fatalf("%d Caddyfiles", len(caddyfiles))
			}
			test(t, &recipe{server: s, caddyfile: strings.ReplaceAll(caddyfiles[0], "/var/lib/webhooks/", s.dir+"/"), event: "{}"})
		})
	}
	want := 0
	for _, b := range document.blocks {
		if b.language == "caddyfile" {
			want++
		}
	}
	if want != len(inspectorRecipes) {
		t.Errorf("there are %d Caddyfiles, of which %d are tested", want, len(inspectorRecipes))
	}
}

// opens asks for what the page shows first, and checks the status and, if that is 200, who the user is.
func (r *recipe) opens(t *testing.T, status int, user, page string, fields ...string) (state string) {
	t.Helper()
	var a answer
	eventually(t, "the site answers", func() error { // once there is a certificate
		if a = r.from(senderAddress, "GET", page+"api/state", fields...); a.status == 0 {
			return errors.New(a.body)
		}
		return nil
	})
	a.want(t, status)
	var shown struct{ User string }
	if _ = json.Unmarshal([]byte(a.body), &shown); status == 200 && shown.User != user {
		t.Errorf("the user is %q, want %q: %s", shown.User, user, clip(a.body))
	}
	return a.body
}

// inspect runs the command, and returns the key, and the page's address without it.
func (r *recipe) inspect(t *testing.T) (page, key string) {
	t.Helper()
	command := strings.TrimSpace(readDocument(t, "docs/inspector.md").under(t, "Start", "sh")[0])
	out, _ := r.webhook(0, strings.Fields(strings.TrimPrefix(command, "caddy webhook "))...)
	page, key, _ = strings.Cut(strings.TrimSpace(out), "#key=")
	if stored, err := os.ReadFile(r.path("data", "caddy", "webhook_receiver", "inspector.key")); err != nil || strings.TrimSpace(string(stored)) != key {
		t.Fatalf("%v: %q printed, %q stored", err, out, stored)
	}
	return page, key
}

func basic(user string) string { return withPassword(user, "open sesame") }

func withPassword(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func testInspectorBelowAPath(t *testing.T, r *recipe) {
	r.cook()
	r.takes(senderAddress, webhooks, r.path("events.jsonl"))
	page, key := r.inspect(t)
	page = strings.Replace(page, strings.TrimPrefix(r.https, "localhost"), "", 1) // the test's port
	if page != "https://hooks.example.com/inspect/" {
		t.Errorf("the page is at %s", page)
	}
	if a := r.from(senderAddress, "GET", page); a.status != 200 || !strings.HasPrefix(a.body, "<!doctype html>") {
		t.Errorf("%d %s", a.status, clip(a.body))
	}
	r.from(senderAddress, "GET", "https://hooks.example.com/").want(t, 404)
	r.opens(t, 401, "", page)
	r.opens(t, 401, "", page, "X-Forwarded-For: 127.0.0.1", "Remote-User: alice", "Authorization: Bearer "+key+"x")
	r.opens(t, 200, "key", page, "Authorization: Bearer "+key)
	events := r.from(senderAddress, "POST", page+"api/events", "X-Webhook-Inspector: 1", "Authorization: Bearer "+key)
	if events.status != 200 || !strings.Contains(events.body, `"complete":`) {
		t.Errorf("%d %s", events.status, events.body)
	}
}

func testInspectorPasswords(t *testing.T, r *recipe) {
	r.cook()
	const page = "https://inspect.example.com/"
	r.opens(t, 401, "", page)
	r.opens(t, 401, "", page, withPassword("alice", "open"))
	r.opens(t, 200, "alice", page, basic("alice"))
	r.from(senderAddress, "GET", page).want(t, 401)
}

func testInspectorIdentityProvider(t *testing.T, r *recipe) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.Header.Get("Cookie") {
		case "session=alice":
			w.Header().Set("Remote-User", "alice")
		case "session=nameless":
		default:
			http.Redirect(w, req, "https://login.example.com/", http.StatusFound)
		}
	}))
	defer provider.Close()
	r.cook("localhost:9091", strings.TrimPrefix(provider.URL, "http://"))
	const page = "https://inspect.example.com/"
	r.opens(t, 200, "alice", page, "Cookie: session=alice", "Remote-User: mallory")
	r.opens(t, 401, "", page, "Cookie: session=nameless", "Remote-User: mallory")
	transport := r.from(senderAddress, "GET", page+"api/state", "Remote-User: mallory") // follows the redirect, to nobody
	if strings.Contains(transport.body, "receivers") {
		t.Error(transport.body)
	}
}

func testInspectorCertificates(t *testing.T, r *recipe) {
	ours, others := newIssuer(t), newIssuer(t)
	r.write("team-ca.pem", ours.pem)
	r.cook("/etc/caddy/", r.dir+"/")
	const page = "https://inspect.example.com/"
	show := func(certificates ...tls.Certificate) {
		r.config = tls.Config{RootCAs: r.config.RootCAs, Certificates: certificates}
	}
	show(ours.issue(t, "alice"))
	r.opens(t, 200, "CN=alice,O=O", page)
	show(others.issue(t, "alice"))
	r.from(senderAddress, "GET", page).want(t, 0)
	show()
	r.from(senderAddress, "GET", page).want(t, 0)
}

func testInspectorAtLocalhost(t *testing.T, r *recipe) {
	port := freePort(t)
	r.cook("localhost:2020", "localhost:"+port)
	page, key := r.inspect(t)
	if page != "http://localhost:"+port+"/" {
		t.Errorf("the page is at %s", page)
	}
	client := newClient(t)
	do(t, client, http.MethodGet, page+"api/state", nil).want(t, 401)
	do(t, client, http.MethodGet, page+"api/state", nil, "Authorization: Bearer "+key).want(t, 200)
}

func testInspectorTeams(t *testing.T, r *recipe) {
	r.cook()
	// Whoever is unknown to it has his password compared by Caddy with one of its own, which takes a second by design,
	// and a quarter of a minute in a Caddy that looks for races. So that is tried once.
	r.timeout = 5 * time.Minute
	const site = "https://hooks.example.com"
	r.takes(senderAddress, site+"/orders", r.path("orders.jsonl"))
	r.takes(senderAddress, site+"/billing", r.path("billing.jsonl"))
	orders := r.opens(t, 200, "alice", site+"/inspect/orders/", basic("alice"))
	billing := r.opens(t, 200, "bob", site+"/inspect/billing/", basic("bob"))
	if strings.Contains(orders, "billing") || strings.Contains(billing, "orders") {
		t.Errorf("one sees the other's receiver:\n%s\n%s", orders, billing)
	}
	r.opens(t, 401, "", site+"/inspect/orders/", basic("bob"))
	r.opens(t, 401, "", site+"/inspect/billing/", withPassword("bob", "open"))
	r.event = `{"action":"test","receiver":"orders"}`
	r.from(senderAddress, "POST", site+"/inspect/orders/api/act", basic("alice"), "X-Webhook-Inspector: 1").want(t, 200)
	r.event = `{"action":"test","receiver":"billing"}`
	r.from(senderAddress, "POST", site+"/inspect/orders/api/act", basic("alice"), "X-Webhook-Inspector: 1").want(t, 404)
	r.from(senderAddress, "POST", site+"/inspect/billing/api/act", basic("bob"), "X-Webhook-Inspector: 1").want(t, 403)
}
