package inspector

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

//go:embed page
var sources embed.FS

// page returns the page, with its style and its script in it. It is made when it is first asked for: most commands
// of caddy never do.
var page = sync.OnceValue(newDocument)

type document struct {
	policy string  // Content-Security-Policy
	users  content // for who is a user without the key
	others content
}

type content struct{ plain, gzip []byte }

// newDocument joins the page's sources.
func newDocument() *document {
	read := func(patterns ...string) string {
		var text strings.Builder
		for _, pattern := range patterns {
			names, _ := fs.Glob(sources, pattern) // in their order
			for _, name := range names {
				part, err := sources.ReadFile(name)
				if err != nil {
					panic(err) // it is embedded
				}
				text.Write(part)
			}
		}
		return text.String()
	}
	style := read("page/*.css")
	script := "'use strict';\n(() => {\n" + read("page/script/*.js") + "})();\n"
	html := func(user string) content {
		return newContent(strings.NewReplacer("{{style}}", style, "{{script}}", script, "{{user}}", user).Replace(read("page/index.html")))
	}
	return &document{users: html(" data-user"), others: html(""), policy: strings.Join([]string{
		"default-src 'none'", "style-src " + hashOf(style), "script-src " + hashOf(script), "connect-src 'self'", "img-src data:",
		"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")}
}

func newContent(plain string) content {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write([]byte(plain))
	_ = w.Close()
	return content{[]byte(plain), b.Bytes()}
}

// hashOf returns the source of a policy that lets a text in. https://www.w3.org/TR/CSP3/#grammardef-hash-source
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// setSecurity sets header fields that all answers have.
func setSecurity(header http.Header) {
	header.Set("Content-Security-Policy", page().policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// servePage answers with the page, or leads to where its relative addresses are right: the path of the request
// as it was sent, with a slash at the end.
func (h *Handler) servePage(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return caddyhttp.Error(http.StatusMethodNotAllowed, nil)
	}
	sent := r.URL
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		sent = original.URL
	}
	if escaped := sent.EscapedPath(); !strings.HasSuffix(escaped, "/") {
		to := "/" + strings.TrimLeft(escaped, "/") + "/" // with one slash, so that it leads to no other host
		if sent.RawQuery != "" {
			to += "?" + sent.RawQuery
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusPermanentRedirect)
		return nil
	}
	html := &page().others
	if _, err := h.userOf(r); err == nil {
		html = &page().users
	}
	body := html.plain
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Add("Vary", "Accept-Encoding")
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		body = html.gzip
	}
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// takesGzip tells whether a client accepts it. https://www.rfc-editor.org/rfc/rfc9110.html#section-12.5.3
func takesGzip(accepted string) bool {
	for _, one := range strings.Split(accepted, ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(one), " ", ""), ";")
		if coding == "gzip" {
			return strings.Trim(weight, "q=0.") != "" || weight == ""
		}
	}
	return false
}
