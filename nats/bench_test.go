//go:build unix

package natsoutput

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	benchRounds   = 3
	benchDuration = 2 * time.Second
)

// BenchmarkOutputs measures, by turns, how many events a second a real Caddy
// stores in a file and in streams with three replicas, on as many connections as
// senders might have. Load generator, Caddy and servers share the machine. It
// prints a table of medians:
//
//	go test -run '^$' -bench Outputs -benchtime 1x .
func BenchmarkOutputs(b *testing.B) {
	body, err := os.ReadFile("../internal/e2e/testdata/ticket_status_change.json")
	must(b, err)
	always, lazy := startCluster(b, "always"), startCluster(b, "2m")
	outputs := []struct{ name, output string }{
		{"`output file`", "output file " + filepath.Join(b.TempDir(), "events.jsonl")},
		{"`output nats`, `sync_interval: always`", clusterOutput(always)},
		{"`output nats`, `sync_interval: 2m`", clusterOutput(lazy)},
	}
	var caddys []*caddyServer
	for _, o := range outputs {
		caddys = append(caddys, startCaddy(b, o.output))
	}

	connections := []int{1, 8, 64, 256}
	rates := make(map[[2]int][]float64)
	for b.Loop() {
		for round := range benchRounds {
			for _, n := range connections {
				for i, c := range caddys {
					rate := measure(b, c.url(), n, string(body), fmt.Sprintf("%d-%d-%d", round, n, i))
					rates[[2]int{i, n}] = append(rates[[2]int{i, n}], rate)
				}
			}
		}
	}
	table := "\n| events per second on | 1 connection | 8 | 64 | 256 |\n| --- | --- | --- | --- | --- |\n"
	for i, o := range outputs {
		table += "| " + o.name
		for _, n := range connections {
			r := rates[[2]int{i, n}]
			slices.Sort(r)
			table += fmt.Sprintf(" | %.0f (%.0f to %.0f)", r[len(r)/2], r[0], r[len(r)-1])
		}
		table += " |\n"
	}
	fmt.Println(strings.TrimSpace(table))
}

// measure returns how many events were acknowledged a second.
func measure(b *testing.B, url string, connections int, body, run string) float64 {
	b.Helper()
	client := testClient()
	defer client.CloseIdleConnections()
	var stored atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for c := range connections {
		wg.Go(func() {
			for n := 0; time.Since(began) < benchDuration; n++ {
				if status := post(client, url, fmt.Sprintf("%s-%d-%d", run, c, n), body); status != http.StatusOK {
					b.Errorf("status %d", status)
					return
				}
				stored.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(stored.Load()) / time.Since(began).Seconds()
}
