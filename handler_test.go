package webhookreceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/intake"
)

const sample = `{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963,"Events":[{"Ticket":{"Status":"pending"}}]}`

func TestEventIsStored(t *testing.T) {
	rc := newReceiver(t, "")
	if resp := rc.post(t, sample); resp.StatusCode != 200 || resp.Close {
		t.Fatalf("status %d, close %v", resp.StatusCode, resp.Close)
	}
	event, line := rc.last(t)
	if event["type"] != "ticket_status_change" || event["subject"] != "4478963" {
		t.Errorf("type %v, subject %v", event["type"], event["subject"])
	}
	if !strings.HasSuffix(line, `"data":`+sample+"}") {
		t.Errorf("the data are not the last member, as sent: %s", line)
	}
}

// TestAnswers has the table of answers to events, except those that take a
// connection of their own.
func TestAnswers(t *testing.T) {
	rc := newReceiver(t, "max_body_size 1KiB")
	compress := func(coding, body string) string { return compressed(t, coding, body) }
	padded := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	flipped := []byte(compress("gzip", sample))
	flipped[len(flipped)-5] ^= 1 // in the checksum

	for name, c := range map[string]struct {
		body, coding string
		status       int
	}{
		"an event":                          {sample, "", 200},
		"a number":                          {"1", "", 200},
		"white space around it":             {" \n" + sample + "\r\n", "", 200},
		"a byte order mark":                 {"\ufeff" + sample, "", 200},
		"identity":                          {sample, "identity", 200},
		"gzip":                              {compress("gzip", sample), "gzip", 200},
		"gzip in other case":                {compress("gzip", sample), " GZip ", 200},
		"gzip in two members":               {compress("gzip", sample[:20]) + compress("gzip", sample[20:]), "gzip", 200},
		"zstd":                              {compress("zstd", sample), "zstd", 200},
		"zstd in two frames":                {compress("zstd", sample[:20]) + compress("zstd", sample[20:]), "zstd", 200},
		"the largest body":                  {padded(1024), "", 200},
		"too large a body":                  {padded(1025), "", 413},
		"the largest decoded body":          {compress("gzip", padded(1024)), "gzip", 200},
		"too large when decoded":            {compress("gzip", padded(1025)), "gzip", 413},
		"too large when decoded, zstd":      {compress("zstd", padded(1025)), "zstd", 413},
		"a bomb":                            {compress("gzip", strings.Repeat(" ", 100<<10)), "gzip", 413},
		"a window of 16 MiB":                {"\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00", "zstd", 413},
		"br":                                {sample, "br", 415},
		"deflate":                           {sample, "deflate", 415},
		"x-gzip":                            {compress("gzip", sample), "x-gzip", 415},
		"two codings":                       {compress("gzip", compress("gzip", sample)), "gzip, gzip", 415},
		"too large, and br":                 {padded(1025), "br", 413},
		"not gzip":                          {sample, "gzip", 400},
		"not zstd":                          {sample, "zstd", 400},
		"nothing, as gzip":                  {"", "gzip", 400},
		"cut gzip":                          {compress("gzip", sample)[:50], "gzip", 400},
		"cut zstd":                          {compress("zstd", sample)[:50], "zstd", 400},
		"gzip with more behind it":          {compress("gzip", sample) + "more", "gzip", 400},
		"zstd with more behind it":          {compress("zstd", sample) + "more", "zstd", 400},
		"gzip with a wrong checksum":        {string(flipped), "gzip", 400},
		"nothing":                           {"", "", 400},
		"gzip of nothing":                   {compress("gzip", ""), "gzip", 400},
		"zstd of nothing":                   {compress("zstd", ""), "zstd", 400},
		"white space":                       {" \n", "", 400},
		"a byte order mark alone":           {"\ufeff", "", 400},
		"not JSON":                          {"EventType=x", "", 400},
		"two values":                        {sample + sample, "", 400},
		"half an event":                     {sample[:40], "", 400},
		"not UTF-8":                         {"\"\xff\"", "", 400},
		"UTF-16":                            {"\xff\xfe{\x00}\x00", "", 400},
		"a NUL behind it":                   {sample + "\x00", "", 400},
		"gzip of what is not JSON":          {compress("gzip", "x"), "gzip", 400},
		"gzip, but it is not said":          {compress("gzip", sample), "", 400},
		"an event, with a Content-Encoding": {sample, "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(lines(t, rc.file))
			var headers []string
			if c.coding != "" {
				headers = []string{"Content-Encoding", c.coding}
			}
			resp := rc.post(t, c.body, headers...)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d", resp.StatusCode, c.status)
			}
			stored := len(lines(t, rc.file)) - before
			if want := map[bool]int{true: 1}[c.status == 200]; stored != want {
				t.Errorf("%d events stored, want %d", stored, want)
			}
		})
	}

	deep := strings.Repeat("[", 9001) + strings.Repeat("]", 9001)
	rc = newReceiver(t, "")
	if resp := rc.post(t, deep); resp.StatusCode != 400 {
		t.Errorf("9,001 levels: status %d, want 400", resp.StatusCode)
	}
	if resp := rc.post(t, deep[1:len(deep)-1]); resp.StatusCode != 200 {
		t.Errorf("9,000 levels: status %d, want 200", resp.StatusCode)
	}
	if resp := rc.post(t, sample, "Content-Encoding", "gzip", "Content-Encoding", "gzip"); resp.StatusCode != 415 {
		t.Errorf("two headers: status %d, want 415", resp.StatusCode)
	}
}

func TestOtherMethods(t *testing.T) {
	rc := newReceiver(t, "")
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "PROPFIND"} {
		req, _ := http.NewRequest(method, rc.URL+"/?challenge=1&verifyToken=sesame", nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: status %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

// TestEarlyAnswers shows that an answer that needs no more of the body leaves
// at once, though the sender has stalled, and that the connection ends soon.
func TestEarlyAnswers(t *testing.T) {
	rc := newReceiver(t, "max_body_size 1KiB\ntimeout 15s")
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"a wrong method":               {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx", 405},
		"too large a body":             {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\n\r\nx", 413},
		"too large, waiting to go on":  {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n", 413},
		"too large in chunks":          {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" + strings.Repeat("x", 1025) + "\r\n", 413},
		"an unknown coding":            {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\nContent-Encoding: br\r\n\r\nx", 415},
		"an unknown coding, waiting":   {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nContent-Encoding: br\r\nExpect: 100-continue\r\n\r\n", 415},
		"a chunk that is none":         {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		"a wrong token, with a body":   {"GET /?challenge=1&verifyToken=x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", 403},
		"an HTTP/1.0 one, too large":   {"POST / HTTP/1.0\r\nContent-Length: 1025\r\n\r\nx", 413},
		"far more than the end of it":  {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nx", 413},
		"a wrong method, chunked body": {"DELETE / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			resp, conn := rc.raw(t, c.request)
			_, _ = io.Copy(io.Discard, conn) // until it ends
			if resp.StatusCode != c.status || !resp.Close {
				t.Errorf("status %d, close %v: want %d, and the connection closed", resp.StatusCode, resp.Close, c.status)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the answer and the connection's end took %s", took)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(lines(t, rc.file)); n > 0 {
			t.Errorf("%d events stored", n)
		}
	})
}

func TestConnectionStaysOpenAfterWholeBody(t *testing.T) {
	rc := newReceiver(t, "")
	for body, status := range map[string]int{sample: 200, "no": 400} {
		resp, _ := rc.raw(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		if resp.StatusCode != status || resp.Close {
			t.Errorf("status %d, close %v: want %d and an open connection", resp.StatusCode, resp.Close, status)
		}
	}
}

func TestTimeoutOfBody(t *testing.T) {
	const timeout = 300 * time.Millisecond
	rc := newReceiver(t, "timeout 300ms")
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", len(sample))
	for name, drip := range map[string]bool{"stalled": false, "dripping": true} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			stop := make(chan struct{})
			defer close(stop)
			conn := dial(t, rc)
			go func() {
				_, _ = io.WriteString(conn, head)
				for i := 0; drip && i < len(sample)-1; i++ {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
					_, _ = io.WriteString(conn, sample[i:i+1])
				}
			}()
			resp := answer(t, conn)
			if resp.StatusCode != 408 || !resp.Close {
				t.Errorf("status %d, close %v: want 408, and the connection closed", resp.StatusCode, resp.Close)
			}
			if took := time.Since(start); took < timeout || took > timeout+2*time.Second {
				t.Errorf("the answer took %s, want %s", took, timeout)
			}
		})
	}
	if n := len(lines(t, rc.file)); n > 0 {
		t.Errorf("%d events stored", n)
	}
}

func TestCutBodyIsNotStored(t *testing.T) {
	rc := newReceiver(t, "")
	conn := dial(t, rc)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n12") // a valid JSON text so far
	closeWrite(t, conn)
	if resp := answer(t, conn); resp.StatusCode != 400 {
		t.Errorf("status %d, want 400", resp.StatusCode)
	}
	if n := len(lines(t, rc.file)); n > 0 {
		t.Errorf("%d events stored", n)
	}
}

// TestDeadlineDoesNotDisturbStoring has an event stored when the deadline of
// the body would have passed, after its sender has gone, too.
// TestLengthIsChecked: it is not left to the server that a body is as long as its
// sender has said.
func TestLengthIsChecked(t *testing.T) {
	rc := newReceiver(t, "")
	for _, test := range []struct {
		length int64
		body   string
		status int
	}{
		{int64(len(sample)), sample, 200},
		{-1, sample, 200},
		{int64(len(sample)) + 1, sample, 400},
		{int64(len(sample)) - 1, sample, 400},
		{5 << 20, sample, 400},
		{0, sample, 400},
		{0, "", 400},
		{100, "", 400},
		{-1, "", 400},
	} {
		before := len(lines(t, rc.file))
		r := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(test.body))
		r.ContentLength, r.ProtoMajor = test.length, 3
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%d promised, %d sent: status %d, want %d", test.length, len(test.body), w.Code, test.status)
		}
		if stored := len(lines(t, rc.file)) - before; (stored == 1) != (test.status == 200) {
			t.Errorf("%d promised, %d sent: %d stored", test.length, len(test.body), stored)
		}
	}
}

func TestDeadlineDoesNotDisturbStoring(t *testing.T) {
	rc := newReceiver(t, "output test slow\ntimeout 1s")
	entered, leave := make(chan struct{}), make(chan struct{})
	testStores["slow"] = func(ctx context.Context, _ *Event) error {
		close(entered)
		<-leave
		return ctx.Err()
	}
	conn := dial(t, rc)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1")
	<-entered
	conn.Close()
	<-(*rc.ctx.Load()).Done() // net/http has noticed
	close(leave)
	eventually(t, "the request ends", func() bool { return rc.repl.Load() != nil })
	if n := logged(rc.logs, zapcore.ErrorLevel, "events are not being stored"); n > 0 {
		t.Error("the request was cancelled while it was being stored: " + text(rc.logs))
	}
}

func TestTimeoutOfOutput(t *testing.T) {
	rc := newReceiver(t, "output test hangs\ntimeout 300ms")
	testStores["hangs"] = func(ctx context.Context, _ *Event) error {
		<-ctx.Done()
		return ctx.Err()
	}
	start := time.Now()
	resp := rc.post(t, sample)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || resp.Close {
		t.Errorf("status %d, Retry-After %q, close %v", resp.StatusCode, resp.Header.Get("Retry-After"), resp.Close)
	}
	if took := time.Since(start); took < 300*time.Millisecond || took > 2*time.Second {
		t.Errorf("the answer took %s, want 300ms", took)
	}
}

func TestOutputs(t *testing.T) {
	var fail error
	stored := make(chan string, 10)
	testStores["a"] = func(_ context.Context, e *Event) error {
		stored <- string(e.AppendJSON(nil))
		return fail
	}
	testStores["b"] = func(context.Context, *Event) error { return fail }
	testStores["panics"] = func(context.Context, *Event) error { panic("oh") }

	rc := newReceiver(t, "output test a\noutput test b")
	if resp := rc.post(t, sample); resp.StatusCode != 200 {
		t.Fatalf("status %d", resp.StatusCode)
	}
	mustContain(t, <-stored, `"type":"ticket_status_change"`, `"data":`+sample+"}")
	for range 3 {
		fail = errors.New("no room in /dev/null")
		if resp := rc.post(t, sample); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("a failing output: status %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	fail = nil
	for range 3 {
		if resp := rc.post(t, sample); resp.StatusCode != 200 {
			t.Errorf("recovered: status %d", resp.StatusCode)
		}
	}
	// Both outputs failed and recovered.
	if n := logged(rc.logs, zapcore.ErrorLevel, "events are not being stored"); n != 2 {
		t.Errorf("%d failures logged, want one per output", n)
	}
	if n := logged(rc.logs, zapcore.InfoLevel, "events are being stored again"); n != 2 {
		t.Errorf("%d recoveries logged, want one per output", n)
	}
	mustContain(t, text(rc.logs), "no room in /dev/null", "output test")

	rc = newReceiver(t, "output test panics")
	if resp := rc.post(t, sample); resp.StatusCode != 503 {
		t.Errorf("a panic: status %d, want 503", resp.StatusCode)
	}
}

func TestTooMuchAtOnce(t *testing.T) {
	rc := newReceiver(t, "")
	var hog intake.Lease
	hog.Begin(intake.Memory, nil, time.Time{})
	defer hog.Release()
	_ = hog.Complete()
	limit, _ := intake.Memory.Usage()
	if err := hog.Take(limit - 100); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	resp, _ := rc.raw(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !resp.Close {
		t.Errorf("status %d, Retry-After %q, close %v", resp.StatusCode, resp.Header.Get("Retry-After"), resp.Close)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the answer took %s", took)
	}
	hog.Release()
	if resp := rc.post(t, sample); resp.StatusCode != 200 {
		t.Errorf("afterwards: status %d", resp.StatusCode)
	}
	eventually(t, "all memory is given back", func() bool {
		_, used := intake.Memory.Usage()
		return used == 0
	})
}

func TestSource(t *testing.T) {
	rc := newReceiver(t, "")
	for path, want := range map[string]string{
		"/webhooks":            "/webhooks",
		"/webhooks?a=b":        "/webhooks",
		"/":                    "/",
		"/a%2Fb%20c/%E6%97%A5": "/a%2Fb%20c/%E6%97%A5",
		"//x/../y":             "//x/../y",
	} {
		resp, _ := rc.raw(t, "POST "+path+" HTTP/1.1\r\nHost: Hooks.example:8443\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nContent-Length: 1\r\n\r\n1")
		if resp.StatusCode != 200 {
			t.Fatalf("%s: status %d", path, resp.StatusCode)
		}
		if event, _ := rc.last(t); event["source"] != "http://Hooks.example:8443"+want {
			t.Errorf("%s: source %v, want %s", path, event["source"], want)
		}
	}

	// The last request's source is remembered, for requests with the same URL.
	for _, url := range []string{"a.example/x/y", "a.example/x/y", "a.example/x%2Fy", "b.example/x%2Fy", "b.example/x/y"} {
		host, path, _ := strings.Cut(url, "/")
		rc.raw(t, "POST /"+path+" HTTP/1.1\r\nHost: "+host+"\r\nContent-Length: 1\r\n\r\n1")
		if event, _ := rc.last(t); event["source"] != "http://"+url {
			t.Errorf("source %v, want http://%s", event["source"], url)
		}
	}

	// What is no host is left out.
	rc.raw(t, "POST /w HTTP/1.1\r\nHost: [::1\r\nContent-Length: 1\r\n\r\n1")
	if event, _ := rc.last(t); event["source"] != "http:///w" {
		t.Errorf("source %v, want one without a host", event["source"])
	}

	rc = newReceiver(t, "public_url https://hooks.example.com/socialboards?x=1")
	rc.post(t, sample)
	if event, _ := rc.last(t); event["source"] != "https://hooks.example.com/socialboards?x=1" {
		t.Errorf("source %v, want the public URL", event["source"])
	}
}

func TestAttributesAndPlaceholders(t *testing.T) {
	rc := newReceiver(t, `
		attribute community {http.webhook_receiver.body.CommunityName}
		attribute status {http.webhook_receiver.body.Events.0.Ticket.Status}
		attribute number {http.webhook_receiver.body.TicketId}
		attribute what {http.webhook_receiver.event.type}/{http.webhook_receiver.event.subject}
		attribute digest {http.webhook_receiver.body_sha256}
		attribute agent {http.request.header.User-Agent}
		attribute missing {http.webhook_receiver.body.Nope}{http.webhook_receiver.nope}
		attribute nothing {http.webhook_receiver.body.Null}
		attribute object {http.webhook_receiver.body.Events}
		attribute surrogate {http.webhook_receiver.body.Half}
		attribute fixed "a b"`)
	rc.post(t, strings.Replace(sample, "{", `{"Null":null,"Half":"\ud800",`, 1), "User-Agent", "sender/1")
	event, _ := rc.last(t)
	for name, want := range map[string]any{
		"community": "yourCompany",
		"status":    "pending",
		"number":    "4478963",
		"what":      "ticket_status_change/4478963",
		"digest":    "1ed4843ada229ef98303079443d2b371f64819291a8a582fe1cb74a4cd10f0d0",
		"agent":     "sender/1",
		"missing":   nil,
		"nothing":   nil,
		"object":    nil,
		"surrogate": nil,
		"fixed":     "a b",
	} {
		if event[name] != want {
			t.Errorf("%s is %v, want %v", name, event[name], want)
		}
	}

	for _, control := range []string{"a\u0080b", "a\ufffeb", "a\xffb", strings.Repeat("x", 1025)} {
		rc.post(t, sample, "User-Agent", control)
		if event, _ := rc.last(t); event["agent"] != nil {
			t.Errorf("%.10q became an attribute", control)
		}
	}

	// Access logs read the placeholders after the handler has returned.
	rc.post(t, compressed(t, "gzip", sample), "Content-Encoding", "gzip")
	event, _ = rc.last(t)
	repl := rc.repl.Load()
	for placeholder, want := range map[string]any{
		"event.id":                    event["id"],
		"event.type":                  "ticket_status_change",
		"event.subject":               "4478963",
		"body.EventType":              "ticket_status_change",
		"body.Events.0.Ticket":        "",
		"body.Events.0.Ticket.Status": "pending",
		"body.Events.1":               "",
		"body.eventtype":              "",
		"body_sha256":                 event["digest"],
	} {
		if got := repl.ReplaceAll("{http.webhook_receiver."+placeholder+"}", ""); got != want {
			t.Errorf("{%s} is %q, want %q", placeholder, got, want)
		}
	}
}

func TestTraceparent(t *testing.T) {
	h := provision(t, "output test trace")
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0x0a, 15: 1}, SpanID: trace.SpanID{0x0b, 7: 1}, TraceFlags: trace.FlagsSampled,
	})
	r, _ := http.NewRequestWithContext(trace.ContextWithSpanContext(context.Background(), span), "POST", "/", nil)
	d := newRequest(httptest.NewRecorder(), r, time.Now(), time.Minute)
	if err := h.setAttributes(d, caddy.NewReplacer()); err != nil {
		t.Fatal(err)
	}
	want := Attribute{Name: "traceparent", Value: "00-0a000000000000000000000000000001-0b00000000000001-01"}
	if len(d.event.Extensions) != 1 || d.event.Extensions[0] != want {
		t.Errorf("extensions %v, want %v", d.event.Extensions, want)
	}

	rc := newReceiver(t, "")
	rc.post(t, sample, "Traceparent", want.Value)
	if event, _ := rc.last(t); event["traceparent"] != nil {
		t.Error("a sender's traceparent was taken over though tracing is off")
	}
}

func compressed(t testing.TB, coding, body string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if coding == "zstd" {
		var err error
		if w, err = zstd.NewWriter(&b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
