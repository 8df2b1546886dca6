package webhookreceiver

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// BenchmarkRefused is what a forged event costs the handler, without Caddy's and
// net/http's part.
func BenchmarkRefused(b *testing.B) {
	for _, body := range []struct {
		name string
		size int
	}{{"1kB", 1 << 10}, {"100kB", 100 << 10}} {
		b.Run("body="+body.name, func(b *testing.B) {
			h := provision(b, "provider github\nsecret sesame\noutput file "+b.TempDir()+"/events.jsonl")
			text := `{"a":"` + strings.Repeat("x", body.size) + `"}`
			header := http.Header{
				"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/1"}, "Accept": {"*/*"}, "X-Github-Event": {"push"},
				"X-Github-Delivery": {"72d3162e-cc78-11e3-81ab-4c9367dc0958"}, "X-Hub-Signature-256": {"sha256=" + strings.Repeat("00", 32)},
			}
			refuse := func(next func() bool) {
				w := &discarder{header: http.Header{}}
				r := &http.Request{
					Method: http.MethodPost, URL: &url.URL{Path: "/webhooks"}, Host: "hooks.example.com",
					ProtoMajor: 1, Header: header, ContentLength: int64(len(text)),
				}
				ctx := context.WithValue(context.Background(), caddyhttp.OriginalRequestCtxKey, *r)
				ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: "192.0.2.1"})
				r = r.WithContext(context.WithValue(ctx, caddy.ReplacerCtxKey, caddy.NewReplacer()))
				reader := &bodyReader{}
				for next() {
					reader.Reset(text)
					r.Body = reader
					if err := h.ServeHTTP(w, r, nil); err == nil {
						b.Fatal("a forged event was taken")
					}
				}
			}
			refuse(times(keptInSecond + loggedOfReason)) // which cost more
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) { refuse(pb.Next) })
		})
	}
}
