package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// padded is an event of exactly n bytes.
func padded(n int) string {
	const frame = `{"EventType":"padded","Pad":""}`
	return strings.Replace(frame, `""`, `"`+strings.Repeat("x", n-len(frame))+`"`, 1)
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s", "max_body_size 1KiB")...))
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "post", "get"} {
		t.Run(method, func(t *testing.T) {
			c := s.dial(t)
			c.send(headOf(method, "/webhooks?challenge=x&"+q))
			a := c.atOnce()
			a.want(t, 405)
			c.wantUsable(a)
		})
	}
	t.Run("before every other check", func(t *testing.T) {
		c := s.dial(t)
		c.send(headOf("PUT", "/webhooks", "Content-Length: 1025", "Content-Encoding: br"))
		a := c.atOnce()
		a.want(t, 405)
		c.wantClosing(a)
	})
	t.Run("nothing stored", func(t *testing.T) {
		for _, r := range s.events() {
			if r.kind() != "next" {
				t.Errorf("stored: %s", r.line)
			}
		}
	})
}

// TestAnswersBeforeTheBody has the rows that need no byte of the body: the
// sender has sent none, and waits.
func TestAnswersBeforeTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s", "max_body_size 1KiB")...))
	const chunked = "Transfer-Encoding: chunked"
	for _, test := range []struct {
		name   string
		status int
		fields []string
	}{
		{"too long", 413, []string{"Content-Length: 1025"}},
		{"far too long", 413, []string{"Content-Length: 9223372036854775807"}},
		{"too long, before the coding", 413, []string{"Content-Length: 1025", "Content-Encoding: br"}},
		{"too long and compressed", 413, []string{"Content-Length: 1025", "Content-Encoding: gzip"}},
		{"brotli", 415, []string{"Content-Length: 10", "Content-Encoding: br"}},
		{"brotli, chunked", 415, []string{chunked, "Content-Encoding: br"}},
		{"deflate", 415, []string{"Content-Length: 10", "Content-Encoding: deflate"}},
		{"nonsense", 415, []string{"Content-Length: 10", "Content-Encoding: {env.HOME}"}},
		{"twice in one field", 415, []string{"Content-Length: 10", "Content-Encoding: gzip, gzip"}},
		{"identity, then gzip", 415, []string{"Content-Length: 10", "Content-Encoding: identity, gzip"}},
		{"twice in two fields", 415, []string{"Content-Length: 10", "Content-Encoding: gzip", "Content-Encoding: gzip"}},
		{"two in two fields", 415, []string{"Content-Length: 10", "Content-Encoding: gzip", "Content-Encoding: br"}},
	} {
		for _, expect := range []string{"", "Expect: 100-continue"} {
			t.Run(strings.TrimSpace(test.name+" "+expect), func(t *testing.T) {
				t.Parallel()
				fields := test.fields
				if expect != "" {
					fields = append(slices.Clone(fields), expect)
				}
				c := s.dial(t)
				c.send(head(fields...))
				a := c.atOnce() // a 100 would fail here
				a.want(t, test.status)
				c.wantClosing(a)
			})
		}
	}
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s", "max_body_size 1KiB")...))
	t.Run("exactly the limit", func(t *testing.T) {
		c := s.dial(t)
		c.send(whole(padded(1024)))
		c.answer().wantStored(t)
		c.send(head("Transfer-Encoding: chunked"), chunk(padded(1024)[:1000]), chunk(padded(1024)[1000:]), chunk(""))
		c.answer().wantStored(t)
	})
	t.Run("one more", func(t *testing.T) {
		c := s.dial(t)
		c.send(whole(padded(1025)))
		a := c.atOnce()
		a.want(t, 413)
		c.wantClosing(a)
	})
	t.Run("one more chunked, and the sender waits", func(t *testing.T) {
		c := s.dial(t)
		c.send(head("Transfer-Encoding: chunked"), chunk(padded(1025)))
		a := c.atOnce()
		a.want(t, 413)
		c.wantClosing(a)
	})
	t.Run("chunked without an end", func(t *testing.T) {
		c := s.dial(t)
		c.send(head("Transfer-Encoding: chunked"))
		go func() { // until the server has closed
			for {
				if _, err := fmt.Fprint(c.Conn, chunk(strings.Repeat(" ", 512))); err != nil {
					return
				}
			}
		}()
		c.atOnce().want(t, 413)
	})
	t.Run("invalid besides", func(t *testing.T) {
		c := s.dial(t)
		c.send(whole(strings.Repeat("x", 1025), "Content-Encoding: gzip"))
		c.atOnce().want(t, 413)
	})
	if n := len(s.events()); n != 2 {
		t.Errorf("%d events stored, want 2", n)
	}
}

func TestBodySizeByDefault(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	const limit = 5 << 20
	s.post(padded(limit)).wantStored(t)
	c := s.dial(t)
	c.send(head(fmt.Sprintf("Content-Length: %d", limit+1)))
	c.atOnce().want(t, 413)
	if r := s.events(); len(r) != 1 || r[0].data != padded(limit) {
		t.Errorf("%d events stored", len(r))
	}
}

func TestContentEncodingThatIsNone(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for _, value := range []string{"identity", "IDENTITY", "Identity"} {
		s.post(`{"EventType":"plain"}`, "Content-Encoding: "+value).wantStored(t)
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "nonsense", "multipart/form-data; boundary=x"} {
		if r := s.postOne(`{"EventType":"plain"}`, "Content-Type: "+contentType); r.attributes["datacontenttype"] != "application/json" {
			t.Errorf("sent as %s: stored as %s", contentType, r.attributes["datacontenttype"])
		}
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	const body = `{"EventType":"expected"}`
	c := s.dial(t)
	c.send(head(fmt.Sprintf("Content-Length: %d", len(body)), "Expect: 100-continue"))
	c.answer().want(t, 100)
	c.send(body)
	a := c.answer()
	a.wantStored(t)
	c.wantUsable(a)
}

func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	s := start(t, site(stored("timeout 1s")...))
	const body = `{"EventType":"slow"}`
	length := fmt.Sprintf("Content-Length: %d", len(body))
	for _, test := range []struct {
		name string
		send func(c *rawConn)
	}{
		{"nothing comes", func(c *rawConn) { c.send(head(length)) }},
		{"the last byte is missing", func(c *rawConn) { c.send(head(length), body[:len(body)-1]) }},
		{"waits after 100", func(c *rawConn) {
			c.send(head(length, "Expect: 100-continue"))
			c.answer().want(c.t, 100)
		}},
		{"the last chunk is missing", func(c *rawConn) { c.send(head("Transfer-Encoding: chunked"), chunk(body)) }},
		{"half a chunk", func(c *rawConn) { c.send(head("Transfer-Encoding: chunked"), "100\r\n{") }},
		{"gzip", func(c *rawConn) { c.send(head(length, "Content-Encoding: gzip"), gzipped(body)[:10]) }},
		{"a drip", func(c *rawConn) { c.send(head("Content-Length: 1000")); go drip(c.Conn, " ") }},
		{"a chunked drip", func(c *rawConn) {
			c.send(head("Transfer-Encoding: chunked"))
			go drip(c.Conn, chunk(" "))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			began := time.Now()
			test.send(c)
			a := c.answer()
			a.want(t, 408)
			if took := time.Since(began); took < timeout*9/10 || took > timeout+4*time.Second {
				t.Errorf("answered after %v, want %v", took, timeout)
			}
			c.wantClosing(a)
		})
	}
	t.Cleanup(func() {
		if n := len(s.events()); n != 0 {
			t.Errorf("%d events stored", n)
		}
	})
}

// drip sends a piece ten times a second until the server has enough.
func drip(conn net.Conn, piece string) {
	for range 100 {
		if _, err := conn.Write([]byte(piece)); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// A body that comes late but in time is stored, and its deadline does not
// outlive it: the connection serves on after the timeout has passed.
func TestTimeoutEndsWithTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s")...))
	const body = `{"EventType":"late"}`
	for _, test := range []struct{ name, head, body string }{
		{"length", head(fmt.Sprintf("Content-Length: %d", len(body))), body},
		{"chunked", head("Transfer-Encoding: chunked"), chunk(body) + chunk("")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			c.send(test.head)
			time.Sleep(time.Second) // the sender's pace, not a wait for the server
			c.send(test.body)
			c.answer().wantStored(t)
			time.Sleep(3500 * time.Millisecond)
			c.send(test.head, test.body)
			c.answer().wantStored(t)
		})
	}
}

func TestCutBodies(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("timeout 3s")...))
	for _, test := range []struct{ name, request string }{
		{"nothing", head("Content-Length: 20")},
		{"the last byte is missing", head("Content-Length: 3") + "{}"},
		{"valid JSON by itself", head("Content-Length: 20") + `{"EventType":"cut"}`},
		{"no last chunk", head("Transfer-Encoding: chunked") + chunk(`{"EventType":"cut"}`)},
		{"half a chunk", head("Transfer-Encoding: chunked") + "20\r\n{}"},
		{"half a last chunk", head("Transfer-Encoding: chunked") + chunk(`{"EventType":"cut"}`) + "0\r\n"},
		{"gzip", head("Transfer-Encoding: chunked", "Content-Encoding: gzip") + chunk(gzipped("{}"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := s.dial(t)
			c.send(test.request)
			if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			c.atOnce().want(t, 400)

			c = s.dial(t)
			c.send(test.request)
			if err := c.Conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset
				t.Fatal(err)
			}
			c.Close()
		})
	}
	t.Run("bad chunk length", func(t *testing.T) {
		c := s.dial(t)
		c.send(head("Transfer-Encoding: chunked"), chunk(`{"EventType":"cut"}`), "zz\r\n")
		a := c.atOnce()
		a.want(t, 400)
		c.wantClosing(a)
	})
	s.post(`{"EventType":"whole"}`).wantStored(t)
	if r := s.events(); len(r) != 1 {
		t.Errorf("%d events stored, want only the whole one", len(r))
	}
}

// A sender that hangs up after the last byte of its event may be gone before
// the event is on disk; what is stored must still be whole.
func TestSenderThatDoesNotWait(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for range 50 {
		c := s.dial(t)
		c.send(whole(`{"EventType":"hasty"}`))
		c.Close()
	}
	s.post(`{"EventType":"last"}`).wantStored(t)
	if r := s.events(); len(r) > 51 {
		t.Errorf("%d events stored, 51 sent", len(r))
	}
}

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func nestedObjects(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func TestBodiesThatAreJSON(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for name, body := range map[string]string{
		"object":              `{}`,
		"array":               `[]`,
		"string":              `"x"`,
		"number":              `-0.5e-10`,
		"true":                `true`,
		"null":                `null`,
		"white space":         " \t\r\n{ \t\r\n} \t\r\n",
		"arrays 9,000 deep":   nested(9000),
		"objects 9,000 deep":  nestedObjects(9000),
		"many siblings":       "[" + strings.Repeat("[],", 20000) + "[]]",
		"brackets in strings": `"` + strings.Repeat("[{", 20000) + `"`,
		"not escaped Unicode": `"é€🐈` + "\u2028\ufeff\uffff" + `"`,
		"NUL, escaped":        `"\u0000"`,
		"empty key":           `{"":""}`,
		"very long string":    `"` + strings.Repeat("x", 1<<20) + `"`,
		"very long number":    strings.Repeat("1", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			r := s.postOne(body)
			if want := strings.TrimSpace(spaced(body)); r.data != want {
				t.Errorf("data %q, want %q", clip(r.data), clip(want))
			}
			r = s.postOne("\ufeff" + body)
			if want := strings.TrimSpace(spaced(body)); r.data != want {
				t.Errorf("after a byte order mark: data %q, want %q", clip(r.data), clip(want))
			}
		})
	}
}

func TestBodiesThatAreNotJSON(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	const bom = "\ufeff"
	for name, body := range map[string]string{
		"empty":                     "",
		"blank":                     " \r\n\t ",
		"byte order mark":           bom,
		"two byte order marks":      bom + bom + "{}",
		"byte order mark at end":    "{}" + bom,
		"UTF-16":                    "\xff\xfe{\x00}\x00",
		"text":                      "hello",
		"form":                      "a=b",
		"open object":               `{"a":1`,
		"open string":               `"a`,
		"two values":                `{}{}`,
		"two lines":                 "{}\n{}",
		"rubbish behind":            `{}x`,
		"closing too much":          `{}}`,
		"wrong bracket":             `[}`,
		"comma at end":              `[1,]`,
		"comma in front":            `[,1]`,
		"no comma":                  `[1 2]`,
		"no colon":                  `{"a" 1}`,
		"key is no string":          `{a:1}`,
		"single quotes":             `{'a':1}`,
		"comment":                   `{}/**/`,
		"leading zero":              `01`,
		"leading plus":              `+1`,
		"no digit before the point": `.5`,
		"no digit behind the point": `1.`,
		"no exponent":               `1e`,
		"minus alone":               `-`,
		"hex":                       `0x10`,
		"NaN":                       `NaN`,
		"infinity":                  `-Infinity`,
		"capitals":                  `True`,
		"short literal":             `nul`,
		"long literal":              `nulll`,
		"line feed in a string":     "\"a\nb\"",
		"NUL in a string":           "\"a\x00b\"",
		"NUL behind":                "{}\x00",
		"no-break space":            "{\u00a0}",
		"bad escape":                `"\x41"`,
		"bad Unicode escape":        `"\u12g4"`,
		"short Unicode escape":      `"\u12"`,
		"not UTF-8":                 "\"\xff\"",
		"not UTF-8 in a key":        "{\"\xff\":1}",
		"Latin-1":                   "{\"a\":\"caf\xe9\"}",
		"cut UTF-8":                 "\"\xc3\"",
		"overlong UTF-8":            "\"\xc0\xaf\"",
		"surrogate in UTF-8":        "\"\xed\xa0\x80\"",
		"beyond Unicode":            "\"\xf4\x90\x80\x80\"",
		"arrays 9,001 deep":         nested(9001),
		"objects 9,001 deep":        nestedObjects(9001),
		"inside a deep mixture":     strings.Repeat(`[{"a":`, 4501) + "1" + strings.Repeat("}]", 4501),
		"arrays 2,500,000 deep":     nested(2_500_000),
		"never closed":              strings.Repeat("[", 5_000_000),
		"objects never closed":      strings.Repeat(`{"a":`, 1_000_000),
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t)
			c.send(whole(body, "Content-Type: application/json"))
			a := c.answer()
			a.want(t, 400)
			c.wantUsable(a)
		})
	}
	for _, r := range s.events() {
		if r.kind() != "next" {
			t.Fatalf("stored: %s", clip(r.line))
		}
	}
}

// Errors that need the whole body leave the connection open.
func TestConnectionStaysOpenAfterAWholeBody(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("max_body_size 1KiB")...))
	c := s.dial(t)
	for _, test := range []struct {
		name, request string
		status        int
	}{
		{"invalid", whole("x"), 400},
		{"empty", whole(""), 400},
		{"empty, chunked", head("Transfer-Encoding: chunked") + chunk(""), 400},
		{"no length at all", head(), 400},
		{"invalid, chunked", head("Transfer-Encoding: chunked") + chunk("x") + chunk(""), 400},
		{"corrupt coding", whole("x", "Content-Encoding: gzip"), 400},
		{"trailing garbage", whole(gzipped("{}")+"x", "Content-Encoding: gzip"), 400},
		{"decoded too long", whole(gzipped(padded(1025)), "Content-Encoding: gzip"), 413},
		{"window", whole(windowed("{}", 16<<20), "Content-Encoding: zstd"), 413},
		{"bad verification", headOf("GET", "/webhooks"), 400},
		{"wrong token", headOf("GET", "/webhooks?challenge=x&verifyToken=no"), 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &rawConn{Conn: c.Conn, t: t, r: c.r}
			c.send(test.request)
			a := c.answer()
			a.want(t, test.status)
			c.wantUsable(a)
		})
	}
}

func TestChunkedForms(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	c := s.dial(t)
	for name, body := range map[string]string{
		"one byte each":     chunk("{") + chunk(" ") + chunk("}") + chunk(""),
		"extensions":        "2;a=b;c=\"d\"\r\n{}\r\n0;x\r\n\r\n",
		"leading zeros":     "0002\r\n{}\r\n000\r\n\r\n",
		"trailer":           chunk("{}") + "0\r\nX-Trailer: 1\r\n\r\n",
		"forbidden trailer": chunk("{}") + "0\r\nContent-Length: 1\r\nContent-Encoding: br\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := &rawConn{Conn: c.Conn, t: t, r: c.r}
			c.send(head("Transfer-Encoding: chunked", "Trailer: X-Trailer"), body)
			a := c.answer()
			a.wantStored(t)
			c.wantUsable(a)
		})
	}
}

// Another handler's limit keeps its status.
func TestRequestBodyDirective(t *testing.T) {
	t.Parallel()
	s := start(t, "http:// {\n\trequest_body {\n\t\tmax_size 100\n\t}\n"+directive("", stored("timeout 3s")...)+"}\n")
	s.post(padded(100)).wantStored(t)
	s.post(padded(101)).want(t, 413)
	c := s.dial(t)
	c.send(head("Transfer-Encoding: chunked"), chunk(padded(101)), chunk(""))
	c.answer().want(t, 413)
	if n := len(s.events()); n != 1 {
		t.Errorf("%d events stored, want 1", n)
	}
}

// Several events sent on one connection without waiting are answered in order.
func TestPipelining(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	c := s.dial(t)
	c.send(whole(`{"EventType":"a"}`), whole(`x`), whole(`{"EventType":"b"}`))
	c.answer().wantStored(t)
	c.answer().want(t, 400)
	c.answer().wantStored(t)
	if r := s.events(); len(r) != 2 || r[0].kind() != "a" || r[1].kind() != "b" {
		t.Errorf("stored: %v", r)
	}
}

// Errors go the way of Caddy's errors, so handle_errors may shape the answer,
// which keeps its header fields.
func TestHandleErrors(t *testing.T) {
	t.Parallel()
	s := start(t, "http:// {\n"+directive("", stored("max_body_size 1KiB", "timeout 1s")...)+`
	handle_errors {
		header X-Shaped yes
		respond "shaped {err.status_code}" {err.status_code}
	}
}
`)
	for _, test := range []struct {
		request, method string
		status          int
		closing         bool
	}{
		{headOf("GET", "/?challenge=x&verifyToken=no"), "GET", 403, false},
		{headOf("GET", "/"), "GET", 400, false},
		{headOf("PUT", "/"), "PUT", 405, false},
		{whole("x"), "POST", 400, false},
		{head("Content-Length: 1025"), "POST", 413, true},
		{head("Content-Length: 10", "Content-Encoding: br"), "POST", 415, true},
		{head("Content-Length: 10"), "POST", 408, true},
	} {
		t.Run(fmt.Sprint(test.method, " ", test.status), func(t *testing.T) {
			c := s.dial(t)
			c.send(test.request)
			a := c.answerTo(test.method)
			a.want(t, test.status)
			if a.body != fmt.Sprintf("shaped %d", test.status) || a.header.Get("X-Shaped") != "yes" {
				t.Errorf("answer %v %q", a.header, a.body)
			}
			if test.closing {
				c.wantClosing(a)
			}
		})
	}
}

func TestErrorsAreLogged(t *testing.T) {
	t.Parallel()
	s := start(t, "{\n\tdebug\n}\n"+site(stored()...))
	s.post("x-payload-x").want(t, 400)
	s.logged("400, at debug, by Caddy", func(e logEntry) bool {
		return e.field("level") == "debug" && e["status"] == json.Number("400")
	})
	s.logged("400, as an event that may be lost", func(e logEntry) bool { return ours("warn")(e) && mayBeLost(e) })
	const wrong = 500
	client := newClient(t)
	for range wrong {
		do(t, client, http.MethodGet, "http://"+s.http+"/webhooks?"+handshake("x", "wrong"), nil).want(t, 403)
	}
	// SPEC §3: "401 and 403 at info, sampled"
	if n := len(s.logged("403, at info", ours("info"))); n >= wrong {
		t.Errorf("%d wrong tokens are %d entries, want fewer", wrong, n)
	}
	if strings.Contains(s.log(), "x-payload-x") {
		t.Error("the payload is in the log")
	}
}
