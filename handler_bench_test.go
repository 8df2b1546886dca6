package webhookreceiver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// BenchmarkServeHTTP is what an event costs the handler and its output, without
// Caddy's and net/http's part, of which the requests are made beforehand.
func BenchmarkServeHTTP(b *testing.B) {
	sample, err := os.ReadFile(filepath.Join("bench", "sample.json"))
	if err != nil {
		b.Fatal(err)
	}
	long := `{"EventType":"long","Text":"` + strings.Repeat("Lorem ipsum ", 8_000) + `"}`
	for _, body := range []struct{ name, text, provider string }{{"ticket", string(sample), ""}, {"signed", string(sample), "provider github\nsecret s\n"}, {"100kB", long, ""}} {
		for _, sync := range []string{"always", "off"} {
			b.Run("body="+body.name+"/sync="+sync, func(b *testing.B) {
				h := provision(b, body.provider+"output file "+filepath.Join(b.TempDir(), "events.jsonl")+" {\nsync "+sync+"\nroll_size 0\n}")
				serve := func(next func() bool) {
					header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/044aadd"}, "Accept": {"*/*"}}
					if body.provider != "" {
						mac := hmac.New(sha256.New, []byte("s"))
						mac.Write([]byte(body.text))
						header["X-Hub-Signature-256"] = []string{"sha256=" + hex.EncodeToString(mac.Sum(nil))}
						header["X-Github-Event"] = []string{"issues"}
						header["X-Github-Delivery"] = []string{"72d3162e-cc78-11e3-81ab-4c9367dc0958"}
					}
					w := &discarder{header: http.Header{}}
					r := &http.Request{
						Method: http.MethodPost, URL: &url.URL{Path: "/webhooks"}, Host: "hooks.example.com",
						ProtoMajor: 1, Header: header, ContentLength: int64(len(body.text)),
					}
					original := *r
					ctx := context.WithValue(context.Background(), caddyhttp.OriginalRequestCtxKey, original)
					reader := &bodyReader{}
					for next() {
						reader.Reset(body.text)
						r.Body = reader
						r := r.WithContext(context.WithValue(ctx, caddy.ReplacerCtxKey, caddy.NewReplacer()))
						if err := h.ServeHTTP(w, r, nil); err != nil {
							b.Fatal(err)
						}
					}
				}
				serve(times(10)) // the first is logged
				b.SetBytes(int64(len(body.text)))
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) { serve(pb.Next) })
			})
		}
	}
}

// times returns what is true so many times.
func times(n int) (next func() bool) {
	return func() bool { n--; return n >= 0 }
}

// bodyReader tells of the end together with the last bytes, as net/http does.
type bodyReader struct{ strings.Reader }

func (r *bodyReader) Read(p []byte) (n int, err error) {
	if n, err = r.Reader.Read(p); err == nil && r.Len() == 0 {
		err = io.EOF
	}
	return n, err
}

func (*bodyReader) Close() error { return nil }

type discarder struct{ header http.Header }

func (w *discarder) Header() http.Header       { return w.header }
func (*discarder) Write(p []byte) (int, error) { return len(p), nil }
func (*discarder) WriteHeader(int)             {}
