package rules

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// PublicURL is the URL that a sender was given.
type PublicURL struct {
	Text    string // as it was given, which is how it is signed; "": it is not known
	Source  string // the same as a URI without user and password
	IsBase  bool   // only scheme and host: path and query are the request's
	HasUser bool
}

// ParsePublicURL takes what a service takes for a URL, as it signs that as it
// was given, escaped or not. Its errors quote no password.
func ParsePublicURL(s string) (PublicURL, error) {
	if s == "" {
		return PublicURL{}, nil
	}
	fail := func(reason string) (PublicURL, error) {
		quoted := ""
		if !strings.Contains(s, "@") && (strings.ContainsAny(s, "./: ") || len(s) <= 12) { // else it may be a secret
			quoted = fmt.Sprintf(" %q", s)
		}
		return PublicURL{}, fmt.Errorf("public_url%s: %s", quoted, reason)
	}
	u, err := url.Parse(s)
	if err != nil {
		var escape url.EscapeError
		if errors.As(err, &escape) {
			return PublicURL{}, fmt.Errorf("public_url: %w", escape)
		}
		return PublicURL{}, errors.New("public_url: is no URL; it is not shown, as it may hold a password, in which all but letters and digits must be percent-encoded")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Contains(s, "#") {
		return fail("must be an absolute http or https URL without fragment, such as https://hooks.example.com/webhooks")
	}
	p := PublicURL{Text: s, IsBase: u.Path == "" && u.RawQuery == "" && !u.ForceQuery, HasUser: u.User != nil}
	u.User, u.RawQuery = nil, escapeInvalid(u.RawQuery)
	p.Source = u.String()
	return p, nil
}

// escapeInvalid escapes what may not be in the query of a URI.
func escapeInvalid(query string) string {
	return percentEncode(query, func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>[]\\^`{|}", c) >= 0 })
}

// percentEncode escapes the bytes that must not stay.
func percentEncode(s string, must func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if must(s[i]) {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[s[i]>>4], digits[s[i]&15]})
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
