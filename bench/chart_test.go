package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDraw(t *testing.T) {
	var outcomes []outcome
	for _, n := range []int{1, 8} {
		outcomes = append(outcomes, outcome{
			scenario: scenario{Connections: n, curve: true},
			Results:  map[string][]result{bare: {{Rate: 1000 * float64(n), P99: time.Millisecond}}, "durable": {{Rate: 500, P99: time.Second}}},
		})
	}
	outcomes = append(outcomes, outcome{scenario: scenario{Connections: 64}, Results: map[string][]result{bareReading: {{Rate: 1}}}})
	path := filepath.Join(t.TempDir(), "chart.svg")
	if err := draw(outcomes, path); err != nil {
		t.Fatal(err)
	}
	if err := draw(outcomes[:1], path); err == nil {
		t.Error("a chart of one number of connections")
	}
	svg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{">durable<", ">8<", ">connections<"} {
		if !strings.Contains(string(svg), text) {
			t.Errorf("no %q in the chart", text)
		}
	}
	if strings.Contains(string(svg), bareReading) || strings.Contains(string(svg), ">64<") {
		t.Error("a scenario with other bodies is in the chart")
	}
}
