package e2e

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// answer is a response, read to its end.
type answer struct {
	proto  string
	status int
	header http.Header
	body   string
}

// read takes a response apart; err is of the round trip.
func read(resp *http.Response, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	return answer{proto: resp.Proto, status: resp.StatusCode, header: resp.Header, body: string(body)}, nil
}

// want fails the test unless the answer has the status; an error's answer has
// no body of the plugin's.
func (a answer) want(t *testing.T, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("answer %d %q, want %d", a.status, clip(a.body), status)
	}
	if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("405 with Allow %q", a.header["Allow"])
	}
}

// wantStored is want for 200 to an event.
func (a answer) wantStored(t *testing.T) {
	t.Helper()
	a.want(t, http.StatusOK)
	if a.body != "" {
		t.Errorf("200 with the body %q, want none", clip(a.body))
	}
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// client is for plain HTTP with a connection of its own.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// do sends a request with the given header fields ("Name: value").
func do(t *testing.T, client *http.Client, method, url string, body io.Reader, fields ...string) answer {
	t.Helper()
	return doAfter(t, time.Time{}, client, method, url, body, fields...)
}

// doAfter is do, to a server that was reloaded at that time.
func doAfter(t *testing.T, reloaded time.Time, client *http.Client, method, url string, body io.Reader, fields ...string) answer {
	t.Helper()
	a, err := try(client, method, url, body, fields...)
	if again, ok := body.(io.Seeker); isUnseen(err, reloaded) && (ok || body == nil) {
		if ok {
			_, _ = again.Seek(0, io.SeekStart)
		}
		a, err = try(client, method, url, body, fields...)
	}
	if err != nil {
		t.Fatalf("%s %s: %v", method, clip(url), err)
	}
	return a
}

// isUnseen tells whether a request has failed that nobody has seen: Caddy resets connections that
// it has not taken in yet when a reload ends the old server, and closes new ones.
func isUnseen(err error, reloaded time.Time) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) && time.Since(reloaded) < patience
}

func try(client *http.Client, method, url string, body io.Reader, fields ...string) (answer, error) {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return answer{}, err
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		if name == "Content-Length" {
			req.ContentLength, err = strconv.ParseInt(value, 10, 64)
			if err != nil {
				return answer{}, err
			}
			continue
		}
		req.Header.Add(name, value)
	}
	return read(client.Do(req))
}

// post sends an event over plain HTTP, on a connection of its own.
func (s *server) post(body string, fields ...string) answer {
	s.t.Helper()
	return s.postTo("/webhooks", body, fields...)
}

func (s *server) postTo(path, body string, fields ...string) answer {
	s.t.Helper()
	return doAfter(s.t, s.reloaded, newClient(s.t), http.MethodPost, "http://"+s.http+path, strings.NewReader(body), fields...)
}

// verify sends a verification over plain HTTP.
func (s *server) verify(challenge, token string) answer {
	s.t.Helper()
	return do(s.t, newClient(s.t), http.MethodGet, "http://"+s.http+"/webhooks?"+handshake(challenge, token), nil)
}

func handshake(challenge, token string) string {
	return url.Values{"challenge": {challenge}, "verifyToken": {token}}.Encode()
}

// rawConn is a connection on which the test decides about every byte.
type rawConn struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

// dial opens a plain connection to the server.
func (s *server) dial(t *testing.T) *rawConn {
	t.Helper()
	_, port, _ := strings.Cut(s.http, ":")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawConn{Conn: conn, t: t, r: bufio.NewReader(conn)}
}

func (c *rawConn) send(parts ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, strings.Join(parts, "")); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

// head is a POST's head with the given fields.
func head(fields ...string) string {
	return headOf(http.MethodPost, "/webhooks", fields...)
}

func headOf(method, target string, fields ...string) string {
	h := method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n"
	for _, field := range fields {
		h += field + "\r\n"
	}
	return h + "\r\n"
}

// whole is a POST with a body and the length that it has.
func whole(body string, fields ...string) string {
	return head(append([]string{fmt.Sprintf("Content-Length: %d", len(body))}, fields...)...) + body
}

// chunk is one chunk of a chunked body; an empty one ends it.
func chunk(data string) string {
	return fmt.Sprintf("%x\r\n%s\r\n", len(data), data)
}

// answer reads the next response to a request of the given method.
func (c *rawConn) answerTo(method string) answer {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	a, err := read(resp, err)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	if resp.Close { // ReadResponse removes the field
		a.header.Set("Connection", "close")
	}
	return a
}

func (c *rawConn) answer() answer {
	c.t.Helper()
	return c.answerTo(http.MethodPost)
}

// atOnce is the answer, which must come much sooner than any timeout.
func (c *rawConn) atOnce() answer {
	c.t.Helper()
	began := time.Now()
	a := c.answer()
	if took := time.Since(began); took > 2*time.Second {
		c.t.Errorf("answered after %v, want at once", took)
	}
	return a
}

// wantClosing checks that the answer says that the connection ends, and that
// it does.
func (c *rawConn) wantClosing(a answer) {
	c.t.Helper()
	if a.header.Get("Connection") != "close" {
		c.t.Errorf("%d without Connection: close", a.status)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c.r); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("%d: the connection stays open", a.status)
	}
}

// wantUsable checks that the connection serves one more event.
func (c *rawConn) wantUsable(after answer) {
	c.t.Helper()
	if after.header.Get("Connection") == "close" {
		c.t.Errorf("%d with Connection: close after a body that was read to its end", after.status)
		return
	}
	c.send(whole(`{"EventType":"next"}`))
	c.answer().wantStored(c.t)
}

// stripeSignature is the header field that Stripe sends with an event.
func stripeSignature(secret, body string) string {
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "." + body))
	return "Stripe-Signature: t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
