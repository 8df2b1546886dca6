package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// annsPassword is a line of basic_auth: Ann's password is "open".
const annsPassword = "ann $2a$04$tpVTvYTTngL/rkEXHdrrfOxolvlY6lNcSznmvlJIfV1ytTe.H.icm"

// inspectorSite is a site whose server cuts off what takes longer than two seconds, and that compresses: with a receiver, and
// an inspector for users with a password.
const inspectorSite = `{
	servers {
		timeouts {
			read_body 2s
			write 2s
		}
	}
}
https://localhost {
	encode gzip zstd
	handle_path /inspect* {
		basic_auth {
			` + annsPassword + `
		}
		webhook_inspector
	}
`

// inspector starts it.
func inspector(t *testing.T) (s *server, sites string) {
	t.Helper()
	sites = inspectorSite + directive("", stored()...) + "}\n"
	return startTLS(t, sites), sites
}

// page asks the inspector as the user whom the site knows.
func (s *server) page(client *http.Client, path string, fields ...string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, "https://"+s.https+"/inspect/"+path, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("ann", "open")
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	return client.Do(req)
}

// messages is a stream of an inspector's.
type messages struct {
	t *testing.T
	*bufio.Reader
	last string // id
}

// messages opens one.
func (s *server) messages(t *testing.T, client *http.Client, fields ...string) *messages {
	t.Helper()
	resp, err := s.page(client, "api/stream", append(fields, "Accept-Encoding: gzip, zstd")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	m := &messages{t: t, Reader: bufio.NewReader(resp.Body)}
	if first, err := m.ReadString('\n'); err != nil || !strings.HasPrefix(first, ":") {
		t.Fatalf("it begins with %q, %v", first, err)
	}
	return m
}

// next returns the data of the next message of a kind.
func (m *messages) next(kind string) (data string) {
	m.t.Helper()
	for is := ""; ; {
		line, err := m.ReadString('\n')
		if err != nil {
			m.t.Fatalf("no %s, but %v", kind, err)
		}
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ": "); name {
		case "event":
			is = value
		case "id":
			m.last = value
		case "data":
			if is == kind {
				return value
			}
		}
	}
}

// A stream tells at once what comes, as it is, however it is asked for, and for longer than an answer may take.
func TestInspectorStream(t *testing.T) {
	t.Parallel()
	s, _ := inspector(t)
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			client := s.tlsClient(protocol)
			do(t, client, "GET", "https://"+s.https+"/inspect/api/stream", nil).want(t, http.StatusUnauthorized)
			a, err := read(s.page(client, ""))
			if err != nil || a.status != http.StatusOK || a.proto != protocol {
				t.Errorf("the page: %d over %s, %v", a.status, a.proto, err)
			}
			began := time.Now()
			m := s.messages(t, client)
			var state struct{ Receivers []json.RawMessage }
			if err := json.Unmarshal([]byte(m.next("state")), &state); err != nil || len(state.Receivers) != 1 {
				t.Errorf("%d receivers, %v", len(state.Receivers), err)
			}
			for time.Since(began) < 3500*time.Millisecond {
				kind := fmt.Sprint(protocol, " after ", time.Since(began))
				body, _ := json.Marshal(map[string]string{"EventType": kind})
				do(t, client, "POST", "https://"+s.https+"/webhooks", strings.NewReader(string(body))).wantStored(t)
				sent := time.Now()
				for !strings.Contains(m.next("events"), kind) {
				}
				if took := time.Since(sent); took > 2*time.Second {
					t.Errorf("told after %v", took)
				}
			}
		})
	}
}

// Pages that are open hold up neither a reload nor a stop.
func TestInspectorStreamsEnd(t *testing.T) {
	t.Parallel()
	s, sites := inspector(t)
	open := func(fields ...string) (all []*messages) {
		for _, protocol := range protocols {
			client := s.tlsClient(protocol)
			for range 3 {
				all = append(all, s.messages(t, client, fields...))
			}
		}
		return all
	}
	end := func(all []*messages, what string, how func()) {
		t.Helper()
		began := time.Now()
		var group sync.WaitGroup
		for _, m := range all { // over HTTP/3 the connection ends when the client has seen that its streams have
			group.Add(1)
			go func() {
				defer group.Done()
				if _, err := io.Copy(io.Discard, m); err != nil && strings.Contains(err.Error(), "Timeout") {
					t.Errorf("a stream does not end: %v", err)
				}
			}()
		}
		how()
		group.Wait()
		// A stream that does not end would hold it up for ever. The command alone takes seconds on a busy machine.
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("with open pages, %s takes %v", what, took)
		}
	}
	all := open()
	for _, m := range all {
		m.next("state")
	}
	end(all, "a reload", func() { s.reload(strings.Replace(sites, "write 2s", "write 3s", 1)) })

	// They come back to another one, and list anew.
	again := open("Last-Event-ID: " + all[0].last)
	for _, m := range again {
		m.next("reset")
		m.next("state")
	}
	end(again, "a stop", func() {
		if out, err := s.run("stop", "--address", s.admin); err != nil {
			t.Error(out)
		}
		s.stopped()
	})
}
