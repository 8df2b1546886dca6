package provider_test

import (
	"cmp"
	"compress/gzip"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestAttacks makes the same attacks on every provider that signs: each alters
// a request that is accepted as it is.
func TestAttacks(t *testing.T) {
	for _, p := range provider.Rows {
		v, ok := attacked(p)
		if !ok || p.Signature == nil {
			continue
		}
		_, preset := v.row(t)
		t.Run(v.provider, func(t *testing.T) {
			rc := v.receiver(t, preset)
			if resp, _ := rc.send(t, v.delivery()); resp.StatusCode >= 300 {
				t.Fatalf("status %d for the request as it is: %s", resp.StatusCode, rc.reasons)
			}
			refused := []int{cmp.Or(p.Event.Refused, http.StatusUnauthorized)}
			if p.Signature.NeedsData() {
				refused = append(refused, http.StatusBadRequest) // of what does not parse
			}
			for name, alter := range attacks(t, p, v) {
				t.Run(name, func(t *testing.T) {
					d := v.delivery()
					alter(&d)
					rc.refuses(t, d, refused...)
				})
			}
			if len(p.Signature.Timestamp) > 0 {
				for name, off := range map[string]time.Duration{"stale": v.late + 2*time.Second, "future": -v.early - 2*time.Second} {
					if name == "future" && v.early == unlimited {
						continue
					}
					t.Run(name, func(t *testing.T) {
						setTime(t, time.Unix(v.at, 0).Add(off))
						rc.refuses(t, v.delivery(), refused...)
					})
				}
				setTime(t, time.Unix(v.at, 0))
			}
			if p.Verification.IsOracle() && p.Verification.Pattern == "" {
				t.Run("challenge as oracle", func(t *testing.T) { attackOracle(t, rc, p, v) })
			}
			if strings.Contains(fmt.Sprint(rc.reasons), v.secret) {
				t.Error("the secret is in a reason")
			}

			other := v
			other.secret = otherSecret(t, p)
			t.Run("wrong key", func(t *testing.T) {
				other.receiver(t, preset).refuses(t, v.delivery(), refused...)
			})
		})
	}
}

// attacked returns the vector of a row that is attacked: the first whose body is taken as
// it is.
func attacked(p provider.Row) (vector, bool) {
	for _, v := range vectors {
		if v.provider == p.Name && (p.Accept != event.AcceptJSON || json.Valid([]byte(v.decoded()))) {
			return v, true
		}
	}
	i := slices.IndexFunc(vectors, func(v vector) bool { return v.provider == p.Name })
	if i < 0 {
		return vector{}, false
	}
	return vectors[i], true
}

// otherSecret returns one that could be the provider's.
func otherSecret(t *testing.T, p provider.Row) string {
	t.Helper()
	if p.SignsWithPrivateKey() {
		private, err := p.Signature.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	if p.Signature.IsSealed() && p.Signature.Sealed.TokenSigns {
		return strings.Repeat("A", 43)
	}
	if p.Signature.KeyEncoding == rules.EncodingHex {
		return "0123456789abcdef"
	}
	return "c2VjcmV0"
}

// inBody are attacks on a token that every element of an array in the body must have.
func inBody() map[string]func(*delivery) {
	return map[string]func(*delivery){
		"missing":    func(d *delivery) { d.body = strings.Replace(d.body, `"clientState":"client state",`, "", 1) },
		"empty":      func(d *delivery) { d.body = strings.Replace(d.body, "client state", "", 1) },
		"truncated":  func(d *delivery) { d.body = strings.Replace(d.body, "client state", "client stat", 1) },
		"one wrong":  func(d *delivery) { d.body = strings.Replace(d.body, `"client state"}]`, `"x"}]`, 1) },
		"one lacks":  func(d *delivery) { d.body = strings.Replace(d.body, `{"clientState":"client state"}]`, `{}]`, 1) },
		"no element": func(d *delivery) { d.body = `{"value":[]}` },
		"no array":   func(d *delivery) { d.body = `{"value":{"clientState":"client state"}}` },
		"nothing":    func(d *delivery) { d.body = `{}` },
		"once right": func(d *delivery) { d.body = `{"value":[{"clientState":"client state","clientState":"x"}]}` },
	}
}

// fieldsOf returns the names of the header fields of a request that sources are in.
func fieldsOf(d delivery, sources []provider.Source) (names []string) {
	for _, source := range sources {
		kind, field := source.Split()
		field, isNumbered := strings.CutSuffix(field, "*")
		for name := range d.headers {
			isField := strings.EqualFold(name, field) || isNumbered && strings.HasPrefix(strings.ToLower(name), strings.ToLower(field))
			if kind == rules.SourceHeader && isField {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// attacker makes attacks on a request.
type attacker struct {
	*provider.Signature
	v     vector
	names []string // of the header fields with signatures
	all   map[string]func(*delivery)
}

func attacks(t *testing.T, p provider.Row, v vector) map[string]func(*delivery) {
	s := p.Signature
	if s.IsToken() && s.From[0].Is(rules.SourceBody) {
		return inBody()
	}
	a := &attacker{s, v, fieldsOf(v.delivery(), s.From), map[string]func(*delivery){}}
	a.signature()
	if s.IsToken() {
		return a.all
	}
	a.sources()
	if s.IsJWT() {
		a.token()
	}
	if !s.Partial {
		a.body(t)
		a.fields()
		a.elements()
	}
	return a.all
}

// each alters all values of the fields with signatures.
func (a *attacker) each(f func(value string) string) func(*delivery) {
	return func(d *delivery) {
		for _, name := range a.names {
			for i, value := range d.headers[name] {
				d.headers[name][i] = f(value)
			}
		}
	}
}

// signatures alters only the signatures among the elements of a field.
func (a *attacker) signatures(f func(text string) string) func(*delivery) {
	return a.each(func(value string) string {
		if a.Separator == "" {
			return f(value)
		}
		elements := strings.Split(value, a.Separator)
		for i, element := range elements {
			if text := strings.Trim(element, " \t,"); strings.HasPrefix(text, a.Prefix) {
				elements[i] = f(text)
			}
		}
		return strings.Join(elements, a.Separator)
	})
}

func (a *attacker) signature() {
	for _, source := range a.From {
		if kind, name := source.Split(); kind == rules.SourceQuery && strings.Contains(a.v.target, name+"=") {
			a.all["missing in the query"] = func(d *delivery) { d.path = strings.Replace(d.path, name+"=", "x=", 1) }
			a.all["altered in the query"] = func(d *delivery) { d.path = strings.Replace(d.path, name+"=", name+"=0", 1) }
		}
	}
	if len(a.names) == 0 {
		return
	}
	first := a.names[0]
	for name, attack := range map[string]func(*delivery){
		"missing": func(d *delivery) {
			for _, name := range a.names {
				d.headers.Del(name)
			}
		},
		"empty":            a.each(func(string) string { return "" }),
		"a space":          a.each(func(string) string { return " " }),
		"truncated":        a.signatures(func(value string) string { return value[:max(0, len(value)-5)] }),
		"longer":           a.signatures(func(value string) string { return value + "00" }),
		"cut at the front": a.signatures(func(value string) string { return value[1:] }),
		"another one's":    a.signatures(func(value string) string { return value[:max(0, len(value)-9)] + "AAAAAAAA=" }),
		"wrong prefix":     a.signatures(func(value string) string { return "sha999=" + strings.TrimPrefix(value, a.Prefix) }),
		"prefix twice": a.signatures(func(value string) string {
			return strings.Replace(value, a.Prefix, a.Prefix+"x"+a.Prefix, 1) + "x"
		}),
		"the prefix alone": a.signatures(func(string) string { return a.Prefix }),
		"placeholder":      a.signatures(func(string) string { return a.Prefix + "{env.SECRET}" }),
		"in the query instead": func(d *delivery) {
			d.path += "?" + first + "=" + escape(d.headers.Get(first))
			for _, name := range a.names {
				d.headers.Del(name)
			}
		},
	} {
		a.all[name] = attack
	}
	if len(a.names) == 1 && !a.Repeated {
		a.all["header twice"] = func(d *delivery) { d.headers.Add(first, d.headers.Get(first)) }
		a.all["header twice, wrong"] = func(d *delivery) { d.headers.Add(first, "x") }
		a.all["header twice, first"] = func(d *delivery) {
			d.headers[http.CanonicalHeaderKey(first)] = []string{"x", d.headers.Get(first)}
		}
	}
}

// sources alters what is signed beside the body.
func (a *attacker) sources() {
	for _, source := range a.ContentSources() {
		kind, name := source.Split()
		switch {
		case kind == rules.SourceHeader && a.v.delivery().headers.Get(name) != "":
			a.all["altered "+name] = func(d *delivery) { d.headers.Set(name, d.headers.Get(name)+"1") }
			a.all["missing "+name] = func(d *delivery) { d.headers.Del(name) }
		case kind == rules.SourceQuery && strings.Contains(a.v.target, name+"="):
			a.all["altered query "+name] = func(d *delivery) { d.path = strings.Replace(d.path, name+"=", name+"=1", 1) }
			a.all["missing query "+name] = func(d *delivery) { d.path = strings.Replace(d.path, name+"=", "x=", 1) }
		case kind == rules.SourceBody && strings.Contains(a.v.body, `"`+name[strings.LastIndexByte(name, '.')+1:]+`"`):
			last := name[strings.LastIndexByte(name, '.')+1:]
			a.all["missing body "+name] = func(d *delivery) { d.body = strings.Replace(d.body, `"`+last+`"`, `"x"`, 1) }
		}
	}
}

func (a *attacker) body(t *testing.T) {
	a.all["altered body"] = func(d *delivery) { d.body = d.body[:len(d.body)-3] + "X" + d.body[len(d.body)-2:] }
	a.all["body cut"] = func(d *delivery) { d.body = d.body[:len(d.body)-2] }
	a.all["body twice"] = func(d *delivery) { d.body += d.body }
	a.all["no body"] = func(d *delivery) { d.body = "" }
	if missing := a.all["missing"]; missing != nil {
		a.all["header without body"] = func(d *delivery) {
			d.body = ""
			missing(d)
		}
	}
	if a.IsSealed() && !a.Signs(rules.PartBody) {
		return // what is around a ciphertext is neither signed nor stored as data
	}
	a.all["body re-encoded"] = func(d *delivery) { d.body = " " + d.body }
	if !a.Signs("{decoded}") {
		a.all["body compressed"] = func(d *delivery) {
			var b strings.Builder
			w := gzip.NewWriter(&b)
			if _, err := w.Write([]byte(d.body)); err != nil || w.Close() != nil {
				t.Fatal(err)
			}
			d.body = b.String()
			d.headers.Set("Content-Encoding", "gzip")
		}
	}
}

// fields alters id and timestamp, where they have fields of their own.
func (a *attacker) fields() {
	for what, list := range map[string][]provider.Source{"id": a.ID, "timestamp": a.Timestamp} {
		if len(list) == 0 || !list[0].Is(rules.SourceHeader) {
			continue
		}
		_, name := list[0].Split()
		a.all["altered "+what] = func(d *delivery) {
			value := d.headers.Get(name)
			altered := value[:len(value)-1] + "1"
			if altered == value {
				altered = value[:len(value)-1] + "2"
			}
			d.headers.Set(name, altered)
		}
		a.all["missing "+what] = func(d *delivery) { d.headers.Del(name) }
		a.all["empty "+what] = func(d *delivery) { d.headers.Set(name, "") }
		a.all[what+" twice"] = func(d *delivery) { d.headers.Add(name, d.headers.Get(name)) }
		a.all[what+" not one"] = func(d *delivery) { d.headers.Set(name, "1e9") }
	}
}

// elements alters a timestamp beside the signature.
func (a *attacker) elements() {
	if len(a.Timestamp) == 0 || !a.Timestamp[0].Is(rules.SourceSignature) || len(a.names) == 0 {
		return
	}
	_, prefix := a.Timestamp[0].Split()
	if prefix == rules.FirstElement {
		a.all["altered timestamp"] = a.each(func(value string) string { return "1" + value })
		a.all["missing timestamp"] = a.each(func(value string) string { return value[strings.Index(value, a.Separator):] })
		return
	}
	a.all["altered timestamp"] = a.each(func(value string) string { return strings.Replace(value, prefix, prefix+"1", 1) })
	a.all["missing timestamp"] = a.each(func(value string) string { return strings.Replace(value, prefix, "x=", 1) })
	a.all["empty timestamp"] = a.each(func(value string) string {
		i := strings.Index(value, prefix) + len(prefix)
		return value[:i] + value[i+strings.IndexAny(value[i:]+a.Separator, a.Separator):]
	})
	a.all["timestamp twice"] = a.each(func(value string) string { return prefix + "1" + a.Separator + value })
}

// token does what has been done to JSON Web Tokens.
func (a *attacker) token() {
	withHeader := func(header string, f func(rest string) string) func(*delivery) {
		return a.signatures(func(value string) string {
			i := strings.LastIndexAny(value, " =") + 1 // behind the prefix
			_, rest, _ := strings.Cut(value[i:], ".")
			return value[:i] + base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + f(rest)
		})
	}
	same := func(rest string) string { return rest }
	a.all["no algorithm"] = withHeader(`{"alg":"none"}`, func(rest string) string { return rest[:strings.LastIndexByte(rest, '.')+1] })
	a.all["no algorithm, signed"] = withHeader(`{"alg":"none","typ":"JWT"}`, same)
	a.all["an algorithm of another kind"] = withHeader(`{"alg":"HS512","typ":"JWT"}`, same)
	a.all["a critical extension"] = withHeader(`{"alg":"HS256","crit":["exp"],"exp":1}`, same)
	a.all["a key of its own"] = withHeader(`{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}`, same)
	a.all["other claims"] = a.signatures(func(value string) string {
		parts := strings.Split(value, ".")
		parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"exp":99999999999}`))
		return strings.Join(parts, ".")
	})
}
