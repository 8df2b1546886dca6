package sites

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func init() {
	caddy.RegisterModule(new(probe))
	httpcaddyfile.RegisterHandlerDirective("probe", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		p := new(probe)
		h.Next()
		h.Args(&p.Name)
		return p, nil
	})
	httpcaddyfile.RegisterDirectiveOrder("probe", httpcaddyfile.Before, "respond")
}

// found has the sites of each probe, by its name.
var found = make(map[string][]string)

// probe is a handler that finds out where it is, once all of the config is provisioned.
type probe struct {
	Name string `json:"name,omitempty"`
	ctx  caddy.Context
}

func (*probe) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sites_probe", New: func() caddy.Module { return new(probe) }}
}

func (p *probe) Provision(ctx caddy.Context) error {
	p.ctx = ctx
	return nil
}

func (p *probe) Cleanup() error {
	found[p.Name] = append(found[p.Name], Of(p.ctx, p)...)
	return nil
}

func (*probe) ServeHTTP(http.ResponseWriter, *http.Request, caddyhttp.Handler) error { return nil }

// sitesIn returns the sites of the probes in a config, by their names.
func sitesIn(t *testing.T, config []byte) map[string][]string {
	t.Helper()
	clear(found)
	parsed := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(config, parsed); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(parsed); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestSitesInCaddyfile are where its probe is.
func TestSitesInCaddyfile(t *testing.T) {
	for name, test := range map[string]struct {
		caddyfile string
		want      string // separated by |
	}{
		"a site":                 {"a.example.com {\nprobe\n}", "https://a.example.com/*"},
		"a path":                 {"a.example.com {\nprobe /x\n}", "https://a.example.com/x"},
		"a path and below":       {"a.example.com {\nprobe /x*\n}", "https://a.example.com/x*"},
		"plain HTTP":             {"http://a.example.com {\nprobe /x\n}", "http://a.example.com/x"},
		"a port":                 {"a.example.com:8443 {\nprobe /x\n}", "https://a.example.com:8443/x"},
		"plain HTTP at a port":   {"http://a.example.com:8080 {\nprobe /x\n}", "http://a.example.com:8080/x"},
		"any host":               {":8080 {\nprobe /x\n}", "http://:8080/x"},
		"any host of HTTPS":      {":8443 {\ntls internal\nprobe /x\n}", "https://:8443/x"},
		"any host at 80":         {":80 {\nprobe /x\n}", "http://:80/x"},
		"an address":             {"http://127.0.0.1:8080 {\nprobe /x\n}", "http://127.0.0.1:8080/x"},
		"IPv6":                   {"http://[::1]:8080 {\nprobe /x\n}", "http://[::1]:8080/x"},
		"IPv6 at 80":             {"http://[2001:db8::1] {\nprobe /x\n}", "http://[2001:db8::1]/x"},
		"IPv6 at 443":            {"https://[2001:db8::1] {\nprobe /x\n}", "https://[2001:db8::1]/x"},
		"bound":                  {":8080 {\nbind 127.0.0.1\nprobe /x\n}", "http://127.0.0.1:8080/x"},
		"bound to IPv6 at 80":    {":80 {\nbind [::1]\nprobe /x\n}", "http://[::1]/x"},
		"a socket":               {"http://a.example.com {\nbind unix//run/x.sock\nprobe /x\n}", "unix//run/x.sock a.example.com/x"},
		"a socket, any host":     {":8080 {\nbind unix//run/x.sock\nprobe /x\n}", "unix//run/x.sock /x"},
		"a descriptor":           {":8080 {\nbind fd/3\nprobe /x\n}", "fd/3 /x"},
		"several hosts":          {"a.example.com, b.example.com {\nprobe /x\n}", "https://a.example.com/x|https://b.example.com/x"},
		"HTTP and HTTPS":         {"http://a.example.com, https://a.example.com {\nprobe /x\n}", "http://a.example.com/x|https://a.example.com/x"},
		"a wildcard host":        {"http://*.example.com {\nprobe /x\n}", "http://*.example.com/x"},
		"a host in a wildcard":   {"http://*.example.com {\n@a host a.example.com\nhandle @a {\nprobe /x\n}\n}", "http://a.example.com/x"},
		"several paths":          {"a.example.com {\n@p path /x /y*\nprobe @p\n}", "https://a.example.com/x|https://a.example.com/y*"},
		"another matcher":        {"a.example.com {\n@p method POST\nprobe @p\n}", "https://a.example.com/*"},
		"a matcher within":       {"a.example.com {\n@p {\npath /x\nmethod POST\n}\nprobe @p\n}", "https://a.example.com/x"},
		"handle":                 {"a.example.com {\nhandle /x* {\nprobe\n}\nhandle {\nrespond 404\n}\n}", "https://a.example.com/x*"},
		"handle in handle":       {"a.example.com {\nhandle /x* {\nhandle /x/y {\nprobe\n}\n}\n}", "https://a.example.com/x/y"},
		"handle_path":            {"a.example.com {\nhandle_path /x/* {\nprobe\n}\n}", "https://a.example.com/x/*"},
		"below handle_path":      {"a.example.com {\nhandle_path /x/* {\nprobe /y*\n}\n}", "https://a.example.com/x/y*"},
		"handle in handle_path":  {"a.example.com {\nhandle_path /x/* {\nhandle_path /y/* {\nprobe /z\n}\n}\n}", "https://a.example.com/x/y/z"},
		"beside handle_path":     {"a.example.com {\nhandle_path /x/* {\nrespond 404\n}\nhandle {\nprobe /y\n}\n}", "https://a.example.com/y"},
		"route":                  {"a.example.com {\nroute /x/* {\nuri strip_prefix /x\nprobe /y\n}\n}", "https://a.example.com/x/y"},
		"after another's prefix": {"a.example.com {\nroute {\nuri /z/* strip_prefix /z\nprobe /y\n}\n}", "https://a.example.com/y|https://a.example.com/z/y"},
		"invoke":                 {"&(p) {\nprobe /x\n}\na.example.com {\ninvoke p\n}\nhttp://b.example.com {\nhandle_path /sub/* {\ninvoke p\n}\n}", "https://a.example.com/x|http://b.example.com/sub/x"},
		"invoke without end":     {"&(p) {\ninvoke p\nprobe /x\n}\nhttp://a.example.com {\ninvoke p\n}", "http://a.example.com/x"},
		"an imported snippet":    {"(p) {\nprobe /x\n}\nhttp://a.example.com {\nimport p\n}\nhttp://b.example.com {\nimport p\n}", "http://a.example.com/x|http://b.example.com/x"},
		"on demand":              {"{\non_demand_tls {\nask http://localhost:1/\n}\n}\nhttps:// {\ntls {\non_demand\n}\nprobe /x\n}", "https://:443/x"},
		"only for errors":        {"a.example.com {\nhandle_errors {\nprobe /x\n}\n}", ""},
		"upper case":             {"A.Example.com {\nprobe /X\n}", "https://a.example.com/x"},
		"a placeholder":          {"a.example.com {\nprobe /{env.P}/x\n}", "https://a.example.com/{env.p}/x"},
	} {
		t.Run(name, func(t *testing.T) {
			config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\nadmin off\n}\n"+test.caddyfile), nil)
			if strings.HasPrefix(test.caddyfile, "{") {
				config, _, err = caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\nadmin off\n"+test.caddyfile[1:]), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			sites := sitesIn(t, config)[""]
			slices.Sort(sites)
			want := strings.Split(test.want, "|")
			slices.Sort(want)
			if got := slices.Compact(sites); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// TestSitesOfALargeConfig are found in no time.
func TestSitesOfALargeConfig(t *testing.T) {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\nadmin off\n}\n&(p) {\ninvoke p\nprobe /x\n}\nhttp://a.example.com {\nroute {\n"+
		strings.Repeat("uri /z/* strip_prefix /z\n", 40)+"}\nroute {\ninvoke p\n}\n}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := sitesIn(t, config)[""]; !slices.Contains(got, "http://a.example.com/x") || len(got) > 100 {
		t.Errorf("%q", got)
	}
}

// TestSitesInJSON, where what Caddyfiles make of it may be missing.
func TestSitesInJSON(t *testing.T) {
	probes := func(names ...string) (handlers []any) {
		for _, name := range names {
			handlers = append(handlers, map[string]any{"handler": "sites_probe", "name": name})
		}
		return handlers
	}
	type object = map[string]any
	config, err := json.Marshal(object{"admin": object{"disabled": true}, "apps": object{"http": object{"servers": object{
		"one": object{"listen": []string{"127.0.0.1:8080", ":9090"}, "automatic_https": object{"disable": true}, "routes": []any{
			object{"handle": probes("bare")},
			object{"match": []any{object{"path": []string{"/a"}}, object{"host": []string{"x.example.com"}}}, "handle": probes("either", "both")},
			object{"match": []any{object{"host": []string{"x.example.com", "y.example.com"}, "path": []string{"/a", "/b"}}}, "handle": probes("each")},
			object{"handle": append([]any{object{"handler": "rewrite", "strip_path_prefix": "/s"}}, probes("stripped")...)},
			object{"match": []any{object{"path": []string{"/t"}}}, "handle": probes("after")},
		}},
		"two": object{"listen": []string{":443"}, "tls_connection_policies": []any{object{}}, "routes": []any{
			object{"match": []any{object{"host": []string{"x.example.com"}}}, "handle": probes("secure")},
		}},
		"three": object{"routes": []any{object{"handle": probes("nowhere")}}},
		"four":  object{"listen": []string{":7000-7010"}, "routes": []any{object{"handle": probes("ports")}}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := sitesIn(t, config)
	for name, want := range map[string][]string{
		"bare":     {"http://127.0.0.1:8080/*"},
		"either":   {"http://127.0.0.1:8080/a", "http://x.example.com:8080/*"},
		"both":     {"http://127.0.0.1:8080/a", "http://x.example.com:8080/*"},
		"each":     {"http://x.example.com:8080/a", "http://x.example.com:8080/b", "http://y.example.com:8080/a", "http://y.example.com:8080/b"},
		"stripped": {"http://127.0.0.1:8080/s/*"},
		"after":    {"http://127.0.0.1:8080/s/t"},
		"secure":   {"https://x.example.com/*"},
		"nowhere":  {"http:///*"},
		"ports":    {"http://:7000/*"},
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}
