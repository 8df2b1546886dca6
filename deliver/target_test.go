package deliver

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// load returns the target of a delivery in a Caddyfile.
func load(t *testing.T, caddyfileText string, fields http.Header) (*Target, error) {
	t.Helper()
	d := new(Delivery)
	c := caddyfile.NewTestDispenser(caddyfileText)
	c.Next()
	if err := d.UnmarshalCaddyfile(c); err != nil {
		return nil, err
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	return d.Provision(ctx, fields)
}

func mustLoad(t *testing.T, caddyfileText string, fields http.Header) *Target {
	t.Helper()
	target, err := load(t, caddyfileText, fields)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// got is a request as the application gets it.
type got struct {
	*http.Request
	body string
}

// application answers with what answer says.
func application(t *testing.T, answer http.HandlerFunc) (url string, requests chan got) {
	t.Helper()
	requests = make(chan got, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- got{r, string(body)}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func eventOf(t *testing.T, line string) *reader.Event {
	t.Helper()
	kind, e, err := reader.Parse(reader.Line{Text: []byte(line)})
	if kind != reader.Stored {
		t.Fatal(kind, err)
	}
	return e
}

const line = `{"specversion":"1.0","id":"e1","source":"https://hooks.example.com/in?x","type":"order.paid","subject":"7","time":"2026-11-26T01:02:03.000004Z","datacontenttype":"application/json","httpheaders":"[[\":method\",\"POST\"],[\":path\",\"/in?a=1&token=REDACTED\"],[\"Authorization\",\"REDACTED\"],[\"X-Signature\",\"s\"],[\"Webhook-Id\",\"old\"]]","data":{"a": 1}}`

func TestOriginal(t *testing.T) {
	url, requests := application(t, nil)
	target := mustLoad(t, "deliver "+url+"/app", http.Header{"X-Token": {"t"}})
	r := target.Send(context.Background(), eventOf(t, line), 3)
	if !r.Taken || r.Status != 200 {
		t.Fatalf("%+v", r)
	}
	g := <-requests
	if g.Method != "POST" || g.URL.String() != "/app?a=1" || g.body != `{"a": 1}` {
		t.Errorf("%s %s %q", g.Method, g.URL, g.body)
	}
	for name, want := range map[string]string{
		"X-Signature": "s", "X-Token": "t", "Authorization": "", "User-Agent": "", "Accept-Encoding": "", "Content-Type": "application/json", "Webhook-Id": "old",
		"X-Webhook-Event-Id": "e1", "X-Webhook-Received": "2026-11-26T01:02:03.000004Z", "X-Webhook-Attempt": "3", "X-Webhook-Depth": "1",
	} {
		if got := g.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCloudEvents(t *testing.T) {
	url, requests := application(t, nil)
	target := mustLoad(t, "deliver "+url+" {\nas cloudevents\nheader X-Type {http.webhook_receiver.event.type}\nheader -Ce-Source\n}", http.Header{"X-Token": {"t"}})
	if r := target.Send(context.Background(), eventOf(t, line), 1); !r.Taken {
		t.Fatalf("%+v", r)
	}
	g := <-requests
	for name, want := range map[string]string{
		"Ce-Id": "e1", "Ce-Type": "order.paid", "Ce-Source": "", "X-Type": "order.paid", "X-Token": "", "X-Webhook-Event-Id": "e1", "User-Agent": userAgent,
	} {
		if got := g.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSigned(t *testing.T) {
	url, requests := application(t, nil)
	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567"))
	target := mustLoad(t, "deliver "+url+" {\nsign whsec_"+key+"\n}", nil)
	if r := target.Send(context.Background(), eventOf(t, line), 1); !r.Taken {
		t.Fatalf("%+v", r)
	}
	g := <-requests
	if g.Header.Get("Webhook-Id") != "e1" || !strings.HasPrefix(g.Header.Get("Webhook-Signature"), "v1,") || g.Header.Get("Webhook-Timestamp") == "" {
		t.Errorf("%v", g.Header)
	}
}

func TestOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		want    string
		reached bool
		hold    time.Duration
	}{
		"400":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no\x1b[31m such", 400) }, "the application answered 400 Bad Request: no [31m such", true, 0},
		"redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "302 Found, a redirect, which is not followed", true, 0},
		"429": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		}, "429", true, 7 * time.Second},
		"500 with Retry-After": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(500)
		}, "500", true, 0},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer within 200ms", true, 0},
		"cut off":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := application(t, test.answer)
			r := mustLoad(t, "deliver "+url+" {\ntimeout 200ms\n}", nil).Send(context.Background(), eventOf(t, line), 1)
			if r.Taken || r.Reached != test.reached || r.Hold != test.hold || !strings.Contains(r.Reason, test.want) {
				t.Errorf("%+v", r)
			}
		})
	}
	r := mustLoad(t, "deliver http://127.0.0.1:1/", nil).Send(context.Background(), eventOf(t, line), 1)
	if r.Taken || r.Reached || r.Reason == "" {
		t.Errorf("connection refused: %+v", r)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errCanceled)
	if r := mustLoad(t, "deliver http://127.0.0.1:1/", nil).Send(ctx, eventOf(t, line), 1); !r.NotMade {
		t.Errorf("canceled: %+v", r)
	}
}

func TestUnixSocket(t *testing.T) {
	socket := t.TempDir() + "/app.sock"
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	target := mustLoad(t, "deliver unix/"+socket+":/hooks", nil)
	if r := target.Send(context.Background(), eventOf(t, line), 1); !r.Taken {
		t.Errorf("%+v", r)
	}
}
