//go:build unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var keepForms = flag.String("keep", "", "a name, such as 2026-11-27, under which TestForms keeps the new set of forms in testdata/forms")

// A set of forms is what a version has left behind: below files what was in the server's
// directory, and beside it what README.md says. These stand in its texts for what differs from run to run.
const (
	formsFolder  = "testdata/forms"
	formsList    = "FILES" // sum, mode, time and name of each file
	formsReadme  = "README.md"
	formsDir     = "/forms"
	formsAdmin   = "localhost:2019"
	formsApp     = "localhost:3000"
	formsLater   = "localhost:3001"
	formsReplay  = "localhost:3002"
	packedEnding = ".packed.gz" // of a file that is kept compressed for its size
)

// expected is what a set is known to hold.
type expected struct {
	Journals map[string]expectedJournal `json:"journals"` // by their directories
	// Undelivered, and Dead, are the ids of events that are delivered once Caddy runs again, and of those
	// that are dead letters, by delivery.
	Undelivered map[string][]string `json:"undelivered"`
	Dead        map[string][]string `json:"dead"`
	Replayed    int                 `json:"replayed"` // events that the state of replay has sent
	AsanaSecret string              `json:"asana_secret"`
	PlaidKey    formsKey            `json:"plaid_key"`
}

type expectedJournal struct {
	Raw    bool            `json:"raw,omitempty"` // lines without an envelope, in Lines
	Lines  []string        `json:"lines,omitempty"`
	Torn   int             `json:"torn"`
	Events []expectedEvent `json:"events"`         // the oldest first
	Fit    int             `json:"fit,omitempty"`  // signatures that verify finds right
	Size   int             `json:"size,omitempty"` // of the files
}

type expectedEvent struct {
	ID         string            `json:"id"`
	Attributes map[string]string `json:"attributes"`
	Line       string            `json:"line_sha256"` // of the line
	Body       string            `json:"body_sha256"` // as it was sent
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// formsSites are the receivers of a set, with every option that makes a form of its own.
const formsSites = `http:// {
	webhook_receiver /plain {
		name plain
		provider cloudevents
		accept any
		headers all
		attribute stage {http.webhook_receiver.event.type}-stage
		public_url https://hooks.example.com/plain
		dedupe 200000h
		output file {$DIR}/plain/events.jsonl {
			roll_size 6KB
			roll_compress zstd
		}
		deliver app http://{$APP}/hooks {
			retry 5s 5s 5s
		}
		deliver later http://{$LATER}/hooks {
			retry 5s 5s 5s
		}
	}
	webhook_receiver /github {
		provider github
		secret "github secret"
		public_url https://hooks.example.com/github
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /telegram {
		provider telegram
		secret "telegram-secret"
		public_url https://hooks.example.com/telegram
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /mercado_pago {
		provider mercado_pago
		secret "mercado secret"
		public_url https://hooks.example.com
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /lark {
		provider lark
		secret "lark encrypt key"
		public_url https://hooks.example.com/lark
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /dingtalk {
		provider dingtalk
		verify_token token
		secret abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
		account ding0123
		public_url https://hooks.example.com
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /wecom {
		provider wecom
		verify_token token
		secret abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
		account ww0123456789abcdef
		public_url https://hooks.example.com
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /plaid {
		provider plaid
		secret client:secret
		public_url https://hooks.example.com/plaid
		output file {$DIR}/keys/events.jsonl
	}
	webhook_receiver /tasks {
		name tasks
		provider asana
		public_url https://hooks.example.com/tasks
		output file {$DIR}/learnt/events.jsonl
	}
	webhook_receiver /raw {
		name raw
		provider cloudevents
		output file {$DIR}/raw/events.jsonl {
			format raw
		}
	}
	webhook_receiver /gzip {
		name gzip
		provider cloudevents
		accept any
		public_url https://hooks.example.com/gzip
		output file {$DIR}/gzip/events.jsonl {
			roll_size 1500KB
			roll_compress gzip
		}
	}
	webhook_receiver /zstd {
		name zstd
		provider cloudevents
		accept any
		public_url https://hooks.example.com/zstd
		output file {$DIR}/zstd/events.jsonl {
			roll_size 1500KB
			roll_compress zstd
		}
	}
	webhook_receiver /timed {
		name timed
		provider cloudevents
		public_url https://hooks.example.com/timed
		output file {$DIR}/timed/events.jsonl {
			roll_interval 1s
		}
	}
	handle_path /inspect* {
		webhook_inspector
	}
}
`

// formsOptions are those options that need no form of their own. It is loaded, and runs nowhere.
const formsOptions = `http:// {
	webhook_receiver /a {
		name a
		provider socialboards
		verify_token new old
		public_url https://hooks.example.com/a
		output file {$DIR}/options/a.jsonl {
			sync always
			mode 0640
			dir_mode 0750
			format cloudevents
			roll_size 1GiB
			roll_interval 24h
			roll_keep 30
			roll_keep_for 90d
			roll_compress gzip
		}
		output log
		attribute community {http.webhook_receiver.body.CommunityName}
		max_body_size 1MiB
		timeout 1m
		accept json
		dedupe 10m {http.webhook_receiver.body_sha256}
		headers User-Agent X-Request-Id
		deliver shop http://localhost:3000/webhooks {
			as cloudevents
			sign whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
			order subject
			concurrency 4
			rate 50
			timeout 20s
			retry 5s 5m
			only ticket_*
			header X-Tenant acme
			header -Cookie
			transport http {
				dial_timeout 2s
			}
		}
		deliver mail unix//run/mail.sock:/hooks {
			order strict
			sign off
		}
	}
	webhook_receiver /b {
		name b
		provider stripe
		secret whsec_a whsec_b
		tolerance 10m
		headers none
		output file {$DIR}/options/b.jsonl {
			sync 1s
			format raw
			roll_size off
			roll_interval off
			roll_compress off
		}
	}
	webhook_receiver /c {
		name c
		provider plaid
		keys {$DIR}/keys.json
		output file {$DIR}/options/c.jsonl {
			sync off
		}
	}
	webhook_receiver /d {
		name d
		provider generic
		verify_token token
		secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
		public_url https://hooks.example.com/d
		verification {
			method GET
			match query:mode subscribe
			strict_query
			token query:token
			challenge query:challenge
			hmac hex
			hmac_algorithm hmac-sha256
			pattern [0-9a-f]{32}
			digest {challenge}{verify_token}{url}
			status 202
			header X-Challenge {challenge}
			content_type text/plain
			body "{hmac} {digest}"
		}
		signature {
			algorithm hmac-sha256
			from header:X-Signature
			repeated
			separator ,
			prefix v1=
			encoding hex
			key_encoding base64
			key_prefix whsec_
			content {id}.{timestamp}.{body}
			id header:X-Id
			timestamp header:X-Time
			timestamp_format unix_ms
			tolerance 10m
			past_only
		}
		event {
			id header:X-Id
			type body:event.name
			subject body:event.id
			status 202
			body stored
			content_type text/plain
			echo X-Id
			refused 403
		}
		output file {$DIR}/options/d.jsonl
	}
	webhook_receiver /e {
		name e
		provider generic
		secret sesame
		signature {
			algorithm jwt-hs256
			from header:Authorization
			prefix "Bearer "
			claims body_sha256 {sha256}
		}
		output file {$DIR}/options/e.jsonl
	}
	webhook_receiver /f {
		name f
		provider generic
		secret sesame
		signature {
			algorithm hmac-sha256
			from header:X-Signature
			content {header:X-Nonce}
			partial
			nonce header:X-Nonce
		}
		output file {$DIR}/options/f.jsonl
	}
	webhook_receiver /g {
		name g
		provider generic
		secret sesame
		accept any
		signature {
			algorithm hmac-sha1
			from header:X-Signature
			encoding base64
			content {url}{form}
			url_forms port escaped
			body_hash query:sha
		}
		output file {$DIR}/options/g.jsonl
	}
	webhook_receiver /h {
		name h
		provider generic
		secret 2aadd7bdd3d6f3a0a3ed7a5d9e0a2be14b7e1b4f25ff1ed4e1a4f3f5c6a2bb97
		account shop1
		signature {
			algorithm ed25519
			from header:X-Signature
			shared_key
			account body:account
		}
		output file {$DIR}/options/h.jsonl
	}
	webhook_receiver /i {
		name i
		provider generic
		verification {
			method POST
			signed
			match body:kind verification
			secret body:token
		}
		signature {
			algorithm hmac-sha256
			from header:X-Signature
		}
		event {
			empty body:events
		}
		output file {$DIR}/options/i.jsonl
	}
	handle_path /inspect* {
		webhook_inspector {
			receivers a b
			user {http.reverse_proxy.header.Remote-User}
			certificates
			read_only
			no_payload
		}
	}
}
`

// formsText puts in what is this run's for what stands for it, or the other way round.
func (s *server) formsText(text string, apps map[string]string, back bool) string {
	_, httpPort, _ := strings.Cut(s.http, ":")
	_, httpsPort, _ := strings.Cut(s.https, ":")
	pairs := [][2]string{
		{`"` + formsAdmin, `"` + s.admin},
		{`"http_port":8080`, `"http_port":` + httpPort},
		{`"https_port":8443`, `"https_port":` + httpsPort},
		{`127.0.0.1:8080`, "127.0.0.1:" + httpPort},
		{`:8080"`, ":" + httpPort + `"`},
		{formsDir + "/", s.dir + "/"},
	}
	for name, address := range apps {
		pairs = append(pairs, [2]string{"http://" + name, "http://" + address})
	}
	for _, pair := range pairs {
		if back {
			pair[0], pair[1] = pair[1], pair[0]
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	return text
}

// formsEnv is the environment in which a set's Caddyfiles are adapted, the same for all.
func (s *server) formsAdapt(caddyfile string) string {
	s.t.Helper()
	path := s.write("adapted.Caddyfile", caddyfile)
	c := *s
	c.env = append(slices.Clone(s.env), "DIR="+formsDir, "HTTP=8080", "HTTPS=8443", "ADMIN="+formsAdmin, "APP="+formsApp, "LATER="+formsLater)
	cmd := c.command()
	cmd.Args = []string{s.binary, "adapt", "--config", path, "--adapter", "caddyfile"}
	cmd.Env = c.env
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %s", err, notes.String())
	}
	return strings.TrimSpace(out.String())
}

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

// formsAnswers are what the admin API is asked for.
var formsAnswers = map[string]string{
	"status.json": "/webhook_receiver/status", "deliveries.json": "/webhook_receiver/deliveries", "refused.json": "/webhook_receiver/refused",
	"learn.json": "/webhook_receiver/learn/tasks", "metrics.txt": "/metrics",
}

// askInspector asks it with the key.
func (s *server) askInspector(what, question string) string {
	s.t.Helper()
	key, err := os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	if errors.Is(err, fs.ErrNotExist) {
		s.webhook(0, "inspect", "--address", s.admin) // which makes it
		key, err = os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.postTo("/inspect/api/"+what, question, "Authorization: Bearer "+strings.TrimSpace(string(key)), "X-Webhook-Inspector: 1")
	a.want(s.t, http.StatusOK)
	return a.body
}

// keepAnswers keeps the names in what the admin API answers: they are for others to read.
func (s *server) keepAnswers() {
	s.t.Helper()
	s.mkdir("admin")
	s.askInspector("events", `{"limit":1}`)
	for name, path := range formsAnswers {
		s.write("admin/"+name+".names", s.namesIn(name, path))
	}
}

// namesIn returns the names in an answer, a line each.
func (s *server) namesIn(name, path string) string {
	s.t.Helper()
	answer := s.fromAdmin(path)
	if name == "metrics.txt" {
		return metricNames(answer)
	}
	return membersOf(s.t, answer)
}

var metricLine = regexp.MustCompile(`(?m)^(caddy_webhook_receiver_\w+?)(?:\{(.*)\})? \S+$`)

// metricNames returns the names of the plugin's metrics, with those of their labels.
func metricNames(text string) string {
	names := map[string]bool{}
	for _, m := range metricLine.FindAllStringSubmatch(text, -1) {
		var labels []string
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, label[1])
		}
		names[m[1]+" "+strings.Join(labels, ",")] = true
	}
	return linesOf(names)
}

func linesOf(names map[string]bool) string {
	var all []string
	for name := range names {
		all = append(all, name+"\n")
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// membersOf returns the paths of all members of a JSON text, or of several, with their kinds. Names that are
// values, such as those of receivers, are left out.
func membersOf(t *testing.T, text string) string {
	t.Helper()
	names := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if regexp.MustCompile(`^[a-z][a-z_0-9]*$`).MatchString(name) {
					walk(path+"."+name, value)
				}
			}
		case []any:
			for _, value := range v {
				walk(path+"[]", value)
			}
		default:
			names[fmt.Sprintf("%s %T", path, v)] = true
		}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		walk("", v)
	}
	return linesOf(names)
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func writeForm(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// copyForms copies a directory, with modes and times; of large files it makes packed ones.
func copyForms(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.Walk(from, func(path string, info fs.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if len(content) > 100_000 {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
			_, _ = w.Write(content)
			_ = w.Close()
			content, target = b.Bytes(), target+packedEnding
		}
		writeForm(t, target, string(content))
		return errors.Join(os.Chmod(target, info.Mode()), os.Chtimes(target, info.ModTime(), info.ModTime()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listForms writes the list of a set's files.
func listForms(t *testing.T, set string) {
	t.Helper()
	var list strings.Builder
	for _, f := range formsIn(t, set) {
		fmt.Fprintf(&list, "%s %04o %s %s\n", f.sum, f.mode, f.time.UTC().Format(time.RFC3339Nano), f.path)
	}
	writeForm(t, filepath.Join(set, formsList), list.String())
}

// keptFile is a file of a set.
type keptFile struct {
	sum, path string
	mode      fs.FileMode
	time      time.Time
}

// formsIn are the files that there are, except for the list and what is written about them.
func formsIn(t *testing.T, set string) (all []keptFile) {
	t.Helper()
	err := filepath.Walk(set, func(path string, info fs.FileInfo, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(path, set), string(filepath.Separator)))
		if err != nil || info.IsDir() || name == formsList || name == formsReadme {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, keptFile{sumOf(string(content)), name, info.Mode().Perm(), info.ModTime()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// listedForms are those of the list.
func listedForms(t *testing.T, set string) (all []keptFile) {
	t.Helper()
	for _, line := range lines(t, filepath.Join(set, formsList)) {
		var f keptFile
		var at string
		if n, err := fmt.Sscanf(line, "%s %o %s %s", &f.sum, &f.mode, &at, &f.path); n != 4 || err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var err error
		if f.time, err = time.Parse(time.RFC3339Nano, at); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

var lastID = regexp.MustCompile(`"last_id": "[^"]*"`)

// restore copies a set's files to the server's directory, as a backup is restored: with their modes and
// times, and other inodes.
func (s *server) restore(set string, apps map[string]string) {
	s.t.Helper()
	for _, f := range listedForms(s.t, set) {
		name, ok := strings.CutPrefix(f.path, "files/")
		if !ok {
			continue
		}
		content, err := os.ReadFile(filepath.Join(set, filepath.FromSlash(f.path)))
		if err != nil {
			s.t.Fatal(err)
		}
		if unpackedName, ok := strings.CutSuffix(name, packedEnding); ok {
			r, err := gzip.NewReader(bytes.NewReader(content))
			if err == nil {
				content, err = io.ReadAll(r)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			name = unpackedName
		}
		if strings.HasSuffix(name, ".state") {
			content = []byte(s.formsText(string(content), apps, false))
			if name == "replay.state" { // which has places in files: the id, by which the first versions went, must not be needed
				content = lastID.ReplaceAll(content, []byte(`"last_id": ""`))
			}
		}
		path := s.path(filepath.FromSlash(name))
		if err := errors.Join(
			os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600),
			os.Chmod(path, f.mode), os.Chtimes(path, f.time, f.time),
		); err != nil {
			s.t.Fatal(err)
		}
	}
}

// expectForms notes what the files hold.
func (s *server) expectForms(e *expected, bodies map[string]string) {
	t := s.t
	t.Helper()
	for _, dir := range []string{"plain", "signed", "sealed", "keys", "learnt", "raw", "gzip", "zstd", "timed"} {
		j := expectedJournal{Raw: dir == "raw"}
		if j.Raw {
			j.Lines = lines(t, s.path("raw", "events.jsonl"))
			e.Journals[dir] = j
			continue
		}
		for _, name := range eventFiles(t, s.path(dir)) {
			content, err := unpacked(s.path(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(content) {
				r, err := dissect(strings.TrimSuffix(line, "\n"))
				if err != nil {
					j.Torn++
					continue
				}
				body, known := bodies[r.id()]
				if !known {
					body, _ = s.webhook(0, "show", r.id(), s.path(dir), "--as", "body")
				}
				j.Events = append(j.Events, expectedEvent{r.id(), r.attributes, sumOf(r.line), sumOf(body)})
			}
		}
		e.Journals[dir] = j
	}
	for dir, fit := range map[string]int{"signed": 2, "sealed": 3, "keys": 1, "learnt": 1} {
		j := e.Journals[dir]
		j.Fit = fit
		e.Journals[dir] = j
	}
}

// wantEveryOption looks whether the kept configs have all options that the reference knows.
func (s *server) wantEveryOption(configs string) {
	s.t.Helper()
	reference, err := os.ReadFile(filepath.Join(project, "docs", "reference.md"))
	if err != nil {
		s.t.Fatal(err)
	}
	known := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)\n```\n(webhook_.*?)```").FindAllStringSubmatch(string(reference), -1) {
		for _, m := range regexp.MustCompile(`(?m)^\s+(\w+)`).FindAllStringSubmatch(block[1], -1) {
			known[m[1]] = true
		}
	}
	for _, table := range strings.Split(string(reference), "\n\n") {
		if !regexp.MustCompile("^\\| `(verification|signature|event)` \\| \\|\n").MatchString(table) {
			continue
		}
		for _, row := range strings.Split(table, "\n")[2:] {
			cell, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(row, "| "), `\|`, "/"), " |")
			for _, m := range regexp.MustCompile("`(\\w+)").FindAllStringSubmatch(cell, -1) {
				known[m[1]] = true
			}
		}
	}
	if len(known) < 70 {
		s.t.Errorf("the reference has only the options %v", known)
	}
	for name := range known {
		if !regexp.MustCompile(`(?m)^\s*` + name + `\b`).MatchString(configs) {
			s.t.Errorf("the kept configs lack the option %s", name)
		}
	}
}

const formsReadmeText = `# Forms of a version

What a version of the plugin has left on the disk, in Caddy's storage and in configs, by a real run of ` + "`TestForms`" + `. The newest
version reads it: that is what the test looks at. **Nothing here is ever altered.** ` + "`FILES`" + ` has the SHA-256, the mode, the time
and the name of each file. ` + "`go test -run 'TestForms$' . -keep <name>`" + ` in ` + "`internal/e2e`" + ` keeps a new set. All secrets are made up.

| | |
| --- | --- |
| ` + "`config/Caddyfile`, `config/adapted.json`" + ` | the receivers that wrote the files, and what ` + "`caddy adapt`" + ` made of it |
| ` + "`config/options.…`" + ` | the same with every other option |
| ` + "`expected.json`" + ` | which events there are, and the SHA-256 of each line and body; which were not delivered; keys for further events |
| ` + "`admin/*.names`" + ` | the members of what the admin API answered, and the metrics with their labels |
| ` + "`files/plain/`" + ` | bodies of every kind: JSON, with a byte order mark and line breaks, gzip, zstd, text, binary, a form, XML; rotated by size, zstd; one has come from a delivery. Cursors, dead letters, and those that are being sent again, of two deliveries. ` + "`*.packed.gz`" + ` is packed for its size, by gzip |
| ` + "`files/signed/`" + ` | ` + "`verification`" + ` ` + "`signature`, `token` and `partial`" + `; a file as a failed fsync sets it aside, which the test has made by hand: it is read-only |
| ` + "`files/sealed/`" + ` | what Lark, DingTalk and WeCom encrypt |
| ` + "`files/keys/`" + ` | ` + "`verification` `service`, with `signingkey`" + ` |
| ` + "`files/learnt/`" + ` | signed with a secret that the receiver had learnt |
| ` + "`files/raw/`" + ` | ` + "`format raw`" + ` |
| ` + "`files/gzip/`, `files/zstd/`" + ` | rotated by size, and compressed in frames with a seek table |
| ` + "`files/timed/`" + ` | rotated by time; the last line is torn |
| ` + "`files/replay.state`" + ` | of ` + "`caddy webhook replay`" + ` |
| ` + "`files/data/caddy/webhook_receiver/`" + ` | Caddy's storage: the learnt secret, the inspector's key, and a service's key, which the test wrote there as nothing is fetched in it |
`
