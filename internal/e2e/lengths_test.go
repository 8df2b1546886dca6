package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"
)

// promise is an event whose sender says a length and sends something else.
type promise struct {
	length string // empty: none is said
	body   []string
	open   bool // the body has no end
}

// keptOver sends it over a protocol. The status is 0 where the server ends the
// stream instead of answering.
var keptOver = map[string]func(*server, promise) (status int){
	"HTTP/1.1": (*server).overHTTP1, "HTTP/2.0": (*server).overHTTP2, "HTTP/3.0": (*server).overHTTP3,
}

// TestPromisedLength: a body is stored only if it is as long as its sender has
// said, whatever the protocol.
func TestPromisedLength(t *testing.T) {
	t.Parallel()
	const event = `{"EventType":"ok"}` // of 18 bytes
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := startTLS(t, httpsSite(stored("timeout 2s")...)+site(stored("timeout 2s")...))
			s.certified(&tls.Config{RootCAs: s.localRoots()})
			for name, test := range map[string]struct {
				promise
				statuses []int
			}{
				"as promised":            {promise{"18", []string{event}, false}, []int{200}},
				"as promised, in pieces": {promise{"18", []string{event[:5], event[5:]}, false}, []int{200}},
				"nothing promised":       {promise{"", []string{event}, false}, []int{200}},
				"too short":              {promise{"100", []string{event}, false}, []int{400}},
				"too short by a byte":    {promise{"19", []string{event}, false}, []int{400}},
				"no body":                {promise{"100", nil, false}, []int{400}},
				"negative":               {promise{"-1", []string{event}, false}, []int{400, 0}},
				"no number":              {promise{"many", []string{event}, false}, []int{400, 0}},
				// Over HTTP/1 the rest is the next request.
				"too long":          {promise{"2", []string{"{}" + event}, false}, []int{400, 0}},
				"too long, by more": {promise{"2", []string{"{}", " "}, false}, []int{400, 0}},
				"0 promised":        {promise{"0", []string{event}, false}, []int{400, 0}},
				"0, and no end":     {promise{"0", nil, true}, []int{400, 408}},
			} {
				if protocol == "HTTP/1.1" && (test.length == "2" || test.length == "0") {
					continue
				}
				before, began := len(s.events()), time.Now()
				if status := keptOver[protocol](s.in(t), test.promise); !slices.Contains(test.statuses, status) {
					t.Errorf("%s: status %d, want %v", name, status, test.statuses)
				}
				if took := time.Since(began); took > 6*time.Second {
					t.Errorf("%s: answered after %v", name, took)
				}
				want := 0
				if test.statuses[0] == 200 {
					want = 1
				}
				if n := len(s.events()) - before; n != want {
					t.Errorf("%s: %d events stored, want %d", name, n, want)
				}
			}

			// A trailer after the body is none of it.
			req, err := http.NewRequest(http.MethodPost, "https://"+s.https+"/webhooks", io.MultiReader(strings.NewReader(event)))
			if err != nil {
				t.Fatal(err)
			}
			req.Trailer = http.Header{"X-Trailer": {"1"}}
			a, err := read(s.tlsClient(protocol).Do(req))
			if err != nil {
				t.Fatal(err)
			}
			a.wantStored(t)
		})
	}
}

func (s *server) overHTTP1(p promise) int {
	s.t.Helper()
	c := s.dial(s.t)
	if p.length == "" {
		c.send(head("Transfer-Encoding: chunked"), chunk(strings.Join(p.body, "")), chunk(""))
	} else {
		c.send(head("Content-Length: "+p.length), strings.Join(p.body, ""))
	}
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		s.t.Fatal(err)
	}
	return c.answer().status
}

func (s *server) overHTTP2(p promise) int {
	s.t.Helper()
	c := s.frames()
	defer c.Close()
	id, err := c.post(p.length, len(p.body) == 0 && !p.open)
	for i, piece := range p.body {
		if err == nil {
			err = c.WriteData(id, i == len(p.body)-1, []byte(piece))
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return c.status(id)
}

// overHTTP3 writes the frames itself, as the client checks lengths.
func (s *server) overHTTP3(p promise) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	config := &tls.Config{RootCAs: s.localRoots(), ServerName: "localhost", NextProtos: []string{http3.NextProtoH3}}
	conn, err := quic.DialAddr(ctx, s.https, config, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.CloseWithError(0, "") }()
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		s.t.Fatal(err)
	}

	var fields bytes.Buffer
	encoder := qpack.NewEncoder(&fields)
	for name, value := range map[string]string{":method": "POST", ":scheme": "https", ":authority": "localhost", ":path": "/webhooks"} {
		_ = encoder.WriteField(qpack.HeaderField{Name: name, Value: value})
	}
	if p.length != "" {
		_ = encoder.WriteField(qpack.HeaderField{Name: "content-length", Value: p.length})
	}
	const data, headers = 0, 1
	frame := func(kind uint64, payload []byte) {
		b := quicvarint.Append(quicvarint.Append(nil, kind), uint64(len(payload)))
		_, _ = stream.Write(append(b, payload...)) // the server may have ended the stream
	}
	frame(headers, fields.Bytes())
	for _, piece := range p.body {
		frame(data, []byte(piece))
	}
	if !p.open {
		_ = stream.Close()
	}

	_ = stream.SetReadDeadline(time.Now().Add(patience))
	r := quicvarint.NewReader(stream)
	for {
		kind, err := quicvarint.Read(r)
		if err != nil {
			return 0
		}
		length, err := quicvarint.Read(r)
		if err != nil {
			return 0
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return 0
		}
		if kind != headers {
			continue
		}
		for next := qpack.NewDecoder().Decode(payload); ; {
			field, err := next()
			if err != nil {
				return 0
			}
			if field.Name == ":status" {
				status, _ := strconv.Atoi(field.Value)
				return status
			}
		}
	}
}
