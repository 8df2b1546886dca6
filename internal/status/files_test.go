package status

import (
	"reflect"
	"strings"
	"testing"
)

// TestFiles are those of the config that runs, each with the names of all who store in it.
func TestFiles(t *testing.T) {
	add := func(name string, inEffect bool, files ...string) {
		r := &Receiver{Name: name, InEffect: func() bool { return inEffect }}
		for _, file := range files {
			file, raw := strings.CutSuffix(file, " raw")
			r.Outputs = append(r.Outputs, Output{File: file, Raw: raw})
		}
		t.Cleanup(Publish(r))
	}
	if got := Files(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	add("a", true, "/x", "", "/y")
	add("b", true, "/x")
	add("a", true, "/x") // of another site
	add("c", true)
	add("d", false, "/x raw", "/z")
	add("e", true, "/raw raw", "/both raw")
	add("f", true, "/both")
	if got, want := Files(), map[string]File{"/x": {[]string{"a", "b"}, false}, "/y": {[]string{"a"}, false}, "/raw": {[]string{"e"}, true}, "/both": {[]string{"e", "f"}, true}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
