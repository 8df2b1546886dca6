package webhookreceiver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// receiver is a provisioned handler behind a real listener.
type receiver struct {
	*Handler
	*httptest.Server
	file string // of the output, unless the options name another
	logs *observer.ObservedLogs
	ctx  atomic.Pointer[context.Context] // of the request being handled
	repl atomic.Pointer[caddy.Replacer]  // of the last request that was handled
}

// newReceiver serves a handler with the given Caddyfile options.
func newReceiver(t *testing.T, options string) *receiver {
	t.Helper()
	rc := &receiver{file: filepath.Join(t.TempDir(), "events.jsonl")}
	if !strings.Contains(options, "output ") {
		options += "\noutput file " + rc.file
	}
	rc.Handler = provision(t, options)
	core, logs := observer.New(zapcore.DebugLevel)
	rc.logs = logs
	rc.Handler.logger = zap.New(core).With(zap.String("receiver", rc.Handler.name))
	for _, o := range rc.Handler.outputs {
		o.logger = zap.New(core)
	}
	rc.Server = httptest.NewServer(rc)
	t.Cleanup(rc.Server.Close)
	return rc
}

// provision returns a handler as Caddy would load it from a Caddyfile.
func provision(t testing.TB, options string) *Handler {
	t.Helper()
	h, err := load(t, options)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func load(t testing.TB, options string) (*Handler, error) {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
	if !strings.Contains(options, "verify_token") && !strings.Contains(options, "provider ") {
		options += "\nverify_token sesame"
	}
	var adapted Handler
	if err := adapted.UnmarshalCaddyfile(caddyfile.NewTestDispenser("webhook_receiver {\n" + options + "\n}")); err != nil {
		return nil, err
	}
	config, err := json.Marshal(adapted)
	if err != nil {
		t.Fatal(err)
	}
	return loadJSON(t, string(config))
}

func loadJSON(t testing.TB, config string) (*Handler, error) {
	t.Helper()
	base := caddy.Context{Context: context.Background()}
	var asks Handler
	if json.Unmarshal([]byte(config), &asks) == nil {
		if row, err := asks.row(); err == nil && row.LearnsSecret() {
			base = withStorage()
		}
	}
	ctx, cancel := caddy.NewContext(base)
	t.Cleanup(cancel)
	h, err := ctx.LoadModuleByID("http.handlers.webhook_receiver", json.RawMessage(config))
	if err != nil {
		cancel() // as Caddy does, which cleans up what was provisioned
		return nil, err
	}
	return h.(*Handler), nil
}

// withStorage returns the context of a config that has a storage, in which nothing is.
var withStorage = sync.OnceValue(func() caddy.Context {
	ctx, err := caddy.ProvisionContext(&caddy.Config{StorageRaw: json.RawMessage(`{"module":"file_system","root":"testdata/nothing"}`)})
	if err != nil {
		panic(err)
	}
	return ctx
})

// ServeHTTP does what Caddy's server does around a handler.
func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repl := caddy.NewReplacer()
	ctx := r.Context()
	rc.ctx.Store(&ctx)
	r = caddyhttp.PrepareRequest(r, repl, w, &caddyhttp.Server{})
	err := rc.Handler.ServeHTTP(w, r, nil)
	rc.repl.Store(repl)
	if e, ok := err.(caddyhttp.HandlerError); ok {
		w.WriteHeader(e.StatusCode)
	} else if err != nil {
		panic(err)
	}
}

// raw sends bytes over a connection of its own and returns the answer. The
// connection stays open.
func (rc *receiver) raw(t *testing.T, request string) (*http.Response, net.Conn) {
	t.Helper()
	conn := dial(t, rc)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return answer(t, conn), conn
}

func dial(t *testing.T, rc *receiver) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", rc.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

func closeWrite(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, conn net.Conn) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return resp
}

// post sends an event and returns the status of the answer.
func (rc *receiver) post(t *testing.T, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, rc.URL+"/webhooks", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || len(b) > 0 {
		t.Errorf("the answer to an event has the body %q (%v), want none", b, err)
	}
	return resp
}

// lines returns the lines in the file.
func lines(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		t.Fatalf("%s does not end with a line feed", file)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// last returns the last event in the file, decoded, and its line.
func (rc *receiver) last(t *testing.T) (event map[string]any, line string) {
	t.Helper()
	all := lines(t, rc.file)
	if len(all) == 0 {
		t.Fatal("nothing is stored")
	}
	line = all[len(all)-1]
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber() // 1e400 is a JSON number, but no float64
	if err := d.Decode(&event); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return event, line
}

func init() {
	caddy.RegisterModule(testOutput{})
}

// testOutput is an output as somebody else would write one.
type testOutput struct {
	Name string `json:"name,omitempty"`
}

// testStores says what the testOutputs do with an event, by name.
var testStores = map[string]func(context.Context, *Event) error{}

func (testOutput) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.test",
		New: func() caddy.Module { return new(testOutput) },
	}
}

func (o *testOutput) Store(ctx context.Context, event *Event) error {
	return testStores[o.Name](ctx, event)
}

func (o *testOutput) Durable() bool { return true }

func (o *testOutput) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.AllArgs(&o.Name) {
		return d.ArgErr()
	}
	return nil
}

var (
	_ Output                = (*testOutput)(nil)
	_ caddyfile.Unmarshaler = (*testOutput)(nil)
)

// eventually fails unless the condition comes true.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}

func logged(logs *observer.ObservedLogs, level zapcore.Level, message string) int {
	n := 0
	for _, entry := range logs.FilterMessage(message).All() {
		if entry.Level == level {
			n++
		}
	}
	return n
}

func text(logs *observer.ObservedLogs) string {
	var b strings.Builder
	for _, entry := range logs.All() {
		fmt.Fprintln(&b, entry.Message, entry.ContextMap())
	}
	return b.String()
}
