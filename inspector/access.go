package inspector

import (
	"crypto/subtle"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
)

const (
	// keyHeader is the header field with the inspector's key, and keyScheme what stands before it there. Caddy's
	// access log hides this field. https://www.rfc-editor.org/rfc/rfc6750#section-2.1
	keyHeader, keyScheme = "Authorization", "Bearer"

	// pageHeader is the header field that POST requests have: no other site can have a browser send it.
	pageHeader = "X-Webhook-Inspector"
)

// userOf returns who the user is. Neither addresses nor X-Forwarded-* say that.
func (h *Handler) userOf(r *http.Request) (string, error) {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		if user, _ := repl.GetString("http.auth.user.id"); user != "" {
			return user, nil
		}
		if h.User != "" {
			if user := repl.ReplaceAll(h.User, ""); user != "" {
				return user, nil
			}
		}
	}
	if h.Certificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return nameOfCertificate(r.TLS.VerifiedChains[0][0]), nil
	}
	return h.byKey(r)
}

// nameOfCertificate is its subject, or what else names it.
func nameOfCertificate(c *x509.Certificate) string {
	for _, name := range append([]string{c.Subject.String()}, append(c.EmailAddresses, c.DNSNames...)...) {
		if name != "" {
			return name
		}
	}
	return "certificate " + c.SerialNumber.String()
}

// byKey lets in whoever has the key.
func (h *Handler) byKey(r *http.Request) (string, error) {
	const hint = "Run caddy webhook inspect on the machine where Caddy runs, as the user that it runs as: it prints the page's address with the key."
	scheme, given, _ := strings.Cut(r.Header.Get(keyHeader), " ")
	if !strings.EqualFold(scheme, keyScheme) || given == "" {
		return "", failure(http.StatusUnauthorized, "This needs a user, or the inspector's key.", hint)
	}
	if r.TLS == nil && !inspectorkey.IsHere(r.Host) {
		return "", failure(http.StatusForbidden, "Over plain HTTP the key is taken at localhost only: anybody on the way could have read it.",
			"Use HTTPS, or reach this at localhost, as with ssh -L. If something in front of Caddy does TLS, have users authenticated.")
	}
	key, err := inspectorkey.Get()
	if err != nil {
		h.logger.Error("the inspector's key can't be read", zap.Error(err))
		return "", failure(http.StatusInternalServerError, "The inspector's key can't be read.", "Caddy's log has the cause.")
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(key)) != 1 {
		return "", failure(http.StatusUnauthorized, "The key is not the inspector's.", hint)
	}
	return "key", nil
}

// checkOrigin refuses what another site has a browser send, and what may be sent again by anybody who has
// recorded it: TLS's early data.
func checkOrigin(r *http.Request) error {
	isPost := r.Method == http.MethodPost
	isOther := func(site string) bool { return site != "same-origin" && (isPost || site != "none") }
	switch {
	case slices.ContainsFunc(r.Header.Values("Sec-Fetch-Site"), isOther):
		return failure(http.StatusForbidden, "Another site has asked for this.", "")
	case isPost && r.Header.Get(pageHeader) != "1":
		return failure(http.StatusForbidden, "The header field "+pageHeader+": 1 is missing.", "")
	case isPost && (r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"):
		return failure(http.StatusTooEarly, "This came before the connection was sure.", "It is sent again by itself, or send it again.")
	}
	return nil
}
