package e2e

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// delivering is a site whose receiver delivers in those ways.
func delivering(global string, deliveries ...string) string {
	return "{\n" + global + "\n}\n" + site(append([]string{"verify_token " + rightToken, "output file {$DIR}/a/events.jsonl"}, deliveries...)...)
}

// wantOnly checks what the application has got, after giving it time for more.
func (app *appProcess) wantOnly(tags ...string) {
	app.t.Helper()
	time.Sleep(300 * time.Millisecond)
	var got []string
	for _, r := range app.requests() {
		got = append(got, r.tag)
	}
	if strings.Join(got, " ") != strings.Join(tags, " ") {
		app.t.Errorf("%s got %v, want %v", app.name, got, tags)
	}
}

// TestDeliveryReloads: a delivery begins with the next event once a config with it has
// taken effect, goes on over reloads wherever it leads to, and leaves what it has when it goes.
func TestDeliveryReloads(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	app, other := s.application(), s.application()
	s.configure(delivering(""))
	s.start()
	s.post(tagged("x-0")).wantStored(t)

	// Neither validated nor rejected configs do anything.
	before := tree(t, s.path("a"))
	s.configure(delivering("", app.deliver()))
	if out, err := s.run("validate", "--adapter", "caddyfile", "--config", s.path("Caddyfile")); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if status, answer := s.load(delivering("", app.deliver()) + "http:// {\n" + directive("/c", "verify_token {env.E2E_UNSET}") + "}\n"); status == http.StatusOK {
		t.Fatal(answer)
	}
	app.wantOnly()
	if after := tree(t, s.path("a")); after != before {
		t.Errorf("configs that never ran have changed something: %s", after)
	}

	s.reload(delivering("", app.deliver()))
	s.post(tagged("x-1")).wantStored(t)
	app.wantTags([]string{"x-1"}, patience)
	app.wantOnly("x-1") // and not what was stored before

	// What the one did not take goes to where the delivery leads now.
	app.behave(fails)
	for _, tag := range []string{"x-2", "x-3"} {
		s.post(tagged(tag)).wantStored(t)
	}
	app.gets(1)
	s.reload(delivering("", strings.ReplaceAll(app.deliver("retry 500ms 500ms 500ms"), app.address, other.address)))
	other.wantTags([]string{"x-2", "x-3"}, patience)
	other.wantOnly("x-2", "x-3")

	// A delivery of another name begins anew.
	app.behave(takes)
	n := len(app.requests())
	app.name = "renamed"
	s.reload(delivering("", app.deliver()))
	s.post(tagged("x-4")).wantStored(t)
	app.wantTags([]string{"x-4"}, patience)
	if got := app.requests()[n:]; len(got) != 1 {
		t.Errorf("a renamed delivery sent %v", got)
	}

	// One that goes tells what it leaves behind, and finds it when it comes back.
	app.behave(fails)
	s.post(tagged("x-5")).wantStored(t)
	app.gets(1)
	s.reload(delivering(""))
	left := s.logged("what is left", func(e logEntry) bool { return strings.Contains(e.field("msg"), "leaves events behind") })
	if e := left[len(left)-1].String(); !strings.Contains(e, `"undone":1`) || !strings.Contains(e, `"delivery":"renamed"`) {
		t.Errorf("what is left behind: %s", e)
	}
	n = len(app.requests())
	app.behave(takes)
	s.reload(delivering("", app.deliver("retry 500ms 500ms")))
	s.post(tagged("x-6")).wantStored(t)
	app.wantTags([]string{"x-5", "x-6"}, patience)
	if got := app.requests()[n:]; len(got) != 2 {
		t.Errorf("a delivery that came back sent %v", got)
	}
}

// TestDeliveryAttemptsInFlight: what is being sent when a config ends may end within the
// grace period; then it counts as not made.
func TestDeliveryAttemptsInFlight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		grace    string
		stop     bool
		requests int // that the application gets of one event
	}{
		"reload, time enough": {"10s", false, 1},
		"reload, cut off":     {"200ms", false, 2},
		"stop, time enough":   {"10s", true, 1},
		"stop, cut off":       {"200ms", true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			app := s.application()
			app.behave(unhurried)
			config := func(options ...string) string { return delivering("grace_period "+test.grace, app.deliver(options...)) }
			s.configure(config())
			s.start()
			s.post(tagged("x-0")).wantStored(t)
			// The application notes a request when it has answered it.
			eventually(t, "an attempt is made", func() error { return app.busy() })
			if test.stop {
				began := time.Now()
				s.terminate()
				s.stopped()
				if took := time.Since(began); test.requests == 2 && took > unhurry {
					t.Errorf("the stop took %v", took)
				}
				app.behave(takes)
				s.start()
			} else {
				s.reload(config("timeout 20s"))
				app.behave(takes)
			}
			s.post(tagged("x-1")).wantStored(t)
			app.wantTags([]string{"x-1"}, patience)
			var got []request
			for _, r := range app.requests() {
				if r.tag == "x-0" {
					got = append(got, r)
				}
			}
			if len(got) != test.requests {
				t.Errorf("the event came %d times, want %d: %v", len(got), test.requests, got)
			}
			for _, r := range got {
				if r.attempt != 1 {
					t.Errorf("an attempt that was cut off counts: %v", got)
				}
			}
			s.wantNoDeadLetters()
		})
	}
}

// TestDeliveryStandby has two processes deliver from one file: one does, the other
// takes over when that is killed. It is alone on the machine, as it tells how long that takes.
func TestDeliveryStandby(t *testing.T) {
	s := newServer(t)
	app := s.application()
	config := delivering("", app.deliver())
	s.configure(config)
	s.start()
	other := newServer(t)
	other.configure(strings.ReplaceAll(config, "{$DIR}", s.dir))
	other.start()
	other.logged("that it stands by", func(e logEntry) bool { return strings.Contains(e.field("msg"), "stands by") })
	traffic := newTraffic(t)
	for i, url := range []string{"http://" + s.http + "/", "http://" + other.http + "/"} {
		traffic.from(string(rune('a'+i)), url, func() *http.Client {
			time.Sleep(5 * time.Millisecond)
			return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		})
	}
	app.takes(50)
	s.kill()
	killed := time.Now()
	app.takes(50)
	if took := time.Since(killed); took > 5*time.Second {
		t.Errorf("taking over took %v", took)
	}
	s.start()
	traffic.wait(50)
	traffic.stop()
	repeated := app.wantAll(traffic, time.Minute)
	t.Logf("%d events, %d repeated", traffic.count(), repeated)
}

// TestDeliveryLoop has a receiver deliver to itself: it ends.
func TestDeliveryLoop(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.configure(delivering("", "deliver http://{$HTTP_HOST}/webhooks {\nretry 100ms 100ms\n}"))
	s.env = append(s.env, "HTTP_HOST="+s.http)
	s.start()
	s.post(tagged("x-0")).wantStored(t)
	s.logged("that it is refused", func(e logEntry) bool { return strings.Contains(e.field("reason"), "508") })
	if n := len(lines(t, s.path("a", "events.jsonl"))); n < 2 || n > 9 {
		t.Errorf("an event that goes round in circles was stored %d times", n)
	}
}

// TestDeliveryFullDisk fills a disk: what was acknowledged is delivered meanwhile, and all goes
// on when there is room again.
func TestDeliveryFullDisk(t *testing.T) {
	s := newServer(t)
	disk := s.mkdir("a")
	if s.mount(disk, "size=9m,mode=0700") == nil {
		return
	}
	app := s.application()
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {\nroll_size 50KB\n}", app.deliver()))
	s.start()
	ballast := s.path("a", "ballast")
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	traffic := newTraffic(t)
	for _, subject := range subjects("", 8) {
		traffic.from(subject, "http://"+s.http+"/webhooks", func() *http.Client {
			time.Sleep(2 * time.Millisecond)
			return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		})
	}
	app.takes(20)
	if err := os.WriteFile(s.path("a", "more"), make([]byte, 800<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	traffic.refuses(50)
	app.wantAcked(traffic)
	s.post(tagged("y-0")).want(t, 503)
	app.wantAcked(traffic)
	// Nothing comes again, as the cursor was saved all the time.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	traffic.wait(50)
	traffic.stop()
	traffic.wantAnswers()
	if repeated := app.wantAll(traffic, time.Minute); repeated != 0 {
		t.Errorf("%d events came more than once", repeated)
	}
	t.Logf("%d events acknowledged and delivered, %v refused", traffic.count(), traffic.refused)
}

// wantAcked waits until all is delivered that was acknowledged so far.
func (app *appProcess) wantAcked(tr *traffic) {
	app.t.Helper()
	tr.mu.Lock()
	var tags []string
	for _, done := range tr.acked {
		tags = append(tags, done.tag)
	}
	tr.mu.Unlock()
	app.wantTags(tags, time.Minute)
}

// TestDeliveryKeeping: roll_keep waits for deliveries, roll_keep_for does not, and says what
// that took.
func TestDeliveryKeeping(t *testing.T) {
	t.Parallel()
	with := func(s *server, app *appProcess, keep string) {
		s.configure(site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {\nroll_size 2KB\n"+keep+"\n}", app.deliver("retry 200ms 200ms")))
		s.start()
	}
	rotated := func(s *server) (names []string) {
		entries, err := os.ReadDir(s.path("a"))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if rotatedName.MatchString(entry.Name()) {
				names = append(names, entry.Name())
			}
		}
		return names
	}
	t.Run("count", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		app := s.application()
		app.behave(fails)
		with(s, app, "roll_keep 1")
		tags := s.sends(subjects("a", 100), 1)
		before := rotated(s)
		if len(before) < 5 {
			t.Fatalf("%d rotated files", len(before))
		}
		app.behave(takes)
		app.wantTags(tags, time.Minute)
		within(t, time.Minute, "files are removed of which all is delivered", func() error {
			s.sends(subjects(fmt.Sprintf("b%d.", time.Now().UnixNano()), 5), 1) // looked at after a rotation
			if now := rotated(s); slices.Contains(now, before[len(before)-1]) {
				return fmt.Errorf("there are %v", now)
			}
			return nil
		})
	})
	t.Run("age", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		app := s.application()
		app.behave(fails)
		with(s, app, "roll_keep_for 2s")
		s.sends(subjects("a", 100), 1)
		within(t, 2*time.Minute, "files are removed, and their events counted", func() error {
			metrics := s.fromAdmin("/metrics")
			for line := range strings.Lines(metrics) {
				if strings.Contains(line, `delivery_attempts_total{`) && strings.Contains(line, `outcome="expired"`) && !strings.HasSuffix(line, " 0\n") {
					return nil
				}
			}
			s.sends([]string{fmt.Sprintf("b%d", time.Now().UnixNano())}, 1)
			time.Sleep(200 * time.Millisecond)
			return os.ErrNotExist
		})
		app.behave(takes)
		s.post(tagged("c-0")).wantStored(t)
		app.wantTags([]string{"c-0"}, time.Minute)
	})
}
