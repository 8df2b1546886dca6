package rules

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// What the option headers can be instead of names.
const (
	HeadersAll  = "all"
	HeadersNone = "none"
)

// Redacted stands for what is never stored.
const Redacted = event.Redacted

// headerName is what RFC 9110 allows as a field's name (section 5.6.2).
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// CheckHeaders returns an error for what is no list of header fields.
func CheckHeaders(names []string) error {
	for i, name := range names {
		switch {
		case name == "":
			return errors.New("headers is empty; it takes names of header fields, such as X-Request-Id, all, or none")
		case name != strings.ToLower(name) && (strings.EqualFold(name, HeadersAll) || strings.EqualFold(name, HeadersNone)):
			return fmt.Errorf("headers %s: did you mean %s?", name, strings.ToLower(name))
		case (name == HeadersAll || name == HeadersNone) && len(names) > 1:
			return fmt.Errorf("headers: %s stands alone", name)
		case !headerName.MatchString(name):
			return fmt.Errorf("headers %s: is no name of a header field, such as X-Request-Id; all and none are for all and none of them", expect.Quote(name))
		case slices.ContainsFunc(names[:i], func(other string) bool { return strings.EqualFold(other, name) }):
			return fmt.Errorf("headers %s is already specified", expect.Quote(name))
		}
	}
	return nil
}

// StoredHeaders is which header fields of a receiver's requests are stored, and what of
// them may be.
type StoredHeaders struct {
	all        bool
	byDefault  bool
	fields     []storedField // in alphabetical order
	secrets    []string      // names of fields that hold a secret by the row
	offered    []string      // names of fields that bring a secret, which are in no event
	harmless   []string      // names of fields that hold none, whatever they are called
	keepsQuery bool          // the query's values are signed
}

// storedField is a header field, by its canonical name.
type storedField struct {
	name     string
	isSecret bool
}

// NewStoredHeaders returns what is stored by the option headers; without names it is what
// is needed to check a signature again and to find id, type and subject. It is nil where
// nothing is stored of any request.
func NewStoredHeaders(names []string, s *Signature, v *Verification, e *EventRules) *StoredHeaders {
	h := new(StoredHeaders)
	needed := headersIn(e.ID, e.Type, e.Subject)
	if v != nil {
		h.secrets, h.offered = headersIn([]Source{v.Token}), headersIn([]Source{v.Secret})
	}
	if s != nil {
		if s.IsToken() {
			h.secrets = append(h.secrets, headersIn(s.From)...)
		} else {
			needed = append(needed, headersIn(s.From)...)
		}
		needed = append(needed, headersIn(s.ID, s.Timestamp, s.ContentSources(), []Source{s.Account, s.Nonce})...)
		h.keepsQuery = !s.IsToken() && s.needsQuery()
	}
	h.harmless = needed
	switch {
	case len(names) == 1 && names[0] == HeadersNone:
		return nil
	case len(names) == 1 && names[0] == HeadersAll:
		h.all = true
		return h
	case len(names) == 0 && len(needed) == 0 && s == nil:
		return nil
	case len(names) == 0:
		h.byDefault = true
		names = append(slices.Concat(needed, h.secrets), "Content-Type", "Content-Encoding")
		if s != nil {
			names = append(names, "User-Agent")
		}
	}
	canonical := make([]string, 0, len(names))
	for _, name := range names {
		canonical = append(canonical, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(canonical)
	for _, name := range slices.Compact(canonical) {
		h.fields = append(h.fields, storedField{name, h.IsSecret(name)})
	}
	return h
}

// headersIn returns the names of the header fields among sources.
func headersIn(sources ...[]Source) []string {
	var names []string
	for _, s := range slices.Concat(sources...) {
		for _, part := range s.Parts() {
			for _, part := range part.Numbered() {
				if name := part.Field(); name != "" {
					names = append(names, textproto.CanonicalMIMEHeaderKey(name))
				}
			}
		}
	}
	return names
}

// Size is about how large what Of returns is, in bytes, and never much less.
func (h *StoredHeaders) Size(r *Request) int {
	size := len(r.Target) + 64
	if !h.keepsQuery {
		size += redactedSize(r.Target)
	}
	for _, field := range h.fieldsIn(r.Header) {
		for _, value := range r.Header[field.name] {
			size += len(field.name) + len(value) + len(`["",""],`)
		}
	}
	return size
}

// Of returns method, path and header fields of the request as they are stored: a JSON
// array of pairs.
func (h *StoredHeaders) Of(r *Request) string {
	var b strings.Builder
	b.Grow(h.Size(r))
	b.WriteString(`[["` + event.HeaderMethod + `","`)
	event.WriteEncoded(&b, r.Method)
	b.WriteString(`"],["` + event.HeaderPath + `","`)
	path := r.target()
	if !h.keepsQuery {
		path = redactQuery(path)
	}
	event.WriteEncoded(&b, path)
	for _, field := range h.fieldsIn(r.Header) {
		for _, value := range r.Header[field.name] {
			if h.byDefault && value == event.ContentTypeJSON && field.name == "Content-Type" {
				continue
			}
			if field.isSecret {
				value = Redacted
			}
			b.WriteString(`"],["`)
			event.WriteEncoded(&b, field.name)
			b.WriteString(`","`)
			event.WriteEncoded(&b, value)
		}
	}
	b.WriteString(`"]]`)
	return b.String()
}

// fieldsIn returns those fields that are stored.
func (h *StoredHeaders) fieldsIn(header http.Header) []storedField {
	if !h.all {
		return withConnection(h.fields, header.Values("Connection"))
	}
	fields := make([]storedField, 0, len(header))
	for name := range header {
		if name != "Host" && !isAnybodys(name) { // HTTP/2 can have both, and the other one counts
			fields = append(fields, storedField{name, h.IsSecret(name)})
		}
	}
	slices.SortFunc(fields, func(a, b storedField) int { return strings.Compare(a.name, b.name) })
	return fields
}

// withConnection adds the field Connection where it names one of them, so that whoever sends the
// request on knows that this one was for the receiver only.
func withConnection(fields []storedField, values []string) []storedField {
	for _, value := range values {
		for _, name := range strings.Split(value, ",") {
			name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
			if _, ok := slices.BinarySearchFunc(fields, name, byName); !ok {
				continue
			}
			i, ok := slices.BinarySearchFunc(fields, "Connection", byName)
			if ok {
				return fields
			}
			return slices.Insert(slices.Clone(fields), i, storedField{name: "Connection"})
		}
	}
	return fields
}

func byName(field storedField, name string) int { return strings.Compare(field.name, name) }

// isAnybodys tells whether a field says what proxies in between may say, and so may
// anybody who is none.
func isAnybodys(name string) bool {
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Proxy-") ||
		strings.HasPrefix(name, "Remote-") || strings.HasPrefix(name, "X-Webhook-")
}

// IsSecret tells whether a field may hold a secret, by what the row says of it, or else
// by its name, which is canonical.
func (h *StoredHeaders) IsSecret(name string) bool {
	if slices.Contains(h.secrets, name) || slices.Contains(h.offered, name) {
		return true
	}
	return !slices.Contains(h.harmless, name) && isSecretName(name)
}

func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "cookie", "token", "secret", "key", "password"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// redactQuery redacts the query's values, and parameters that have no name.
func redactQuery(target string) string {
	path, query, ok := strings.Cut(target, "?")
	if !ok || query == "" {
		return target
	}
	var b strings.Builder
	b.Grow(len(target) + redactedSize(target))
	b.WriteString(path)
	for separator, more := byte('?'), true; more; separator = '&' {
		var pair string
		pair, query, more = strings.Cut(query, "&")
		b.WriteByte(separator)
		switch name, value, hasName := strings.Cut(pair, "="); {
		case !hasName && pair != "":
			b.WriteString(Redacted)
		case value != "":
			b.WriteString(name + "=" + Redacted)
		default:
			b.WriteString(pair)
		}
	}
	return b.String()
}

// redactedSize is how much longer a target can get by that.
func redactedSize(target string) int { return len(Redacted) * (1 + strings.Count(target, "&")) }
