package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestOutsiders has everything that a sender can choose hold what might be taken
// for something else: a file's name, a metric's label, an entry of the log, the
// envelope of an event, a URL to call.
func TestOutsiders(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			called.Add(1)
			conn.Close()
		}
	}()
	callback := "http://" + listener.Addr().String() + "/callback"

	s := newServer(t)
	s.configure("{\n\tdebug\n\tmetrics\n\tservers {\n\t\tmetrics\n\t}\n}\nhttp:// {\n\tlog\n" + directive("",
		"verify_token "+rightToken, "output file {$DIR}/events.jsonl", "output log", "attribute agent {http.request.header.User-Agent}") + "}\n")
	s.start()
	s.post(`{"EventType":"first"}`).wantStored(t)
	files := s.files()

	const mark = "outsider-9Kd2"
	values := []string{
		"../../" + mark, "/tmp/" + mark, mark + "\x00.jsonl", "{env.HOME}" + mark, callback + "?" + mark, "file:///etc/passwd#" + mark,
		mark + `","level":"error","logger":"` + mark + `","id":"` + mark, mark + "\r\nX-Mark: " + mark, `${jndi:` + callback + `}` + mark, "%(" + mark + ")s%n",
	}
	stored := 1
	for _, value := range values {
		body := map[string]string{value: value}
		for _, name := range []string{
			"EventType", "TicketId", "CommunityName", "specversion", "id", "source", "time", "type", "subject", "data", "data_base64",
			"level", "logger", "msg", "ts", "Type", "SubscribeURL", "validationUrl", "callback", "filename", "outcome", "provider",
		} {
			body[name] = value
		}
		event, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		field := strings.Map(func(c rune) rune {
			if c < ' ' {
				return '_'
			}
			return c
		}, value)
		fields := []string{fmt.Sprintf("Content-Length: %d", len(event))}
		for _, name := range []string{
			"User-Agent", "Referer", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "Content-Type", "Ce-Id", "Ce-Source", "Ce-Type", "Ce-Specversion",
			"WebHook-Request-Callback", "WebHook-Request-Origin", "X-Filename", "Content-Disposition", "X-Hub-Signature-256", "Traceparent", "Origin", "Link",
		} {
			fields = append(fields, name+": "+field)
		}
		c := s.dial(t)
		c.send(headOf("POST", "/"+percent(value)+"?callback="+percent(value), fields...), string(event))
		c.answer().wantStored(t)
		stored++

		for _, target := range []string{"/?" + handshake(value, rightToken), "/?" + handshake(callback, value), "/" + percent(value)} {
			for _, method := range []string{"GET", "HEAD", "PUT", mark} {
				c := s.dial(t)
				c.send(headOf(method, target, fields[1:]...))
				if a := c.answerTo(method); a.header.Get("X-Mark") != "" || a.header.Get("Location") != "" {
					t.Errorf("%s %s: header fields %v", method, target, a.header)
				}
			}
		}
		c = s.dial(t)
		c.send("POST / HTTP/1.1\r\nHost: " + strings.ReplaceAll(mark+percent(value), "%", "-") + "\r\nContent-Length: 2\r\n\r\n{}")
		if a := c.answer(); a.status == 200 {
			stored++
		}
	}

	for _, name := range s.files() {
		if strings.Contains(name, mark) || !slices.Contains(files, name) && !s.caddysOwn(name) {
			t.Errorf("there is a file %s", name)
		}
	}
	if metrics := s.fromAdmin("/metrics"); strings.Contains(metrics, mark) {
		i := strings.Index(metrics, mark)
		t.Errorf("the metrics hold what a sender chose: %s", metrics[max(0, i-200):i+len(mark)])
	}
	if n := called.Load(); n != 0 {
		t.Errorf("the receiver called out %d times", n)
	}
	events := s.events() // of which each is checked
	if len(events) != stored {
		t.Errorf("%d events stored, want %d", len(events), stored)
	}
	for _, e := range events {
		for _, name := range []string{"specversion", "id", "time", "datacontenttype"} {
			if strings.Contains(e.attributes[name], mark) {
				t.Errorf("%s is what a sender chose: %s", name, e.line)
			}
		}
		if !strings.HasPrefix(e.source(), "http://") || strings.Contains(e.source(), "X-Forwarded") {
			t.Errorf("source %q", e.source())
		}
	}
	logged := s.entries(func(e logEntry) bool { return e.field("logger") == "http.webhook_receiver.outputs.log" })
	if len(logged) != stored {
		t.Errorf("%d events logged, want %d", len(logged), stored)
	}
	for _, e := range s.entries(func(logEntry) bool { return true }) {
		level, name := e.field("level"), e.field("logger")
		if strings.Contains(name, mark) || level != "info" && level != "debug" && !mayBeLost(e) && strings.Contains(e.String(), mark) {
			t.Errorf("a sender chose logger or level: %s", e)
		}
		if name == "http.webhook_receiver.outputs.log" && (level != "info" || e.field("msg") != "event") {
			t.Errorf("an event changed its entry: %s", e)
		}
	}
	if bad := s.entries(func(e logEntry) bool { return ours("warn")(e) && !mayBeLost(e) }); len(bad) != 0 {
		t.Errorf("warnings that an outsider caused: %v", bad)
	}
	if bad := s.entries(ours("error")); len(bad) != 0 {
		t.Errorf("errors that an outsider caused: %v", bad)
	}
}

// mayBeLost matches the one warning that anybody can cause where nothing is
// signed, once a second.
func mayBeLost(e logEntry) bool {
	return e.field("msg") == "what may have been an event was refused, and is lost unless it is sent again"
}

// files are the names of all that is below the server's directory.
func (s *server) files() (names []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

// caddysOwn says whether a file is one of Caddy's, of which some come and go.
func (s *server) caddysOwn(name string) bool {
	return strings.HasPrefix(name, s.path("data", "caddy")) || strings.HasPrefix(name, s.path("config", "caddy"))
}
