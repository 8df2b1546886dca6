// Command bench measures the receiver beside bare Caddy, Caddy's access log with
// the body in it, Benthos, and nginx where it is installed, on this machine:
//
//	make bench
//
// All servers run by turns, each for a few seconds and with an empty directory,
// several rounds of it; a ratio is the median of those of the rounds, so that a
// machine that gets slower and faster does not decide. The load comes from the
// same machine and takes its share of it: from wrk, where it is installed, which
// takes less of it than this program's own load.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	quick    = flag.Bool("quick", false, "one short round of the most important")
	caddy    = flag.String("caddy", "", "the program to measure (default: built from this work tree)")
	against  = flag.String("against", "", "another such program: its receivers run beside those of the first")
	loadBy   = flag.String("load", "", "what makes the load, wrk or own (default: wrk where it is installed)")
	dir      = flag.String("dir", "", "the directory on the disk to measure (default: a temporary one)")
	output   = flag.String("json", "", "a file for the results")
	svg      = flag.String("svg", "", "a file for a chart of throughput and p99 over connections")
	only     = flag.String("only", "", "run only the scenarios whose titles start like one of these, separated by commas")
)

// scenario is one comparison.
type scenario struct {
	Title       string
	Connections int
	post
	prepare func(dir string) error // what is there before the start
	servers []string               // the first is what the others are measured against
	curve   bool                   // one of those in the chart
}

// outcome has a result for each round, by server.
type outcome struct {
	scenario
	Load    string
	Results map[string][]result
}

var (
	ticket = post{fields: []string{"Content-Type: application/json"}, body: sample}
	// likeGitHub has the fields of a service that sends many.
	likeGitHub = post{body: sample, fields: []string{
		"Content-Type: application/json", "User-Agent: GitHub-Hookshot/044aadd", "Accept: */*",
		"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958", "X-GitHub-Event: issues", "X-GitHub-Hook-ID: 292430182",
		"X-GitHub-Hook-Installation-Target-ID: 79929171", "X-GitHub-Hook-Installation-Target-Type: repository",
	}}
)

func scenarios() []scenario {
	var all []scenario
	for _, n := range []int{1, 8, 64, 256, 512} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d connections", n), Connections: n, post: ticket, curve: true,
			servers: []string{bare, durable, "sync 1s", "sync off", "access log", benthos.name, nginx.name},
		})
	}
	if *quick {
		return []scenario{all[0], all[2]}
	}
	for _, size := range []int{100_000, 1_000_000} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d kB, 64 connections", size/1000), Connections: 64, post: post{fields: ticket.fields, body: padded(size)},
			servers: []string{bareReading, durable, "sync off"},
		})
	}
	for _, size := range []int64{1e9, 10e9} {
		all = append(all, scenario{
			Title: fmt.Sprintf("file of %d GB, 64 connections", size/1e9), Connections: 64, post: ticket,
			prepare: func(dir string) error { return sparse(filepath.Join(dir, "events.jsonl"), size) },
			servers: []string{bare, durable},
		})
	}
	for _, n := range []int{10, 1000} {
		all = append(all, scenario{
			Title: fmt.Sprintf("%d rotated files, 64 connections", n), Connections: 64, post: ticket,
			prepare: func(dir string) error { return rotated(dir, n) },
			servers: []string{bare, durable},
		})
	}
	return append(all, costs()...)
}

// costs are scenarios with the receiver with something and without it.
func costs() []scenario {
	numbered := ticket
	numbered.numbered = true
	all := []scenario{
		{Title: "what a delivery costs", post: ticket, servers: []string{unsigned, "deliver"}},
		{Title: "what a delivery that keeps up costs", Connections: 1, post: ticket, servers: []string{unsigned, "deliver"}},
		{Title: "what an inspector with 10 pages costs", post: ticket, servers: []string{durable, "inspector"}},
		{Title: "what dedupe costs", post: numbered, servers: []string{durable, "dedupe"}},
		{Title: "what stored headers cost", post: likeGitHub, servers: []string{durable, "headers all"}},
	}
	signatures := []string{unsigned}
	for _, s := range servers {
		if s.sign != nil {
			signatures = append(signatures, s.name)
		}
	}
	all = append(all, scenario{Title: "what a signature costs", post: ticket, servers: signatures})
	for i := range all {
		if all[i].Connections == 0 {
			all[i].Connections = 64
		}
		all[i].Title = fmt.Sprintf("%s, %d connections", all[i].Title, all[i].Connections)
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

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *quick {
		*rounds, *duration = 1, time.Second
	}
	if err := run(); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run() error {
	allowFiles(idleConnections + 5000)
	by, err := chosenLoad()
	if err != nil {
		return err
	}
	tmp, err := temporary()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if *caddy == "" {
		if *caddy, err = buildCaddy(tmp); err != nil {
			return err
		}
	}
	if err := describe(tmp, by); err != nil {
		return err
	}
	var outcomes []outcome
	for _, s := range scenarios() {
		if !isChosen(s.Title) {
			continue
		}
		o, err := s.measure(tmp, by)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Title, err)
		}
		o.print(os.Stdout)
		outcomes = append(outcomes, o)
	}
	if !*quick && isChosen(idleTitle) {
		if err := measureIdle(tmp); err != nil {
			return fmt.Errorf("%s: %w", idleTitle, err)
		}
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

// isChosen tells whether the scenario of that title is to run.
func isChosen(title string) bool {
	return slices.ContainsFunc(strings.Split(*only, ","), func(start string) bool { return strings.HasPrefix(title, start) })
}

func temporary() (string, error) {
	tmp, err := os.MkdirTemp(*dir, "bench")
	if err != nil {
		return "", err
	}
	return filepath.Abs(tmp)
}

func chosenLoad() (load, error) {
	switch *loadBy {
	case "own":
		return own, nil
	case "wrk":
		return wrk()
	case "":
		if by, err := wrk(); err == nil {
			return by, nil
		}
		return own, nil
	}
	return load{}, fmt.Errorf("-load is wrk or own, not %q", *loadBy)
}

// describe prints what the figures depend on.
func describe(tmp string, by load) error {
	fmt.Printf("%s, %s/%s, %d processors; load by %s; %d rounds of %v\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), by.name, *rounds, by.rounded(*duration))
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

// turns are the servers that are there.
func (s scenario) turns() (turns []server) {
	for _, name := range s.servers {
		server := servers[slices.IndexFunc(servers, func(s server) bool { return s.name == name })]
		if server.missing != nil && server.missing() {
			continue
		}
		server.caddy = *caddy
		turns = append(turns, server)
		if *against != "" && strings.HasPrefix(server.config, "webhook_receiver") {
			server.name, server.caddy = server.name+" (other)", *against
			turns = append(turns, server)
		}
	}
	return turns
}

// measure runs all servers by turns.
func (s scenario) measure(tmp string, by load) (outcome, error) {
	o := outcome{scenario: s, Load: by.name, Results: map[string][]result{}}
	turns := s.turns()
	for _, server := range turns {
		if server.build != nil {
			if err := server.build(tmp); err != nil {
				return o, fmt.Errorf("%s: %w", server.name, err)
			}
		}
	}
	for round := range *rounds {
		for _, server := range turns {
			r, err := s.once(server, filepath.Join(tmp, fmt.Sprintf("%d", round)), by)
			if err != nil {
				return o, fmt.Errorf("%s: %w", server.name, err)
			}
			o.Results[server.name] = append(o.Results[server.name], r)
		}
	}
	return o, nil
}

func (s scenario) once(server server, dir string, by load) (r result, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if s.prepare != nil {
		if err := s.prepare(dir); err != nil {
			return r, err
		}
	}
	running, err := server.start(dir)
	if err != nil {
		return r, err
	}
	defer func() { r.Memory = running.stop() }()
	var aside beside
	if server.beside != nil {
		if aside, err = server.beside(dir); err != nil {
			return r, err
		}
		defer aside.stop()
	}
	answers, err := server.check(s.post)
	if err != nil {
		return r, err
	}
	p := server.signed(s.post)
	warm, err := by.run(dir, address, s.Connections, p, by.rounded(*duration/4))
	if err != nil {
		return r, err
	}
	before := running.processorTime()
	if r, err = by.run(dir, address, s.Connections, p, by.rounded(*duration)); err != nil {
		return r, err
	}
	r.Processor = (running.processorTime() - before) / time.Duration(r.Answers)
	if aside.end != nil {
		r.Beside = aside.end(answers + warm.Answers + r.Answers)
	}
	return r, nil
}

func (l load) rounded(d time.Duration) time.Duration {
	return (d + l.whole - 1).Truncate(l.whole)
}

func (o outcome) print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "\n### %s\n\nBody of %d bytes, load by %s.\n\n", o.Title, len(o.body), o.Load)
	_, _ = fmt.Fprint(w, "| server | per second | ratio | processor | MB/s | p50 | p99 | memory |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	turns := o.turns()
	for _, s := range turns {
		results := o.Results[s.name]
		rate := median(results, func(_ int, r result) float64 { return r.Rate })
		ratio := median(results, func(round int, r result) float64 { return r.Rate / o.Results[o.servers[0]][round].Rate })
		processor := median(results, func(_ int, r result) float64 { return float64(r.Processor) })
		p50 := median(results, func(_ int, r result) float64 { return float64(r.P50) })
		p99 := median(results, func(_ int, r result) float64 { return float64(r.P99) })
		memory := median(results, func(_ int, r result) float64 { return float64(r.Memory) })
		_, _ = fmt.Fprintf(w, "| %s | %.0f | %.2f | %s | %.0f | %v | %v | %s |\n", s.name, rate, ratio,
			known(processor/1e3, "%.1f µs"), rate*float64(len(o.body))/1e6,
			time.Duration(p50).Round(time.Microsecond), time.Duration(p99).Round(time.Microsecond), known(memory/1e6, "%.0f MB"))
	}
	for _, s := range turns {
		if s.beside != nil {
			_, _ = fmt.Fprintf(w, "\n%s: %.0f %s.\n", s.name,
				median(o.Results[s.name], func(_ int, r result) float64 { return r.Beside }), s.besideIs)
		}
	}
}

// known is a figure in a table, if it is not 0.
func known(figure float64, format string) string {
	if figure == 0 {
		return "–"
	}
	return fmt.Sprintf(format, figure)
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
