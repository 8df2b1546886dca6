package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	svix "github.com/svix/svix-webhooks/go"
)

// svixLibrary is Svix's own, which signs under header fields of its own names.
var svixLibrary = library{
	secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_1",
	sign: func(t *testing.T, secret, body string, at time.Time) http.Header {
		w, err := svix.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := w.Sign("msg_1", at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		header.Set("svix-id", "msg_1")
		header.Set("svix-timestamp", fmt.Sprint(at.Unix()))
		header.Set("svix-signature", signature)
		return header
	},
	accepts: func(secret, body string, header http.Header) error {
		w, err := svix.NewWebhook(secret)
		if err != nil {
			return err
		}
		return w.Verify([]byte(body), header)
	},
}

// TestLibrariesAcceptWhatComesBack: what is stored of signed events, over rotation and
// compression, is what the services' own libraries accept: shown, replayed, and
// checked again.
func TestLibrariesAcceptWhatComesBack(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]library{"stripe": libraries["stripe"], "github": libraries["github"], "standard_webhooks": svixLibrary} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.env = append(s.env, "E2E_SECRET="+l.secret)
			s.configure(site("provider "+name, "secret {env.E2E_SECRET}", "output file {$DIR}/events/events.jsonl {\nroll_size 2KiB\nroll_compress zstd\n}"))
			s.start()
			const n = 20
			var sent []string
			for i := range n {
				body := fmt.Sprintf("{\r\n  \"id\": \"evt_%d\",\n\t\"object\": \"event\", \"type\" :\"charge.succeeded\",\n  \"data\": {\n    \"text\": \"%s\"\n  }\n}\n", i, strings.Repeat("é", 10*i))
				if i%3 == 0 {
					body = "\ufeff" + body
				}
				header := l.sign(t, l.secret, body, time.Now())
				header.Set("X-Github-Delivery", fmt.Sprint(i))
				req, err := http.NewRequest(http.MethodPost, "http://"+s.http+"/hook?a=1", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = header
				a, err := read(newClient(t).Do(req))
				if err != nil {
					t.Fatal(err)
				}
				a.want(t, 200)
				sent = append(sent, body)
			}
			files := storedFiles(t, s.path("events"))
			if len(files) < 3 {
				t.Fatalf("rotated into %d files", len(files))
			}

			// Shown, of the newest with the id where it is one for all.
			id, shown := s.newestIn(filepath.Join("events", "events.jsonl")), sent[n-1]
			out, _ := s.webhook(0, append([]string{"show", id, "--as", "request"}, files...)...)
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(out)))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != shown || r.RequestURI != "/hook?a=REDACTED" {
				t.Errorf("%s came back as %s of %q (%v)", shown, r.RequestURI, body, err)
			}
			if err := l.accepts(l.secret, string(body), r.Header); err != nil {
				t.Errorf("shown: %v\n%s", err, out)
			}

			// Replayed.
			var mu sync.Mutex
			var came []string
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if err := l.accepts(l.secret, string(body), r.Header); err != nil {
					t.Errorf("replayed: %v", err)
					w.WriteHeader(http.StatusUnauthorized)
				}
				mu.Lock()
				defer mu.Unlock()
				came = append(came, string(body))
			}))
			defer app.Close()
			s.webhook(0, append([]string{"replay", "--as", "original", "--to", app.URL}, files...)...)
			if !slices.Equal(came, sent) {
				t.Errorf("%d replayed, want the %d that were sent, in their order", len(came), n)
			}

			// Checked again, by the table and by the config.
			for _, rules := range [][]string{nil, {"--provider", name}, {"--config", s.path("Caddyfile")}} {
				out, _ := s.webhook(0, append(append([]string{"verify", "--secret", l.secret}, rules...), files...)...)
				mustContain(t, out, fmt.Sprintf("%d fit\n", n), " 0 fit no secret\n", " 0 can't be checked\n")
				if len(rules) > 0 && rules[0] == "--config" {
					continue // which has the right secret
				}
				_, notes := s.webhook(1, append(append([]string{"verify", "--secret", "whsec_d3Jvbmc="}, rules...), files...)...)
				mustContain(t, notes, fmt.Sprintf("%d events fit no secret", n))
			}
		})
	}
}

// newestIn returns the id of the last event in the file.
func (s *server) newestIn(name string) string {
	s.t.Helper()
	all := delivered(s.t, s.path(name))
	return all[len(all)-1].id()
}

// TestBodiesComeBack: whatever is taken comes back byte for byte, over rotation,
// compression and a restart.
func TestBodiesComeBack(t *testing.T) {
	t.Parallel()
	for _, compress := range []string{"off", "gzip", "zstd"} {
		t.Run(compress, func(t *testing.T) {
			t.Parallel()
			sites := site("provider generic", "accept any", "event {\nid header:X-Id\n}", "output file {$DIR}/events/events.jsonl {\nroll_size 1KiB\nroll_compress "+compress+"\n}")
			s := start(t, sites)
			bodies := []string{
				sample, "{}", "{}\n", "\ufeff[1]\r\n", " \t1\n\n", "\r\n{\r\n\"a\":\r1}\r\n", "\"\\n\"", "null ", "text\n", "\x00\x01\n", "\xff\xfe", "a=1&b=%20",
				strings.Repeat("\n", 3000) + "{}", "[" + strings.Repeat("\n1,", 2000) + "2]", "é\u2028\u0085", "{\"a\": 1",
			}
			type sending struct{ body, coding, kind string }
			var sent []sending
			for _, body := range bodies {
				for _, kind := range []string{"application/json", "text/plain", ""} {
					sent = append(sent, sending{body, "", kind}, sending{gzipped(body), "gzip", kind}, sending{zstandard(body), "zstd", kind})
				}
			}
			stored := map[int]sending{}
			for i, it := range sent {
				if i == len(sent)/2 {
					s.terminate()
					s.stopped()
					s.start()
				}
				fields := []string{fmt.Sprintf("X-Id: %d", i)}
				if it.coding != "" {
					fields = append(fields, "Content-Encoding: "+it.coding)
				}
				if it.kind != "" {
					fields = append(fields, "Content-Type: "+it.kind)
				}
				if a := do(t, newClient(t), http.MethodPost, "http://"+s.http+"/", strings.NewReader(it.body), fields...); a.status == 200 {
					stored[i] = it
				} else if it.kind != "application/json" {
					t.Errorf("%q as %s: %d", clip(it.body), it.kind, a.status)
				}
			}
			if len(stored) < len(sent)/2 {
				t.Fatalf("%d of %d stored", len(stored), len(sent))
			}
			var mu sync.Mutex
			came := map[string]string{}
			app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				came[r.Header.Get("X-Webhook-Event-Id")] = string(body)
			}))
			defer app.Close()
			files := storedFiles(t, s.path("events"))
			s.webhook(0, append([]string{"replay", "--as", "original", "--to", app.URL}, files...)...)
			for i, it := range stored {
				id := fmt.Sprint(i)
				if came[id] != it.body {
					t.Errorf("%q, %s %s, came back as %q", clip(it.body), it.kind, it.coding, clip(came[id]))
				}
				if i%20 == 0 {
					if out, _ := s.webhook(0, append([]string{"show", id, "--as", "body"}, files...)...); out != it.body {
						t.Errorf("%q, %s %s, is shown as %q", clip(it.body), it.kind, it.coding, clip(out))
					}
				}
			}
		})
	}
}

// TestDedupeOverAKill: what was acknowledged is known after the process was killed, and
// what came before is stored once.
func TestDedupeOverAKill(t *testing.T) {
	t.Parallel()
	s := start(t, site("provider cloudevents", "dedupe 1h", "output file {$DIR}/events/events.jsonl {\nroll_size 2KiB\nroll_compress zstd\n}"))
	const n = 30
	send := func() {
		t.Helper()
		for i := range n {
			s.post(`{"a":1}`, fmt.Sprintf("Ce-Id: %d", i), "Ce-Type: t").want(t, 200)
		}
	}
	send()
	for range 2 {
		s.kill()
		before := len(s.entries(read1h))
		s.start()
		eventually(t, "what was stored is read", func() error {
			if len(s.entries(read1h)) == before {
				return fmt.Errorf("no line in the log")
			}
			return nil
		})
		send()
	}
	count := 0
	for _, name := range storedFiles(t, s.path("events")) {
		text, err := unpacked(name)
		if err != nil {
			t.Fatal(err)
		}
		count += strings.Count(text, "\n")
	}
	if count != n {
		t.Errorf("%d stored, want %d", count, n)
	}
}

func read1h(e logEntry) bool { return e.field("msg") == "what was stored before was read for dedupe" }

// TestSecretsAreNotStored sends secrets wherever requests have them.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	s := start(t, site("provider gitlab", "secret canary0", "headers all", "output file {$DIR}/events.jsonl", "output log"))
	canaries := map[string]string{
		"X-Gitlab-Token": "canary0", "Authorization": "Bearer canary1", "Cookie": "a=canary2", "X-Api-Key": "canary3", "X-Auth-Thing": "canary4",
		"X-Secret": "canary5", "X-Password-Hash": "canary6", "Proxy-Authorization": "canary7", "X-Csrf-Token": "canary8",
	}
	var fields []string
	for name, value := range canaries {
		fields = append(fields, name+": "+value)
	}
	s.postTo("/?token=canary9&canary10&a=canary11", `{"object_kind":"push"}`, fields...).want(t, 200)
	text, err := os.ReadFile(s.path("events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	id := s.newestIn("events.jsonl")
	for _, as := range []string{"event", "request", "curl"} {
		out, notes := s.webhook(0, "show", id, s.path("events.jsonl"), "--as", as)
		text = append(append(text, out...), notes...)
	}
	text = append(text, s.log()...)
	if i := bytes.Index(text, []byte("canary")); i >= 0 {
		t.Errorf("a secret is in …%s…", text[max(0, i-100):min(len(text), i+20)])
	}
	for _, e := range s.entries(func(e logEntry) bool { return e.field("msg") == "event" }) {
		if e.field("httpheaders") != "" || e.field("verification") != "token" {
			t.Errorf("logged: %v", e)
		}
	}
}

// storedFiles returns the paths of all files in a directory.
func storedFiles(t *testing.T, dir string) (paths []string) {
	t.Helper()
	for _, name := range eventFiles(t, dir) {
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths
}
