package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestEveryServer runs all that are there for a moment, with what goes on beside
// them, and looks for the events that were answered.
func TestEveryServer(t *testing.T) {
	tmp := t.TempDir()
	program, err := buildCaddy(tmp)
	if err != nil {
		t.Fatal(err)
	}
	p := ticket
	p.numbered = true // for dedupe, and of no matter to others
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			if s.missing != nil && s.missing() {
				t.Log("it is not installed")
				return
			}
			s.caddy = program
			if s.build != nil {
				if err := s.build(tmp); err != nil {
					t.Fatal(err)
				}
			}
			dir := filepath.Join(tmp, "run")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(dir) }()
			running, err := s.start(dir)
			if err != nil {
				t.Fatal(err)
			}
			var peak int64
			stop := sync.OnceFunc(func() { peak = running.stop() })
			defer stop()
			answers := runFor(t, s, p, dir)
			used := running.processorTime()
			if stop(); runtime.GOOS == "linux" && (peak < 1<<20 || used <= 0) {
				t.Errorf("peak memory %d, processor time %v", peak, used)
			}
			stored, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
			if strings.HasPrefix(s.config, "respond") || strings.HasPrefix(s.config, "vars") || strings.HasPrefix(s.config, "log_append") {
				return // it stores none
			}
			event := []byte("\n") // which ends it
			if s.program != nil {
				event = p.body
			}
			if n := int64(bytes.Count(stored, event)); err != nil || n != answers {
				t.Errorf("%d events are stored of %d, %v", n, answers, err)
			}
		})
	}
}

// runFor returns how many events were answered.
func runFor(t *testing.T, s server, p post, dir string) int64 {
	t.Helper()
	var aside beside
	if s.beside != nil {
		var err error
		if aside, err = s.beside(dir); err != nil {
			t.Fatal(err)
		}
		defer aside.stop()
	}
	answers, err := s.check(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := own.run(dir, address, 4, s.signed(p), 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	answers += r.Answers
	done := map[string]func() bool{
		"deliver":   func() bool { return aside.end(answers) == 0 },
		"inspector": func() bool { return aside.end(answers) > 0 },
	}[s.name]
	for deadline := time.Now().Add(30 * time.Second); done != nil && !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v %s", aside.end(answers), s.besideIs)
		}
	}
	return answers
}

func TestScenarios(t *testing.T) {
	*against = "other"
	defer func() { *against = "" }()
	for _, s := range scenarios() {
		others := 0
		turns := s.turns() // which panics if a server is not known
		for _, server := range turns {
			if server.caddy == "other" {
				others++
			}
		}
		if others == 0 || turns[0].caddy == "other" {
			t.Errorf("%s: %d of the other program", s.Title, others)
		}
	}
}

func TestPrint(t *testing.T) {
	o := outcome{
		scenario: scenario{Title: "a title", post: ticket, servers: []string{bare, "deliver"}}, Load: "wrk 1",
		Results: map[string][]result{
			bare:      {{Rate: 1000, P50: time.Millisecond, P99: 2 * time.Millisecond, Processor: 30 * time.Microsecond, Memory: 50e6}},
			"deliver": {{Rate: 500, P50: time.Millisecond, P99: 2 * time.Millisecond, Beside: 17}},
		},
	}
	var out strings.Builder
	o.print(&out)
	for _, text := range []string{
		"### a title\n", "load by wrk 1.",
		"| bare | 1000 | 1.00 | 30.0 µs | 1 | 1ms | 2ms | 50 MB |\n",
		"| deliver | 500 | 0.50 | – | 1 | 1ms | 2ms | – |\n",
		"\ndeliver: 17 events that were not delivered yet at the end.\n",
	} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in:\n%s", text, &out)
		}
	}
}
