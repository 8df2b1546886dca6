package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestProtocols has the main rows over each HTTP version, with TLS.
func TestProtocols(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := startTLS(t, httpsSite(stored("timeout 3s", "max_body_size 64KiB")...))
			client := s.tlsClient(protocol)
			url := "https://" + s.https + "/webhooks"
			send := func(t *testing.T, status int, method, query string, body io.Reader, fields ...string) answer {
				t.Helper()
				a := do(t, client, method, url+query, body, fields...)
				a.want(t, status)
				if a.proto != protocol {
					t.Errorf("answered over %s", a.proto)
				}
				if protocol != "HTTP/1.1" && a.header.Get("Connection") != "" {
					t.Errorf("%d with Connection: %s over %s", status, a.header.Get("Connection"), protocol)
				}
				return a
			}

			t.Run("verification", func(t *testing.T) {
				for _, method := range []string{"GET", "HEAD"} {
					a := send(t, 200, method, "?challenge=2135675231&"+q, nil)
					checkVerification(t, method, a, 200, "2135675231")
					send(t, 403, method, "?challenge=echoed&verifyToken=echoed", nil)
					send(t, 400, method, "?challenge=%00&"+q, nil)
				}
			})
			t.Run("events", func(t *testing.T) {
				send(t, 200, "POST", "", strings.NewReader(`{"EventType":"length"}`))
				send(t, 200, "POST", "", io.MultiReader(strings.NewReader(`{"EventType":"no length"}`)))
				send(t, 200, "POST", "", strings.NewReader(gzipped(`{"EventType":"gzip"}`)), "Content-Encoding: gzip")
				send(t, 200, "POST", "", strings.NewReader(padded(64<<10)))
				send(t, 200, "POST", "", io.MultiReader(strings.NewReader(padded(64<<10))))
			})
			t.Run("errors", func(t *testing.T) {
				send(t, 405, "PUT", "", nil)
				send(t, 405, "PUT", "", strings.NewReader("{}"))
				send(t, 400, "POST", "", nil)
				send(t, 400, "POST", "", strings.NewReader("x"))
				send(t, 400, "POST", "", strings.NewReader("x"), "Content-Encoding: gzip")
				send(t, 413, "POST", "", strings.NewReader(gzipped(padded(1<<20))), "Content-Encoding: gzip")
				send(t, 413, "POST", "", io.MultiReader(strings.NewReader(padded(64<<10+1))))
			})
			t.Run("at once", func(t *testing.T) {
				began := time.Now()
				send(t, 413, "POST", "", stalled(t, 1000), "Content-Length: 65537")
				send(t, 415, "POST", "", stalled(t, 1000), "Content-Encoding: br")
				send(t, 405, "PUT", "", stalled(t, 1000))
				send(t, 413, "POST", "", stalled(t, 66_000))
				if took := time.Since(began); took > 2500*time.Millisecond {
					t.Errorf("answered after %v, want at once", took)
				}
			})
			t.Run("late", func(t *testing.T) {
				began := time.Now()
				send(t, 408, "POST", "", stalled(t, 1000))
				if took := time.Since(began); took < 2900*time.Millisecond || took > 6*time.Second {
					t.Errorf("answered after %v, want 3s", took)
				}
			})
			if protocol != "HTTP/1.1" { // where the client may fail in mid-body: TestSlowBodies
				t.Run("dripping", func(t *testing.T) { send(t, 408, "POST", "", dripping(t)) })
			}
			if n := len(s.events()); n != 5 {
				t.Errorf("%d events stored, want 5", n)
			}
		})
	}
}

// stalled is a body that stops after n bytes.
func stalled(t *testing.T, n int) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	go func() { _, _ = w.Write(bytes.Repeat([]byte(" "), n)) }()
	return r
}

// dripping is a body of a byte every tenth of a second.
func dripping(t *testing.T) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	go func() {
		for {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return r
}

// Over HTTP/2 and HTTP/3 a stalled or refused event ends its own stream only.
func TestStreamsDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols[1:] {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := startTLS(t, httpsSite(stored("timeout 6s", "max_body_size 64KiB")...))
			client := s.tlsClient(protocol)
			url := "https://" + s.https + "/webhooks"
			do(t, client, "POST", url, strings.NewReader(`{"EventType":"first"}`)).wantStored(t)

			var group sync.WaitGroup
			refused := func(status int, body io.Reader, fields ...string) {
				group.Go(func() {
					a, err := try(client, "POST", url, body, fields...)
					if err != nil {
						t.Errorf("want %d: %v", status, err)
						return
					}
					a.want(t, status)
				})
			}
			late, release := io.Pipe() // in time, while others on the connection are refused
			group.Go(func() {
				a, err := try(client, "POST", url, late)
				if err != nil {
					t.Error(err)
					return
				}
				a.wantStored(t)
			})
			for range 5 {
				refused(408, stalled(t, 10))
				refused(413, stalled(t, 70_000))
				refused(415, stalled(t, 10), "Content-Encoding: br")
				refused(400, strings.NewReader("x"))
			}
			for i := range 15 {
				do(t, client, "POST", url, strings.NewReader(fmt.Sprintf(`{"EventType":"beside %d"}`, i))).wantStored(t)
			}
			fmt.Fprint(release, `{"EventType":"late"}`)
			release.Close()
			group.Wait()

			reused := false
			req, err := http.NewRequest("POST", url, strings.NewReader(`{"EventType":"last"}`))
			if err != nil {
				t.Fatal(err)
			}
			req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
				GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
			}))
			a, err := read(client.Do(req))
			if err != nil {
				t.Fatal(err)
			}
			a.wantStored(t)
			if !reused {
				t.Error("the connection was not used again")
			}
			if n := len(s.events()); n != 18 {
				t.Errorf("%d events stored, want 18", n)
			}
		})
	}
}

// A stream that its client resets in mid-body stores nothing.
func TestResetStreams(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols[1:] {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := startTLS(t, httpsSite(stored()...))
			client := s.tlsClient(protocol)
			url := "https://" + s.https + "/webhooks"
			for range 20 {
				body, w := io.Pipe()
				done := make(chan answer)
				go func() {
					a, _ := try(client, "POST", url, body) // mostly an error
					done <- a
				}()
				fmt.Fprint(w, `{"EventType":"reset"}`)
				w.CloseWithError(errors.New("a failure of the test's body"))
				if a := <-done; a.status != 0 && a.status != 400 {
					t.Errorf("answer %d to a body that was not sent to its end", a.status)
				}
			}
			do(t, client, "POST", url, strings.NewReader(`{"EventType":"last"}`)).wantStored(t)
			if n := len(s.events()); n != 1 {
				t.Errorf("%d events stored, want only the last", n)
			}
		})
	}
}

func TestSourceOverTLS(t *testing.T) {
	t.Parallel()
	s := startTLS(t, httpsSite(stored()...))
	for i, protocol := range protocols {
		client := s.tlsClient(protocol)
		do(t, client, "POST", "https://"+s.https+"/a%2Fb/c?d=e", strings.NewReader("{}")).wantStored(t)
		if got, want := s.events()[i].source(), "https://"+s.https+"/a%2Fb/c"; got != want {
			t.Errorf("%s: source %q, want %q", protocol, got, want)
		}
	}
}
