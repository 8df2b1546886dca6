package e2e

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestReloadWithAnEventInFlight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		reload func(s *server)
	}{
		{"by the admin endpoint", func(s *server) { s.reload(site(stored("timeout 14s")...)) }},
		{"by the command", func(s *server) {
			s.configure(site(stored("timeout 14s")...))
			if out, err := s.run("reload", "--adapter", "caddyfile", "--config", s.path("Caddyfile"), "--address", s.admin); err != nil {
				s.t.Fatal(out)
			}
		}},
		{"to another file", func(s *server) { s.reload(site("verify_token x", "output file {$DIR}/other.jsonl")) }},
		{"to no receiver", func(s *server) { s.reload("http:// {\n\trespond gone 410\n}\n") }},
		{"many times", func(s *server) {
			for i := range 10 {
				s.reload(site(stored(fmt.Sprintf("timeout %ds", 10+i))...))
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, site(stored()...))
			const body = `{"EventType":"in flight","Tag":"x"}`
			length := fmt.Sprintf("Content-Length: %d", len(body))
			begun, silent := s.dial(t), s.dial(t)
			begun.send(head(length), body[:10])
			silent.send(head(length))
			s.post(`{"EventType":"before"}`).wantStored(t) // those above have been read by now
			test.reload(s)
			begun.send(body[10:])
			begun.answer().wantStored(t)
			silent.send(body)
			silent.answer().wantStored(t)
			n := 0
			for _, r := range s.events() {
				if r.kind() == "in flight" {
					n++
				}
			}
			if n != 2 {
				t.Errorf("%d events stored, want 2", n)
			}
		})
	}
}

func TestRejectedReload(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("files")
	const file = "output file {$DIR}/files/events.jsonl"
	s.configure(site(good, file))
	s.start()
	s.post(`{"EventType":"before"}`).wantStored(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())

	for name, sites := range map[string]string{
		"in this receiver":    site(good, file, "timeout 0"),
		"missing token":       site(file+" {", "format raw", "sync off", "mode 0644", "}"),
		"in a later output":   site(good, file, "output file {$DIR}/files/new/a.jsonl", "output file {$DIR}/log/x.jsonl"),
		"in a later receiver": "http:// {\n" + directive("/a", good, "output file {$DIR}/files/new/b.jsonl") + directive("/b", "verify_token {env.E2E_UNSET}") + "}\n",
		"in the same file, in another format": "http:// {\n" +
			directive("/a", good, file+" {", "format raw", "sync 1h", "}") + directive("/b", "verify_token {env.E2E_UNSET}") + "}\n",
		// At a port of its own only, as Caddy before v2.11 leaves those servers
		// running that started before the one that fails.
		"at its start": "http://localhost:" + port + " {\n" +
			directive("", good, file+" {", "format raw", "sync off", "}", "output file {$DIR}/files/new/c.jsonl") + "}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			before := tree(t, s.path("files"))
			if status, answer := s.load(sites); status == http.StatusOK {
				t.Fatalf("loading: %d %s", status, answer)
			}
			if after := tree(t, s.path("files")); after != before {
				t.Errorf("something has changed:\n%s\nbefore:\n%s", after, before)
			}
			s.post(`{"EventType":"after"}`).wantStored(t)
			s.verify("x", canary).want(t, 200)
			all := records(t, s.path("files", "events.jsonl"))
			if last := all[len(all)-1]; last.kind() != "after" || len(all) != strings.Count(before, "specversion")+1 {
				t.Errorf("%d lines, the last is %s", len(all), last.line)
			}
		})
	}
}

var reloads = flag.Int("reloads", 100, "how many configs TestReloadsUnderTraffic loads")

// TestReloadsUnderTraffic loads good configs and bad ones, under load: nothing
// is lost, repeated, garbled or refused.
func TestReloadsUnderTraffic(t *testing.T) {
	s := newServer(t)
	s.write("in-the-way", "")
	s.configure(twoSites(0))
	s.start()
	a, b := "http://"+s.http+"/a", "http://"+strings.Replace(s.http, "localhost", "127.0.0.1", 1)+"/b"
	traffic := s.traffic(3, a, b)
	bad := []string{
		"http:// {\n" + directive("/c", "verify_token {env.E2E_UNSET}") + "}\n",
		"http:// {\n" + directive("/c", "verify_token x", "output file {$DIR}/in-the-way/events.jsonl") + "}\n",
		"http:// {\n" + directive("/c", "verify_token x", "nonsense") + "}\n",
		"http:// {\n",
	}
	for i := range *reloads {
		traffic.wait(5)
		if i%3 < 2 {
			s.reload(twoSites(i + 1))
		} else if status, answer := s.load(twoSites(i+1) + bad[i/3%len(bad)]); status == http.StatusOK {
			t.Fatalf("a bad config is loaded: %s", answer)
		}
	}
	traffic.wait(5)
	traffic.stop()
	// Caddy itself resets connections that wait to be accepted while it
	// reloads, those of the respond directive as well.
	traffic.wantNoRefusal()
	traffic.wantEachOnce(s.stoppedLines(s.path("a")))
	t.Logf("%d loads, %d events acknowledged, %d connections lost, %d files",
		*reloads, traffic.count(), traffic.failed, len(eventFiles(t, s.path("a"))))
}

// twoSites have receivers with the same file, in varying order and with
// varying options.
func twoSites(i int) string {
	options := func(i int) []string {
		return []string{
			"verify_token " + rightToken, fmt.Sprintf("timeout %ds", 10+i%10),
			"output file {$DIR}/a/events.jsonl {",
			"sync " + []string{"always", "1s", "off"}[i%3],
			"format " + []string{"cloudevents", "raw"}[i%2],
			fmt.Sprintf("roll_size %dKB", 10+i%5*10),
			"roll_compress " + []string{"off", "gzip", "zstd"}[i/2%3],
			"}",
		}
	}
	a := "http://localhost {\n" + directive("", options(i)...) + "}\n"
	b := "http://127.0.0.1 {\n" + directive("", options(i+1)...) + "}\n"
	if i%2 == 0 {
		return a + b
	}
	return b + a
}

func TestFormatHoldsPerReceiverAndFromTheReloadOn(t *testing.T) {
	t.Parallel()
	with := func(a, b string) string {
		return "http:// {\n" +
			directive("/a", "verify_token x", "output file {$DIR}/events.jsonl {", "format "+a, "}") +
			directive("/b", "verify_token x", "output file {$DIR}/../{$E2E_NAME}/events.jsonl {", "format "+b, "}") + "}\n"
	}
	s := newServer(t)
	s.env = append(s.env, "E2E_NAME="+s.dir[strings.LastIndex(s.dir, "/")+1:])
	s.configure(with("cloudevents", "raw"))
	s.start()
	var want []string
	send := func(path, format string) {
		t.Helper()
		body := fmt.Sprintf(`{"n":%d}`, len(want))
		s.postTo(path, body).wantStored(t)
		all := lines(t, s.path("events.jsonl"))
		if want = append(want, format); len(all) != len(want) {
			t.Fatalf("%d lines, want %d", len(all), len(want))
		}
		last := all[len(all)-1]
		if _, err := parseRecord(last); (format == "raw") != (last == body) || (format == "raw") == (err == nil) {
			t.Errorf("%s: the line is %s, want it %s", path, last, format)
		}
	}
	send("/a", "cloudevents")
	send("/b", "raw")
	send("/a", "cloudevents")
	s.reload(with("raw", "cloudevents"))
	send("/a", "raw")
	send("/b", "cloudevents")
	s.reload(with("raw", "raw"))
	send("/a", "raw")
	send("/b", "raw")
}

func TestSync(t *testing.T) {
	t.Parallel()
	for _, sync := range []string{"always", "1h", "10ms", "off"} {
		t.Run(sync, func(t *testing.T) {
			t.Parallel()
			s := start(t, site("verify_token x", "output file {$DIR}/events.jsonl {", "sync "+sync, "}"))
			traffic := s.traffic(4, "http://"+s.http+"/")
			traffic.wait(100)
			traffic.stop()
			traffic.wantNoFailure()
			traffic.wantEachOnce(lines(t, s.path("events.jsonl"))) // written at least
			s.reload(site("verify_token x", "output file {$DIR}/events.jsonl {", "sync 2h", "}"))
			s.post(tagged("reloaded")).wantStored(t)
			s.terminate()
			s.stopped()
			if n := len(lines(t, s.path("events.jsonl"))); n != traffic.count()+1 {
				t.Errorf("%d lines after the stop, want %d", n, traffic.count()+1)
			}
		})
	}
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := start(t, "{\n\tgrace_period 10s\n}\n"+site(stored()...))
	const body = `{"EventType":"in flight"}`
	c := s.dial(t)
	c.send(head(fmt.Sprintf("Content-Length: %d", len(body))), body[:10])
	s.post(`{"EventType":"before"}`).wantStored(t)
	s.terminate()
	eventually(t, "no new connection is taken", func() error {
		if _, err := try(newClient(t), http.MethodGet, "http://"+s.http+"/", nil); err == nil {
			return fmt.Errorf("an answer")
		}
		return nil
	})
	c.send(body[10:])
	c.answer().wantStored(t)
	began := time.Now()
	s.stopped()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v after the last answer", took)
	}
	if r := s.events(); len(r) != 2 || r[1].kind() != "in flight" {
		t.Errorf("stored: %v", r)
	}
}

func TestStopUnderTraffic(t *testing.T) {
	t.Parallel()
	s := start(t, "{\n\tgrace_period 10s\n}\n"+site(stored()...))
	traffic := s.traffic(8, "http://"+s.http+"/webhooks")
	traffic.wait(50)
	s.terminate()
	s.stopped()
	traffic.stop()
	traffic.wantNoRefusal()
	traffic.wantEachOnce(lines(t, s.path("events.jsonl")))
}
