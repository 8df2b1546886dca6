package kafkaoutput

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sample is an event of about 1 KB.
var sample = `{"type":"ticket_status_change","subject":"4478963","text":"` + strings.Repeat("lorem ipsum ", 80) + `"}`

// BenchmarkThroughput measures acknowledged events a second, and the latency,
// with the file output and with Kafka by turns, each in a Caddy of its own, over
// plain HTTP from this process. It prints medians of five rounds of a second.
// Run it with -benchtime 1x, and without -race.
func BenchmarkThroughput(b *testing.B) {
	addrs := *realBrokers
	if addrs == "" {
		addrs = startFake(b)
	}
	compare(b, addrs, "webhooks")
}

// compare does it with some topics of a cluster.
func compare(b *testing.B, addrs string, topics ...string) {
	names := append([]string{"file"}, topics...)
	servers := map[string]*server{"file": start(b, "output file "+b.TempDir()+"/events.jsonl")}
	for _, topic := range topics {
		servers[topic] = start(b, "output kafka {\nbrokers "+addrs+"\ntopic "+topic+"\n}")
	}
	type figure struct {
		perSecond float64
		p50, p99  time.Duration
	}
	fmt.Println("connections  output    events/s  p50  p99")
	for _, connections := range []int{1, 8, 64, 256} {
		figures := make(map[string][]figure)
		for range 5 {
			for _, name := range names {
				took := measure(b, servers[name], connections, time.Second)
				slices.Sort(took)
				figures[name] = append(figures[name], figure{float64(len(took)), took[len(took)/2], took[len(took)*99/100]})
			}
		}
		for _, name := range names {
			all := figures[name]
			slices.SortFunc(all, func(x, y figure) int { return int(x.perSecond - y.perSecond) })
			median := all[len(all)/2]
			fmt.Printf("%11d  %-8s  %8.0f  %v  %v\n", connections, name, median.perSecond,
				median.p50.Round(10*time.Microsecond), median.p99.Round(10*time.Microsecond))
		}
	}
}

// measure returns how long each event took, of those sent within a duration.
func measure(b *testing.B, s *server, connections int, d time.Duration) []time.Duration {
	b.Helper()
	var (
		mu     sync.Mutex
		all    []time.Duration
		wg     sync.WaitGroup
		failed atomic.Int64
	)
	end := time.Now().Add(d)
	for range connections {
		wg.Go(func() {
			var took []time.Duration
			for time.Now().Before(end) {
				began := time.Now()
				response, err := s.client.Post(s.http+"/hooks", "application/json", strings.NewReader(sample))
				if err != nil {
					failed.Add(1)
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode != http.StatusOK {
					failed.Add(1)
				}
				took = append(took, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	wg.Wait()
	if n := failed.Load(); n > 0 {
		b.Errorf("%d of %d events were not stored", n, len(all))
	}
	return all
}

// startFake runs the fake cluster in a process of its own.
func startFake(b *testing.B) string {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), asProgram+"=kfake")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}
