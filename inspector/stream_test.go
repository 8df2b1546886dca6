package inspector

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

type arrival struct {
	Events []summary `json:"events"`
	More   int       `json:"more"`
}

// TestStream tells what comes, once, and how everything stands.
func TestStream(t *testing.T) {
	f := storesIn(t, "a")
	f.add("a", 5)
	s := newSite(t, &Handler{})
	l := s.stream()
	if got := l.resp.Header; got.Get("Content-Type") != "text/event-stream" || !strings.Contains(got.Get("Cache-Control"), "no-transform") || !strings.Contains(got.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", got)
	}
	if first := <-l.lines; !strings.HasPrefix(first, ":") {
		t.Errorf("it begins with %q", first)
	}
	m, _ := l.next("state")
	if state := decode[standing](t, m.data); state.Process != process || len(state.Receivers) == 0 {
		t.Errorf("%+v", state)
	}
	f.add("a", 2)
	m, _ = l.next("events")
	if got := decode[arrival](t, m.data); idsOf(got.Events) != "a6 a7" || got.More != 0 || !strings.HasPrefix(m.id, process) {
		t.Errorf("%+v", m)
	}
	// A summary's key opens the event.
	if got := ask[opened](s, "event", map[string]string{"key": decode[arrival](t, m.data).Events[1].Key}); got.ID != "a7" {
		t.Errorf("%+v", got)
	}
	f.add("a", 500)
	total := 0
	for total < 500 {
		m, ok := l.next("events")
		if !ok {
			t.Fatalf("the stream ends after %d", total)
		}
		got := decode[arrival](t, m.data)
		if len(got.Events) > 20 {
			t.Errorf("%d summaries in a message", len(got.Events))
		}
		total += len(got.Events) + got.More
	}
	if total != 500 {
		t.Errorf("%d events are told, want 500", total)
	}
}

// oneIsAway serves a page that has gone after a message, and another one that stays.
func oneIsAway(t *testing.T) (f *stored, s *site, last told, other *live) {
	f = storesIn(t, "a")
	f.add("a", 1)
	s = newSite(t, &Handler{})
	l := s.stream()
	l.next("state")
	f.add("a", 1)
	last, _ = l.next("events")
	l.cancel()
	return f, s, last, s.stream()
}

// TestStreamComesBack: with the id of the last message, nothing is missed; with any other, the list begins anew.
func TestStreamComesBack(t *testing.T) {
	f, s, last, other := oneIsAway(t)
	for i := range 3 {
		f.add("a", 1)
		for seen := false; !seen; {
			m, ok := other.next("events")
			seen = !ok || strings.Contains(m.data, fmt.Sprintf(`"a%d"`, 3+i))
		}
	}
	m, _ := s.stream("Last-Event-ID: "+last.id).next("events", "reset")
	if got := decode[arrival](t, m.data); m.kind != "events" || idsOf(got.Events) != "a3 a4 a5" {
		t.Errorf("%+v", m)
	}
	for _, id := range []string{"x", "0-0", process + "-1", s.h.hub.name + "-99999", s.h.hub.name + "-x", s.h.hub.name + "-18446744073709551615"} {
		if m, _ := s.stream("Last-Event-ID: "+id).next("events", "reset", "state"); m.kind != "reset" {
			t.Errorf("%s: %+v", id, m)
		}
	}
}

// TestStreamThroughRotation: neither rotation nor truncation loses what comes.
func TestStreamThroughRotation(t *testing.T) {
	f := storesIn(t, "a")
	s := newSite(t, &Handler{})
	l := s.stream()
	l.next("state")
	f.add("a", 1) // a file that was not there
	seen := map[string]bool{}
	until := func(id string) {
		t.Helper()
		for !seen[id] {
			m, ok := l.next("events", "reset")
			if !ok {
				t.Fatal("the stream has ended")
			}
			if m.kind == "reset" {
				continue
			}
			for _, e := range decode[arrival](t, m.data).Events {
				if seen[e.ID] {
					t.Errorf("%s is told twice", e.ID)
				}
				seen[e.ID] = true
			}
		}
	}
	until("a1")
	f.add("a", 1)
	until(fmt.Sprintf("a%d", f.n))
	f.add("a", 1) // and rotated before anybody looks
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		t.Fatal(err)
	}
	f.add("a", 1)
	until(fmt.Sprintf("a%d", f.n))
	if before := fmt.Sprintf("a%d", f.n-1); !seen[before] {
		t.Errorf("%s is not told", before)
	}
	if err := os.Truncate(f.path, 0); err != nil {
		t.Fatal(err)
	}
	if m, _ := l.next("reset"); m.kind != "reset" {
		t.Errorf("%+v", m)
	}
	f.write(line("partial", began, `"type":"k"`, "1")[:40])
	f.write(line("partial", began, `"type":"k"`, "1")[40:])
	until("partial")
}

// TestStreamsEnd: an open page does not hold up a stop or a reload.
func TestStreamsEnd(t *testing.T) {
	s := newSite(t, &Handler{})
	streams := []*live{s.stream(), s.stream()}
	for _, l := range streams {
		l.next("state")
	}
	if err := s.h.Cleanup(); err != nil {
		t.Fatal(err)
	}
	for _, l := range streams {
		if m, ok := l.next("never"); ok {
			t.Errorf("%+v", m)
		}
	}
	if got := s.do("GET", "/api/stream", ""); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a stream begins after the end: %d", got.StatusCode)
	}
}

// TestSlowPage: one that does not read is dropped, and no other waits for it.
func TestSlowPage(t *testing.T) {
	h := &Handler{}
	b := newHub(h)
	slow, _ := b.join("")
	quick, _ := b.join("")
	defer b.end()
	for range cap(slow.messages) + 5 {
		b.mu.Lock()
		b.tell([]byte("x"))
		b.mu.Unlock()
		<-quick.messages
	}
	n := 0
	for range slow.messages {
		n++
	}
	if n < maxBehind || n > cap(slow.messages) {
		t.Errorf("the slow page has got %d messages", n)
	}
	b.leave(quick)
}

// TestManyPages: there is a limit, and whoever leaves makes room.
func TestManyPages(t *testing.T) {
	b := newHub(&Handler{})
	defer b.end()
	var last *client
	for i := range maxClients {
		c, ok := b.join("")
		if !ok {
			t.Fatalf("page %d does not get in", i)
		}
		last = c
	}
	if _, ok := b.join(""); ok {
		t.Error("there is no limit")
	}
	b.leave(last)
	if _, ok := b.join(""); !ok {
		t.Error("there is no room")
	}
}

// TestStreamHTTP2: over HTTP/2 likewise.
func TestStreamHTTP2(t *testing.T) {
	f := storesIn(t, "a")
	s := &site{t: t, h: &Handler{}}
	s.provision()
	s.Server = httptest.NewUnstartedServer(s.handler())
	s.EnableHTTP2 = true
	s.Config.WriteTimeout = time.Second // which a stream outlives
	s.StartTLS()
	t.Cleanup(s.Close)
	s.client = s.Client()
	l := s.stream()
	if l.resp.ProtoMajor != 2 {
		t.Fatal(l.resp.Proto)
	}
	l.next("state")
	for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		f.add("a", 1)
		if _, ok := l.next("events", "reset", "state"); !ok {
			t.Fatal("the stream has ended")
		}
	}
}
