package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// wantNoDeadLetters checks that nothing was given up.
func (s *server) wantNoDeadLetters() {
	s.t.Helper()
	found, err := filepath.Glob(s.path("*", "*.dead.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range found {
		s.t.Errorf("there are dead letters, such as %s", clip(lines(s.t, path)[0]))
	}
}

// TestDeliveryKills kills Caddy and the application again and again, at random moments and
// with many connections, while files are rotated, compressed and removed, and configs loaded.
// Every event that was acknowledged is taken by the application, and those of each subject
// in their order; some more than once.
func TestDeliveryKills(t *testing.T) {
	compress := []string{"gzip", "zstd", "off"}
	s := newServer(t)
	app := s.newApplication()
	config := func(i int) string {
		return "{\n\tgrace_period 2s\n}\n" + site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {",
			fmt.Sprintf("roll_size %dB", 20_000+rand.IntN(80_000)), "roll_compress "+compress[i%len(compress)], "roll_keep 2", "}",
			app.deliver(fmt.Sprintf("concurrency %d", 1+rand.IntN(12)), "timeout 5s", "retry 200ms 500ms 1s 1s 1s 1s 1s 1s 1s"))
	}
	s.configure(config(0))
	s.start()
	app.start()
	traffic := newTraffic(t)
	for i := range 6 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		traffic.from(fmt.Sprint(i), "http://"+s.http+"/webhooks", func() *http.Client {
			time.Sleep(rand.N(30 * time.Millisecond)) // after a crash, deliveries count each attempt on the disk
			return client
		})
	}
	for i := range *kills {
		traffic.wait(20 + rand.IntN(200))
		time.Sleep(rand.N(20 * time.Millisecond)) // also in the midst of a batch, and of an attempt
		s.kill()
		if i%4 == 1 {
			app.kill() // both
		}
		s.configure(config(i))
		s.start()
		if i%4 == 1 {
			app.start()
		}
		app.takes(1 + rand.IntN(50))
		if i%3 == 2 {
			s.reload(config(i))
		}
		time.Sleep(rand.N(20 * time.Millisecond))
		app.kill()
		traffic.wait(rand.IntN(50))
		app.start()
		if i%3 == 1 {
			s.reload(config(i))
		}
	}
	traffic.wait(100)
	traffic.stop()
	traffic.wantNoRefusal()
	repeated := app.wantAll(traffic, 5*time.Minute)
	s.wantNoDeadLetters()
	t.Logf("%d kills of each: %d events acknowledged, %d delivered, %d of them more than once", *kills, traffic.count(), len(app.firsts()), repeated)

	// Nothing is left, and nothing comes again after a stop.
	before := len(app.taken())
	s.post(tagged("after-0")).wantStored(t)
	app.hasTaken(before + 1)
	s.terminate()
	s.stopped()
	before = len(app.requests())
	s.start()
	taken := len(app.taken())
	s.post(tagged("after-1")).wantStored(t)
	app.hasTaken(taken + 1)
	if n := len(app.requests()) - before; n != 1 {
		t.Errorf("after a stop %d attempts were made for one event", n)
	}
}
