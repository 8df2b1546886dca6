package cli

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDeadLettersAreNoState: they would be replaced by it.
func TestDeadLettersAreNoState(t *testing.T) {
	dir := t.TempDir()
	file, state, link := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "state"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte(storedRequests(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	server, got := application(t, func(received) int { return 400 })
	if err := os.Symlink(state, link); err != nil {
		t.Fatal(err)
	}
	for _, dead := range []string{state, state + ".lock", link} {
		_, _, err := webhook("replay", file, "--to", server.URL, "--state", state, "--dead-letter", dead)
		if err == nil || !strings.Contains(err.Error(), "is the state") || len(got) != 0 {
			t.Errorf("%s: %v after %d events", dead, err, len(got))
		}
		if _, err := os.Stat(state); err == nil {
			t.Errorf("%s: made the file", dead)
		}
	}
}

// TestReplaySwitchingProtocols: what is not HTTP any more need not end.
func TestReplaySwitchingProtocols(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(file, []byte(storedRequests(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"))
	}()
	ended := make(chan error, 1)
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	go func() {
		_, _, err := webhook("replay", file, "--to", "http://"+listener.Addr().String(), "--dead-letter", dead)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "101") {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
	if info, err := os.Stat(dead); err != nil || info.Size() > 0 {
		t.Error("the event is among the dead letters", err)
	}
}
