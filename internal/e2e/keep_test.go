package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// One receiver keeps everything and another one little of the same file. The
// former need not have had an event since a reload, or a restart, for its wish
// to count.
func TestNothingIsRemovedThatAnotherReceiverKeeps(t *testing.T) {
	t.Parallel()
	sites := func(timeout string) string {
		file := []string{"verify_token x", "timeout " + timeout, "output file {$DIR}/a/events.jsonl {", "roll_size 1KiB"}
		return "http:// {\n" + directive("/few", append(file, "roll_keep 1", "}")...) + directive("/keep", append(file, "}")...) + "}\n"
	}
	for name, again := range map[string]func(s *server){
		"reload": func(s *server) { s.reload(sites("14s")) },
		"restart": func(s *server) {
			s.terminate()
			s.stopped()
			s.start()
		},
		"kill": func(s *server) {
			s.kill()
			s.start()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, sites("15s"))
			n := 0
			send := func(path string, count int) {
				for range count {
					s.postTo(path, tagged(fmt.Sprintf("%017d", n))).wantStored(t) // two in a file
					n++
				}
			}
			send("/few", 1)
			send("/keep", 30)
			again(s)
			send("/few", 8)
			if got := s.stoppedLines(s.path("a")); len(got) != n {
				t.Errorf("%d of %d events are left", len(got), n)
			}
		})
	}
}

// lastYears and todays are the names of files rotated then.
func lastYears() string { return rotatedAt(time.Now().AddDate(-1, 0, 0)) }
func todays() string    { return rotatedAt(time.Now().Add(-time.Hour)) }

func rotatedAt(t time.Time) string {
	return t.UTC().Format("events-2006-01-02T15-04-05.000.jsonl")
}

// oldFiles makes a directory with files of last year and of today.
func (s *server) oldFiles(dir string) (last, today string) {
	s.t.Helper()
	s.mkdir(dir)
	return s.write(filepath.Join(dir, lastYears()), "old\n"), s.write(filepath.Join(dir, todays()), "new\n")
}

func keepsADay(dir string) string {
	return site("verify_token x", "output file {$DIR}/"+dir+"/events.jsonl {", "roll_keep_for 1d", "}")
}

func keepsAll(dir string) string {
	return site("verify_token x", "output file {$DIR}/"+dir+"/events.jsonl")
}

func wantRemoved(t *testing.T, path string) {
	t.Helper()
	eventually(t, "what is too old is removed", func() error {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s is there", path)
		}
		return nil
	})
}

func wantKept(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// What is too old goes without any event: from a config's start on.
func TestKeepForNeedsNoEvent(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{"start": nil, "start without admin endpoint": {"ADMIN=off"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			last, today := s.oldFiles("a")
			s.env = append(s.env, env...)
			s.configure(keepsADay("a"))
			s.start()
			wantRemoved(t, last)
			wantKept(t, today)
		})
	}
	t.Run("reload", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		last, today := s.oldFiles("a")
		s.configure(keepsAll("a"))
		s.start()
		s.post(tagged("x")).wantStored(t) // by the file that goes on being open
		s.reload(keepsADay("a"))
		wantRemoved(t, last)
		wantKept(t, today)
	})
	t.Run("reload to another file", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		last, today := s.oldFiles("a")
		s.configure(keepsAll("b"))
		s.start()
		s.reload(keepsADay("a"))
		wantRemoved(t, last)
		wantKept(t, today)
	})
	t.Run("directory that comes later", func(t *testing.T) {
		t.Parallel()
		s := start(t, keepsADay("a"))
		s.post(tagged("x")).wantStored(t)
		if errors := s.entries(ours("error")); len(errors) > 0 {
			t.Errorf("logged: %v", errors)
		}
	})
}

// A config that never takes effect removes nothing.
func TestRejectedConfigRemovesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())

	s := newServer(t)
	last, today := s.oldFiles("a")
	spent, _ := s.oldFiles("c")
	bad := map[string]string{
		"in a later receiver": keepsADay("a") + "http://127.0.0.1 {\n" + directive("", "verify_token {env.E2E_UNSET}") + "}\n",
		"at its start":        keepsADay("a") + "http://localhost:" + port + " {\n\trespond taken\n}\n",
	}
	for name, sites := range bad { // as the first config
		s.configure(sites)
		if out, err := s.run("run", "--adapter", "caddyfile", "--config", s.path("Caddyfile")); err == nil {
			t.Errorf("%s: it runs: %s", name, out)
		}
	}
	s.configure(keepsADay("a"))
	if out, err := s.run("validate", "--adapter", "caddyfile", "--config", s.path("Caddyfile")); err != nil {
		t.Error(out)
	}
	s.configure(keepsAll("b"))
	s.start()
	for name, sites := range bad { // after another one
		if status, answer := s.load(sites); status == http.StatusOK {
			t.Errorf("%s: it is loaded: %s", name, answer)
		}
	}
	s.reload(keepsADay("c"))
	wantRemoved(t, spent) // by now the others would have been
	wantKept(t, last, today)
}
