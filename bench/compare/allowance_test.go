package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestAllowance(t *testing.T) {
	if bytes, _, err := parseAllowance(allowance); err != nil || bytes <= 0 {
		t.Errorf("allowance.txt: %d, %v", bytes, err)
	}
	bytes, modules, err := parseAllowance("# a comment\n\nbytes 100 because\nmodule example.com/a it is needed\n")
	if err != nil || bytes != 100 || !reflect.DeepEqual(modules, map[string]bool{"example.com/a": true}) {
		t.Errorf("%d, %v, %v", bytes, modules, err)
	}
	for text, want := range map[string]string{
		"bytes 100": "does not say why", "module example.com/a": "does not say why", "bytes many because": "invalid syntax", "size 100 because": "is no kind",
	} {
		if _, _, err := parseAllowance(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestHolds(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes   int64
		modules []string
		want    string
	}{
		"less":             {99, nil, ""},
		"all":              {100, []string{"example.com/a"}, ""},
		"too large":        {101, nil, "bench/compare/allowance.txt"},
		"an unknown one":   {1, []string{"example.com/a", "example.com/b"}, "example.com/b"},
		"none is a prefix": {1, []string{"example.com/a/v2"}, "example.com/a/v2"},
	} {
		excess := excessOf(tt.bytes, tt.modules, 100, map[string]bool{"example.com/a": true})
		if (len(excess) == 0) != (tt.want == "") || !strings.Contains(strings.Join(excess, "\n"), tt.want) {
			t.Errorf("%s: %q, want %q", name, excess, tt.want)
		}
	}
}
