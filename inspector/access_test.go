package inspector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// answers is everything that the inspector tells, with a question that fits.
var answers = []struct{ method, path, body string }{
	{"GET", "state", ""},
	{"GET", "refused", ""},
	{"GET", "attempts", ""},
	{"GET", "stream", ""},
	{"POST", "events", "{}"},
	{"POST", "event", `{"key":""}`},
	{"POST", "body", `{"key":""}`},
	{"POST", "act", `{"action":"test","receiver":"a"}`},
}

// TestAnswersAreAllOfThem: what is added is in the matrices below.
func TestAnswersAreAllOfThem(t *testing.T) {
	for path, of := range routes {
		if !slices.ContainsFunc(answers, func(a struct{ method, path, body string }) bool { return a.path == path && a.method == of.method }) {
			t.Errorf("%s %s is missing", of.method, path)
		}
	}
}

// TestWhoMaySee tries who gets what.
func TestWhoMaySee(t *testing.T) {
	storesIn(t, "a").add("a", 1)
	plain := newSite(t, &Handler{User: "{http.reverse_proxy.header.Remote-User}"})
	const in, none, notHere = 0, http.StatusUnauthorized, http.StatusForbidden
	for _, test := range []struct {
		name   string
		fields []string
		want   int
	}{
		{"nobody", []string{keyHeader + ": -"}, none},
		{"a user", []string{keyHeader + ": -", testUser + ": alice"}, in},
		{"a user of another authentication", []string{keyHeader + ": -", testOther + ": bob"}, in},
		{"the key", nil, in},
		{"the key at another name of this machine", []string{"Host: inspector.localhost:80"}, in},
		{"the key at an address of it", []string{"Host: 127.1.2.3"}, in},
		{"the key at its IPv6 address", []string{"Host: [::1]:8080"}, in},
		{"the key over plain HTTP", []string{"Host: hooks.example.com"}, notHere},
		{"the key over plain HTTP, of a proxy that says it was HTTPS", []string{"Host: hooks.example.com", "X-Forwarded-Proto: https", "Forwarded: proto=https"}, notHere},
		{"the key at a name that looks like this machine", []string{"Host: localhost.example.com"}, notHere},
		{"a wrong key", []string{keyHeader + ": Bearer " + strings.Repeat("A", 43)}, none},
		{"a part of the key", []string{keyHeader + ": Bearer " + key(t)[:20]}, none},
		{"whoever says that he is from this machine", []string{keyHeader + ": -", "X-Forwarded-For: 127.0.0.1", "X-Real-Ip: 127.0.0.1", "Client-Ip: 127.0.0.1"}, none},
		{"whoever says that he is a user", []string{keyHeader + ": -", "Remote-User: alice", "X-Forwarded-User: alice"}, none},
		{"a name and a password that nobody has asked for", []string{keyHeader + ": Basic YTpi"}, none},
		{"the key as another scheme", []string{keyHeader + ": Basic " + key(t)}, none},
		{"the key without a scheme", []string{keyHeader + ": " + key(t)}, none},
		{"the key in another header field", []string{keyHeader + ": -", "X-Webhook-Inspector-Key: " + key(t), "Cookie: key=" + key(t)}, none},
	} {
		for _, a := range answers {
			if a.path == "stream" && test.want == in {
				continue // it does not end; see TestStream
			}
			got := plain.do(a.method, "/api/"+a.path, a.body, test.fields...)
			if test.want == in && (got.StatusCode == none || got.StatusCode == notHere) || test.want != in && got.StatusCode != test.want {
				t.Errorf("%s gets %s: %d %s", test.name, a.path, got.StatusCode, got.body)
			}
			if test.want != in && (strings.Contains(got.body, "receivers") || !strings.Contains(got.body, `"error":`)) {
				t.Errorf("%s gets %s: %s", test.name, a.path, got.body)
			}
		}
	}
	t.Run("the key in the address", func(t *testing.T) {
		if got := plain.do("GET", "/api/state?key="+key(t), "", keyHeader+": -"); got.StatusCode != none {
			t.Errorf("%d", got.StatusCode)
		}
	})
}

// TestUserIsNoUserByDefault: what another authentication has found counts only where the config says so.
func TestUserIsNoUserByDefault(t *testing.T) {
	s := newSite(t, &Handler{})
	if got := s.do("GET", "/api/state", "", keyHeader+": -", testOther+": bob"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// certificate returns one of a client, signed by itself.
func certificate(t *testing.T, subject pkix.Name) tls.Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}
}

// TestCertificates: a client certificate makes a user if TLS has verified it, and the config says so.
func TestCertificates(t *testing.T) {
	known, unknown, nameless := certificate(t, pkix.Name{CommonName: "alice"}), certificate(t, pkix.Name{CommonName: "mallory"}), certificate(t, pkix.Name{})
	for _, test := range []struct {
		name     string
		counts   bool
		asks     tls.ClientAuthType
		has      *tls.Certificate
		wantUser string
	}{
		{"verified", true, tls.VerifyClientCertIfGiven, &known, "CN=alice"},
		{"verified, without a name", true, tls.VerifyClientCertIfGiven, &nameless, "certificate 7"},
		{"none", true, tls.VerifyClientCertIfGiven, nil, ""},
		{"not verified", true, tls.RequestClientCert, &unknown, ""},
		{"required, and not verified", true, tls.RequireAnyClientCert, &known, ""},
		{"verified, and not wanted", false, tls.VerifyClientCertIfGiven, &known, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &site{t: t, h: &Handler{Certificates: test.counts}}
			s.provision()
			s.Server = httptest.NewUnstartedServer(s.handler())
			roots := x509.NewCertPool()
			roots.AddCert(known.Leaf)
			roots.AddCert(nameless.Leaf)
			s.TLS = &tls.Config{ClientAuth: test.asks, ClientCAs: roots}
			s.StartTLS()
			defer s.Close()
			s.client = s.Client()
			if test.has != nil {
				s.client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{*test.has}
			}
			got := s.do("GET", "/api/state", "", keyHeader+": -")
			if test.wantUser == "" && got.StatusCode != http.StatusUnauthorized || test.wantUser != "" && !strings.Contains(got.body, `"user":"`+test.wantUser+`"`) {
				t.Errorf("%d %.200s", got.StatusCode, got.body)
			}
			// Over HTTPS the key is taken at any name.
			if got := s.do("GET", "/api/state", "", "Host: hooks.example.com"); got.StatusCode != http.StatusOK {
				t.Errorf("with the key: %d %s", got.StatusCode, got.body)
			}
		})
	}
}

// TestOtherSites: a browser in which another site's page is open does nothing for it.
func TestOtherSites(t *testing.T) {
	storesIn(t, "a")
	s := newSite(t, &Handler{})
	user := []string{keyHeader + ": -", testUser + ": alice"}
	for _, a := range answers {
		isPost := a.method == "POST"
		for _, test := range []struct {
			field  string
			status int
			posts  bool // it is about POST only
		}{
			{"Sec-Fetch-Site: cross-site", http.StatusForbidden, false},
			{"Sec-Fetch-Site: same-site", http.StatusForbidden, false},
			{"Sec-Fetch-Site: none", http.StatusForbidden, true},
			{"Sec-Fetch-Site: ", http.StatusForbidden, true},
			{"Sec-Fetch-Site: same-origin, cross-site", http.StatusForbidden, true},
			{pageHeader + ": -", http.StatusForbidden, true},
			{pageHeader + ": 0", http.StatusForbidden, true},
			{"Early-Data: 1", http.StatusTooEarly, true},
		} {
			if test.posts && !isPost {
				continue
			}
			if got := s.do(a.method, "/api/"+a.path, a.body, append(user, test.field)...); got.StatusCode != test.status {
				t.Errorf("%s with %s: %d %s", a.path, test.field, got.StatusCode, got.body)
			}
		}
		if a.path == "stream" {
			continue
		}
		if got := s.do(a.method, "/api/"+a.path, a.body, append(user, "Sec-Fetch-Site: same-origin")...); got.StatusCode == http.StatusForbidden {
			t.Errorf("%s from the page: %d %s", a.path, got.StatusCode, got.body)
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"} {
			if got := s.do(method, "/api/"+a.path, "", append(user, pageHeader+": 1")...); method != a.method && (got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != a.method) {
				t.Errorf("%s %s: %d, Allow %q", method, a.path, got.StatusCode, got.Header.Get("Allow"))
			}
		}
	}
}

// TestEarlyData: what came in a handshake's early data can be a recording of another's request.
func TestEarlyData(t *testing.T) {
	s := newSite(t, &Handler{})
	for _, complete := range []bool{false, true} {
		r := httptest.NewRequest("POST", "https://localhost/api/act", strings.NewReader(`{"action":"test","receiver":"none"}`))
		r.TLS = &tls.ConnectionState{HandshakeComplete: complete}
		r.Header.Set(pageHeader, "1")
		r.Header.Set(testUser, "alice")
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		if isEarly := w.Code == http.StatusTooEarly; isEarly == complete {
			t.Errorf("handshake complete %v: %d", complete, w.Code)
		}
	}
}
