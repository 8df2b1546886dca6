package cli

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
)

// TestLearnEnds: Ctrl-C ends the waiting, and so does the time; what is asked wrong is told.
func TestLearnEnds(t *testing.T) {
	learnEvery = time.Millisecond
	t.Cleanup(func() { learnEvery = time.Second })
	var mu sync.Mutex
	var asked []string
	open := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/webhook_receiver/learn/"))
		answer := `{"receiver":"tasks","provider":"asana","learnt":[]`
		if open {
			answer += `,"window":{"until":"2026-01-02T03:04:05Z"}`
		}
		_, _ = w.Write([]byte(answer + "}"))
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")

	ctx, cancel := context.WithCancel(context.Background())
	var out, notes buffer
	done := make(chan error, 1)
	go func() { done <- runIn(ctx, &out, &notes, "learn", "tasks", "--address", address) }()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(notes.String(), "Set the webhook up there now"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(notes.String())
		}
	}
	cancel()
	if err := <-done; err == nil || err.Error() != "no secret has come; none is taken any more" {
		t.Error(err)
	}
	mu.Lock()
	if last := asked[len(asked)-1]; last != "POST tasks/close" || asked[1] != "POST tasks/open" {
		t.Error(asked)
	}
	open = false
	mu.Unlock()
	if _, _, err := webhook("learn", "tasks", "--address", address); err == nil || !strings.Contains(err.Error(), "no secret has come within ten minutes") {
		t.Error(err)
	}
	if out, _, err := webhook("learn", "tasks", "--list", "--address", address); err != nil || out != "tasks: no secret was learnt\n" {
		t.Error(out, err)
	}
	if out, _, err := webhook("learn", "tasks", "--forget", "--address", address); err != nil || out != "tasks: no secret was learnt\n" {
		t.Error(out, err)
	}
	for args, want := range map[string]string{"learn": "for which receiver?", "learn a b": "for which receiver?", "learn a --list --forget": "only one of them"} {
		if _, _, err := webhook(strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestLearnEndsAtTheQuestion: Ctrl-C ends the command there, too, and answers nothing.
func TestLearnEndsAtTheQuestion(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keep") || strings.HasSuffix(r.URL.Path, "/reject") {
			t.Error(r.URL)
		}
		_, _ = w.Write([]byte(`{"receiver":"tasks","provider":"asana","learnt":[],"window":{"until":"2026-01-02T03:04:05Z","candidate":{"id":"00","user_agent":"x\u001b[2J"}}}`))
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(context.Background())
	answers, nobody := io.Pipe()
	t.Cleanup(func() { nobody.Close() })
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	Register(cmd, []play.Service{signing}, nil, nil, nil)
	cmd.SetArgs([]string{"learn", "tasks", "--address", strings.TrimPrefix(server.URL, "http://")})
	cmd.SetIn(answers)
	var notes buffer
	cmd.SetErr(&notes)
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(notes.String(), "keep it?"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(notes.String())
		}
	}
	cancel()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "run this again to be asked again") {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not end")
	}
	if strings.Contains(notes.String(), "\x1b") {
		t.Errorf("%q", notes.String())
	}
}
