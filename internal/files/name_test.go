package files

import (
	"strings"
	"testing"
	"time"
)

func TestCheckName(t *testing.T) {
	for name, wrong := range map[string]bool{
		"events.jsonl":                             false,
		"events":                                   false,
		".jsonl":                                   false,
		"events.gz.jsonl":                          false,
		"gz":                                       false,
		"events-2026-11-23.jsonl":                  false,
		"events-2026-11-23T17-04-58.jsonl":         false,
		"events-2026-13-23T17-04-58.123.jsonl":     false, // there is no such month
		"events-2026-11-23T17-04-58.123-b.jsonl":   false,
		strings.Repeat("x", 214):                   false,
		strings.Repeat("é", 107):                   false,
		"events.gz":                                true,
		"events.jsonl.GZ":                          true,
		".zst":                                     true,
		"events.Zst":                               true,
		"events.tmp":                               true,
		"events-2026-11-23T17-04-58.123.jsonl":     true,
		"events-2026-11-23t17-04-58.123.jsonl":     true,
		"events-2026-11-23T17-04-58.123":           true,
		"-2026-11-23T17-04-58.123.jsonl":           true,
		"events-2026-11-23T17-04-58.123.jsonl.zst": true,
		strings.Repeat("x", 215):                   true,
	} {
		if err := CheckName(name); (err != nil) != wrong {
			t.Errorf("%s: %v", name, err)
		}
		if n, ok := Parse(name); ok && n.Path == "events.jsonl" && !wrong {
			t.Errorf("%s is one of events.jsonl", name)
		}
	}
	if n := len(LongestName(strings.Repeat("x", 214))); n != longestName {
		t.Errorf("the longest name has %d bytes", n)
	}
}

func TestRotatedNameKeepsTheExtension(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	for path, want := range map[string]string{
		"/var/a.b/events":         "/var/a.b/events-2026-01-02T03-04-05.006",
		"/var/a.b/x.events.jsonl": "/var/a.b/x.events-2026-01-02T03-04-05.006.jsonl",
	} {
		if got := RotatedName(path, at); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
