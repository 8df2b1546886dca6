package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// httpsSite is a receiver behind Caddy's local certificate authority.
func httpsSite(options ...string) string {
	return "https://localhost {\n" + directive("", options...) + "}\n"
}

const q = "verifyToken=" + rightToken // the right half of a query

func TestVerification(t *testing.T) {
	t.Parallel()
	s := startTLS(t, httpsSite(stored()...))
	client := s.tlsClient("HTTP/2.0")

	long := strings.Repeat("a", 4096)
	for _, test := range []struct {
		name, query string
		status      int
		challenge   string // the answer, for status 200
	}{
		{"documented request", "challenge=2135675231&" + q, 200, "2135675231"},
		{"token first", q + "&challenge=2135675231", 200, "2135675231"},
		{"further parameters", "a=1&challenge=x&b=&b=2&" + q + "&c", 200, "x"},
		{"names in another case besides", "Challenge=y&CHALLENGE=&challenge=x&verifytoken=no&VerifyToken=no&" + q, 200, "x"},
		{"escaped names", "ch%61llenge=x&verify%54oken=" + rightToken, 200, "x"},
		{"a space", "challenge=a%20b&" + q, 200, "a b"},
		{"only a space", "challenge=%20&" + q, 200, " "},
		{"plus is a space", "challenge=a+b&" + q, 200, "a b"},
		{"an escaped plus", "challenge=a%2Bb&" + q, 200, "a+b"},
		{"an escaped ampersand and equals", "challenge=a%26b%3Dc&" + q, 200, "a&b=c"},
		{"an equals sign", "challenge=a=b&" + q, 200, "a=b"},
		{"a question mark", "challenge=a?b&" + q, 200, "a?b"},
		{"percent escaped twice", "challenge=%2541&" + q, 200, "%41"},
		{"an escaped semicolon", "challenge=a%3Bb&" + q, 200, "a;b"},
		{"Unicode", "challenge=%C3%A9%E2%82%AC%F0%9F%90%88&" + q, 200, "é€🐈"},
		{"a line separator, which is no control character", "challenge=%E2%80%A8&" + q, 200, "\u2028"},
		{"HTML", "challenge=%3Cscript%3Ealert(1)%3C%2Fscript%3E&" + q, 200, "<script>alert(1)</script>"},
		{"a placeholder", "challenge=%7Benv.DIR%7D%7Bhttp.request.host%7D&" + q, 200, "{env.DIR}{http.request.host}"},
		{"a trailing blank", "challenge=x%20&" + q, 200, "x "},
		{"4 KiB", "challenge=" + long + "&" + q, 200, long},
		{"4 KiB of two-byte characters", "challenge=" + strings.Repeat("%C3%A9", 2048) + "&" + q, 200, strings.Repeat("é", 2048)},

		{"over 4 KiB", "challenge=a" + long + "&" + q, 400, ""},
		{"over 4 KiB of two-byte characters", "challenge=" + strings.Repeat("%C3%A9", 2048) + "a&" + q, 400, ""},
		{"no query", "", 400, ""},
		{"no challenge", q, 400, ""},
		{"no token", "challenge=x", 400, ""},
		{"empty challenge", "challenge=&" + q, 400, ""},
		{"challenge without a value", "challenge&" + q, 400, ""},
		{"empty token", "challenge=x&verifyToken=", 400, ""},
		{"challenge twice", "challenge=x&challenge=x&" + q, 400, ""},
		{"challenge twice, once empty", "challenge=x&challenge=&" + q, 400, ""},
		{"challenge twice, once escaped", "challenge=x&%63hallenge=x&" + q, 400, ""},
		{"token twice", "challenge=x&" + q + "&" + q, 400, ""},
		{"token twice, once wrong", "challenge=x&" + q + "&verifyToken=no", 400, ""},
		{"challenge in another case", "Challenge=x&" + q, 400, ""},
		{"token in another case", "challenge=x&verifytoken=" + rightToken, 400, ""},
		{"bad escape", "challenge=%zz&" + q, 400, ""},
		{"bad escape elsewhere", "challenge=x&" + q + "&a=%", 400, ""},
		{"bad escape in a name", "challenge=x&" + q + "&%4=1", 400, ""},
		{"semicolons", "challenge=x;" + q, 400, ""},
		{"semicolon elsewhere", "challenge=x&" + q + "&a=1;b=2", 400, ""},
		{"NUL", "challenge=a%00b&" + q, 400, ""},
		{"line feed", "challenge=a%0Ab&" + q, 400, ""},
		{"header injection", "challenge=a%0D%0ASet-Cookie:%20a=b&" + q, 400, ""},
		{"tab", "challenge=a%09b&" + q, 400, ""},
		{"escape", "challenge=%1B%5B31m&" + q, 400, ""},
		{"DEL", "challenge=%7F&" + q, 400, ""},
		{"C1 control", "challenge=%C2%85&" + q, 400, ""},
		{"not UTF-8", "challenge=%FF&" + q, 400, ""},
		{"cut UTF-8", "challenge=a%C3&" + q, 400, ""},
		{"a surrogate in UTF-8", "challenge=%ED%A0%80&" + q, 400, ""},
		{"overlong UTF-8", "challenge=%C0%AF&" + q, 400, ""},
		{"bad challenge before a wrong token", "challenge=%00&verifyToken=no", 400, ""},
		{"no challenge before a wrong token", "verifyToken=no", 400, ""},

		{"wrong token", "challenge=echoed&verifyToken=echoed", 403, ""},
		{"token in another case of letters", "challenge=x&verifyToken=SOMEverificationtoken", 403, ""},
		{"part of the token", "challenge=x&verifyToken=someverification", 403, ""},
		{"more than the token", "challenge=x&" + q + "x", 403, ""},
		{"token with a blank", "challenge=x&" + q + "%20", 403, ""},
		{"token with NUL", "challenge=x&" + q + "%00", 403, ""},
		{"very long wrong token", "challenge=x&verifyToken=" + long, 403, ""},
		{"not UTF-8 for a token", "challenge=x&verifyToken=%FF", 403, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				a := do(t, client, method, "https://"+s.https+"/webhooks?"+test.query, nil)
				checkVerification(t, method, a, test.status, test.challenge)
			}
		})
	}
	if stored := s.events(); len(stored) != 0 {
		t.Errorf("verification stored %d events", len(stored))
	}
}

func checkVerification(t *testing.T, method string, a answer, status int, challenge string) {
	t.Helper()
	a.want(t, status)
	body := challenge
	if method == http.MethodHead {
		body = ""
	}
	if a.body != body {
		t.Errorf("%s: body %q, want %q", method, clip(a.body), clip(body))
	}
	for name, values := range a.header {
		if status == http.StatusForbidden && strings.Contains(strings.Join(values, ""), "echoed") {
			t.Errorf("403 echoes in %s", name)
		}
	}
	if status != http.StatusOK {
		return
	}
	for name, want := range map[string]string{
		"Content-Type":           "text/plain; charset=utf-8",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control":          "no-store",
	} {
		if got := a.header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s %q, want %q", method, name, got, want)
		}
	}
}

func TestHeadIsLikeGetWithoutTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	target := "/webhooks?challenge=h%C3%A9llo&" + q
	get, headers := s.dial(t), s.dial(t)
	get.send(headOf("GET", target))
	headers.send(headOf("HEAD", target))
	a, b := get.answerTo("GET"), headers.answerTo("HEAD")
	if a.body != "héllo" || b.body != "" {
		t.Errorf("bodies %q and %q", a.body, b.body)
	}
	a.header.Del("Date")
	b.header.Del("Date")
	for name := range a.header {
		if name == "Content-Length" && b.header.Get(name) == "" {
			continue // HEAD may leave it out (RFC 9110, 9.3.2)
		}
		if a.header.Get(name) != b.header.Get(name) {
			t.Errorf("%s: GET %q, HEAD %q", name, a.header[name], b.header[name])
		}
	}
	// HEAD has no body on the wire either: the connection is in step.
	headers.send(headOf("GET", target))
	if again := headers.answerTo("GET"); again.body != "héllo" {
		t.Errorf("after HEAD: %d %q", again.status, again.body)
	}
}

func TestVerificationWithTheFirstBytesOfABodyIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s")...))
	for name, fields := range map[string][]string{
		"stalled":         {"Content-Length: 100"},
		"stalled chunked": {"Transfer-Encoding: chunked"},
		"expecting":       {"Content-Length: 100", "Expect: 100-continue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			c.send(headOf("GET", "/webhooks?challenge=x&"+q, fields...))
			a := c.atOnce()
			a.want(t, 200)
			c.wantClosing(a)
		})
	}
}

func TestVerifyTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_TOKEN=from env", "E2E_PART=part")
	s.write("token", "from file\n")
	s.configure(site(
		`verify_token old new "with space" ünï+cöde {env.E2E_TOKEN} {file.`+s.path("token")+`} a-{env.E2E_PART}-b \{braces}`,
		"output file {$DIR}/events.jsonl",
	))
	s.start()
	for _, token := range []string{"old", "new", "with space", "ünï+cöde", "from env", "from file", "a-part-b", "{braces}"} {
		a := s.verify("x", token)
		if a.status != 200 || a.body != "x" {
			t.Errorf("token %q: %d %q", token, a.status, a.body)
		}
	}
	for _, token := range []string{"old new", "oldnew", "old,new", "{env.E2E_TOKEN}", "from file\n", "from", "a--b", "part", `\{braces}`, "braces"} {
		s.verify("x", token).want(t, 403)
	}
}

func TestTokenOfAPlaceholderChangesWithAReload(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.write("token", "before")
	sites := site("verify_token {file."+s.path("token")+"}", "output file {$DIR}/events.jsonl")
	s.configure(sites)
	s.start()
	s.verify("x", "before").want(t, 200)
	s.write("token", "after")
	s.verify("x", "before").want(t, 200)
	s.reload(sites + "# changed\n")
	if _, err := s.run("reload", "--force", "--config", s.path("Caddyfile"), "--address", s.admin); err != nil {
		t.Fatal(err)
	}
	s.verify("x", "before").want(t, 403)
	s.verify("x", "after").want(t, 200)
}

func TestVerificationIsForThisReceiverOnly(t *testing.T) {
	t.Parallel()
	s := start(t, "http:// {\n"+
		directive("/a", "verify_token a", "output file {$DIR}/events.jsonl")+
		directive("/b", "verify_token b", "output file {$DIR}/events.jsonl")+"}\n")
	for target, status := range map[string]int{"/a?challenge=x&verifyToken=a": 200, "/b?challenge=x&verifyToken=b": 200, "/a?challenge=x&verifyToken=b": 403, "/b?challenge=x&verifyToken=a": 403} {
		do(t, newClient(t), http.MethodGet, "http://"+s.http+target, nil).want(t, status)
	}
	elsewhere := "http://" + s.http + "/c?" + handshake("x", "a")
	if a := do(t, newClient(t), http.MethodGet, elsewhere, nil); a.body == "x" {
		t.Error("a path that no receiver has is answered with the challenge")
	}
}
