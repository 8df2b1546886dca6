package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// The forms of a URL that a service may sign besides the URL that it was given.
const (
	URLPort    = "port"
	URLEscaped = "escaped"
	URLDecoded = "decoded"
)

// urlForms return those forms of a URL.
var urlForms = map[string]func(text string) []string{
	URLPort:    withOrWithoutPort,
	URLEscaped: escapedURLs,
	URLDecoded: func(text string) []string { return []string{decodedURL.Replace(text)} },
}

// CheckURLForms returns an error for a form that there is not.
func CheckURLForms(forms []string) error {
	for _, form := range forms {
		if err := expect.Word("url_forms", form, URLPort, URLEscaped, URLDecoded); err != nil {
			return err
		}
	}
	return nil
}

// maxSignedURL is the length, in bytes, of the longest path and query that may be
// signed: their forms are made before it is known who sent them.
const maxSignedURL = 16 << 10

var errLongURL = errors.New("the URL is too long for one that is signed")

var errNothingSigned = errors.New("the body is no form, and its hash is not in the URL: nothing of it is signed")

// alternative is one of the texts that {url} and {form} can stand for.
type alternative struct {
	url     string
	form    []byte
	account string
}

// alternatives returns what the service may have signed, the likeliest first, and
// an error where that would be nothing of the body.
func (s *Verifier) alternatives(r *Request, body []byte, mem Memory) ([]alternative, error) {
	signsURL := s.SignsURL()
	if (signsURL || s.BodyHash != "") && len(r.target()) > maxSignedURL {
		return nil, errLongURL
	}
	urls := []string{""}
	if signsURL {
		urls = s.urls(r)
	}
	return s.alternativesOf(urls, r, body, mem)
}

// alternativesOf is alternatives for URLs that are given.
func (s *Verifier) alternativesOf(urls []string, r *Request, body []byte, mem Memory) ([]alternative, error) {
	var all []alternative
	if s.BodyHash != "" {
		sum := hex.EncodeToString(sha256Of(body))
		for _, u := range urls {
			if strings.EqualFold(s.hashIn(u), sum) {
				all = append(all, alternative{url: u})
			}
		}
	}
	switch {
	case s.template.has(PartForm):
		forms, err := s.forms(r, body, mem)
		if err != nil && len(all) == 0 {
			return nil, err
		}
		for _, u := range urls {
			for _, form := range forms {
				all = append(all, alternative{url: u, form: form})
			}
		}
	case s.BodyHash == "":
		for _, u := range urls {
			all = append(all, alternative{url: u})
		}
	}
	if len(all) == 0 {
		return nil, errNothingSigned
	}
	if !s.template.has(PartAccount) {
		return all, nil
	}
	var each []alternative
	for _, a := range all {
		for _, a.account = range s.Accounts {
			each = append(each, a)
		}
	}
	if len(each) == 0 {
		return nil, errNothingSigned
	}
	return each, nil
}

func sha256Of(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// urls returns the URLs that the service may have called this one.
func (s *Verifier) urls(r *Request) []string {
	target := r.target()
	text := s.public.Text
	switch {
	case text == "" && r.TLS != nil:
		text = "https://" + r.Host + target
	case text == "":
		text = "http://" + r.Host + target
	case s.public.IsBase:
		text += target
	default:
		text = s.withHash(text, target)
	}
	urls := append([]string{text}, withOrWithoutSlash(text)...)
	for _, form := range s.URLForms {
		for _, u := range urls {
			urls = append(urls, urlForms[form](u)...)
		}
	}
	var distinct []string
	for _, u := range urls {
		if !slices.Contains(distinct, u) {
			distinct = append(distinct, u)
		}
	}
	return distinct
}

// hashIn returns the body's hash that is in a URL, or nothing. Of several the
// first counts.
func (s *Verifier) hashIn(u string) string {
	_, name := s.BodyHash.Split()
	_, query, _ := strings.Cut(u, "?")
	values, _ := url.ParseQuery(query)
	return values.Get(name)
}

// withHash returns the URL that a service was given with the body's hash, which
// it adds for each request.
func (s *Verifier) withHash(u, target string) string {
	if s.BodyHash == "" || s.hashIn(u) != "" {
		return u
	}
	_, name := s.BodyHash.Split()
	_, query, _ := strings.Cut(target, "?")
	for _, pair := range strings.Split(query, "&") {
		if strings.HasPrefix(pair, name+"=") {
			if strings.Contains(u, "?") {
				return u + "&" + pair
			}
			return u + "?" + pair
		}
	}
	return u
}

// target returns path and query of the original request, as they were sent.
func (r *Request) target() string {
	target := r.Target
	if target == "" {
		return r.URL.RequestURI()
	}
	if _, rest, ok := strings.Cut(target, "://"); ok && target[0] != '/' {
		// The absolute form, which is for proxies, but allowed.
		i := strings.IndexAny(rest, "/?")
		if i < 0 {
			return "/"
		}
		if target = rest[i:]; target[0] == '?' {
			target = "/" + target
		}
	}
	return target
}

// splitURL splits a URL at its authority.
func splitURL(text string) (scheme, authority, rest string) {
	scheme, rest, _ = strings.Cut(text, "://")
	end := len(rest)
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		end = i
	}
	return scheme + "://", rest[:end], rest[end:]
}

// withOrWithoutSlash returns a URL without path with the path /, and the other
// way round: they are the same, and no request tells which one a sender was
// given.
func withOrWithoutSlash(text string) []string {
	scheme, authority, rest := splitURL(text)
	query, hasSlash := strings.CutPrefix(rest, "/")
	switch {
	case query != "" && query[0] != '?':
		return nil
	case hasSlash:
		return []string{scheme + authority + query}
	}
	return []string{scheme + authority + "/" + query}
}

// withOrWithoutPort returns a URL without its port, and one that has none with
// that of its scheme.
func withOrWithoutPort(text string) []string {
	scheme, authority, rest := splitURL(text)
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return []string{scheme + authority[:len(authority)-len(host)+i] + rest}
	}
	port := ":80"
	if strings.EqualFold(scheme, "https://") {
		port = ":443"
	}
	return []string{scheme + authority + port + rest}
}

// escapedURLs returns a URL as browsers escape it, and with its query decoded and
// escaped anew. Which characters are escaped differs between programs that send a
// URL and those that sign it.
func escapedURLs(text string) []string {
	path, query, ok := strings.Cut(text, "?")
	path = percentEncode(path, func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>`{}^", c) >= 0 })
	if !ok {
		return []string{path}
	}
	escaped := percentEncode(query, func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>'", c) >= 0 })
	var names []string
	values := map[string][]string{}
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name = escapedAnew(name); pair == "" {
			continue
		}
		if _, ok := values[name]; !ok {
			names = append(names, name)
		}
		values[name] = append(values[name], name+"="+escapedAnew(value))
	}
	var anew []string
	for _, name := range names {
		anew = append(anew, values[name]...)
	}
	return []string{path + "?" + escaped, path + "?" + strings.Join(anew, "&")}
}

// escapedAnew decodes a part of a query, and escapes all that a form must escape.
func escapedAnew(part string) string {
	return percentEncode(unescaped(part), func(c byte) bool {
		isPlain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!'()*-._~", c) >= 0
		return !isPlain
	})
}

// unescaped decodes a part of a query. A percent sign that begins nothing stands for
// itself, as with browsers and Node.
func unescaped(part string) string {
	decoded := make([]byte, 0, len(part))
	for i := 0; i < len(part); i++ {
		c := part[i]
		if c == '+' {
			c = ' '
		} else if c == '%' && i+2 < len(part) {
			if b, err := hex.DecodeString(part[i+1 : i+3]); err == nil {
				c, i = b[0], i+2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

// decodedURL decodes those of the escaped characters that HubSpot signs decoded.
var decodedURL = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)
