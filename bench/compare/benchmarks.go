package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hotPath are the packages that every event goes through, of those with benchmarks.
var hotPath = []string{".", "internal/intake", "internal/rules", "internal/event", "internal/jsonscan", "internal/journal"}

// sources builds, of both trees, what gives figures.
func sources(ctx context.Context, before, now tree) (all []source, err error) {
	for _, pkg := range hotPath {
		s := source{name: path.Join("benchmarks of", pkg)}
		if pkg == "." {
			s.name = "benchmarks of /"
		}
		if s.now, err = benchmarks(ctx, now, pkg); err != nil {
			return nil, err
		}
		if s.before, err = benchmarks(ctx, before, pkg); err != nil {
			return nil, err
		}
		if s.before != nil || s.now != nil {
			all = append(all, s)
		}
	}
	s := source{name: startUp}
	if s.before, err = starts(ctx, before); err != nil {
		return nil, err
	}
	if s.now, err = starts(ctx, now); err != nil {
		return nil, err
	}
	return append(all, s), nil
}

var benchmark = regexp.MustCompile(`(?m)^func Benchmark`)

// benchmarks builds a package's test, and returns what runs its benchmarks; nil if it
// has none.
func benchmarks(ctx context.Context, t tree, pkg string) (run func(context.Context) (map[figure]float64, error), err error) {
	dir := filepath.Join(t.dir, filepath.FromSlash(pkg))
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(tests, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && benchmark.Match(text)
	}) {
		return nil, nil
	}
	program := filepath.Join(t.built, filepath.Base(dir)+".test")
	if pkg == "." {
		program = filepath.Join(t.built, "root.test")
	}
	if err := t.goBuild(ctx, "test", "-c", "-o", program, "./"+pkg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (map[figure]float64, error) {
		// With one processor, the same number of goroutines always shares a batch, and
		// a pool: so the same program allocates the same each time.
		cmd := exec.CommandContext(ctx, program, "-test.run=^$", "-test.bench=.", "-test.benchmem", "-test.cpu=1",
			"-test.benchtime=100ms", "-test.timeout=5m")
		cmd.Dir = dir
		output, err := cmd.Output() // without logs, which would stand within its lines
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, output)
		}
		return parse(string(output)), nil
	}, nil
}

// parse reads what benchmarks print (https://go.dev/design/14313-benchmark-format).
func parse(output string) map[figure]float64 {
	figures := map[figure]float64{}
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(fields[1]); err != nil {
			continue
		}
		for pair := range slices.Chunk(fields[2:], 2) {
			value, err := strconv.ParseFloat(pair[0], 64)
			if err == nil && len(pair) == 2 && limits[pair[1]] != (limit{}) {
				figures[figure{fields[0], pair[1]}] = value
			}
		}
	}
	return figures
}
