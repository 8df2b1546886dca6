// Command bench measures the receiver beside bare Caddy, Caddy's access log with
// the body in it, and nginx where it is installed, on this machine:
//
//	make bench
//
// All servers run by turns, each for a few seconds and with an empty directory,
// several rounds of it; a ratio is the median of those of the rounds, so that a
// machine that gets slower and faster does not decide. The load comes from the
// same machine and takes its share of it.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed sample.json
var sample []byte

var (
	rounds   = flag.Int("rounds", 5, "how many times each server runs")
	duration = flag.Duration("duration", 3*time.Second, "how long it is measured each time")
	quick    = flag.Bool("quick", false, "two short rounds of the most important")
	caddy    = flag.String("caddy", "", "the program to measure (default: built from this work tree)")
	dir      = flag.String("dir", "", "the directory on the disk to measure (default: a temporary one)")
	output   = flag.String("json", "", "a file for the results")
	svg      = flag.String("svg", "", "a file for a chart of throughput and p99 over connections")
	only     = flag.String("only", "", "run only the scenario whose title starts like this")
)

// scenario is one comparison.
type scenario struct {
	Title       string
	Connections int
	body        []byte
	prepare     func(dir string) error // what is there before the start
	servers     []string               // the first is what the others are measured against
}

// outcome has a result for each round, by server.
type outcome struct {
	scenario
	Results map[string][]result
}

func scenarios() []scenario {
	var all []scenario
	for _, n := range []int{1, 8, 64, 256, 512} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d connections", n), Connections: n, body: sample,
			servers: []string{bare, "durable", "sync 1s", "sync off", "access log", nginx.name},
		})
	}
	if *quick {
		return []scenario{all[0], all[2]}
	}
	for _, size := range []int{100_000, 1_000_000} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d kB, 64 connections", size/1000), Connections: 64, body: padded(size),
			servers: []string{bareReading, "durable", "sync off"},
		})
	}
	for _, size := range []int64{1e9, 10e9} {
		all = append(all, scenario{
			Title: fmt.Sprintf("file of %d GB, 64 connections", size/1e9), Connections: 64, body: sample,
			prepare: func(dir string) error { return sparse(filepath.Join(dir, "events.jsonl"), size) },
			servers: []string{bare, "durable"},
		})
	}
	for _, n := range []int{10, 1000} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d rotated files, 64 connections", n), Connections: 64, body: sample,
			prepare: func(dir string) error { return rotated(dir, n) },
			servers: []string{bare, "durable"},
		})
	}
	return all
}

// padded is the sample with a long field.
func padded(size int) []byte {
	end := bytes.LastIndexByte(sample, '}')
	pad := strings.Repeat("Lorem ipsum ", max(0, size-len(sample))/12)
	return slices.Concat(sample[:end], []byte(`,"Pad":"`+pad+`"}`))
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte("\n"), size-1); err != nil {
		return err
	}
	return f.Close()
}

func rotated(dir string, n int) error {
	for i := range n {
		name := fmt.Sprintf("events-2026-11-23T17-04-58.%03d.jsonl", i)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func request(body []byte) []byte {
	head := fmt.Sprintf("POST /webhooks HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", address, len(body))
	return append([]byte(head), body...)
}

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *quick {
		*rounds, *duration = 2, time.Second
	}
	if err := run(); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run() error {
	tmp, err := os.MkdirTemp(*dir, "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if *caddy == "" {
		if *caddy, err = build(tmp); err != nil {
			return err
		}
	}
	if err := describe(tmp); err != nil {
		return err
	}
	var outcomes []outcome
	for _, s := range scenarios() {
		if !strings.HasPrefix(s.Title, *only) {
			continue
		}
		o, err := s.measure(tmp)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Title, err)
		}
		o.print()
		outcomes = append(outcomes, o)
	}
	if *svg != "" {
		if err := draw(outcomes, *svg); err != nil {
			return err
		}
	}
	if *output == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(outcomes, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(*output, encoded, 0o644)
}

// describe prints what the figures depend on.
func describe(tmp string) error {
	fmt.Printf("%s, %s/%s, %d processors; %d rounds of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds, *duration)
	for _, size := range []int{1 << 10, 64 << 10, 8 << 20} {
		took, err := fsyncTime(tmp, size, 0, time.Second)
		if err != nil {
			return err
		}
		rested, err := fsyncTime(tmp, size, 100*time.Microsecond, time.Second)
		if err != nil {
			return err
		}
		fmt.Printf("writing and fsyncing %d KiB takes %v (%.0f MB/s), and %v after a pause of 100µs\n",
			size>>10, took.Round(time.Microsecond), float64(size)/took.Seconds()/1e6, rested.Round(time.Microsecond))
	}
	return nil
}

// measure runs all servers by turns.
func (s scenario) measure(tmp string) (outcome, error) {
	o := outcome{scenario: s, Results: map[string][]result{}}
	for round := range *rounds {
		for _, server := range servers {
			if !slices.Contains(s.servers, server.name) || server.missing != nil && server.missing() {
				continue
			}
			r, err := s.once(server, filepath.Join(tmp, fmt.Sprintf("%d", round)))
			if err != nil {
				return o, fmt.Errorf("%s: %w", server.name, err)
			}
			o.Results[server.name] = append(o.Results[server.name], r)
		}
	}
	return o, nil
}

func (s scenario) once(server server, dir string) (result, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if s.prepare != nil {
		if err := s.prepare(dir); err != nil {
			return result{}, err
		}
	}
	stop, err := server.run(*caddy, dir)
	if err != nil {
		return result{}, err
	}
	r, err := load(address, s.Connections, request(s.body), *duration/4, *duration)
	r.Memory = stop()
	return r, err
}

func (o outcome) print() {
	fmt.Printf("\n%s, body of %d bytes\n\n| server | per second | ratio | MB/s | p50 | p99 | memory |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n", o.Title, len(o.body))
	for _, s := range servers {
		results := o.Results[s.name]
		if len(results) == 0 {
			continue
		}
		rate := median(results, func(_ int, r result) float64 { return r.Rate })
		ratio := median(results, func(round int, r result) float64 { return r.Rate / o.Results[o.servers[0]][round].Rate })
		p50 := median(results, func(_ int, r result) float64 { return float64(r.P50) })
		p99 := median(results, func(_ int, r result) float64 { return float64(r.P99) })
		memory := median(results, func(_ int, r result) float64 { return float64(r.Memory) })
		fmt.Printf("| %s | %.0f | %.2f | %.0f | %v | %v | %.0f MB |\n", s.name, rate, ratio, rate*float64(len(o.body))/1e6,
			time.Duration(p50).Round(time.Microsecond), time.Duration(p99).Round(time.Microsecond), memory/1e6)
	}
}

func median(results []result, value func(round int, r result) float64) float64 {
	var values []float64
	for round, r := range results {
		values = append(values, value(round, r))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
