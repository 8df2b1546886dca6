package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// never is an event that no sender sends to its end.
const never = `{"EventType":"never","Text":"0123456789 0123456789 0123456789 0123456789"}`

// TestRudeSenders has one kind of rude sender after the other, each beside two
// honest ones, whose events are answered within a second all the while. Nothing
// of the rude ones' is stored, except the whole events among it, and in the end
// they have cost nothing.
func TestRudeSenders(t *testing.T) {
	s := startTLS(t, "http://, https://localhost {\n"+directive("", stored()...)+"}\n")
	secure := s.tlsClient("HTTP/2.0")
	s.post(tagged("first")).wantStored(t)
	goroutines, descriptors := s.goroutines(), s.descriptors()

	for _, rude := range []struct {
		name string
		do   func(*server, *traffic)
	}{
		{"stalled", stall},
		{"refused", linger},
		{"dripping", dripFeed},
		{"half closed", halfClose},
		{"headers", sendHeaders},
		{"lengths", contradict},
		{"pipelining", pipeline},
		{"dropped at every byte", dropEverywhere},
		{"streams", openStreams},
		{"rapid resets", resetStreams},
	} {
		t.Run(rude.name, func(t *testing.T) {
			s := s.in(t)
			before := len(lines(t, s.path("events.jsonl")))
			plain := newClient(t)
			honest := newTraffic(t)
			honest.from("plain", "http://"+s.http+"/webhooks", func() *http.Client { return plain })
			honest.from("secure", "https://"+s.https+"/webhooks", func() *http.Client { return secure })
			rude.do(s, honest)
			honest.wait(20)
			honest.stop()
			honest.wantNoFailure()
			honest.wantPrompt()
			honest.wantEachOnce(lines(t, s.path("events.jsonl"))[before:]) // and no other, such as half of one
		})
	}
	secure.CloseIdleConnections()
	s.calmsDown(goroutines)
	eventually(t, "the descriptors are closed", func() error {
		if now := s.descriptors(); now > descriptors+5 {
			return fmt.Errorf("%d descriptors, %d before", now, descriptors)
		}
		return nil
	})
}

// rudeConn is a connection on which nothing is expected to work.
func (s *server) rudeConn() *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp4", s.http)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

// stall has large and small bodies take all the memory that there is for bodies
// that are being read, and stop before their last byte.
func stall(s *server, honest *traffic) {
	var sending sync.WaitGroup
	send := func(n, size int) {
		for range n {
			conn := s.rudeConn()
			s.t.Cleanup(func() { conn.Close() })
			sending.Go(func() {
				_, _ = fmt.Fprint(conn, head(fmt.Sprintf("Content-Length: %d", size+1)), strings.Repeat(" ", size))
			})
		}
		sending.Wait()
		honest.wait(10)
	}
	send(60, 4<<20)
	for range 36 { // not as a flood
		send(100, 65_000)
	}
	for size := 30_000; size > 20; size /= 2 { // what is left between them
		send(50, size)
	}
}

// linger keeps connections though its events have been refused: long before
// the timeout the server has had enough.
func linger(s *server, _ *traffic) {
	began := time.Now()
	var refused []net.Conn
	for range 100 {
		conn := s.rudeConn()
		defer conn.Close()
		refused = append(refused, conn)
		_, _ = fmt.Fprint(conn, head("Content-Length: 100000", "Content-Encoding: br"), never)
	}
	for _, conn := range refused {
		answer, err := io.ReadAll(conn)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 415 ")) || err != nil {
			s.t.Errorf("answer %q, %v", clip(string(answer)), err)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		s.t.Errorf("the connections ended after %v", took)
	}
}

// dripFeed sends heads and bodies a byte at a time.
func dripFeed(s *server, honest *traffic) {
	var drops []net.Conn
	for i := range 200 {
		conn := s.rudeConn()
		defer conn.Close()
		drops = append(drops, conn)
		if i%2 == 0 {
			_, _ = fmt.Fprint(conn, head(fmt.Sprintf("Content-Length: %d", len(never))))
		}
	}
	for i := range 20 {
		for _, conn := range drops {
			_, _ = io.WriteString(conn, never[i:i+1])
		}
		honest.wait(5)
	}
}

// halfClose says that nothing more will come: in mid-head, in mid-body, and
// after a whole event, which must then be answered.
func halfClose(s *server, honest *traffic) {
	request := whole(never)
	for i := range 100 {
		conn := s.rudeConn()
		defer conn.Close()
		_, _ = io.WriteString(conn, request[:len(request)*i/100])
		_ = conn.CloseWrite()
	}
	conn := s.dial(s.t)
	conn.send(whole(tagged("half closed")))
	_ = conn.Conn.(*net.TCPConn).CloseWrite()
	conn.answer().wantStored(s.t)
	honest.wait(20)
}

// sendHeaders sends more and larger ones than anybody needs.
func sendHeaders(s *server, _ *traffic) {
	for fields, status := range map[string]int{
		strings.Repeat("X-Thing: x\r\n", 500):                         200,
		"X-Thing: " + strings.Repeat("x", 8_000) + "\r\n":             200,
		strings.Repeat("X-Thing: x\r\n", 200_000):                     431,
		"X-Thing: " + strings.Repeat("x", 2_000_000) + "\r\n":         431,
		strings.Repeat("x", 2_000_000) + ": x\r\n":                    431,
		"X-Thing: a\r\n" + strings.Repeat(" b\r\n", 100):              200,
		"X-Thing: a\x00b\r\n":                                         400,
		"X-Thing : a\r\n":                                             400,
		" X-Thing: a\r\n":                                             400,
		"X Thing: a\r\n":                                              400,
		"Host: another\r\n":                                           400,
		"Content-Encoding: " + strings.Repeat("gzip,", 1000) + "\r\n": 415,
	} {
		conn := s.rudeConn()
		body := tagged(fmt.Sprintf("headers-%.30q-%d", fields, len(fields)))
		request := strings.Replace(whole(body), "\r\n\r\n", "\r\n"+fields+"\r\n", 1)
		go func() { _, _ = io.WriteString(conn, request) }()
		a, err := readAnswer(conn)
		if err == nil && a.status != status {
			s.t.Errorf("%.30q, %d bytes: answer %d, want %d", fields, len(fields), a.status, status)
		}
		if err != nil && status != 431 { // where the answer may get lost: the server stops reading
			s.t.Errorf("%.30q: %v", fields, err)
		}
		conn.Close()
	}
}

// contradict says two things about where the body ends. What one reading finds
// behind the end must not become an event.
func contradict(s *server, _ *traffic) {
	smuggled := whole(never)
	chunked := "0\r\n\r\n" + smuggled
	for _, request := range []string{
		head("Content-Length: 5", fmt.Sprintf("Content-Length: %d", 5+len(smuggled))) + "[1,2]" + smuggled,
		head("Content-Length: 5, 6") + "[1,2]" + smuggled,
		head("Content-Length: +5") + "[1,2]" + smuggled,
		head("Content-Length: -5") + smuggled,
		head("Content-Length: 0x5") + "[1,2]" + smuggled,
		head("Content-Length: 5 5") + "[1,2]" + smuggled,
		head("Content-Length: 18446744073709551621") + "[1,2]" + smuggled, // 5, modulo 2^64
		head("Content-Length: \u0665") + "[1,2]" + smuggled,               // an Arabic 5
		head("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + chunked,
		head("Transfer-Encoding: chunked, chunked") + chunked,
		head("Transfer-Encoding: identity, chunked") + chunked,
		head("Transfer-Encoding: gzip, chunked") + chunked,
		head("Transfer-Encoding: \"chunked\"") + chunked,
		head("Transfer-Encoding: xchunked") + chunked,
		head("Transfer-Encoding : chunked") + chunked,
		head("Transfer-Encoding: chunked", "Content-Length: x") + chunked,
		head("Transfer-Encoding: chunked") + "5\r\n[1,2]" + chunked, // no line break behind a chunk
		head("Transfer-Encoding: chunked") + "-5\r\n[1,2]\r\n" + chunked,
		head("Transfer-Encoding: chunked") + "0x5\r\n[1,2]\r\n" + chunked,
		head("Transfer-Encoding: chunked") + "10000000000000005\r\n[1,2]\r\n" + chunked,
		head("Transfer-Encoding: chunked") + "5;" + strings.Repeat("x", 10_000) + "\r\n[1,2]\r\n" + chunked,
	} {
		conn := s.rudeConn()
		_, _ = io.WriteString(conn, request)
		a, err := readAnswer(conn)
		if err != nil || a.status != 400 && a.status != 501 {
			s.t.Errorf("%.100q: answer %d (%v)", request, a.status, err)
		}
		if rest, err := io.ReadAll(conn); err == nil && bytes.Contains(rest, []byte(" 200 OK")) {
			s.t.Errorf("%.100q: another answer: %.200q", request, rest)
		}
		conn.Close()
	}
	// With both, the chunks count (RFC 9112, 6.3), and the length is no second opinion.
	conn := s.rudeConn()
	defer conn.Close()
	_, _ = io.WriteString(conn, head("Content-Length: 3", "Transfer-Encoding: chunked")+chunk(tagged("both"))+chunk(""))
	if a, err := readAnswer(conn); err == nil && a.status != 200 && a.status != 400 {
		s.t.Errorf("both: answer %d", a.status)
	}
}

func readAnswer(conn net.Conn) (answer, error) {
	return read(http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodPost}))
}

// pipeline sends whole events without waiting for answers, and hangs up without
// having read one: each is whole, and may be stored.
func pipeline(s *server, _ *traffic) {
	for i := range 20 {
		conn := s.rudeConn()
		var all strings.Builder
		for j := range 200 {
			all.WriteString(whole(tagged(fmt.Sprintf("pipelined-%d-%d", i, j))))
		}
		_, _ = io.WriteString(conn, all.String()+head("Content-Length: 100")+never)
		conn.Close()
	}
}

// dropEverywhere hangs up, one way or the other, after each byte of a request.
func dropEverywhere(s *server, _ *traffic) {
	for _, request := range []string{whole(never), head("Transfer-Encoding: chunked") + chunk(never[:30]) + chunk(never[30:]) + chunk("")} {
		for i := range len(request) {
			conn := s.rudeConn()
			_, _ = io.WriteString(conn, request[:i])
			if i%2 == 0 {
				_ = conn.SetLinger(0) // a reset
			}
			conn.Close()
		}
	}
}

// openStreams opens thousands of HTTP/2 streams, each with a body that does not
// get to its end, whatever the server says.
func openStreams(s *server, honest *traffic) {
	var conns []*streams
	for range 10 {
		c := s.streams()
		conns = append(conns, c)
		for range 500 {
			c.open(never)
		}
	}
	honest.wait(100)
	for _, c := range conns {
		c.Close()
	}
}

// resetStreams opens streams and resets them at once (CVE-2023-44487).
func resetStreams(s *server, honest *traffic) {
	c := s.streams()
	for n := 0; n < 10_000; n++ {
		id, err := c.open("")
		if err == nil {
			err = c.WriteRSTStream(id, http2.ErrCodeCancel)
		}
		if err != nil { // the server has had enough
			c.Close()
			c = s.streams()
		}
	}
	honest.wait(100)
	c.Close()
}
