package play

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestPlant puts values where sources say that they are.
func TestPlant(t *testing.T) {
	for _, test := range []struct {
		sources []rules.Source
		want    string // "": something is in the way
	}{
		{[]rules.Source{"body:a"}, `{"a":1}`},
		{[]rules.Source{"body:a.b", "body:a.c", "body:d.1.e"}, `{"a":{"b":1,"c":1},"d":[null,{"e":1}]}`},
		{[]rules.Source{"body:0.a", "body:0.b.*.c"}, `[{"a":1,"b":[{"c":1}]}]`},
		{[]rules.Source{"body:a", "body:0"}, `{"0":1,"a":1}`},
		{[]rules.Source{"body:1001"}, `{"1001":1}`},
		{[]rules.Source{"body:0", "body:a"}, ""},
		{[]rules.Source{"body:a", "body:a.b"}, ""},
		{[]rules.Source{"body:a.b", "body:a"}, ""},
		{[]rules.Source{"body:a.0", "body:a.0.b"}, ""},
	} {
		r := newRequest(http.MethodPost, &url.URL{Scheme: "http", Host: "a"})
		var err error
		for _, s := range test.sources {
			if err == nil {
				err = r.put(s, 1)
			}
		}
		if test.want == "" {
			if err == nil {
				t.Errorf("%q: no error", test.sources)
			}
			continue
		}
		if err != nil || r.encode() != nil || string(r.body) != test.want {
			t.Errorf("%q: %v, %s, want %s", test.sources, err, r.body, test.want)
		}
	}
}
