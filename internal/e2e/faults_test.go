//go:build strace

// These tests look at the server's system calls, delay them and make them fail,
// by strace, which must be installed and allowed to attach:
//
//	go test -tags strace -run Strace ./...

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tracer is an strace that is attached to a server.
type tracer struct {
	s    *server
	cmd  *exec.Cmd
	path string
}

func (s *server) trace(args ...string) *tracer {
	s.t.Helper()
	tr := &tracer{s: s, path: s.path(fmt.Sprintf("strace%d", time.Now().UnixNano()))}
	args = append([]string{"-f", "-yy", "-s", "64", "-o", tr.path, "-p", fmt.Sprint(s.cmd.Process.Pid)}, args...)
	tr.cmd = exec.Command("strace", args...)
	stderr, err := os.Create(tr.path + ".err")
	if err != nil {
		s.t.Fatal(err)
	}
	defer stderr.Close()
	tr.cmd.Stderr = stderr
	if err := tr.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { tr.cmd.Process.Kill() })
	eventually(s.t, "strace is attached", func() error {
		out, err := os.ReadFile(stderr.Name())
		if err == nil && !strings.Contains(string(out), "attached") {
			err = fmt.Errorf("strace: %s", out)
		}
		return err
	})
	return tr
}

// detach lets the server run free again.
func (tr *tracer) detach() {
	tr.s.t.Helper()
	_ = tr.cmd.Process.Signal(syscall.SIGINT)
	_ = tr.cmd.Wait()
}

// call is a system call, with the numbers of the lines in which it began and
// ended.
type call struct {
	text       string
	began, end int
}

var (
	callBegan   = regexp.MustCompile(`^(\d+) +(\w+\(.*?)( <unfinished \.\.\.>)?$`)
	callResumed = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
)

// calls are the system calls so far that contain one of the texts.
func (tr *tracer) calls(texts ...string) (calls []call) {
	tr.s.t.Helper()
	out, err := os.ReadFile(tr.path)
	if err != nil {
		tr.s.t.Fatal(err)
	}
	open := map[string]call{}
	for i, line := range strings.Split(string(out), "\n") {
		var done call
		if found := callResumed.FindStringSubmatch(line); found != nil {
			done = open[found[1]]
			done.text, done.end = done.text+found[2], i
		} else if found := callBegan.FindStringSubmatch(line); found != nil {
			done = call{found[2], i, i}
			if found[3] != "" {
				open[found[1]] = done
				continue
			}
		}
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(done.text, text) }) {
			calls = append(calls, done)
		}
	}
	return calls
}

// synced are the fsyncs that succeeded of a file or directory.
func (tr *tracer) synced(path string) (calls []call) {
	for _, c := range tr.calls("fsync(", "fdatasync(") {
		if strings.Contains(c.text, "<"+path+">") && strings.HasSuffix(c.text, "= 0") {
			calls = append(calls, c)
		}
	}
	return calls
}

const syncs = "fsync,fdatasync,sync_file_range,sync,syncfs"

// SPEC §5: written, fsynced, and the directories fsynced, before the answer.
func TestStraceOrder(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "output file {$DIR}/a/b/events.jsonl"))
	path := s.path("a", "b", "events.jsonl")
	tr := s.trace("-e", "trace=write,writev,pwrite64,"+syncs)
	s.post(`{"EventType":"first"}`).wantStored(t)
	eventually(t, "the answer is traced", func() error {
		if len(tr.calls("HTTP/1.1 200")) == 0 {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	answer := tr.calls("HTTP/1.1 200")[0]
	written := tr.calls("{\\\"specversion")
	if len(written) != 1 || written[0].end >= answer.began {
		t.Errorf("written: %v", written)
	}
	for _, synced := range []string{path, s.path("a", "b"), s.path("a"), s.dir} {
		calls := tr.synced(synced)
		if len(calls) == 0 || calls[0].end >= answer.began {
			t.Errorf("%s is not fsynced before the answer: %v", synced, calls)
		}
	}
	if file := tr.synced(path); len(file) != 1 || file[0].began <= written[0].end {
		t.Errorf("fsyncs of the file: %v", file)
	}

	before := len(tr.calls("sync("))
	s.post(`{"EventType":"second"}`).wantStored(t)
	tr.detach()
	if n := len(tr.calls("sync(")) - before; n != 1 {
		t.Errorf("%d fsyncs for a lone event, want 1", n)
	}

	// A file that is made anew.
	if err := os.Rename(path, s.path("taken")); err != nil {
		t.Fatal(err)
	}
	tr = s.trace("-e", "trace=write,"+syncs)
	s.post(`{"EventType":"third"}`).wantStored(t)
	tr.detach()
	answer = tr.calls("HTTP/1.1 200")[0]
	for _, synced := range []string{path, s.path("a", "b")} {
		if calls := tr.synced(synced); len(calls) == 0 || calls[0].end >= answer.began {
			t.Errorf("after the rename, %s is not fsynced before the answer: %v", synced, calls)
		}
	}
}

// SPEC §5: concurrent requests share one write and one fsync.
func TestStraceGroupCommit(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	s.post("{}").wantStored(t)
	tr := s.trace("-e", "trace="+syncs, "-e", "inject=fsync:delay_enter=200000")
	var group sync.WaitGroup
	began := time.Now()
	const n = 40
	for i := range n {
		group.Go(func() {
			a, err := try(newClient(t), "POST", "http://"+s.http+"/", strings.NewReader(tagged(fmt.Sprint(i))))
			if err != nil {
				t.Error(err)
				return
			}
			a.wantStored(t)
		})
	}
	group.Wait()
	took := time.Since(began)
	tr.detach()
	if calls := tr.calls("sync("); len(calls) > 8 || took > 3*time.Second {
		t.Errorf("%d events took %d fsyncs and %v", n, len(calls), took)
	}
}

// SPEC §2 and §5: always, an interval or never; and once at reload and stop.
func TestStraceSync(t *testing.T) {
	t.Parallel()
	with := func(sync string) string {
		return site("verify_token x", "output file {$DIR}/events.jsonl {", "sync "+sync, "}")
	}
	s := start(t, with("off"))
	path := s.path("events.jsonl")
	s.post("{}").wantStored(t)
	fsyncs := func(what string, f func(tr *tracer)) int {
		tr := s.trace("-e", "trace="+syncs)
		f(tr)
		tr.detach()
		n := len(tr.synced(path))
		t.Logf("%s: %d fsyncs", what, n)
		return n
	}
	five := func(*tracer) {
		for range 5 {
			s.post("{}").wantStored(t)
		}
	}
	if n := fsyncs("sync off", five); n != 0 {
		t.Errorf("sync off: %d fsyncs", n)
	}
	if n := fsyncs("reload", func(*tracer) {
		s.reload(with("1h"))
		time.Sleep(500 * time.Millisecond) // the old config may end behind the answer
	}); n == 0 {
		t.Error("what was written is not fsynced at a reload")
	}
	if n := fsyncs("sync 1h", five); n != 0 {
		t.Errorf("sync 1h: %d fsyncs", n)
	}
	s.reload(with("always"))
	if n := fsyncs("sync always", five); n != 5 {
		t.Errorf("sync always: %d fsyncs for 5 lone events", n)
	}
	s.reload(with("300ms"))
	if n := fsyncs("sync 300ms", func(tr *tracer) {
		five(tr)
		eventually(t, "it is fsynced", func() error {
			if len(tr.synced(path)) == 0 {
				return fmt.Errorf("not yet")
			}
			return nil
		})
	}); n > 3 {
		t.Errorf("sync 300ms: %d fsyncs", n)
	}
	s.reload(with("2h"))
	five(nil)
	if n := fsyncs("stop", func(*tracer) { s.terminate(); s.stopped() }); n == 0 {
		t.Error("what was written is not fsynced at the stop")
	}
}

var hang = flag.Duration("hang", 5*time.Second, "how long the fsync of TestStraceHangingSync hangs")

// SPEC §5: no caller waits longer than its timeout, even while an fsync hangs.
func TestStraceHangingSync(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 1s")...))
	s.post("{}").wantStored(t)
	tr := s.trace("-e", "trace="+syncs, "-e", fmt.Sprintf("inject=fsync:delay_enter=%d:when=1", hang.Microseconds()))
	over := time.Now().Add(*hang)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			began := time.Now()
			a, err := try(newClient(t), "POST", "http://"+s.http+"/", strings.NewReader(tagged("hangs")))
			if err != nil {
				t.Error(err)
				return
			}
			a.want(t, 503)
			if took := time.Since(began); took < 900*time.Millisecond || took > 2*time.Second {
				t.Errorf("answered after %v, want 1s", took)
			}
		})
	}
	group.Wait()
	s.verify("x", rightToken).want(t, 200)
	// A reload does not wait for it for ever, and does not lose anything.
	s.reload(site(stored("timeout 2s")...))
	s.wantOneFailure()
	for time.Now().Before(over.Add(-2 * time.Second)) {
		s.post(tagged("hangs")).want(t, 503)
	}
	eventually(t, "it recovers", func() error {
		if a := s.post(`{"EventType":"after"}`); a.status != 200 {
			return fmt.Errorf("%d", a.status)
		}
		return nil
	})
	tr.detach()
	s.events() // all whole, all different
	slow := s.logged("a slow fsync", func(e logEntry) bool { return ours("warn")(e) && strings.Contains(e.field("msg"), "slow fsync") })
	if slow[0].field("path") != s.path("events.jsonl") {
		t.Errorf("the warning names another file: %v", slow[0])
	}
}

// SPEC §3: a request whose event is being stored is finished at a stop.
func TestStraceStopWhileStoring(t *testing.T) {
	t.Parallel()
	s := start(t, "{\n\tgrace_period 10s\n}\n"+site(stored()...))
	s.post("{}").wantStored(t)
	tr := s.trace("-e", "trace="+syncs, "-e", "inject=fsync:delay_enter=1500000")
	done := make(chan answer)
	go func() {
		a, err := try(newClient(t), "POST", "http://"+s.http+"/", strings.NewReader(`{"EventType":"storing"}`))
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	eventually(t, "it is written", func() error {
		if n := len(lines(t, s.path("events.jsonl"))); n != 2 {
			return fmt.Errorf("%d lines", n)
		}
		return nil
	})
	s.terminate()
	(<-done).wantStored(t)
	s.stopped()
	tr.detach()
	if r := s.events(); len(r) != 2 {
		t.Errorf("stored: %v", r)
	}
}

// SPEC §5: after a failed fsync the file is renamed as in a rotation and never
// written or fsynced again; fresh ones are tried at most once a second.
func TestStraceFailedSync(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fails func(s *server) []string
	}{
		{"of the file", func(s *server) []string { return []string{"-P", s.path("a", "events.jsonl")} }},
		{"of everything", func(*server) []string { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
			path := s.path("a", "events.jsonl")
			s.post(tagged("before")).wantStored(t)
			tr := s.trace(append(test.fails(s), "-e", "trace=write,"+syncs, "-e", "inject=fsync,fdatasync:error=EIO")...)
			began := time.Now()
			refused := 0
			for time.Since(began) < 3500*time.Millisecond {
				s.post(tagged(fmt.Sprintf("refused-%d", refused))).want(t, 503)
				refused++
				time.Sleep(20 * time.Millisecond)
			}
			s.wantOneFailure(path, "input/output error")
			tr.detach()
			failed := tr.calls("EIO")
			if len(failed) > 6 {
				t.Errorf("%d fsyncs failed in 3.5s, want about one a second: %v", len(failed), failed)
			}
			before := s.rotated("before")
			s.recovers()
			if after := s.rotated("before"); after != before {
				t.Errorf("the rotated file was written again:\n%s\nbefore:\n%s", after, before)
			}
			all := takenLines(t, path)
			if r, err := parseRecord(all[len(all)-1]); err != nil || r.kind() != "recovered" {
				t.Errorf("the last event is %v, %v", r, err)
			}
			t.Logf("%d events refused, %d fsyncs failed", refused, len(failed))
		})
	}
}

// rotated is the content of the one rotated file that has the tag.
func (s *server) rotated(tag string) (found string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.path("a"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "events.jsonl" {
			continue
		}
		if !rotatedName.MatchString(e.Name()) {
			s.t.Errorf("the rotated file is called %s", e.Name())
		}
		content, err := os.ReadFile(s.path("a", e.Name()))
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(string(content), fmt.Sprintf(`"Tag":%q`, tag)) {
			if found != "" {
				s.t.Errorf("%q is in two rotated files", tag)
			}
			found = string(content)
		}
	}
	if found == "" {
		s.t.Fatalf("%q is in no rotated file: %v", tag, entries)
	}
	return found
}

// The same for the directory's fsync.
func TestStraceFailedSyncOfTheDirectory(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl"))
	tr := s.trace("-e", "trace="+syncs, "-e", "inject=fsync:error=EIO", "-P", s.path("a"))
	for range 5 {
		s.post(`{"EventType":"refused"}`).want(t, 503)
	}
	tr.detach()
	s.wantOneFailure("input/output error")
	s.recovers()
}

// Under traffic, with failures that come and go, nothing acknowledged is lost.
func TestStraceFailuresUnderTraffic(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "output file {$DIR}/a/events.jsonl"))
	traffic := s.traffic(6, "http://"+s.http+"/")
	traffic.wait(20)
	for _, when := range []string{"when=3", "when=2+3", "when=1..4"} {
		tr := s.trace("-e", "trace="+syncs, "-e", "inject=fsync:error=EIO:"+when)
		time.Sleep(1500 * time.Millisecond)
		tr.detach()
		traffic.wait(20)
	}
	traffic.stop()
	names, err := filepath.Glob(s.path("a", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range names {
		all = append(all, lines(t, name)...)
	}
	traffic.wantEach(all)
	t.Logf("%d events acknowledged, %v refused, %d files", traffic.count(), traffic.refused, len(names))
}
