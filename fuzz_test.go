package webhookreceiver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// FuzzServer sends raw bytes, as a connection brings them, and checks that each
// answer is one that the request may get, and that exactly the events that were
// answered 200 are stored.
func FuzzServer(f *testing.F) {
	for _, request := range []string{
		"GET /?challenge=1&verifyToken=sesame HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /?challenge=1&verifyToken=sesam HTTP/1.1\r\nHost: h\r\n\r\n",
		"HEAD /?challenge=%31&verifyToken=sesame HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n[1\r\n1\r\n]\r\n0\r\nX: y\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nnull",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\n\r\n" + compressed(f, "gzip", "{}"),
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nTransfer-Encoding: chunked\r\n\r\n" + "f\r\n" + compressed(f, "zstd", "{}") + "\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
		"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n{",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{\"a\":1}",
		"POST /a?%20=\xff%41 HTTP/1.1\r\nHost: h\r\nX-A: \xe9%\r\nx-a: 2\r\nAuthorization: x\r\nContent-Type:\r\nContent-Length: 5\r\n\r\n[1\r]\n",
	} {
		f.Add([]byte(request))
	}
	s := newFuzzed(f)
	f.Fuzz(func(t *testing.T, request []byte) {
		s.requests, s.stored, s.came = nil, nil, nil
		answers := s.send(t, request)
		acknowledged := 0
		for i, r := range s.requests {
			if i == len(answers) {
				break // the server may say nothing more, as to a broken body
			}
			a := answers[i]
			switch r.method {
			case http.MethodGet, http.MethodHead:
				s.checkVerification(t, r, a)
			case http.MethodPost:
				if !slices.Contains([]int{200, 400, 408, 413, 415}, a.status) || a.body != "" {
					t.Errorf("%s: answer %d %q", r.method, a.status, a.body)
				}
				if r.status == 200 {
					acknowledged++
				}
			default:
				if a.status != 405 {
					t.Errorf("%s: answer %d", r.method, a.status)
				}
			}
			if a.status != r.status {
				t.Errorf("%s: the handler said %d, the answer is %d", r.method, r.status, a.status)
			}
		}
		if len(answers) >= len(s.requests) && acknowledged != len(s.stored) {
			t.Errorf("%d events stored, %d acknowledged", len(s.stored), acknowledged)
		}
		for _, line := range s.stored {
			if !json.Valid(line) || bytes.ContainsAny(line, "\r\n") || !bytes.HasPrefix(line, []byte(`{"specversion":"1.0","id":"0`)) {
				t.Errorf("stored: %q", line)
			}
		}
		s.checkComesBack(t)
	})
}

// fuzzed is a receiver behind a real server, without a network.
type fuzzed struct {
	*Handler
	socket   string
	requests []handled
	stored   [][]byte
	came     []came // what was stored, as it came
}

// came is a request as it came.
type came struct {
	body   []byte
	target string
	header http.Header
}

// handled is a request that the handler got, and what it made of it.
type handled struct {
	method, query string
	status        int
}

type response struct {
	status int
	body   string
}

func newFuzzed(f *testing.F) *fuzzed {
	s := &fuzzed{socket: filepath.Join(f.TempDir(), "s")}
	testStores["fuzz"] = func(_ context.Context, e *Event) error {
		s.stored = append(s.stored, e.AppendJSON(nil))
		return nil
	}
	s.Handler = provision(f, "output test fuzz\nmax_body_size 1KiB\naccept any\ntimeout 10s\nheaders all")
	listener, err := net.Listen("unix", s.socket)
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s)
	server.Listener.Close()
	server.Listener = listener
	server.Config.DisableGeneralOptionsHandler = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	f.Cleanup(server.Close)
	return s
}

func (s *fuzzed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, handled{r.Method, r.URL.RawQuery, 200})
	this := &s.requests[len(s.requests)-1]
	var body bytes.Buffer
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, &body), r.Body}
	it := came{target: r.RequestURI, header: r.Header.Clone()}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, &caddyhttp.Server{})
	before := len(s.stored)
	defer func() {
		if it.body = body.Bytes(); len(s.stored) > before {
			s.came = append(s.came, it)
		}
	}()
	var e caddyhttp.HandlerError
	if err := s.Handler.ServeHTTP(w, r, nil); errors.As(err, &e) {
		this.status = e.StatusCode
		w.WriteHeader(e.StatusCode)
	}
}

// checkComesBack reads what was stored: it is what came.
func (s *fuzzed) checkComesBack(t *testing.T) {
	t.Helper()
	for i, line := range s.stored {
		kind, e, err := reader.Parse(reader.Line{Text: line})
		if kind != reader.Stored {
			t.Errorf("%q can't be read: %v", line, err)
			continue
		}
		r, err := e.Request()
		if err != nil || !r.Known || !bytes.Equal(r.Body, s.came[i].body) {
			t.Errorf("%q came back as %q with %q (%v)", s.came[i].body, r.Body, line, err)
			continue
		}
		for name, values := range s.came[i].header {
			back := r.Header[name]
			if len(back) > 0 && back[0] != rules.Redacted && !slices.Equal(back, values) {
				t.Errorf("%s: %q came back as %q", name, values, back)
			}
		}
	}
}

// send sends the bytes and nothing more, and returns the answers. The server has
// then done with them: it serves a connection's requests one after the other,
// and closes it at the end.
func (s *fuzzed) send(t *testing.T, request []byte) (answers []response) {
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		_, _ = conn.Write(request) // the server may not want all of it
		_ = conn.(*net.UnixConn).CloseWrite()
	}()
	all, err := io.ReadAll(conn)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the server does not come to an end")
	}
	for r := bufio.NewReader(bytes.NewReader(all)); ; {
		method := http.MethodGet
		if i := len(answers); i < len(s.requests) {
			method = s.requests[i].method
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return answers
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		answers = append(answers, response{resp.StatusCode, string(body)})
	}
}

func (s *fuzzed) checkVerification(t *testing.T, r handled, a response) {
	t.Helper()
	query, err := url.ParseQuery(r.query)
	right := err == nil && slices.Equal(query["verifyToken"], []string{"sesame"}) && len(query["challenge"]) == 1
	switch {
	case a.status == 200 && !right:
		t.Errorf("%s ?%s: verified", r.method, r.query)
	case a.status == 200 && r.method == http.MethodGet && a.body != query.Get("challenge"):
		t.Errorf("?%s: answer %q", r.query, a.body)
	case a.status != 200 && a.body != "":
		t.Errorf("?%s: answer %d %q", r.query, a.status, a.body)
	case !slices.Contains([]int{200, 400, 403}, a.status):
		t.Errorf("?%s: answer %d", r.query, a.status)
	}
}

// FuzzToken compares the comparison with the plain one.
func FuzzToken(f *testing.F) {
	f.Add("sesame", "sesame", "other")
	f.Add("sesame", "sesam", "")
	f.Add("", "\x00", "sesame\x00")
	f.Add(strings.Repeat("x", 100), strings.Repeat("x", 101), "")
	f.Fuzz(func(t *testing.T, token, one, two string) {
		h := &Handler{tokens: [][sha256.Size]byte{sha256.Sum256([]byte(one)), sha256.Sum256([]byte(two))}}
		if got, want := h.isVerifyToken(token), token == one || token == two; got != want {
			t.Errorf("%q for %q or %q: %v", token, one, two, got)
		}
		if (&Handler{}).isVerifyToken(token) {
			t.Errorf("%q is right where none is configured", token)
		}
	})
}
