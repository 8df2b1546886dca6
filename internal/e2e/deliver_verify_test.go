package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDeliveredIsAccepted: services' own libraries accept what an application gets: the original
// signature while it is fresh, and otherwise the delivery's own.
func TestDeliveredIsAccepted(t *testing.T) {
	t.Parallel()
	const own = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	for name, test := range map[string]struct {
		provider, sign string
		accepts        []func(body string, header http.Header) error
	}{
		"stripe's, as it came": {"stripe", "off", []func(string, http.Header) error{
			func(body string, header http.Header) error {
				return libraries["stripe"].accepts(libraries["stripe"].secret, body, header)
			},
		}},
		"github's, as it came": {"github", "", []func(string, http.Header) error{
			func(body string, header http.Header) error {
				return libraries["github"].accepts(libraries["github"].secret, body, header)
			},
		}},
		"standard webhooks', signed anew": {"standard_webhooks", own, []func(string, http.Header) error{
			func(body string, header http.Header) error {
				return libraries["standard_webhooks"].accepts(own, body, header)
			},
			func(body string, header http.Header) error { return svixLibrary.accepts(own, body, header) },
		}},
		"stripe's, signed anew": {"stripe", own, []func(string, http.Header) error{
			func(body string, header http.Header) error { return svixLibrary.accepts(own, body, header) },
			func(body string, header http.Header) error { // the original one is there as well
				return libraries["stripe"].accepts(libraries["stripe"].secret, body, header)
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type delivered struct {
				body   string
				header http.Header
			}
			got := make(chan delivered, 10)
			app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- delivered{string(body), r.Header}
			}))
			defer app.Close()
			l := libraries[test.provider]
			s := newServer(t)
			s.env = append(s.env, "E2E_SECRET="+l.secret)
			options := []string{"provider " + test.provider, "secret {env.E2E_SECRET}", "output file {$DIR}/events.jsonl", "deliver " + app.URL + " {"}
			if test.sign != "" {
				options = append(options, "sign "+test.sign)
			}
			s.configure(site(append(options, "}")...))
			s.start()
			var fields []string
			for name, values := range l.sign(t, l.secret, l.body, time.Now()) {
				fields = append(fields, name+": "+values[0])
			}
			s.post(l.body, append(fields, "Content-Type: application/json")...).wantStored(t)
			select {
			case d := <-got:
				if d.body != l.body {
					t.Errorf("the body is %q", d.body)
				}
				for _, accepts := range test.accepts {
					if err := accepts(d.body, d.header); err != nil {
						t.Errorf("%v: %v", err, d.header)
					}
					if err := accepts(strings.Replace(d.body, `":"`, `": "`, 1), d.header); err == nil {
						t.Error("an altered body is accepted")
					}
				}
			case <-time.After(patience):
				t.Fatal("nothing is delivered")
			}
		})
	}
}
