package webhookreceiver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzSignature puts anything into the headers that a provider's signature is
// taken from. Only what holds the vector's own signature is accepted.
func FuzzSignature(f *testing.F) {
	var signing []vector
	for _, v := range vectors {
		if p, _ := providerNamed(v.provider); p.signature.Algorithm != algorithmToken {
			signing = append(signing, v)
		}
	}
	for i, v := range signing {
		for j := 1; j < len(v.headers); j += 2 {
			f.Add(i, j/2, v.headers[j])
			f.Add(i, j/2, v.headers[j]+","+v.headers[j])
			f.Add(i, j/2, strings.ToUpper(v.headers[j])+" ")
		}
	}
	checks := make([]*Verifier, len(signing))
	for i, v := range signing {
		p, err := providerNamed(v.provider)
		if err != nil {
			f.Fatal(err)
		}
		public, err := ParsePublicURL(v.url)
		if err != nil {
			f.Fatal(err)
		}
		if checks[i], err = NewVerifier(*p.signature, []string{v.secret}, public); err != nil {
			f.Fatal(err)
		}
		checks[i].Now = func() time.Time { return time.Unix(v.at, 0) }
	}
	f.Fuzz(func(t *testing.T, row, header int, value string) {
		if row < 0 || row >= len(signing) || header < 0 || 2*header+1 >= len(signing[row].headers) {
			return
		}
		v, check := signing[row], checks[row]
		r := httptest.NewRequest(http.MethodPost, v.delivery().path, nil)
		r.Header = v.delivery().headers
		name, right := v.headers[2*header], v.headers[2*header+1]
		r.Header.Set(name, value)
		event := new(Event)
		if event.setData([]byte(v.body), "", acceptAny) != nil {
			t.Fatal("the vector has no body")
		}
		m := &Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: event}
		err := check.Verify(m, []byte(v.body), unbounded{})
		if err == nil {
			err = check.VerifyData(m)
		}
		signatures := 0
		for _, source := range check.From {
			_, n := source.split()
			signatures += len(v.delivery().headers.Values(n))
		}
		if signatures > 1 {
			return // another one is right
		}
		isSigned := false // by this header
		for _, source := range append(append(check.From, check.ID...), check.Timestamp...) {
			_, n := source.split()
			isSigned = isSigned || strings.EqualFold(n, name)
		}
		significant := right
		for _, element := range strings.FieldsFunc(right, func(c rune) bool { return strings.ContainsRune(check.Separator, c) }) {
			if strings.HasPrefix(element, check.Prefix) && check.Separator != "" {
				significant = element
			}
		}
		// The last letter of base64 can stand for the same in several ways.
		spelling := func(s string) string { return strings.ToLower(urlAlphabet.Replace(s)) }
		significant = strings.TrimRight(strings.TrimPrefix(significant, check.Prefix), "=")
		if err == nil && isSigned && !strings.Contains(spelling(value), spelling(significant[:len(significant)-1])) {
			t.Errorf("%s: %s %q was accepted in the place of %q", v.provider, name, value, right)
		}
		if err != nil && value == right {
			t.Errorf("%s: %v", v.provider, err)
		}
	})
}
