package e2e

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/ticket_status_change.json
var sample string

func TestSampleIsStored(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	before := time.Now().Add(-time.Second)
	r := s.postOne(sample, "Content-Type: application/json; charset=utf-8")
	for name, want := range map[string]string{
		"specversion":     "1.0",
		"source":          "http://" + s.http + "/webhooks",
		"type":            "ticket_status_change",
		"subject":         "5012345",
		"datacontenttype": "application/json",
	} {
		if r.attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, r.attributes[name], want)
		}
	}
	if len(r.attributes) != 8 || r.attributes["bodysent"] == "" { // those, id, time, and where its line breaks were
		t.Errorf("attributes %v", r.attributes)
	}
	if at, _ := time.Parse(time.RFC3339Nano, r.attributes["time"]); at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("time is %v", at)
	}
	if want := strings.TrimSpace(spaced(sample)); r.data != want {
		t.Errorf("data %s, want %s", r.data, want)
	}
}

func TestDataIsKeptTokenForToken(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for name, body := range map[string]string{
		"numbers":              `[1.00,1e400,-0,-0.0,1E+2,1e-0,0.10,123456789012345678901234567890,9007199254740993,1e0000001]`,
		"escapes":              `["\/","\u0041","\u00e9","é","\"","\\","\b\f\n\r\t","\u0000","\u001f","\u007f","\u2028"]`,
		"surrogates":           `["\ud83d\ude00","\uD83D\uDE00","😀","\ud800","\udc00\ud800","\ud800x","\ud800\u0041"]`,
		"repeated keys":        `{"a":1,"a":2,"A":3,"\u0061":4,"":5,"":6}`,
		"key order":            `{"z":1,"a":2,"M":3,"10":4,"9":5}`,
		"U+2028 and others":    "[\"\u2028\u2029\u0085\ufeff\u200b\ufffd\ufffe\U0010ffff\u007f\"]",
		"HTML":                 `["<script>&amp;</script>",">","'"]`,
		"blanks":               "{ \"a\" :\t1 ,  \"b\":[ ] , \"c\":{\t} }",
		"line feeds":           "{\n\"a\"\n:\n1\n,\n\"b\\n\":\"c\\n\"\n}",
		"CRLF":                 "{\r\n\t\"a\": 1,\r\n\t\"b\": [\r\n\t]\r\n}\r\n",
		"CR":                   "[\r1\r,\r2\r]\r",
		"backslashes":          `["\\","\\\\","\\\"","\\n","\\\\n]",",\\"]`,
		"quote behind slashes": `{"a\\":"\\","b\"":"\""}`,
		"deep":                 nested(9000),
		"forging the envelope": `{"x":"\"},\"id\":\"x\",\"data\":{"}`,
		"envelope inside":      `{"specversion":"0.3","id":"x","source":"y","type":"z","data":{},"data_base64":"AA=="}`,
		"broken out":           `{"EventType":"a\",\"id\":\"x","TicketId":"1\"},\"id\":\"x\",\"data\":{\"a\":\""}`,
		"broken out with \\u":  `{"EventType":"a\u0022,\u0022id\u0022:\u0022x","TicketId":"\u0022\u007d"}`,
		"placeholders":         `{"EventType":"{env.DIR}","TicketId":"{http.request.host}","a":"{env.DIR}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := s.in(t).postOne(body)
			if want := strings.TrimSpace(spaced(body)); r.data != want {
				t.Errorf("data %q, want %q", clip(r.data), clip(want))
			}
		})
	}
}

func TestFieldsOfTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	s2 := start(t, site(stored("accept any")...))
	const missing = ""
	kib := strings.Repeat("k", 1024)
	digits := strings.Repeat("7", 1024)
	for _, test := range []struct{ name, value, want string }{
		{"string", `"ticket_created"`, "ticket_created"},
		{"escaped string", `"a\u0041\/\"\\\ud83d\ude00"`, `aA/"\😀`},
		{"Unicode", `"żółw"`, "żółw"},
		{"blanks inside", `" a b "`, " a b "},
		{"replacement character", `"\ufffd"`, "\ufffd"},
		{"placeholder", `"{env.DIR}"`, "{env.DIR}"},
		{"envelope", `"\"},\"id\":\"x\""`, `"},"id":"x"`},
		{"number", `4478963`, "4478963"},
		{"number with a fraction", `1.00`, "1.00"},
		{"huge number", `1e400`, "1e400"},
		{"minus zero", `-0`, "-0"},
		{"long integer", `123456789012345678901234567890`, "123456789012345678901234567890"},
		{"zero", `0`, "0"},
		{"1 KiB", `"` + kib + `"`, kib},
		{"1 KiB of escapes", `"` + strings.Repeat(`\u006b`, 1024) + `"`, kib},
		{"1 KiB of digits", digits, digits},
		{"1 KiB of two-byte characters", `"` + strings.Repeat("é", 512) + `"`, strings.Repeat("é", 512)},

		{"empty", `""`, missing},
		{"only a blank, which the SDK finds empty", `" "`, missing},
		{"null", `null`, missing},
		{"true", `true`, missing},
		{"false", `false`, missing},
		{"object", `{"a":"b"}`, missing},
		{"array", `["a"]`, missing},
		{"over 1 KiB", `"k` + kib + `"`, missing},
		{"over 1 KiB of digits", "7" + digits, missing},
		{"over 1 KiB of two-byte characters", `"k` + strings.Repeat("é", 512) + `"`, missing},
		{"line feed", `"a\n"`, missing},
		{"NUL", `"a\u0000b"`, missing},
		{"DEL", "\"a\u007f\"", missing},
		{"C1 control", `"a\u0085"`, missing},
		{"C1 control, not escaped", "\"a\u009f\"", missing},
		{"noncharacter", `"a\ufffe"`, missing},
		{"noncharacter, not escaped", "\"a\ufdd0\"", missing},
		{"noncharacter of another plane", "\"a\U0001ffff\"", missing},
		{"noncharacter in a pair", `"a\udbff\udfff"`, missing},
		{"lone high surrogate", `"a\ud800"`, missing},
		{"lone low surrogate", `"a\udc00b"`, missing},
		{"swapped surrogates", `"\ude00\ud83d"`, missing},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range []*server{s.in(t), s2.in(t)} {
				kind := test.want
				if kind == missing {
					kind = "webhook"
				}
				body := fmt.Sprintf(`{"EventType":%s,"TicketId":%s}`, test.value, test.value)
				r := s.postOne(body)
				if r.kind() != kind || r.subject() != test.want {
					t.Errorf("type %q, subject %q, want %q", clip(r.kind()), clip(r.subject()), clip(test.want))
				}
				if _, has := r.attributes["subject"]; has != (test.want != missing) {
					t.Errorf("subject is there: %v", has)
				}
				if r.data != body {
					t.Errorf("data %q", clip(r.data))
				}
			}
		})
	}
}

func TestWhereFieldsAreFound(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for _, test := range []struct{ name, body, kind, subject string }{
		{"the last of repeated keys", `{"EventType":"a","TicketId":1,"EventType":"b","TicketId":2}`, "b", "2"},
		{"the last, though it is null", `{"EventType":"a","TicketId":1,"EventType":null,"TicketId":null}`, "webhook", ""},
		{"the last, though it is an object", `{"EventType":"a","TicketId":1,"EventType":{},"TicketId":[]}`, "webhook", ""},
		{"the last, after a bad one", `{"EventType":{},"TicketId":"","EventType":"b","TicketId":2}`, "b", "2"},
		{"a key that is spelt with escapes", `{"Event\u0054ype":"a","\u0054icketId":1}`, "a", "1"},
		{"escapes and the last", `{"EventType":"a","TicketId":1,"Event\u0054ype":"b","\u0054icketId":2}`, "b", "2"},
		{"another case", `{"eventtype":"a","EVENTTYPE":"b","eventType":"c","ticketId":1,"ticketid":2,"TICKETID":3}`, "webhook", ""},
		{"another case beside", `{"EventType":"a","TicketId":1,"eventtype":"b","ticketid":2}`, "a", "1"},
		{"almost the key", `{"EventType ":"a","EventType\u0000":"b","TicketIds":1," TicketId":2}`, "webhook", ""},
		{"a folding letter", `{"TıcketId":1,"TicKetId":2,"Tic` + "\u212a" + `etId":3}`, "webhook", ""},
		{"deeper", `{"Events":[{"EventType":"a","TicketId":1}],"Ticket":{"EventType":"b","TicketId":2}}`, "webhook", ""},
		{"deeper, and behind", `{"EventType":"a","TicketId":1,"x":{"EventType":"b","TicketId":2}}`, "a", "1"},
		{"deeper, in itself", `{"EventType":{"EventType":"b"},"TicketId":[{"TicketId":2}]}`, "webhook", ""},
		{"in an array", `[{"EventType":"a","TicketId":1}]`, "webhook", ""},
		{"in a string", `"{\"EventType\":\"a\",\"TicketId\":1}"`, "webhook", ""},
		{"a string alone", `"EventType"`, "webhook", ""},
		{"as values", `["EventType","a","TicketId",1]`, "webhook", ""},
		{"as a value of another key", `{"a":"EventType","b":"TicketId"}`, "webhook", ""},
		{"blanks between", "{ \"EventType\"\r\n:\t\"a\" ,\n\"TicketId\" : 1 }", "a", "1"},
		{"after a byte order mark", "\ufeff" + `{"EventType":"a","TicketId":1}`, "a", "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r := s.in(t).postOne(test.body); r.kind() != test.kind || r.subject() != test.subject {
				t.Errorf("type %q and subject %q, want %q and %q", r.kind(), r.subject(), test.kind, test.subject)
			}
		})
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	s := start(t, `http:// {
	handle_path /stripped/* {
		`+directive("", stored()...)+`
	}
	handle /rewritten/* {
		rewrite * /elsewhere?secret=query
		`+directive("", stored()...)+`
	}
	handle /replaced/* {
		uri replace a b
		`+directive("", stored()...)+`
	}
	handle {
		`+directive("", stored()...)+`
	}
}
`)
	for name, target := range map[string]string{
		"plain":                   "/webhooks",
		"root":                    "/",
		"query":                   "/webhooks?verifyToken=secret",
		"empty query":             "/webhooks?",
		"escapes":                 "/a%2Fb/%C3%A9%20%25?x",
		"lower-case escapes":      "/a%2fb%c3%a9",
		"double slashes":          "//a//b/",
		"dots":                    "/a/../b/./c",
		"a semicolon and a colon": "/a;b:c@d,e",
		"under handle_path":       "/stripped/a%2Fb",
		"under rewrite":           "/rewritten/a?b",
		"under uri":               "/replaced/a",
	} {
		t.Run(name, func(t *testing.T) {
			r := s.in(t).postOneTo(target, "{}")
			path, _, _ := strings.Cut(target, "?")
			if want := "http://" + s.http + path; r.source() != want {
				t.Errorf("source %q, want %q", r.source(), want)
			}
		})
	}
	t.Run("X-Forwarded", func(t *testing.T) {
		r := s.in(t).postOne("{}", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 1", "Forwarded: host=evil.example;proto=https")
		if want := "http://" + s.http + "/webhooks"; r.source() != want {
			t.Errorf("source %q, want %q", r.source(), want)
		}
	})
}

// Whatever the Host is, the event is a valid CloudEvent.
func TestSourceOfOddRequests(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for _, test := range []struct{ name, head, want string }{
		{"another name", "POST /w HTTP/1.1\r\nHost: hooks.example.test:8443\r\n", "http://hooks.example.test:8443/w"},
		{"capitals", "POST /w HTTP/1.1\r\nHost: Hooks.Example.Test\r\n", "http://Hooks.Example.Test/w"},
		{"IPv6", "POST /w HTTP/1.1\r\nHost: [::1]:80\r\n", "http://[::1]:80/w"},
		{"absolute form", "POST http://other.example/w?x HTTP/1.1\r\nHost: ignored.example\r\n", "http://other.example/w"},
		{"empty", "POST /w HTTP/1.1\r\nHost:\r\n", ""},
		{"none", "POST /w HTTP/1.0\r\n", ""},
		{"bad escape", "POST /w HTTP/1.1\r\nHost: %zz\r\n", ""},
		{"escape", "POST /w HTTP/1.1\r\nHost: a%20b\r\n", ""},
		{"an open bracket", "POST /w HTTP/1.1\r\nHost: [::1\r\n", ""},
		{"a bad port", "POST /w HTTP/1.1\r\nHost: a:b:c\r\n", ""},
		{"a colon", "POST /w HTTP/1.1\r\nHost: a:\r\n", ""},
		{"punctuation", "POST /w HTTP/1.1\r\nHost: a!$&'()*+,;=~_-.\r\n", ""},
		{"user info", "POST /w HTTP/1.1\r\nHost: user:pw@a\r\n", ""},
		{"placeholder", "POST /{env.DIR} HTTP/1.1\r\nHost: a\r\n", ""},
		{"quotes in the path", "POST /\"},\"id\":\"x\" HTTP/1.1\r\nHost: a\r\n", ""},
		{"not ASCII in the path", "POST /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n", ""},
		{"not UTF-8 in the path", "POST /\xff%ff HTTP/1.1\r\nHost: a\r\n", ""},
		{"controls in the path", "POST /%00%0A%7F%C2%85 HTTP/1.1\r\nHost: a\r\n", "http://a/%00%0A%7F%C2%85"},
		{"a bar in the path", "POST /a|b^c`d\\e HTTP/1.1\r\nHost: a\r\n", ""},
		{"asterisk", "POST * HTTP/1.1\r\nHost: a\r\n", ""},
		{"a long path", "POST /" + strings.Repeat("x", 100_000) + " HTTP/1.1\r\nHost: a\r\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			before := len(lines(t, s.path("events.jsonl")))
			c := s.dial(t)
			c.send(test.head, "Content-Length: 2\r\n\r\n{}")
			if a := c.answer(); a.status != 200 { // net/http or Caddy may refuse it
				if test.want != "" || a.status >= 500 {
					t.Errorf("answered %d", a.status)
				}
				return
			}
			// newest has checked that the source is a URI reference.
			if got := s.newest(before).source(); test.want != "" && got != test.want {
				t.Errorf("source %q, want %q", got, test.want)
			}
		})
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	const public = "https://hooks.example.test/incoming?tenant=a"
	s := start(t, "http:// {\nhandle_path /x/* {\n"+directive("", stored("public_url "+public)...)+"}\n}\n")
	if r := s.postOneTo("/x/y?z", "{}"); r.source() != public {
		t.Errorf("source %q, want %q", r.source(), public)
	}
}

func TestIdsAreOrderedAndUnique(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	client := newClient(t)
	for range 200 {
		do(t, client, "POST", "http://"+s.http+"/", strings.NewReader("{}")).wantStored(t)
	}
	last := ""
	for _, r := range s.events() {
		if id := r.id()[:13]; id < last { // the first 48 bits are the time
			t.Errorf("id %s after %s", id, last)
		} else {
			last = id
		}
		millis := int64(0)
		if _, err := fmt.Sscanf(strings.ReplaceAll(r.id()[:13], "-", ""), "%x", &millis); err != nil {
			t.Fatal(err)
		}
		if at, _ := time.Parse(time.RFC3339Nano, r.attributes["time"]); at.Sub(time.UnixMilli(millis)).Abs() > 2*time.Second {
			t.Errorf("id of %v, received %v", time.UnixMilli(millis).UTC(), at)
		}
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_REGION=eu")
	s.configure(site(stored(
		"attribute fixed hello",
		`attribute spaced "hello there"`,
		"attribute region {env.E2E_REGION}",
		"attribute header {http.request.header.X-Thing}",
		"attribute community {http.webhook_receiver.body.CommunityName}",
		"attribute email {http.webhook_receiver.body.Ticket.Author.Email}",
		"attribute number {http.webhook_receiver.body.Ticket.Id}",
		"attribute object {http.webhook_receiver.body.Ticket}",
		"attribute both a-{http.webhook_receiver.body.CommunityName}-{env.E2E_REGION}",
		"attribute myid {http.webhook_receiver.event.id}",
		"attribute mytype {http.webhook_receiver.event.type}",
		"attribute mysubject {http.webhook_receiver.event.subject}",
		"attribute sha256 {http.webhook_receiver.body_sha256}",
		"attribute client {http.request.remote.host}",
		"attribute method {method}",
		"attribute nothing {env.E2E_UNSET}",
		"attribute unknown {http.webhook_receiver.nonsense}",
		"attribute a23456789012345678z0 longest",
	)...))
	s.start()

	const body = `{"CommunityName":"ours","EventType":"kind","TicketId":7,"Ticket":{"Author":{"Email":"a@b.example"},"Id":1.50}}`
	sum := sha256.Sum256([]byte(body))
	r := s.postOne(body, "X-Thing: thing")
	for name, want := range map[string]string{
		"fixed": "hello", "spaced": "hello there", "region": "eu", "header": "thing",
		"community": "ours", "email": "a@b.example", "number": "1.50", "both": "a-ours-eu",
		"myid": r.id(), "mytype": "kind", "mysubject": "7", "sha256": hex.EncodeToString(sum[:]),
		"client": "127.0.0.1", "method": "POST", "a23456789012345678z0": "longest",
	} {
		if r.attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, r.attributes[name], want)
		}
	}
	for _, name := range []string{"nothing", "object"} {
		if value, has := r.attributes[name]; has {
			t.Errorf("%s is %q, want it left out", name, value)
		}
	}

	r = s.postOne(`{}`)
	for _, name := range []string{"header", "community", "email", "number", "mysubject"} {
		if value, has := r.attributes[name]; has {
			t.Errorf("%s is %q, want it left out", name, value)
		}
	}
	if r.attributes["mytype"] != "webhook" || r.attributes["both"] != "a--eu" {
		t.Errorf("attributes %v", r.attributes)
	}
	if r := s.postOne(`{"CommunityName":"` + "é" + `"}`); r.attributes["community"] != "é" {
		t.Errorf("community is %q", r.attributes["community"])
	}
}

// What a sender controls is a value and nothing else.
func TestAttributesCannotBeForged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_SECRET=top-secret")
	s.configure(site(stored(
		"attribute header {http.request.header.X-Thing}",
		"attribute field {http.webhook_receiver.body.Field}",
		"attribute deep {http.webhook_receiver.body.Ticket.Field}",
		"attribute mixed x{http.webhook_receiver.body.Field}{http.request.header.X-Thing}",
		"attribute cookie {http.request.cookie.c}",
		"attribute query {http.request.uri.query.q}",
	)...))
	s.start()
	for _, value := range []string{
		`{env.E2E_SECRET}`, `\{env.E2E_SECRET}`, `{http.request.host}`, `"},"id":"x`, `\`, `\"`, `\u0041`, `{`, `}`, "\xff", "\xc3", "\xed\xa0\x80",
		"a\tb", "\u0085", "\ufffe", "\u2028", strings.Repeat("x", 1500), "null", "<b>",
	} {
		escaped, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"Field":%s,"Ticket":{"Field":%s}}`, escaped, escaped)
		before := len(lines(t, s.path("events.jsonl")))
		c := s.dial(t)
		c.send(headOf("POST", "/?q="+percent(value), "X-Thing: "+value, "Cookie: c="+value, fmt.Sprintf("Content-Length: %d", len(body))), body)
		c.answer().wantStored(t)
		if r := s.newest(before); strings.Contains(r.line, "top-secret") {
			t.Errorf("%q: a placeholder that the sender sent was replaced: %s", value, r.line)
		}
	}
}

func TestAttributesOfForbiddenCharacters(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("attribute field {http.webhook_receiver.body.Field}", "attribute mixed x-{http.webhook_receiver.body.Field}-y")...))
	for _, value := range []string{`\ud800`, `a\udc00b`, `\ude00\ud83d`, `a\u0000`, `\n`, `a\r\nb`, `\u007f`, `\u0085`, `\ufffe`, `\ufdd0`, `\udbff\udfff`, strings.Repeat("x", 1025)} {
		t.Run(clip(value), func(t *testing.T) {
			r := s.in(t).postOne(`{"Field":"` + value + `"}`) // checks what is there
			if got, has := r.attributes["field"]; has {
				t.Errorf("the attribute is %q, want it left out", clip(got))
			}
		})
	}
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func TestAcceptAny(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("accept any")...))
	const (
		object = `{"EventType":"kind","TicketId":1}`
		binary = "\x00\xff\xfe\n"
		text   = "line one\r\nline \"two\"\t\x00\u2028é\\"
	)
	const asJSON, asText, asBase64 = "JSON", "text", "base64"
	for _, test := range []struct{ name, contentType, body, kept, want string }{
		{"JSON", "application/json", object, asJSON, "application/json"},
		{"JSON with a parameter", "application/json; charset=utf-8", object, asJSON, "application/json"},
		{"JSON in capitals", "APPLICATION/JSON", object, asJSON, "application/json"},
		{"JSON suffix", "application/vnd.example+json", object, asJSON, "application/json"},
		{"JSON without a type", "", object, asJSON, "application/json"},
		{"JSON array without a type", "", `[1, 2]`, asJSON, "application/json"},
		{"JSON after a byte order mark", "", "\ufeff" + object, asJSON, "application/json"},
		{"not JSON, but said", "application/json", text, asBase64, "application/json"},
		{"not JSON, but the suffix said", "application/vnd.example+json", "{", asBase64, "application/vnd.example+json"},
		{"binary, but JSON said", "application/json", binary, asBase64, "application/json"},
		{"text without a type", "", text, asText, "application/octet-stream"},
		{"almost JSON without a type", "", `{"a":1`, asText, "application/octet-stream"},
		{"text", "text/plain", text, asText, "text/plain"},
		{"text with a parameter", "text/plain; charset=utf-8", text, asText, "text/plain; charset=utf-8"},
		{"JSON that is said to be text", "text/plain", object, asText, "text/plain"},
		{"JSON that is said to be a form", "application/x-www-form-urlencoded", object, asText, "application/x-www-form-urlencoded"},
		{"XML", "application/xml", "<a>\n<b/></a>", asText, "application/xml"},
		{"text that is said to be binary", "application/octet-stream", text, asText, "application/octet-stream"},
		{"a byte order mark of text", "text/plain", "\ufefftext", asText, "text/plain"},
		{"blank text", "text/plain", "  \n", asText, "text/plain"},
		{"a bad type", "nonsense", text, asText, "application/octet-stream"},
		{"another bad type", "text/; x", text, asText, "application/octet-stream"},
		{"a forging type", `text/plain; a="},\"id\":\"x"`, text, asText, ""},
		{"binary", "image/png", binary, asBase64, "image/png"},
		{"binary that is said to be text", "text/plain", binary, asBase64, "text/plain"},
		{"binary without a type", "", binary, asBase64, "application/octet-stream"},
		{"a surrogate in UTF-8", "text/plain", "\xed\xa0\x80", asBase64, "text/plain"},
		{"a noncharacter", "text/plain", "\ufffe", asText, "text/plain"},
		{"every byte", "text/plain", everyByte(), asBase64, "text/plain"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			var fields []string
			if test.contentType != "" {
				fields = append(fields, "Content-Type: "+test.contentType)
			}
			r := s.postOne(test.body, fields...)
			if got := r.attributes["datacontenttype"]; got != test.want && test.want != "" {
				t.Errorf("datacontenttype %q, want %q", got, test.want)
			}
			kind := "webhook"
			switch test.kept {
			case asJSON:
				if want := strings.TrimPrefix(test.body, "\ufeff"); r.base64 || r.data != want {
					t.Errorf("data %q, want JSON %q", r.data, want)
				}
				if strings.HasSuffix(test.body, object) {
					kind = "kind"
				}
			case asText:
				if r.base64 || r.text != test.body {
					t.Errorf("data %s, want %q", r.data, test.body)
				}
			case asBase64:
				if !r.base64 || string(r.bytes) != test.body {
					t.Errorf("data %s, want %q", r.data, test.body)
				}
			}
			if r.kind() != kind {
				t.Errorf("type %q, want %q", r.kind(), kind)
			}
		})
	}
	t.Run("empty", func(t *testing.T) {
		s.post("", "Content-Type: text/plain").want(t, 400)
		s.post("").want(t, 400)
	})
	t.Run("gzip", func(t *testing.T) {
		s := s.in(t)
		if r := s.postOne(gzipped(text), "Content-Encoding: gzip", "Content-Type: text/plain"); r.text != text {
			t.Errorf("data %s", r.data)
		}
	})
}

func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

func TestFormatRaw(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token x", "accept any", "output file {$DIR}/raw.jsonl {\nformat raw\n}"))
	var want []string
	for _, test := range []struct{ contentType, body, line string }{
		{"application/json", "{\n\t\"a\" : 1.00\r}\n", "{ \t\"a\" : 1.00 }"},
		{"application/json", `"a\u0041"`, `"a\u0041"`},
		{"application/json", `null`, `null`},
		{"text/plain", "text", `"text"`},
		{"image/png", "\x00\xff", `"` + base64.StdEncoding.EncodeToString([]byte("\x00\xff")) + `"`},
	} {
		s.post(test.body, "Content-Type: "+test.contentType).wantStored(t)
		want = append(want, test.line)
		if got := lines(t, s.path("raw.jsonl")); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("lines %q, want %q", got, want)
		}
	}
}

func TestPlaceholdersInTheAccessLog(t *testing.T) {
	t.Parallel()
	s := start(t, `http:// {
	log
	log_append event_id {http.webhook_receiver.event.id}
	log_append event_type {http.webhook_receiver.event.type}
	log_append event_subject {http.webhook_receiver.event.subject}
	log_append sum {http.webhook_receiver.body_sha256}
	log_append community {http.webhook_receiver.body.CommunityName}
	log_append email {http.webhook_receiver.body.Ticket.Author.Email}
`+directive("", stored()...)+"}\n")
	const body = `{"CommunityName":"ours","EventType":"kind","TicketId":7,"Ticket":{"Author":{"Email":"a@b.example"}}}`
	sum := sha256.Sum256([]byte(body))
	r := s.postOne(body)
	isAccess := func(e logEntry) bool { return strings.HasPrefix(e.field("logger"), "http.log.access") }
	entry := s.logged("the request", isAccess)[0]
	for name, want := range map[string]string{
		"event_id": r.id(), "event_type": "kind", "event_subject": "7",
		"sum": hex.EncodeToString(sum[:]), "community": "ours", "email": "a@b.example",
	} {
		if got := fmt.Sprint(entry[name]); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_PROPAGATORS=tracecontext")
	s.configure("http:// {\n\ttracing {\n\t\tspan e2e\n\t}\n" + directive("", stored()...) + "}\n")
	s.start()
	form := regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$`)
	if r := s.postOne("{}"); !form.MatchString(r.attributes["traceparent"]) {
		t.Errorf("traceparent %q", r.attributes["traceparent"])
	}
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	r := s.postOne("{}", "Traceparent: 00-"+trace+"-00f067aa0ba902b7-01")
	if found := form.FindStringSubmatch(r.attributes["traceparent"]); found == nil || found[1] != trace {
		t.Errorf("traceparent %q, want the trace %s", r.attributes["traceparent"], trace)
	}
}

// An operator's attribute of that name does not make two of it.
func TestTraceparentAsAnAttribute(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_PROPAGATORS=tracecontext")
	s.configure("http:// {\n\ttracing\n" + directive("", stored("attribute traceparent {http.request.header.X-Parent}")...) + "}\n")
	s.start()
	s.postOne("{}", "X-Parent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	s.postOne("{}") // checks that no member is there twice
}

func TestNoTraceparentWithoutTracing(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	r := s.postOne("{}", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if got, has := r.attributes["traceparent"]; has {
		t.Errorf("traceparent %q without tracing", got)
	}
}
