package deliver

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// stored returns an event of a request with these header fields, as pairs of JSON.
func stored(method, target, pairs, rest string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"e1","source":"https://hooks.example.com/in","type":"t","time":"2026-11-26T01:02:03Z","datacontenttype":"application/json","httpheaders":"[[\":method\",\"%s\"],[\":path\",\"%s\"]%s]"%s}`,
		method, target, strings.ReplaceAll(pairs, `"`, `\"`), rest)
}

// wire returns what is sent, to the byte, to an application that answers with what it is told.
func wire(t *testing.T, options, line string, fields http.Header, answer string) (request string, r Result) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		var seen strings.Builder
		req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &seen)))
		if err == nil {
			_, _ = io.Copy(io.Discard, req.Body)
		}
		_, _ = io.WriteString(conn, answer)
		if answer == "" {
			_, _ = io.Copy(io.Discard, conn) // says nothing
		}
		sent <- seen.String()
	}()
	path, block, _ := strings.Cut(options, " ")
	r = mustLoad(t, "deliver http://"+l.Addr().String()+path+" "+block, fields).Send(context.Background(), eventOf(t, line), 1)
	select {
	case request = <-sent:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was sent")
	}
	return request, r
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// TestNothingOfTheConnection: what belonged to the connection of the sender is not sent again, nor
// what was never stored.
func TestNothingOfTheConnection(t *testing.T) {
	request, r := wire(t, "/app", stored("POST", "/in?a=1&key=REDACTED&REDACTED&b=%252F", `,["Host","evil"],["Content-Length","99"],["Expect","100-continue"],["Connection","close, X-Hop, te"],["X-Hop","h"],["Te","trailers"],["Trailer","X"],["Transfer-Encoding","chunked"],["Upgrade","websocket"],["Keep-Alive","1"],["Proxy-Connection","x"],["Proxy-Authorization","x"],["Proxy-Authenticate","x"],["Cookie","REDACTED"],["X-Webhook-Attempt","77"],["X-Webhook-Depth","77"],["X-Twice","1"],["X-Twice","2"],["x-lower","l"],["User-Agent","sender/1"],["Accept-Encoding","br"]`, `,"data":{"a": 1}`), nil, ok)
	if !r.Taken {
		t.Fatalf("%+v", r)
	}
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	if !strings.HasPrefix(head, "POST /app?a=1&b=%2F HTTP/1.1\r\nHost: 127.0.0.1:") || body != `{"a": 1}` {
		t.Errorf("%q", request)
	}
	for _, want := range []string{"\r\nContent-Length: 8\r\n", "X-Twice: 1\r\nX-Twice: 2\r\n", "X-Lower: l\r\n", "User-Agent: sender/1\r\n", "Accept-Encoding: br\r\n", "X-Webhook-Attempt: 1\r\n", "X-Webhook-Depth: 1", "Content-Type: application/json\r\n"} {
		if !strings.Contains(head+"\r\n", want) {
			t.Errorf("%q lacks %q", head, want)
		}
	}
	withoutPort := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(head, "") // which may have any digits
	for _, not := range []string{"evil", "99", "100-continue", "X-Hop", "\nTe:", "Trailer", "chunked", "Upgrade", "Keep-Alive", "Proxy-", "REDACTED", "Cookie", "77", "Connection", "X-Idempotency"} {
		if strings.Contains(withoutPort, not) {
			t.Errorf("%q has %q", head, not)
		}
	}
}

// TestAsItCame: method, body and query, in what forms they may be.
func TestAsItCame(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(`{"a": 1}`))
	_ = z.Close()
	gzipped := base64.StdEncoding.EncodeToString(b.Bytes())
	for name, test := range map[string]struct{ options, line, begins, has, body string }{
		"GET without a body":        {"/app", stored("GET", "/in?a=1", "", ""), "GET /app?a=1 HTTP/1.1", "", ""},
		"PUT":                       {"/app", stored("PUT", "/in", "", `,"data":1`), "PUT /app HTTP/1.1", "", "1"},
		"POST without a body":       {"/app", stored("POST", "/in", "", ""), "POST /app HTTP/1.1", "Content-Length: 0", ""},
		"the URL's query counts":    {"/app?x=y", stored("POST", "/in?a=1", "", `,"data":1`), "POST /app?x=y HTTP/1.1", "", "1"},
		"an empty query counts":     {"/app?", stored("POST", "/in?a=1", "", `,"data":1`), "POST /app? HTTP/1.1", "", "1"},
		"an odd query":              {"/app", stored("POST", "/in?a=%2525&;=x&=&&b", "", `,"data":1`), "POST /app?a=%25&;=x&=&&b HTTP/1.1", "", "1"},
		"compressed":                {"/app", stored("POST", "/in", `,["Content-Encoding","gzip"]`, `,"bodysent":"`+gzipped+`","data":{"a": 1}`), "POST /app", "Content-Encoding: gzip", b.String()},
		"without a type":            {"/app", strings.Replace(stored("POST", "/in", "", `,"data":"x"`), "application/json", "application/octet-stream", 1), "POST /app", "", "x"},
		"with white space":          {"/app", stored("POST", "/in", "", `,"bodysent":"n|B||n","data":{ "a": 1}`), "POST /app", "Content-Length: 11", "\n{\n\"a\": 1}\n"},
		"the path has escapes":      {"/a%2Fb", stored("POST", "/in", "", `,"data":1`), "POST /a%2Fb HTTP/1.1", "", "1"},
		"a transport of the user's": {"/app {\ntransport http {\ndial_timeout 1s\n}\n}", stored("POST", "/in", "", `,"data":1`), "POST /app", "", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			request, r := wire(t, test.options, test.line, nil, ok)
			head, body, _ := strings.Cut(request, "\r\n\r\n")
			if name == "without a type" && strings.Contains(head, "Content-Type") {
				t.Errorf("a type was made up: %q", head)
			}
			if !r.Taken || !strings.HasPrefix(head, test.begins) || !strings.Contains(head, test.has) || body != test.body || strings.Contains(head, "Accept-Encoding") {
				t.Errorf("%+v %q", r, request)
			}
		})
	}
}

// TestWhatSignSigns: the body as it is sent; stored fields of another signature don't stay.
func TestWhatSignSigns(t *testing.T) {
	key := []byte("0123456789abcdef01234567")
	for name, as := range map[string]string{"original": "", "cloudevents": "as cloudevents\n"} {
		request, r := wire(t, "/ {\n"+as+"sign "+base64.StdEncoding.EncodeToString(key)+"\nheader +Webhook-More 1\n}",
			stored("POST", "/in", `,["Webhook-Id","old"],["Webhook-Timestamp","1"],["Webhook-Signature","v1,old"],["Webhook-Other","old"]`, `,"data":{"a": 1}`), nil, ok)
		if !r.Taken {
			t.Fatalf("%+v", r)
		}
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(req.Body)
		h := req.Header
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "e1.%s.%s", h.Get("Webhook-Timestamp"), body)
		if got, want := h["Webhook-Signature"], "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); len(got) != 1 || got[0] != want || string(body) != `{"a": 1}` {
			t.Errorf("%s: %q, want %q, of %q", name, got, want, body)
		}
		var at int64
		if _, err := fmt.Sscan(h.Get("Webhook-Timestamp"), &at); err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Minute {
			t.Errorf("%s: signed at %d", name, at)
		}
		if h.Get("Webhook-Id") != "e1" || h.Get("Webhook-More") != "1" || strings.Contains(strings.ReplaceAll(request, "Ce-Httpheaders", "\r\nCe-Httpheaders"), "Webhook-Other: old") {
			t.Errorf("%s: %v", name, h)
		}
	}
}

// TestTokenField: the secret is that of the receiver, whatever is stored.
func TestTokenField(t *testing.T) {
	line := stored("POST", "/in", `,["X-Gitlab-Token","REDACTED"]`, `,"data":1`)
	if request, _ := wire(t, "/", line, http.Header{"X-Gitlab-Token": {"first"}}, ok); !strings.Contains(request, "X-Gitlab-Token: first\r\n") {
		t.Errorf("%q", request)
	}
	// The config has the last word.
	if request, _ := wire(t, "/ {\nheader -X-Gitlab-Token\n}", line, http.Header{"X-Gitlab-Token": {"first"}}, ok); strings.Contains(request, "Gitlab") {
		t.Errorf("%q", request)
	}
	if request, _ := wire(t, "/ {\nas cloudevents\n}", line, http.Header{"X-Gitlab-Token": {"first"}}, ok); strings.Contains(request, "first") {
		t.Errorf("%q", request)
	}
}

// TestLogin: user and password in the URL are sent as browsers do.
func TestLogin(t *testing.T) {
	l, requests := application(t, nil)
	target := mustLoad(t, "deliver "+strings.Replace(l, "://", "://me:p%40ss@", 1), http.Header{"Authorization": {"Bearer x"}})
	if r := target.Send(context.Background(), eventOf(t, line), 1); !r.Taken {
		t.Fatalf("%+v", r)
	}
	if user, password, ok := (<-requests).BasicAuth(); !ok || user != "me" || password != "p@ss" {
		t.Errorf("%s %s", user, password)
	}
	if text := target.URL(); strings.Contains(text, "me") || strings.Contains(text, "ss") {
		t.Error(text)
	}
}

// TestIDs: what a field can't have is encoded, and stays the same.
func TestIDs(t *testing.T) {
	request, r := wire(t, "/", strings.Replace(stored("POST", "/in", "", `,"data":1`), `"id":"e1"`, `"id":"  a b\u00e4\n% "`, 1), nil, ok)
	if !r.Taken || !strings.Contains(request, "X-Webhook-Event-Id: %20 a b%C3%A4%0A%%20\r\n") || !strings.Contains(request, "X-Webhook-Received: 2026-11-26T01:02:03Z\r\n") {
		t.Errorf("%+v %q", r, request)
	}
}

// TestRequestsThatCantBeMade are never tried again: it is the event that is at fault.
func TestRequestsThatCantBeMade(t *testing.T) {
	target := mustLoad(t, "deliver http://127.0.0.1:1/", nil)
	r := target.Send(context.Background(), eventOf(t, stored("BAD METHOD", "/in", "", `,"data":1`)), 1)
	if !r.Never || !r.Reached || r.Taken {
		t.Errorf("%+v", r)
	}
	r = target.Send(context.Background(), eventOf(t, stored("POST", "/in", `,["X Y","1"]`, `,"data":1`)), 1)
	if r.Taken || !r.Reached {
		t.Errorf("a field that can't be sent: %+v", r)
	}
}

// TestURLsThatAreShown have no query, which may be a secret.
func TestURLsThatAreShown(t *testing.T) {
	for text, want := range map[string]string{
		"http://h:80/a%2Fb?token=s3cret": "http://h:80/a%2Fb", "unix//run/a.sock:/x?token=s3cret": "unix//run/a.sock:/x", "unix//run/a.sock": "unix//run/a.sock:/",
	} {
		if got := mustLoad(t, "deliver "+text, nil).URL(); got != want {
			t.Errorf("%s: %s", text, got)
		}
		if u, err := url.Parse(want); err != nil || u.RawQuery != "" {
			t.Error(want, err)
		}
	}
}
