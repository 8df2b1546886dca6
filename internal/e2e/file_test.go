package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestModes(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"022", "077", "000"} {
		for _, test := range []struct {
			options   string
			file, dir os.FileMode
		}{
			{"", 0o600, 0o700},
			{"mode 0640\ndir_mode 0750", 0o640, 0o750},
			{"mode 0644\ndir_mode 0755", 0o644, 0o755},
			{"mode 0666\ndir_mode 0777", 0o666, 0o777},
		} {
			t.Run(umask+" "+test.options, func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				s.shell = "umask " + umask
				s.configure(site("verify_token x", "output file {$DIR}/a/b/events.jsonl {\n"+test.options+"\n}"))
				s.start()
				for i, name := range []string{"first", "after the file was renamed", "after the directory was renamed"} {
					s.post(`{"EventType":"x"}`).wantStored(t)
					checkMode(t, s.path("a", "b", "events.jsonl"), test.file)
					checkMode(t, s.path("a", "b"), test.dir)
					checkMode(t, s.path("a"), test.dir)
					var err error
					switch i {
					case 0:
						err = os.Rename(s.path("a", "b", "events.jsonl"), s.path("a", "b", "renamed"))
					case 1:
						err = os.Rename(s.path("a"), s.path("renamed"))
					}
					if err != nil {
						t.Fatal(name, err)
					}
				}
			})
		}
	}
}

// Modes are the first creator's; a file that is there keeps its own.
func TestModesOfOthers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("there")
	s.write("there/events.jsonl", "")
	if err := os.Chmod(s.path("there", "events.jsonl"), 0o640); err != nil {
		t.Fatal(err)
	}
	s.configure("http:// {\n" +
		directive("/a", "verify_token x", "output file {$DIR}/new/events.jsonl {", "mode 0644", "dir_mode 0755", "}") +
		directive("/b", "verify_token x", "output file {$DIR}/new/events.jsonl {", "mode 0640", "dir_mode 0750", "}") +
		directive("/there", "verify_token x", "output file {$DIR}/there/events.jsonl") + "}\n")
	s.start()
	for _, path := range []string{"/b", "/a", "/b", "/there"} {
		s.postTo(path, "{}").wantStored(t)
	}
	checkMode(t, s.path("new", "events.jsonl"), 0o640)
	checkMode(t, s.path("new"), 0o750)
	checkMode(t, s.path("there", "events.jsonl"), 0o640)
	checkMode(t, s.path("there"), 0o700)
}

// One file under two names, and from two processes, still has whole lines.
func TestOneFileTwoWriters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("real")
	if err := os.Symlink("real", s.path("link")); err != nil {
		t.Fatal(err)
	}
	s.configure("http:// {\n" +
		directive("/a", "verify_token x", "output file {$DIR}/real/events.jsonl") +
		directive("/b", "verify_token x", "output file {$DIR}/link/events.jsonl") +
		directive("/c", "verify_token x", "output file {$DIR}/real/../link/./events.jsonl") + "}\n")
	s.start()
	other := start(t, site("verify_token x", "output file "+s.path("real", "events.jsonl")))
	traffic := s.traffic(2, "http://"+s.http+"/a", "http://"+s.http+"/b", "http://"+s.http+"/c", "http://"+other.http+"/d")
	traffic.wait(300)
	traffic.stop()
	traffic.wantNoFailure()
	traffic.wantEachOnce(lines(t, s.path("real", "events.jsonl")))
}

func TestTornTailIsHealed(t *testing.T) {
	t.Parallel()
	for _, torn := range []string{`{"specversion":"1.0","id":"`, "{}\n{", "x", "\n\n", "{}\n", ""} {
		t.Run(torn, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.write("events.jsonl", torn)
			s.configure(site(stored()...))
			s.start()
			s.post(`{"EventType":"a"}`).wantStored(t)
			s.post(`{"EventType":"b"}`).wantStored(t)
			content, err := os.ReadFile(s.path("events.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			rest, kept := strings.CutPrefix(string(content), torn)
			if !kept {
				t.Fatalf("what was there is not kept: %q", content)
			}
			if torn != "" && !strings.HasSuffix(torn, "\n") {
				if rest, kept = strings.CutPrefix(rest, "\n"); !kept {
					t.Fatalf("the next event is on the torn line: %q", content)
				}
			}
			for i, line := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n") {
				if r, err := parseRecord(line); err != nil || r.kind() != []string{"a", "b"}[i] {
					t.Errorf("line %q: %v", line, err)
				}
			}
		})
	}
}

// TestFileTakenAwayUnderTraffic plays logrotate: what was acknowledged is in
// one of the files as they were just after they were taken away; and a request
// that began after that is in a later one.
func TestFileTakenAwayUnderTraffic(t *testing.T) {
	rename := func(s *server, _ int) (string, error) {
		to := s.path("taken")
		return to, os.Rename(s.path("dir", "events.jsonl"), to)
	}
	for _, test := range []struct {
		name, sync string
		take       func(s *server, i int) (string, error)
	}{
		{"renamed", "always", rename},
		{"renamed, not synced", "1h", rename},
		{"removed", "always", func(s *server, _ int) (string, error) {
			to := s.path("taken")
			if err := os.Link(s.path("dir", "events.jsonl"), to); err != nil {
				return "", err
			}
			return to, os.Remove(s.path("dir", "events.jsonl"))
		}},
		{"renamed and made anew", "always", func(s *server, i int) (string, error) {
			to, err := rename(s, i)
			if err != nil {
				return to, err
			}
			file, err := os.OpenFile(s.path("dir", "events.jsonl"), os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, os.ErrExist) {
				return to, nil // by the server itself
			}
			file.Close()
			return to, err
		}},
		{"replaced by a rename", "always", func(s *server, _ int) (string, error) {
			to := s.path("taken")
			if err := os.Link(s.path("dir", "events.jsonl"), to); err != nil {
				return "", err
			}
			s.write("new", "")
			return to, os.Rename(s.path("new"), s.path("dir", "events.jsonl"))
		}},
		{"with its directory", "always", func(s *server, i int) (string, error) {
			to := s.path(fmt.Sprintf("taken%d", i))
			return filepath.Join(to, "events.jsonl"), os.Rename(s.path("dir"), to)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, site("verify_token x", "output file {$DIR}/dir/events.jsonl {", "sync "+test.sync, "}"))
			traffic := s.traffic(6, "http://"+s.http+"/webhooks")
			const times = 25
			var files [][]string
			var taken []time.Time
			for i := range times {
				traffic.wait(4)
				eventually(t, "the file is there", func() error {
					_, err := os.Stat(s.path("dir", "events.jsonl"))
					return err
				})
				path, err := test.take(s, i)
				if err != nil {
					t.Fatal(err)
				}
				taken = append(taken, time.Now())
				files = append(files, takenLines(t, path))
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			traffic.wait(4)
			traffic.stop()
			if test.name == "with its directory" {
				// It may go between the file's making and the directory's fsync.
				delete(traffic.refused, http.StatusServiceUnavailable)
			}
			traffic.wantNoFailure()
			files = append(files, lines(t, s.path("dir", "events.jsonl")))
			traffic.wantEach(slices.Concat(files...))

			last := map[string]int{} // the last file with a tag
			for i, file := range files {
				for _, line := range file {
					tag, _ := tagOf(line)
					last[tag] = i
				}
			}
			for _, done := range traffic.acked {
				for i := len(taken) - 1; i >= 0; i-- {
					if done.began.After(taken[i]) && last[done.tag] <= i {
						t.Fatalf("%s began after file %d was taken away, and is in file %d", done.tag, i, last[done.tag])
					}
				}
			}
			t.Logf("%d events acknowledged, taken away %d times", traffic.count(), times)
		})
	}
}

// takenLines are the whole lines of a file that may just be written to.
func takenLines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(string(content), "\n")
	return all[:len(all)-1]
}

func TestDirectoryIsRemoved(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "output file {$DIR}/a/b/events.jsonl"))
	for i := range 3 {
		kind := fmt.Sprintf("number %d", i)
		eventually(t, "it is stored", func() error {
			a := s.post(fmt.Sprintf(`{"EventType":%q}`, kind))
			if a.status != 200 {
				a.want(t, 503)
				return errors.New("503")
			}
			return nil
		})
		if r := records(t, s.path("a", "b", "events.jsonl")); len(r) != 1 || r[0].kind() != kind {
			t.Errorf("stored: %v", r)
		}
		if err := os.RemoveAll(s.path("a")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDirectoryCannotBeMade replaces the directory by a file, for a while.
func TestDirectoryCannotBeMade(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
	s.post(`{"EventType":"before"}`).wantStored(t)
	if err := os.Rename(s.path("a"), s.path("b")); err != nil {
		t.Fatal(err)
	}
	s.write("a", "in the way")
	for range 10 {
		s.post(`{"EventType":"refused"}`).want(t, 503)
	}
	s.wantOneFailure(s.path("a"), "not a directory")
	s.verify("x", rightToken).want(t, 200)
	if err := os.Remove(s.path("a")); err != nil {
		t.Fatal(err)
	}
	s.recovers()
	if r := records(t, s.path("a", "events.jsonl")); len(r) == 0 || r[0].kind() != "recovered" {
		t.Errorf("stored: %v", r)
	}
	if r := records(t, s.path("b", "events.jsonl")); len(r) != 1 {
		t.Errorf("stored before: %v", r)
	}
}

// wantOneFailure checks that there is one error entry, and that it says what
// failed and why.
func (s *server) wantOneFailure(parts ...string) {
	s.t.Helper()
	failures := s.logged("the failure", ours("error"))
	if len(failures) != 1 {
		s.t.Errorf("%d error entries, want one: %v", len(failures), failures)
	}
	for _, part := range parts {
		if !strings.Contains(failures[0].String(), part) {
			s.t.Errorf("the entry does not say %q: %v", part, failures[0])
		}
	}
}

// recovers waits until events are stored again, and that it is logged, once.
func (s *server) recovers() {
	s.t.Helper()
	notices := func() int {
		return len(s.entries(func(e logEntry) bool { return e.field("msg") == "events are being stored again" }))
	}
	before := notices()
	eventually(s.t, "it recovers", func() error {
		if a := s.post(`{"EventType":"recovered"}`); a.status != 200 {
			return fmt.Errorf("%d", a.status)
		}
		return nil
	})
	for range 5 {
		s.post(`{"EventType":"recovered"}`).wantStored(s.t)
	}
	eventually(s.t, "the recovery is logged", func() error {
		if n := notices(); n != before+1 {
			return fmt.Errorf("%d info entries more", n-before)
		}
		return nil
	})
	if n := len(s.entries(ours("error"))); n != 1 {
		s.t.Errorf("%d error entries after the recovery, want one", n)
	}
}

// TestFileSizeLimit lets the kernel refuse writes beyond 32 KiB, as a full
// disk does.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.shell = "ulimit -f 64" // in blocks of 512 bytes
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
	s.start()
	acked := 0
	for s.post(padded(5000)).status == http.StatusOK {
		if acked++; acked > 100 {
			t.Fatal("the limit does not hold")
		}
	}
	for range 10 {
		s.post(padded(5000)).want(t, 503)
	}
	s.wantOneFailure(s.path("a", "events.jsonl"), "file too large")
	s.verify("x", rightToken).want(t, 200)
	s.post("x").want(t, 400)
	whole := takenLines(t, s.path("a", "events.jsonl"))
	if len(whole) != acked {
		t.Errorf("%d whole lines, want %d", len(whole), acked)
	}
	if err := os.Rename(s.path("a", "events.jsonl"), s.path("full.jsonl")); err != nil {
		t.Fatal(err)
	}
	s.recovers()
	records(t, s.path("a", "events.jsonl")) // all whole
}

// TestFileSizeLimitUnderTraffic has many events in a batch that fails.
func TestFileSizeLimitUnderTraffic(t *testing.T) {
	s := newServer(t)
	s.shell = "ulimit -f 128"
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
	s.start()
	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	var all []string
	for i := range 6 {
		traffic.refuses(8)
		taken := s.path(fmt.Sprintf("taken%d", i))
		if err := os.Rename(s.path("a", "events.jsonl"), taken); err != nil {
			t.Fatal(err)
		}
		traffic.wait(20)
		all = append(all, takenLines(t, taken)...)
	}
	traffic.stop()
	all = append(all, takenLines(t, s.path("a", "events.jsonl"))...)
	var whole []string
	for _, line := range all {
		if _, err := tagOf(line); err == nil { // a torn line was not acknowledged
			whole = append(whole, line)
		}
	}
	if torn := len(all) - len(whole); torn > 50 {
		t.Errorf("%d of %d lines are torn", torn, len(all))
	}
	for status := range traffic.refused {
		if status != 503 {
			t.Errorf("answers of %d", status)
		}
	}
	traffic.wantEach(whole)
	t.Logf("%d events acknowledged, %v refused", traffic.count(), traffic.refused)
}

// TestFailureIsLoggedOnceUnderTraffic: senders that learn of an earlier batch's
// success after a later one's failure do not make it a recovery.
func TestFailureIsLoggedOnceUnderTraffic(t *testing.T) {
	s := newServer(t)
	s.shell = "ulimit -f 128"
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
	s.start()
	traffic := s.traffic(16, "http://"+s.http+"/webhooks")
	for round := range 4 {
		traffic.refuses(100)
		failures := s.entries(ours("error"))
		recoveries := s.entries(func(e logEntry) bool { return e.field("msg") == "events are being stored again" })
		if len(failures) != round+1 || len(recoveries) != round {
			t.Fatalf("after %d failures and %d recoveries these are logged:\n%v\n%v", round+1, round, failures, recoveries)
		}
		if err := os.Rename(s.path("a", "events.jsonl"), s.path("taken")); err != nil {
			t.Fatal(err)
		}
		traffic.wait(50)
	}
	traffic.stop()
}

// TestFirstEventWithMuchThere: neither a file of 10 GiB nor 2,000 rotated ones
// hold up the start or the first event.
func TestFirstEventWithMuchThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("a")
	s.write("a/events.jsonl", "")
	if err := os.Truncate(s.path("a", "events.jsonl"), 10<<30); err != nil { // takes no room on the disk
		t.Fatal(err)
	}
	for i := range 2000 {
		s.write(fmt.Sprintf("a/events-2026-11-23T17-04-%02d.%03d.jsonl", i/1000, i%1000), "{}\n")
	}
	s.configure(site("verify_token x", "output file {$DIR}/a/events.jsonl {", "roll_size 0", "roll_keep 3000", "}"))
	s.start()
	began := time.Now()
	s.post(`{"EventType":"first"}`).wantStored(t)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the first event took %v", took)
	}
}

// Readers see whole lines: what a batch has written is there when the answer
// is, and in the order of the answers.
func TestStoredBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	file := ""
	for i := range 50 {
		body := fmt.Sprintf(`{"EventType":"n%d"}`, i)
		s.post(body).wantStored(t)
		content, err := os.ReadFile(s.path("events.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		added, ok := strings.CutPrefix(string(content), file)
		if !ok || strings.Count(added, "\n") != 1 || !strings.HasSuffix(added, body+"}\n") {
			t.Fatalf("event %d added %q", i, added)
		}
		file = string(content)
	}
}

// Large events and small ones at once do not mix in the file.
func TestLargeEventsTogether(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	answers := make(chan error)
	const n = 24
	for i := range n {
		go func() {
			size := 1 << (i % 23)
			body := fmt.Sprintf(`{"EventType":"large","TicketId":%d,"Pad":%q}`, i, strings.Repeat("y", size))
			a, err := try(newClient(t), http.MethodPost, "http://"+s.http+"/webhooks", io.MultiReader(strings.NewReader(body)))
			if err == nil && a.status != http.StatusOK {
				err = fmt.Errorf("answer %d", a.status)
			}
			answers <- err
		}()
	}
	for range n {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	for _, r := range s.events() {
		seen[r.subject()] = true
	}
	if len(seen) != n {
		t.Errorf("%d events stored, want %d", len(seen), n)
	}
}
