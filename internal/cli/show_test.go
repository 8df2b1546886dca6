package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/recheck"
)

// testChecker knows the table of providers.
func testChecker(name, config string, secrets []string) (*recheck.Checker, error) {
	if name == "" || config != "" {
		return nil, errors.New("no such config")
	}
	row, err := provider.Named(name)
	if err != nil {
		return nil, err
	}
	c := new(recheck.Checker)
	return c, c.Add(recheck.Receiver{Row: row, Secrets: secrets})
}

// storedFrom returns the line of a request's event.
func storedFrom(t *testing.T, id, headers, contentType string, sent, decoded []byte, coded bool) string {
	t.Helper()
	e := &event.Event{ID: id, Source: "https://hooks.example.com/a%20b", Type: "t", Time: time.Date(2026, 11, 23, 17, 4, 58, 0, time.UTC)}
	if err := event.SetData(e, decoded, contentType, event.AcceptAny); err != nil {
		t.Fatal(err)
	}
	event.SetSent(e, sent, coded)
	if headers != "" {
		e.Extensions = []event.Attribute{{Name: event.HTTPHeaders, Value: headers}}
	}
	return string(event.CloudEventLine(e))
}

const pretty = "\ufeff{\r\n  \"a\": \"it's 'quoted' \\u0041 $HOME `x` \\\\ é\"\n}\n"

// storedRequests are lines of requests, by the ids of their events.
func storedRequests(t *testing.T) string {
	t.Helper()
	zipped := gzipped(t, []byte(pretty))
	return storedFrom(t, "1", `[[":method","POST"],[":path","/a%2520b?x=[1]&t=REDACTED&REDACTED"],["Authorization","REDACTED"],["Connection","X-Hop"],["Content-Length","7"],`+
		`["User-Agent","S/1 'x' %25%FF"],["X-Empty",""],["X-Hop","1"],["X-Two","b"],["X-Two","a"]]`, "application/json", []byte(pretty), []byte(pretty), false) +
		storedFrom(t, "2", "", "text/plain", []byte("a\x00b\x1b[31m\n"), []byte("a\x00b\x1b[31m\n"), false) +
		storedFrom(t, "3", "", "", zipped, []byte(pretty), true) +
		storedFrom(t, "4", "a config's own", "application/octet-stream", []byte("\xff\n"), []byte("\xff\n"), false) +
		storedFrom(t, "5", "", "text/plain", bytes.Repeat([]byte("'x' "), 40_000), bytes.Repeat([]byte("'x' "), 40_000), false) +
		`{"specversion":"1.0","id":"old","source":"http://h/p?q=1","type":"t","time":"2026-11-23T17:04:58Z","datacontenttype":"application/json","data":{  "a":1 }}` + "\n"
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped.Bytes()
}

// bodies are those of storedRequests, as they were sent.
func bodies(t *testing.T) map[string]string {
	return map[string]string{
		"1": pretty, "2": "a\x00b\x1b[31m\n", "3": string(gzipped(t, []byte(pretty))), "4": "\xff\n", "5": strings.Repeat("'x' ", 40_000), "old": `{  "a":1 }`,
	}
}

func TestShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(file, []byte(storedRequests(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for id, want := range bodies(t) {
		out, notes, err := webhook("show", id, file, "--as", "body")
		if err != nil || out != want || notes != "" {
			t.Errorf("body of %s: %q (%v), want %q", id, out, err, want)
		}
		out, _, err = webhook("show", id, file, "--as", "request")
		if head, body, _ := strings.Cut(out, "\r\n\r\n"); err != nil || body != want || !strings.HasPrefix(head, "POST ") {
			t.Errorf("request of %s: %q (%v)", id, out, err)
		}
	}
	out, _, _ := webhook("show", "1", file, "--as", "request")
	if head, _, _ := strings.Cut(out, "\r\n\r\n"); head != "POST /a%20b?x=[1]&t=REDACTED&REDACTED HTTP/1.1\r\nHost: hooks.example.com\r\nAuthorization: REDACTED\r\nConnection: X-Hop\r\n"+
		"Content-Length: 54\r\nContent-Type: application/json\r\nUser-Agent: S/1 'x' %\xff\r\nX-Empty: \r\nX-Hop: 1\r\nX-Two: b\r\nX-Two: a" {
		t.Errorf("%q", head)
	}
	out, _, err := webhook("show", "1", file)
	if err != nil || !strings.Contains(out, "\n  \"data\": {\n    \"a\": \"it's 'quoted' \\u0041 $HOME") {
		t.Errorf("%s (%v)", out, err)
	}
	if _, _, err := webhook("show", "none", file); err == nil || !strings.Contains(err.Error(), "no event with the id none") {
		t.Errorf("%v", err)
	}
	if _, _, err := webhook("show", "1", file, "--as", "json"); err == nil || !strings.Contains(err.Error(), "event, body, request or curl") {
		t.Errorf("%v", err)
	}
}

// TestShowNewest: of several events with one id it is the newest.
func TestShowNewest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	var text string
	for _, second := range []string{"1", "3", "2"} {
		text += `{"specversion":"1.0","id":"1","source":"/","type":"t","time":"2026-11-23T17:04:0` + second + `Z","data":` + second + "}\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, notes, err := webhook("show", "1", file, "--as", "body")
	if err != nil || out != "3" || !strings.Contains(notes, "3 events") {
		t.Errorf("%q, %q (%v)", out, notes, err)
	}
}

// received is a request as an application gets it.
type received struct {
	method, uri, host, body string
	header                  http.Header
}

// application is a server that notes what it gets, and answers with a status.
func application(t *testing.T, status func(received) int) (*httptest.Server, chan received) {
	t.Helper()
	got := make(chan received, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		it := received{r.Method, r.RequestURI, r.Host, string(body), r.Header}
		got <- it
		w.WriteHeader(status(it))
	}))
	t.Cleanup(server.Close)
	return server, got
}

func always(status int) func(received) int { return func(received) int { return status } }

// TestCurlLeavesThePath as it was sent.
func TestCurlLeavesThePath(t *testing.T) {
	server, got := application(t, always(200))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	line := `{"specversion":"1.0","id":"1","source":"` + server.URL + `/a/../b/./c","type":"t","time":"2026-11-23T17:04:58Z","data":1}`
	if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command, _, err := webhook("show", "1", file, "--as", "curl")
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := exec.Command("sh", "-c", strings.Replace(command, "curl ", "curl -sS ", 1)).CombinedOutput(); err != nil {
		t.Fatalf("%s (%v)", answer, err)
	}
	if r := <-got; r.uri != "/a/../b/./c" {
		t.Errorf("%+v", r)
	}
}

// TestCurlGoesWhereTheSenderWent, where the receiver is behind a proxy with other paths.
func TestCurlGoesWhereTheSenderWent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	for source, want := range map[string]string{
		"https://example.com/public?a=b": "https://example.com/public?c=d", "https://example.com/a%20path": "https://example.com/a%20path?c=d",
	} {
		line := `{"specversion":"1.0","id":"1","source":"` + source + `","type":"t","time":"2026-11-23T17:04:58Z","httpheaders":"[[\":method\",\"POST\"],[\":path\",\"/a%2520path?c=d\"]]","data":1}`
		if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if command, _, err := webhook("show", "1", file, "--as", "curl"); err != nil || !strings.Contains(command, "--url '"+want+"'") {
			t.Errorf("%s: %s (%v)", source, command, err)
		}
	}
}

// TestShowCurl has a shell run the commands.
func TestShowCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal(err)
	}
	server, got := application(t, always(200))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	here := strings.NewReplacer("https://hooks.example.com", server.URL, "http://h/", server.URL+"/")
	if err := os.WriteFile(file, []byte(here.Replace(storedRequests(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	for id, want := range bodies(t) {
		command, notes, err := webhook("show", id, file, "--as", "curl")
		if err != nil {
			t.Fatal(err)
		}
		sh := exec.Command("sh")
		sh.Stdin = strings.NewReader(strings.ReplaceAll(command, "curl ", "curl -sS "))
		if answer, err := sh.CombinedOutput(); err != nil || len(answer) > 0 {
			t.Errorf("%s: %s (%v)", id, answer, err)
			continue
		}
		r := <-got
		if r.body != want || r.method != "POST" {
			t.Errorf("%s: %+v, want %q", id, r, want)
		}
		switch id {
		case "1":
			if r.uri != "/a%20b?x=[1]" || r.header.Get("User-Agent") != "S/1 'x' %\xff" || len(r.header["X-Two"]) != 2 || r.header["X-Empty"] == nil ||
				r.header.Get("Authorization") != "" || r.header.Get("Content-Type") != "application/json" || !strings.Contains(notes, "Authorization") {
				t.Errorf("%+v, %s", r, notes)
			}
		case "2":
			if r.header.Get("Content-Type") != "text/plain" || strings.Contains(command, "\x1b") {
				t.Errorf("%+v of %q", r, command)
			}
		case "3":
			if r.header.Get("Content-Encoding") != "gzip" {
				t.Errorf("%+v", r)
			}
		case "old":
			if r.uri != "/p?q=1" {
				t.Errorf("%+v", r)
			}
		}
	}
}

// TestReplayChangedLines: what somebody has changed is sent as it is, as an event; there is
// no request for it.
func TestReplayChangedLines(t *testing.T) {
	server, got := application(t, always(204))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	line := `{"specversion":"1.0","id":"1","source":"/","type":"t","time":"2026-11-23T17:04:58Z","datacontenttype":"application/json","bodysent":"|B||","data":[1]}` + "\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := webhook("replay", file, "--to", server.URL); err != nil || len(got) != 1 {
		t.Fatalf("%v after %d events", err, len(got))
	}
	if r := <-got; r.body != "[1]" {
		t.Errorf("%+v", r)
	}
	if _, _, err := webhook("replay", file, "--to", server.URL, "--as", "original"); err == nil || !strings.Contains(err.Error(), "not as it was stored") || len(got) != 0 {
		t.Errorf("%v after %d events", err, len(got))
	}
}

func TestReplayOriginal(t *testing.T) {
	server, got := application(t, always(204))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(file, []byte(storedRequests(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, notes, err := webhook("replay", file, "--to", server.URL+"/app", "--as", "original", "--header", "authorization: Bearer x", "--header", "X-Two:c")
	if err != nil {
		t.Fatalf("%v %s", err, notes)
	}
	want := bodies(t)
	for _, id := range []string{"1", "2", "3", "4", "5", "old"} {
		r := <-got
		if r.body != want[id] || r.header.Get("X-Webhook-Event-Id") != id || r.header.Get("X-Webhook-Attempt") != "1" ||
			r.header.Get("X-Webhook-Received") != "2026-11-23T17:04:58Z" || r.header.Get("Authorization") != "Bearer x" || r.header.Get("X-Two") != "c" {
			t.Errorf("%s: %+v", id, r)
		}
		if id == "1" && (r.uri != "/app?x=[1]" || r.header.Get("X-Hop") != "" || r.header.Get("User-Agent") != "S/1 'x' %\xff" || r.host != strings.TrimPrefix(server.URL, "http://")) {
			t.Errorf("%+v", r)
		}
		if id == "3" && r.header.Get("Content-Encoding") != "gzip" || id == "old" && r.header.Get("User-Agent") != "" {
			t.Errorf("%+v", r)
		}
	}
	for _, bad := range [][]string{{"--as", "raw"}, {"--header", "secret"}, {"--header", "a b: secret"}, {"--header", "a: secret\r\nb: c"}} {
		if _, _, err := webhook(append([]string{"replay", file, "--to", server.URL}, bad...)...); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestReplayBinary: in binary mode the decoded body goes untouched, and what it
// does not need is left out.
func TestReplayBinary(t *testing.T) {
	server, got := application(t, always(200))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	long := `[[":method","POST"],[":path","/"],["X-Long","` + strings.Repeat("x", 4<<10) + `"]]`
	lines := storedFrom(t, "1", `[[":method","POST"],[":path","/"]]`, "", []byte(pretty), []byte(pretty), false) +
		storedFrom(t, "2", long, "", gzipped(t, []byte(pretty)), []byte(pretty), true)
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, notes, err := webhook("replay", file, "--to", server.URL); err != nil {
		t.Fatalf("%v %s", err, notes)
	}
	one, two := <-got, <-got
	if one.body != pretty || two.body != pretty || one.header.Get("Ce-Httpheaders") == "" || two.header.Get("Ce-Httpheaders") != "" ||
		one.header.Get("Ce-Bodysent") != "" || two.header.Get("Ce-Bodysent") != "" || two.header.Get("Content-Encoding") != "" {
		t.Errorf("%+v\n%+v", one, two)
	}
}

func TestReplayDeadLetters(t *testing.T) {
	dir := t.TempDir()
	file, dead, state := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "events.app.dead.jsonl"), filepath.Join(dir, "state")
	server, got := application(t, func(r received) int {
		if r.header.Get("X-Webhook-Event-Id") == "2" {
			return 422
		}
		return 200
	})
	if err := os.WriteFile(file, []byte(storedRequests(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dead, []byte(`{"specversion":"1.0","id`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"replay", file, "--to", server.URL, "--as", "original", "--state", state}
	if _, _, err := webhook(args...); err == nil || len(got) != 2 {
		t.Errorf("%v after %d events", err, len(got))
	}
	args = append(args, "--dead-letter", dead)
	_, notes, err := webhook(args...)
	if err != nil || len(got) != 7 || !strings.Contains(notes, "1 event was refused, and is in "+dead) {
		t.Errorf("%v after %d events: %s", err, len(got), notes)
	}
	if _, notes, err := webhook(args...); err != nil || len(got) != 7 {
		t.Errorf("again: %v after %d events: %s", err, len(got), notes)
	}
	// It has the event as it was, and can be replayed, again into dead letters.
	text, err := os.ReadFile(dead)
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != 3 || !strings.Contains(lines[1], `"deadreason":"the target answered 422`) || !strings.Contains(lines[1], `"deadattempts":"1"`) || !strings.Contains(lines[1], `"deadtime":"20`) ||
		strings.Index(lines[1], `"deadtime"`) > strings.Index(lines[1], `"data"`) {
		t.Fatalf("%s (%v)", text, err)
	}
	if out, _, err := webhook("show", "2", dead, "--as", "body"); err != nil || out != bodies(t)["2"] {
		t.Errorf("%q (%v)", out, err)
	}
	again := filepath.Join(dir, "again.jsonl")
	if _, _, err := webhook("replay", dead, "--to", server.URL, "--as", "original", "--dead-letter", again); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(again); err != nil || strings.Count(string(text), "deadreason") != 1 {
		t.Errorf("%s (%v)", text, err)
	}
	if _, _, err := webhook("replay", dead, "--to", server.URL, "--dead-letter", dead); err == nil || !strings.Contains(err.Error(), "is one of the files") {
		t.Errorf("%v", err)
	}
}

// TestReplayLeavesSamplesOut, and types that are not wanted.
func TestReplayLeavesSamplesOut(t *testing.T) {
	server, got := application(t, always(200))
	file := filepath.Join(t.TempDir(), "events.jsonl")
	var text string
	for _, kind := range []string{"a", "webhook_receiver_test", "b"} {
		text += `{"specversion":"1.0","id":"` + kind + `","source":"/","type":"` + kind + `","data":1}` + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{"ab": nil, "webhook_receiver_test": {"--type", "webhook_receiver_test"}, "b": {"--exclude-type", "a"}} {
		if _, _, err := webhook(append([]string{"replay", file, "--to", server.URL}, args...)...); err != nil {
			t.Fatal(err)
		}
		ids := ""
		for len(got) > 0 {
			ids += (<-got).header.Get("Ce-Id")
		}
		if ids != want {
			t.Errorf("%q: %s", args, ids)
		}
	}
}

func TestVerify(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	// From https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
	const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	signed := storedFrom(t, "1", `[[":method","POST"],[":path","/"],["X-Hub-Signature-256","`+signature+`"]]`, "text/plain", []byte("Hello, World!"), []byte("Hello, World!"), false)
	text := signed + strings.Replace(signed, "Hello", "hello", 1) + storedFrom(t, "3", "", "", []byte("{}"), []byte("{}"), false)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, notes, err := webhook("verify", file, "--provider", "github", "--secret", "It's a Secret to Everybody")
	if err == nil || !strings.Contains(err.Error(), "1 event fits no secret") || !strings.Contains(notes, "event 1") {
		t.Errorf("%v %s", err, notes)
	}
	for _, want := range []string{"1 fit\n", "1 fit no secret\n", "1 can't be checked\n", "1   no header fields are stored with it"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if _, _, err := webhook("verify", file); err == nil || !strings.Contains(err.Error(), "--secret: is needed") {
		t.Errorf("%v", err)
	}
	t.Setenv("WEBHOOK_SECRET", "It's a Secret to Everybody")
	if out, _, _ := webhook("verify", file, "--provider", "github"); !strings.Contains(out, "1 fit\n") {
		t.Error(out)
	}
	if _, _, err := webhook("verify", file, "--provider", "github", "--config", "x"); err == nil {
		t.Error("both --provider and --config")
	}
}
