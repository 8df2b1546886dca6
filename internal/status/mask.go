package status

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Masked stands where a secret was.
const Masked = "REDACTED"

// A Mask hides the secrets in what is kept of a receiver's requests: those that
// any receiver of the process knows, wherever they are, and those that none does,
// such as wrong ones, where they have their places.
type Mask struct {
	isSecret func(name string) bool // of a header field, by its canonical name
}

// NewMask returns a mask for a receiver in whose requests these header fields are
// secret.
func NewMask(isSecret func(name string) bool) *Mask { return &Mask{isSecret} }

// minSecret is the length, in bytes, from which on a known secret is looked for: a
// shorter one may be a part of anything.
const minSecret = 4

// known are the secrets of all receivers, also of those of a config that comes or
// goes: a sender may have mixed them up.
var known struct {
	sync.Mutex
	secrets map[string]int // how many know each of its forms
	finder  *finder        // nil: they have changed
}

// finder finds secrets.
type finder struct {
	*strings.Replacer
	lower   []string // in lower case, as names of fields may have any
	longest int      // in bytes
}

// Know has secrets be hidden until what it returns is called.
func Know(secrets []string) (forget func()) {
	var forms []string
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{
			secret, strings.TrimPrefix(secret, "whsec_"), url.QueryEscape(secret), url.PathEscape(secret),
			string(quoted[1 : len(quoted)-1]), strings.ReplaceAll(secret, "/", `\/`),
		} {
			if len(form) >= minSecret && !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	count := func(n int) {
		known.Lock()
		defer known.Unlock()
		if known.secrets == nil {
			known.secrets = make(map[string]int)
		}
		for _, form := range forms {
			if known.secrets[form] += n; known.secrets[form] == 0 {
				delete(known.secrets, form)
			}
		}
		known.finder = nil
	}
	count(1)
	return sync.OnceFunc(func() { count(-1) })
}

// find returns the finder of all secrets that are known now.
func find() *finder {
	known.Lock()
	defer known.Unlock()
	if known.finder == nil {
		var forms, pairs []string
		for form := range known.secrets {
			forms = append(forms, form)
		}
		slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // of two that begin alike the longer
		f := new(finder)
		for _, form := range forms {
			pairs = append(pairs, form, Masked)
			f.lower = append(f.lower, strings.ToLower(form))
			f.longest = max(f.longest, len(form))
		}
		f.Replacer = strings.NewReplacer(pairs...)
		known.finder = f
	}
	return known.finder
}

// Text returns the text without secrets that are known.
func (m *Mask) Text(s string) string { return find().Replace(s) }

// Beginning returns the beginning of a text, without secrets that are known, nor
// the beginning of one.
func (m *Mask) Beginning(b []byte, limit int) Text {
	f := find()
	if len(b) <= limit {
		return Text(f.Replace(string(b)))
	}
	text := f.Replace(string(b[:min(len(b), limit+f.longest)]))
	if limit+f.longest < len(b) {
		text = text[:max(0, len(text)-f.longest)] // one may have been cut in two
	}
	return Text(text[:min(len(text), limit)])
}

// Headers returns a copy of header fields, as far as MaxHeaders goes.
func (m *Mask) Headers(header http.Header) map[string][]string {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	masked := make(map[string][]string)
	left := MaxHeaders
	for _, name := range names {
		isSecret, sent, values := m.isSecret(name), header[name], []string{}
		left -= nameOverhead
		if name = cut(m.name(name), &left); name == "" {
			break
		}
		for _, value := range sent {
			if left -= valueOverhead; left <= 0 { // empty values take memory, too
				break
			}
			if isSecret {
				value = Masked
			} else {
				value = m.value(value)
			}
			values = append(values, cut(value, &left))
		}
		masked[name] = values
	}
	return masked
}

// name masks a field's name, if a secret is in it.
func (m *Mask) name(name string) string {
	lower := strings.ToLower(name)
	if slices.ContainsFunc(find().lower, func(secret string) bool { return strings.Contains(lower, secret) }) {
		return Masked
	}
	return name
}

// value masks what is secret in a field that is not: the query of a URL, and
// what follows the name of an authentication scheme.
func (m *Mask) value(value string) string {
	if before, query, ok := strings.Cut(value, "?"); ok && query != "" {
		value = before + "?" + Masked
	}
	if before, after, ok := strings.Cut(value, "://"); ok {
		if i := strings.LastIndexByte(after, '@'); i >= 0 {
			value = before + "://" + Masked + after[i:]
		}
	}
	for _, scheme := range []string{"bearer ", "basic "} {
		if len(value) > len(scheme) && strings.EqualFold(value[:len(scheme)], scheme) {
			value = value[:len(scheme)] + Masked
		}
	}
	return m.Text(value)
}

// cut shortens a text to what is left, and takes that away.
func cut(s string, left *int) string {
	s = Shortened(s, max(0, *left))
	*left -= len(s)
	return s
}

// Shortened returns the beginning of a text, and holds no more of it in memory.
func Shortened(s string, limit int) string { return strings.Clone(s[:min(len(s), limit)]) }

// Query returns a URL's query without its values.
func (m *Mask) Query(query string) string {
	if query == "" {
		return ""
	}
	var b strings.Builder
	for i, pair := range strings.Split(query[:min(len(query), 1<<10)], "&") {
		if i > 0 {
			b.WriteByte('&')
		}
		if name, _, ok := strings.Cut(pair, "="); ok && !strings.ContainsFunc(name, isOdd) {
			b.WriteString(m.Text(name) + "=")
		}
		b.WriteString(Masked)
	}
	return b.String()
}

// isOdd tells whether a character is in no parameter's name that a service uses.
func isOdd(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_-.", c)
}
