package e2e

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
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

func (s *server) streams() *streams {
	s.t.Helper()
	conn, err := tls.Dial("tcp", s.https, &tls.Config{RootCAs: s.localRoots(), NextProtos: []string{"h2"}})
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := &streams{Framer: http2.NewFramer(conn, conn), Conn: conn, next: 1}
	_, _ = io.WriteString(conn, http2.ClientPreface)
	_ = c.WriteSettings()
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	return c
}

// open opens a stream with an event of which part is sent.
func (c *streams) open(part string) (id uint32, err error) {
	id = c.next
	c.next += 2
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/webhooks"}, {"content-length", "1000"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	if err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil || part == "" {
		return id, err
	}
	return id, c.WriteData(id, false, []byte(part))
}
