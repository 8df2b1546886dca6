//go:build unix

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// formsTarget is an application, or what events are replayed to.
type formsTarget struct {
	*httptest.Server
	mu     sync.Mutex
	refuse func(id string) int // a status, or 0
	got    map[string]string   // what it took: sums of bodies by their events' ids
	order  []string            // the ids, as they came
	asked  []string            // the ids of all requests
}

func newFormsTarget(t *testing.T) *formsTarget {
	t.Helper()
	a := &formsTarget{refuse: func(string) int { return 0 }, got: map[string]string{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		id := r.Header.Get("X-Webhook-Event-Id")
		if id == "" {
			id = r.Header.Get("Ce-Id")
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = append(a.asked, id)
		if status := a.refuse(id); status != 0 {
			w.WriteHeader(status)
			return
		}
		a.got[id] = sumOf(string(body))
		a.order = append(a.order, id)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *formsTarget) address() string { return strings.TrimPrefix(a.URL, "http://") }

func (a *formsTarget) refuses(f func(id string) int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = f
}

// ids are those of the events that it took, sorted.
func (a *formsTarget) ids() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(slices.Values(a.order))
}

// came are the ids of the events that it took, as they came.
func (a *formsTarget) came() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.order)
}

// took returns the sum of the body that it took with an event, if it took one.
func (a *formsTarget) took(id string) (sum string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sum, ok = a.got[id]
	return sum, ok
}

func (a *formsTarget) wasAsked(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.asked, id)
}

func (a *formsTarget) takes(t *testing.T, ids ...string) {
	t.Helper()
	ids = sorted(ids)
	eventually(t, "events are delivered", func() error {
		if got := a.ids(); !slices.Equal(got, ids) {
			return fmt.Errorf("got %q, want %q", got, ids)
		}
		return nil
	})
}

// formsBodies are the bodies of events of every kind, by their ids.
var formsBodies = []struct{ id, contentType, coding, body string }{
	{"e01", "application/json", "", `{"a":1,"big":123456789012345678901234567890,"text":"é\u00e9\/"}`},
	{"e02", "application/json", "", "\ufeff\r\n{\r\n\t\"a\": [1,\n2],\r\n\t\"b\": 1e400\r\n}\r\n"},
	{"e03", "application/json", "gzip", `{"coded":"gzip"}`},
	{"e04", "application/json", "zstd", `{"coded": "zstd"}` + "\n"},
	{"e05", "text/plain; charset=utf-8", "", "some text,\nin two lines\x00\u2028\n"},
	{"e06", "application/octet-stream", "", "\x00\xff\xfe binary \x80"},
	{"e07", "application/x-www-form-urlencoded", "", "payload=%7B%22a%22%3A1%7D&b=c+d"},
	{"e08", "application/xml", "", "<?xml version=\"1.0\"?>\n<a b=\"c\">d &amp; e</a>\n"},
	{"e09", "application/json", "", "[" + strings.Repeat("\n", 200) + "1]"},
	{"e10", "", "", `{"no":"content type"}`},
	{"poison", "application/json", "", `{"refused":true}`},
}

func formsSent(coding, body string) string {
	switch coding {
	case "gzip":
		return gzipped(body)
	case "zstd":
		return zstandard(body)
	}
	return body
}

// formsKey is a key that Plaid might sign with.
type formsKey struct{ X, Y, D string }

func newFormsKey(t *testing.T) formsKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	return formsKey{text(public[1:33]), text(public[33:]), text(private)}
}

const formsKeyID = "forms-key"

// record is the key as it is in Caddy's storage, and its name there.
func (k formsKey) record() (name, content string) {
	public, _ := json.Marshal(map[string]string{"alg": "ES256", "crv": "P-256", "kid": formsKeyID, "kty": "EC", "use": "sig", "x": k.X, "y": k.Y})
	record, _ := json.Marshal(map[string]any{"host": "production.plaid.com", "id": formsKeyID, "fetched": time.Now(), "public": string(public)})
	return sumOf("production.plaid.com\n"+formsKeyID) + ".json", string(record)
}

// sign returns the header field of an event.
func (k formsKey) sign(t *testing.T, body string) string {
	t.Helper()
	private, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		t.Fatal(err)
	}
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "ES256", "kid": formsKeyID, "typ": "JWT"}) + "." +
		part(map[string]any{"iat": time.Now().Unix(), "request_body_sha256": sumOf(body)})
	sum := sha256.Sum256([]byte(signed))
	r, sig, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return "Plaid-Verification: " + signed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), sig.FillBytes(make([]byte, 32))...))
}

const formsAsanaSecret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"

// makeForms has a Caddy write all forms, and returns the directory of the new set.
func makeForms(t *testing.T) string {
	t.Helper()
	s := newServer(t)
	app, later, replayed := newFormsTarget(t), newFormsTarget(t), newFormsTarget(t)
	apps := map[string]string{formsApp: app.address(), formsLater: later.address(), formsReplay: replayed.address()}
	s.env = append(s.env, "APP="+app.address(), "LATER="+later.address())
	e := &expected{
		Journals: map[string]expectedJournal{}, AsanaSecret: formsAsanaSecret, PlaidKey: newFormsKey(t),
		Undelivered: map[string][]string{}, Dead: map[string][]string{},
	}
	name, record := e.PlaidKey.record()
	s.mkdir("data", "caddy", "webhook_receiver", "keys", "plaid")
	s.write("data/caddy/webhook_receiver/keys/plaid/"+name, record)
	s.configure(formsSites)
	s.start()

	bodies := s.sendForms(e, app, later, replayed)
	s.terminate()
	s.stopped()
	s.tearForms()
	s.expectForms(e, bodies)

	set := filepath.Join(s.dir, "set")
	config, options := caddyfile(formsSites), caddyfile(formsOptions)
	s.wantEveryOption(config + options)
	for path, content := range map[string]string{
		"config/Caddyfile": config, "config/adapted.json": s.formsAdapt(config),
		"config/options.Caddyfile": options, "config/options.json": s.formsAdapt(options),
		"expected.json": string(indented(t, e)), formsReadme: formsReadmeText,
	} {
		writeForm(t, filepath.Join(set, path), content)
	}
	for _, dir := range []string{"plain", "signed", "sealed", "keys", "learnt", "raw", "gzip", "zstd", "timed", "data/caddy/webhook_receiver"} {
		copyForms(t, s.path(dir), filepath.Join(set, "files", dir))
	}
	state, err := os.ReadFile(s.path("replay.state"))
	if err != nil {
		t.Fatal(err)
	}
	writeForm(t, filepath.Join(set, "files", "replay.state"), s.formsText(string(state), apps, true))
	copyForms(t, s.path("admin"), filepath.Join(set, "admin"))
	listForms(t, set)
	return set
}

// sendForms sends everything, and returns the bodies that were sent by the ids of their events.
func (s *server) sendForms(e *expected, app, later, replayed *formsTarget) (bodies map[string]string) {
	t := s.t
	t.Helper()
	refusesPoison := func(id string) int {
		if id == "poison" {
			return http.StatusUnprocessableEntity
		}
		return 0
	}
	app.refuses(refusesPoison)
	later.refuses(refusesPoison)
	bodies = map[string]string{}
	var ids []string
	for _, b := range formsBodies {
		body := formsSent(b.coding, b.body)
		fields := []string{"Ce-Id: " + b.id, "Ce-Type: form." + b.id, "Ce-Subject: subject " + b.id, "User-Agent: forms/1", "Authorization: Bearer secret"}
		if b.contentType != "" {
			fields = append(fields, "Content-Type: "+b.contentType)
		}
		if b.coding != "" {
			fields = append(fields, "Content-Encoding: "+b.coding)
		}
		if b.id == "e01" {
			fields = append(fields, "X-Webhook-Depth: 2") // it comes from a delivery
		}
		bodies[b.id] = body
		s.postPlain(body, fields...).wantStored(t)
		if b.id != "poison" {
			ids = append(ids, b.id)
		}
	}
	app.takes(t, ids...)
	later.takes(t, ids...)
	for _, b := range formsBodies {
		if got, _ := app.took(b.id); got != sumOf(bodies[b.id]) && b.id != "poison" {
			t.Errorf("%s was delivered as something else", b.id)
		}
	}
	act := func(delivery, action string) {
		t.Helper()
		eventually(t, "deliveries "+action, func() error {
			if a := s.askAdmin(http.MethodPost, "/webhook_receiver/deliveries/plain/"+delivery+"/"+action, ""); a.status != http.StatusOK {
				return errors.New(a.body)
			}
			return nil
		})
	}
	for delivery, target := range map[string]*formsTarget{"app": app, "later": later} {
		eventually(t, "the event is refused", func() error {
			if !target.wasAsked("poison") {
				return errors.New("it was not sent")
			}
			return nil
		})
		act(delivery, "skip")
		s.stands("the event is dead", "plain", delivery, func(d deliveryStatus) bool { return d.DeadLetters == 1 })
		target.refuses(func(string) int { return http.StatusServiceUnavailable })
	}
	act("later", "retry")
	s.webhook(0, "replay", s.path("plain"), "--to", replayed.URL, "--state", s.path("replay.state"))
	e.Replayed = len(replayed.ids())
	for i, id := range []string{"late1", "late2"} {
		bodies[id] = fmt.Sprintf(`{"late": %d}`, i)
		s.postPlain(bodies[id], "Ce-Id: "+id, "Ce-Type: late", "Ce-Subject: late").wantStored(t)
	}
	e.Dead = map[string][]string{"app": {"poison"}, "later": {}}
	e.Undelivered = map[string][]string{"app": {"late1", "late2"}, "later": {"late1", "late2", "poison"}}
	s.stands("one waits", "plain", "app", func(d deliveryStatus) bool { return d.Undone == 2 })
	s.stands("one is retried", "plain", "later", func(d deliveryStatus) bool { return d.Undone == 3 || d.Undone == 2 && d.Retrying == 1 })

	l := libraries["github"]
	header := l.sign(t, "github secret", l.body, time.Now())
	fields := []string{"Content-Type: application/json"}
	for name := range header {
		fields = append(fields, name+": "+header.Get(name))
	}
	s.postTo("/github", l.body, fields...).wantStored(t)
	s.postTo("/github", l.body+" ", fields...).want(t, 401) // for what is told of refused ones
	s.postTo("/telegram", `{"update_id":7,"message":{"chat":{"id":8}}}`, "X-Telegram-Bot-Api-Secret-Token: telegram-secret").wantStored(t)
	for _, args := range [][]string{
		{"mercado_pago", "--secret", "mercado secret"},
		{"lark", "--secret", "lark encrypt key"},
		{"dingtalk", "--verify-token", "token", "--secret", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "--account", "ding0123"},
		{"wecom", "--verify-token", "token", "--secret", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "--account", "ww0123456789abcdef"},
	} {
		s.webhook(0, append([]string{"test", "http://" + s.http + "/" + args[0], "--provider"}, args...)...)
	}
	s.sendPlaid(e.PlaidKey)
	s.learnForms()
	s.sendAsana()
	for i := range 3 {
		s.postTo("/raw", fmt.Sprintf(`{"raw": %d}`, i)).wantStored(t)
	}
	for _, name := range []string{"gzip", "zstd"} {
		for i := range 8 { // two files, of two frames each
			s.postTo("/"+name, strings.Repeat(fmt.Sprint(name, " text ", i, "\n"), 30_000), "Content-Type: text/plain", fmt.Sprintf("Ce-Id: %s%d", name, i)).wantStored(t)
		}
	}
	for n := 0; n == 0 || len(eventFiles(t, s.path("timed"))) < 2; n++ {
		s.postTo("/timed", `{}`, fmt.Sprintf("Ce-Id: timed%d", n)).wantStored(t)
		time.Sleep(200 * time.Millisecond)
	}
	for _, name := range []string{"plain", "gzip", "zstd"} {
		wantAllCompressed(t, s.path(name))
	}
	s.keepAnswers()
	return bodies
}

// postPlain sends an event to the host that it was for, wherever the server is: dedupe goes by the URL.
func (s *server) postPlain(body string, fields ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+s.http+"/plain", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = "hooks.example.com"
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	a, err := read(newClient(s.t).Do(req))
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *server) sendPlaid(key formsKey) {
	s.t.Helper()
	body := `{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"` + fmt.Sprint(time.Now().UnixNano()) + `"}`
	s.postTo("/plaid", body, key.sign(s.t, body)).wantStored(s.t)
}

func (s *server) sendAsana() {
	s.t.Helper()
	body := `{"events":[{"action":"changed","resource":{"gid":"2","resource_type":"task"}}]}`
	s.postTo("/tasks", body, "X-Hook-Signature: "+hexMAC(formsAsanaSecret, body)).wantStored(s.t)
}

// learnForms has the receiver learn a secret.
func (s *server) learnForms() {
	s.t.Helper()
	ask := func(method, path string) string {
		s.t.Helper()
		a := s.askAdmin(method, "/webhook_receiver/learn/tasks"+path, "")
		a.want(s.t, 200)
		return a.body
	}
	ask(http.MethodPost, "/open")
	s.postTo("/tasks", "", "X-Hook-Secret: "+formsAsanaSecret).want(s.t, 200)
	var learning struct {
		Window struct{ Candidate struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(ask(http.MethodGet, "")), &learning); err != nil {
		s.t.Fatal(err)
	}
	ask(http.MethodPost, "/keep?candidate="+url.QueryEscape(learning.Window.Candidate.ID))
}

// tearForms leaves what a crash does, and a failed fsync.
func (s *server) tearForms() {
	t := s.t
	t.Helper()
	live := s.path("timed", "events.jsonl")
	f, err := os.OpenFile(live, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(`{"specversion":"1.0","id":"torn`)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(s.path("signed", "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	aside := s.path("signed", "events-2026-11-23T17-04-58.123.jsonl")
	if err := os.WriteFile(aside, []byte(strings.ReplaceAll(string(content), `"id":"`, `"id":"aside`)), 0o400); err != nil {
		t.Fatal(err)
	}
}
