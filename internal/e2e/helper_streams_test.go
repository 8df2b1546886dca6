package e2e

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// streams is an HTTP/2 connection on which the test decides about every frame.
type streams struct {
	*http2.Framer
	net.Conn
	next uint32
}

// streams opens one whose answers nobody reads.
func (s *server) streams() *streams {
	s.t.Helper()
	c := s.frames()
	go func() { _, _ = io.Copy(io.Discard, c.Conn) }()
	return c
}

func (s *server) frames() *streams {
	s.t.Helper()
	conn, err := tls.Dial("tcp", s.https, &tls.Config{RootCAs: s.localRoots(), NextProtos: []string{"h2"}})
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := &streams{Framer: http2.NewFramer(conn, conn), Conn: conn, next: 1}
	_, _ = io.WriteString(conn, http2.ClientPreface)
	_ = c.WriteSettings()
	return c
}

// open opens a stream with an event of which part is sent.
func (c *streams) open(part string) (id uint32, err error) {
	id, err = c.post("1000", false)
	if err != nil || part == "" {
		return id, err
	}
	return id, c.WriteData(id, false, []byte(part))
}

// post opens a stream with the head of an event, of that length or of none.
func (c *streams) post(length string, ends bool) (id uint32, err error) {
	id = c.next
	c.next += 2
	fields := [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/webhooks"}}
	if length != "" {
		fields = append(fields, [2]string{"content-length", length})
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range fields {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return id, c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: ends})
}

// status is that of the answer on a stream, or 0 where the server ends it instead.
func (c *streams) status(id uint32) (status int) {
	decoder := hpack.NewDecoder(4096, func(field hpack.HeaderField) {
		if field.Name == ":status" {
			status, _ = strconv.Atoi(field.Value)
		}
	})
	for {
		frame, err := c.ReadFrame()
		if err != nil {
			return 0
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			if _, err := decoder.Write(frame.HeaderBlockFragment()); err == nil && frame.StreamID == id {
				return status
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return 0
		}
	}
}
