package inspector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestMain gives the inspector's key a place of its own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "inspector")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("XDG_DATA_HOME", dir)
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// site is an inspector that is served.
type site struct {
	t *testing.T
	h *Handler
	*httptest.Server
	client *http.Client
}

// The header fields by which tests say what an authentication before the inspector has found.
const (
	testUser  = "Test-User"
	testOther = "Test-Other"
)

// newSite serves an inspector, by plain HTTP.
func newSite(t *testing.T, h *Handler) *site {
	s := &site{t: t, h: h}
	s.provision()
	s.Server = httptest.NewServer(s.handler())
	t.Cleanup(s.Close)
	s.client = s.Client()
	return s
}

func (s *site) provision() {
	s.t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	s.t.Cleanup(cancel)
	if err := s.h.Provision(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.h.Cleanup() })
}

// handler has the inspector answer as Caddy would.
func (s *site) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repl := caddy.NewReplacer()
		r = caddyhttp.PrepareRequest(r, repl, w, nil)
		repl.Set("http.auth.user.id", r.Header.Get(testUser))
		repl.Set("http.reverse_proxy.header.Remote-User", r.Header.Get(testOther))
		err := s.h.ServeHTTP(w, r, nil)
		if handlerError, ok := err.(caddyhttp.HandlerError); ok {
			w.WriteHeader(handlerError.StatusCode)
		} else if err != nil {
			s.t.Errorf("%s: %v", r.URL, err)
		}
	})
}

func key(t *testing.T) string {
	t.Helper()
	key, err := inspectorkey.Get()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// response is an answer, read to its end.
type response struct {
	*http.Response
	body string
}

// do sends a request, as the page would: with the key, except for fields "Name: -", which are left out.
func (s *site) do(method, path, body string, fields ...string) response {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set(keyHeader, keyScheme+" "+key(s.t))
	if method == http.MethodPost {
		r.Header.Set(pageHeader, "1")
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		switch {
		case name == "Host":
			r.Host = value
		case value == "-":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response{resp, string(text)}
}

// ask asks for JSON, and fails the test unless it gets it.
func ask[T any](s *site, path string, question any) (answer T) {
	s.t.Helper()
	method, body := http.MethodGet, []byte(nil)
	if question != nil {
		method = http.MethodPost
		var err error
		if body, err = json.Marshal(question); err != nil {
			s.t.Fatal(err)
		}
	}
	got := s.do(method, "/api/"+path, string(body))
	decoder := json.NewDecoder(strings.NewReader(got.body))
	if err := decoder.Decode(&answer); err != nil || got.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %s, %v", path, got.StatusCode, got.body, err)
	}
	return answer
}

// events asks for events.
func (s *site) events(q map[string]any) list {
	s.t.Helper()
	return ask[list](s, "events", q)
}

func idsOf(events []summary) string {
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return strings.Join(ids, " ")
}

// stored is a file of receivers.
type stored struct {
	t    *testing.T
	path string
	n    int
}

// storesIn publishes receivers that store in a new file.
func storesIn(t *testing.T, names ...string) *stored { return storesAs(t, false, names) }

// storesRawIn is storesIn with a file of the format raw.
func storesRawIn(t *testing.T, names ...string) *stored { return storesAs(t, true, names) }

func storesAs(t *testing.T, raw bool, names []string) *stored {
	f := &stored{t: t, path: filepath.Join(t.TempDir(), "events.jsonl")}
	for _, name := range names {
		r := &status.Receiver{
			Name: name, Provider: "p", Loaded: time.Now(), InEffect: func() bool { return true }, Sites: func() []string { return []string{"https://" + name + ".example.com/" + t.Name()} },
			Outputs: []status.Output{{Name: "file", File: f.path, Raw: raw, Durable: true, Failing: func() bool { return false }}},
			Test:    func(context.Context) (string, error) { return "the sample event was stored", nil },
		}
		r.Counts = func() *status.Counts { return status.CountsOf(r) }
		t.Cleanup(status.Publish(r))
	}
	return f
}

// began is the time of the first event of a file.
var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// line is one of a file: attributes of an event, and its data.
func line(id string, at time.Time, attributes, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"s","time":%q,%s,"data":%s}`+"\n", id, at.Format(time.RFC3339Nano), attributes, data)
}

// add appends events of a receiver; the ids are its name and a number.
func (f *stored) add(receiver string, n int) {
	f.t.Helper()
	var text strings.Builder
	for range n {
		f.n++
		text.WriteString(line(fmt.Sprintf("%s%d", receiver, f.n), began.Add(time.Duration(f.n)*time.Second),
			fmt.Sprintf(`"type":"kind.%d","subject":"of %d","receiver":%q`, f.n%3, f.n, receiver), fmt.Sprintf(`{"n":%d}`, f.n)))
	}
	f.write(text.String())
}

func (f *stored) write(text string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// live reads a stream.
type live struct {
	t      *testing.T
	lines  chan string
	cancel context.CancelFunc
	resp   *http.Response
}

// stream opens one.
func (s *site) stream(fields ...string) *live {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/stream", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set(keyHeader, keyScheme+" "+key(s.t))
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Set(name, value)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &live{s.t, make(chan string, 1000), cancel, resp}
	go func() {
		defer close(l.lines)
		defer resp.Body.Close()
		var rest []byte
		buffer := make([]byte, 64<<10)
		for {
			n, err := resp.Body.Read(buffer)
			rest = append(rest, buffer[:n]...)
			for {
				i := bytes.IndexByte(rest, '\n')
				if i < 0 {
					break
				}
				l.lines <- string(rest[:i])
				rest = rest[i+1:]
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

// told is a message.
type told struct{ kind, id, data string }

// next returns the next message of a kind; ok is false if the stream has ended.
func (l *live) next(kinds ...string) (m told, ok bool) {
	l.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case text, ok := <-l.lines:
			if !ok {
				return told{}, false
			}
			name, value, _ := strings.Cut(text, ": ")
			switch {
			case text == "":
				for _, kind := range kinds {
					if m.kind == kind {
						return m, true
					}
				}
				m = told{}
			case name == "event":
				m.kind = value
			case name == "id":
				m.id = value
			case name == "data":
				m.data = value
			}
		case <-deadline:
			l.t.Fatalf("no message %v in time", kinds)
		}
	}
}

func decode[T any](t *testing.T, text string) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
