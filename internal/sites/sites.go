// Package sites finds out at which addresses a config has a handler, and whether there are certificates for
// them.
package sites

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

// Of returns the URLs of a handler, whose context it is, as far as the config has them: with a *
// for what it leaves open. Caddy must have provisioned all of the config.
func Of(ctx caddy.Context, handler caddyhttp.MiddlewareHandler) []string {
	ancestors := ctx.Modules()
	if len(ancestors) == 0 {
		return nil
	}
	app, ok := ancestors[0].(*caddyhttp.App)
	if !ok {
		return nil
	}
	var urls []string
	for _, server := range app.Servers {
		w := walk{server: server, of: handler}
		w.routes(w.server.Routes, []place{{}}, 0)
		urls = append(urls, w.found...)
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

// walk goes through a server's routes, and looks for a handler.
type walk struct {
	server *caddyhttp.Server
	of     caddyhttp.MiddlewareHandler
	found  []string
}

// place is what gets to a route.
type place struct {
	hosts, paths []string
	stripped     string // from the beginning of the path
}

// maxNested is how deep routes are looked through; those that are invoked could
// invoke themselves.
const maxNested = 20

func (w *walk) routes(routes caddyhttp.RouteList, places []place, depth int) {
	if depth > maxNested {
		return
	}
	for _, route := range routes {
		var here []place
		for _, p := range places {
			if len(route.MatcherSets) == 0 {
				here = append(here, p)
			}
			for _, set := range route.MatcherSets {
				here = append(here, p.matched(set))
			}
		}
		for _, handler := range route.Handlers {
			if handler == w.of {
				w.find(here)
			}
			switch handler := handler.(type) {
			case *caddyhttp.Subroute:
				w.routes(handler.Routes, here, depth+1)
			case *caddyhttp.Invoke:
				if route := w.server.NamedRoutes[handler.Name]; route != nil {
					w.routes(caddyhttp.RouteList{*route}, here, depth+1)
				}
			case *rewrite.Rewrite:
				if prefix := handler.StripPathPrefix; prefix != "" {
					here = stripped(here, prefix)
					whole := slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.stripped != "" })
					places = stripped(places, prefix)
					if len(route.MatcherSets) > 0 { // what does not match stays as it is
						places = append(places, whole...)
					}
				}
			}
		}
	}
}

// matched returns what of a place the matchers let through.
func (p place) matched(set caddyhttp.MatcherSet) place {
	for _, matcher := range set {
		switch matcher := matcher.(type) {
		case *caddyhttp.MatchHost:
			p.hosts = *matcher
		case *caddyhttp.MatchPath:
			p.paths = nil
			for _, path := range *matcher {
				p.paths = append(p.paths, p.stripped+path)
			}
		}
	}
	return p
}

func stripped(places []place, prefix string) []place {
	places = slices.Clone(places)
	for i := range places {
		places[i].stripped += strings.TrimSuffix(prefix, "/")
	}
	return places
}

// find notes that the handler is at the places.
func (w *walk) find(places []place) {
	for _, p := range places {
		hosts, paths := p.hosts, p.paths
		if len(hosts) == 0 {
			hosts = []string{""}
		}
		if len(paths) == 0 {
			paths = []string{p.stripped + "/*"}
		}
		for _, host := range hosts {
			for _, path := range paths {
				w.found = append(w.found, w.address(host)+path)
			}
		}
	}
}

// address returns scheme, host and port of what the server serves.
func (w *walk) address(host string) string {
	scheme, usual := "http://", uint64(80)
	if len(w.server.TLSConnPolicies) > 0 {
		scheme, usual = "https://", 443
	}
	if len(w.server.Listen) == 0 {
		return scheme + host
	}
	listen, err := caddy.ParseNetworkAddress(w.server.Listen[0])
	switch {
	case err != nil:
		return scheme + host
	case listen.IsUnixNetwork() || listen.IsFdNetwork():
		return w.server.Listen[0] + " " + host
	}
	port := uint64(listen.StartPort)
	if host == "" {
		host = listen.Host
	}
	if host == "" || port != usual {
		return scheme + net.JoinHostPort(host, strconv.FormatUint(port, 10))
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + host
}
