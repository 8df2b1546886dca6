package status

import (
	"slices"
	"testing"
)

// TestInspectors are those of the config that runs: each site once, and none that is withdrawn.
func TestInspectors(t *testing.T) {
	if got := Now().Inspectors; got == nil || len(got) != 0 {
		t.Fatalf("%#v", got)
	}
	add := func(inEffect bool, sites ...string) func() {
		withdraw := PublishInspector(&Inspector{
			InEffect: func() bool { return inEffect },
			Sites: func() []string {
				if !inEffect {
					t.Error("the sites of a config that does not run can't be known yet")
				}
				return sites
			},
		})
		t.Cleanup(withdraw)
		return withdraw
	}
	see := func(want ...string) {
		t.Helper()
		if got := Now().Inspectors; !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	add(true, "https://b/*", "https://a/*")
	again := add(true, "https://b/*")
	third := add(true, "https://c/*")
	add(false, "https://d/*")
	add(true)
	see("https://a/*", "https://b/*", "https://c/*")
	third()
	third()
	see("https://a/*", "https://b/*")
	again()
	see("https://a/*", "https://b/*")
}
