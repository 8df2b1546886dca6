package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// figure is the name of something that is measured, and its unit.
type figure struct{ name, unit string }

// limit is how much more is too much: more than this part of what it was, and no less
// than slack, which is more than small figures differ by chance.
type limit struct{ part, slack float64 }

// limits are those of all units that are compared.
var limits = map[string]limit{
	"allocs/op": {0, 1},
	"B/op":      {0.10, 64},
	"ns/op":     {0.25, 0},
	"ms":        {0.25, 15},
	"MiB":       {0.25, 4},
}

func tooMuch(unit string, before, now float64) bool {
	l, isLimited := limits[unit]
	return isLimited && now-before >= l.slack && now > before*(1+l.part)
}

// source is what gives figures for each of both trees.
type source struct {
	name        string
	before, now func(context.Context) (map[figure]float64, error) // nil: the tree has it not
}

// finding is what came out for a figure, or, without a unit, for a whole source.
type finding struct {
	figure
	before, now float64
	note        string // why it is not compared
	fails       bool
}

// compare measures by turns, and a second time if something costs too much.
func compare(ctx context.Context, s source, rounds int) (findings []finding, err error) {
	switch {
	case s.before == nil:
		return []finding{{figure: figure{name: s.name}, note: "new, nothing to compare with"}}, nil
	case s.now == nil:
		return []finding{{figure: figure{name: s.name}, note: "is not there any more"}}, nil
	}
	before, now, note, err := byTurns(ctx, s, rounds)
	if err != nil || note != "" {
		return []finding{{figure: figure{name: s.name}, note: note}}, err
	}
	findings = judge(before, now)
	if !slices.ContainsFunc(findings, func(f finding) bool { return f.fails }) {
		return findings, nil
	}
	if before, now, note, err = byTurns(ctx, s, rounds); err != nil || note != "" {
		return []finding{{figure: figure{name: s.name}, note: note}}, err
	}
	second := judge(before, now)
	for i, f := range findings {
		again := slices.IndexFunc(second, func(g finding) bool { return g.figure == f.figure })
		if f.fails && again >= 0 {
			findings[i] = second[again]
		}
	}
	return findings, nil
}

// byTurns returns the least of the rounds for each figure. A note tells of an error
// before the change, which is nobody's fault now.
func byTurns(ctx context.Context, s source, rounds int) (before, now map[figure]float64, note string, err error) {
	before, now = map[figure]float64{}, map[figure]float64{}
	for round := range rounds {
		for turn := range 2 {
			if (round+turn)%2 == 0 {
				figures, err := s.before(ctx)
				if ctx.Err() != nil {
					return nil, nil, "", ctx.Err()
				}
				if err != nil {
					return nil, nil, fmt.Sprintf("did not run before: %v", err), nil
				}
				least(before, figures)
				continue
			}
			figures, err := s.now(ctx)
			if err != nil {
				return nil, nil, "", fmt.Errorf("%s: %w", s.name, err)
			}
			least(now, figures)
		}
	}
	return before, now, "", nil
}

func least(of, figures map[figure]float64) {
	for f, value := range figures {
		if so, ok := of[f]; !ok || value < so {
			of[f] = value
		}
	}
}

func judge(before, now map[figure]float64) (findings []finding) {
	for f, value := range now {
		was, ok := before[f]
		found := finding{figure: f, before: was, now: value, fails: ok && tooMuch(f.unit, was, value)}
		if !ok {
			found.note = "new, nothing to compare with"
		}
		findings = append(findings, found)
	}
	for f := range maps.Keys(before) {
		if _, ok := now[f]; !ok {
			findings = append(findings, finding{figure: f, note: "is not there any more"})
		}
	}
	slices.SortFunc(findings, func(a, b finding) int {
		return strings.Compare(a.name+"\x00"+a.unit, b.name+"\x00"+b.unit)
	})
	return findings
}

// report returns a line, and whether it is well.
func (f finding) report(purposes []purpose) (line string, ok bool) {
	label := fmt.Sprintf("%-46s %-9s", f.name, f.unit)
	if f.note != "" {
		return label + " " + f.note, true
	}
	verdict := ""
	if f.fails {
		verdict = "  TOO MUCH, twice"
		for _, p := range purposes {
			if f.name == p.name || strings.HasPrefix(f.name, p.name+"/") {
				verdict, f.fails = "  on purpose: "+p.why, false
			}
		}
	}
	ratio := ""
	if f.before > 0 {
		ratio = fmt.Sprintf("  %.2f", f.now/f.before)
	}
	return fmt.Sprintf("%s %11.0f %11.0f%s%s", label, f.before, f.now, ratio, verdict), !f.fails
}
