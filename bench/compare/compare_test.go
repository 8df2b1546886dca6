package main

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
)

// measurement gives the figures one after the other, and the last one for ever.
func measurement(figures ...map[figure]float64) func(context.Context) (map[figure]float64, error) {
	return func(context.Context) (map[figure]float64, error) {
		first := figures[0]
		if len(figures) > 1 {
			figures = figures[1:]
		}
		return first, nil
	}
}

func serve(allocs, size, time float64) map[figure]float64 {
	return map[figure]float64{{"BenchmarkServeHTTP", "allocs/op"}: allocs, {"BenchmarkServeHTTP", "B/op"}: size, {"BenchmarkServeHTTP", "ns/op"}: time}
}

func startsIn(ms, mib float64) map[figure]float64 {
	return map[figure]float64{{startUp + "/stored", "ms"}: ms, {startUp, "MiB"}: mib}
}

func TestCompare(t *testing.T) {
	usual := serve(30, 4000, 10_000)
	tests := map[string]struct {
		before, now []map[figure]float64
		tooMuch     []string // the units
	}{
		"equal":                  {now: []map[figure]float64{usual}},
		"less":                   {now: []map[figure]float64{serve(29, 3000, 5_000)}},
		"an allocation more":     {now: []map[figure]float64{serve(31, 4000, 10_000)}, tooMuch: []string{"allocs/op"}},
		"the first where it was": {before: []map[figure]float64{serve(0, 0, 900)}, now: []map[figure]float64{serve(1, 8, 900)}, tooMuch: []string{"allocs/op"}},
		"a tenth more memory":    {now: []map[figure]float64{serve(30, 4400, 10_000)}},
		"more memory than that":  {now: []map[figure]float64{serve(30, 4401, 10_000)}, tooMuch: []string{"B/op"}},
		"little memory":          {before: []map[figure]float64{serve(0, 27, 900)}, now: []map[figure]float64{serve(0, 90, 900)}},
		"a quarter slower":       {now: []map[figure]float64{serve(30, 4000, 12_500)}},
		"slower than that":       {now: []map[figure]float64{serve(30, 4000, 12_501)}, tooMuch: []string{"ns/op"}},
		"slow in some rounds":    {now: []map[figure]float64{serve(30, 4000, 99_000), usual, serve(30, 4000, 99_000)}},
		// Three rounds each are the first measurement.
		"slow once":             {now: []map[figure]float64{serve(30, 4000, 20_000), serve(30, 4000, 20_000), serve(30, 4000, 20_000), usual}},
		"slow, then another":    {now: []map[figure]float64{serve(30, 4000, 20_000), serve(30, 4000, 20_000), serve(30, 4000, 20_000), serve(31, 4000, 10_000)}},
		"starts as fast":        {before: []map[figure]float64{startsIn(30, 60)}, now: []map[figure]float64{startsIn(44, 75)}},
		"starts slower":         {before: []map[figure]float64{startsIn(30, 60)}, now: []map[figure]float64{startsIn(45, 60)}, tooMuch: []string{"ms"}},
		"starts slower still":   {before: []map[figure]float64{startsIn(400, 60)}, now: []map[figure]float64{startsIn(501, 60)}, tooMuch: []string{"ms"}},
		"starts with more":      {before: []map[figure]float64{startsIn(30, 60)}, now: []map[figure]float64{startsIn(30, 76)}, tooMuch: []string{"MiB"}},
		"a new benchmark":       {before: []map[figure]float64{{}}, now: []map[figure]float64{usual}},
		"one that is no longer": {now: []map[figure]float64{{}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.before == nil {
				tt.before = []map[figure]float64{usual}
			}
			findings, err := compare(t.Context(), source{"benchmarks", measurement(tt.before...), measurement(tt.now...)}, 3)
			if err != nil {
				t.Fatal(err)
			}
			var tooMuch []string
			for _, f := range findings {
				line, ok := f.report(nil)
				if !ok {
					tooMuch = append(tooMuch, f.unit)
				}
				if strings.Contains(line, "TOO MUCH") != f.fails {
					t.Errorf("%q of %+v", line, f)
				}
			}
			if !reflect.DeepEqual(tooMuch, tt.tooMuch) {
				t.Errorf("too much: %q, want %q; %+v", tooMuch, tt.tooMuch, findings)
			}
		})
	}
}

func TestWhatIsOnOneSideIsTold(t *testing.T) {
	both := maps.Collect(maps.All(serve(1, 1, 1)))
	broken := func(context.Context) (map[figure]float64, error) { return nil, errors.New("broken") }
	for want, s := range map[string]source{
		"new, nothing":          {now: broken},
		"not there any more":    {before: broken},
		"not run before: broke": {before: broken, now: measurement(both)},
		"new, ":                 {before: measurement(nil), now: measurement(both)},
		"is not there any":      {before: measurement(both), now: measurement(nil)},
	} {
		s.name = "benchmarks"
		findings, err := compare(t.Context(), s, 1)
		if err != nil || len(findings) == 0 {
			t.Fatal(want, findings, err)
		}
		for _, f := range findings {
			if line, ok := f.report(nil); !ok || !strings.Contains(line, want) {
				t.Errorf("%q, want %q", line, want)
			}
		}
	}
	if _, err := compare(t.Context(), source{"benchmarks", measurement(both), broken}, 1); err == nil {
		t.Error("that it does not run now is no failure")
	}
}

func TestOnPurpose(t *testing.T) {
	f := finding{figure: figure{"BenchmarkServeHTTP/body=signed", "ns/op"}, before: 1, now: 2, fails: true}
	for name, want := range map[string]bool{
		"BenchmarkServeHTTP": true, "BenchmarkServeHTTP/body=signed": true,
		"BenchmarkServe": false, "BenchmarkServeHTTP/body=signed/sync=off": false, "": false,
	} {
		if line, ok := f.report([]purpose{{name, "an id is checked"}}); ok != want || strings.Contains(line, "an id is checked") != want {
			t.Errorf("%q: %v, want %v: %s", name, ok, want, line)
		}
	}
}

func TestParse(t *testing.T) {
	got := parse(`goos: linux
BenchmarkServeHTTP/body=ticket/sync=off
BenchmarkServeHTTP/body=ticket/sync=off             	    5000	     14699 ns/op	  74.84 MB/s	    3855 B/op	      30 allocs/op
BenchmarkParseAndGet/ticket          	    5000	       882.6 ns/op	1225.96 MB/s	       0 B/op	       0 allocs/op
--- FAIL: BenchmarkOther
PASS
`)
	want := map[figure]float64{
		{"BenchmarkServeHTTP/body=ticket/sync=off", "ns/op"}: 14699, {"BenchmarkServeHTTP/body=ticket/sync=off", "B/op"}: 3855, {"BenchmarkServeHTTP/body=ticket/sync=off", "allocs/op"}: 30,
		{"BenchmarkParseAndGet/ticket", "ns/op"}: 882.6, {"BenchmarkParseAndGet/ticket", "B/op"}: 0, {"BenchmarkParseAndGet/ticket", "allocs/op"}: 0,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
