//go:build libraries

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
)

// oddValues are JSON as it may be written, and seldom is.
var oddValues = map[string][]string{
	"plain":          {`{"id":"1","type":"created","data":{"id":"2"}}`},
	"unicode":        {`{"a":"grüße 漢字 🙂 ` + "\u2028\u00a0\ufeff\ue000" + `","ключ":"é"}`},
	"escapes":        {`{"a":"\u00e9\/\ud83d\ude42\n\"\\\u003c","\u0061":"b"}`},
	"big numbers":    {`{"a":12345678901234567890123,"b":1.10,"c":-0,"d":1E+400,"e":0.1e-7}`},
	"pretty-printed": {"{\n\t\"a\" : [ 1,\r\n 2 ],\n  \"b\" : { }\n}"},
	"empty object":   {`{}`},
	"large":          {`{"a":"` + strings.Repeat("0123456789é", 100_000/12) + `"}`},
}

// oddForms are forms with fields that are repeated, empty, and other than ASCII.
var oddForms = []string{
	"Body=Hi&From=%2B14155551234&To=%2B15105550101",
	"a=2&a=1&a=2&b=&c&=d",
	"Body=gr%C3%BC%C3%9Fe+%F0%9F%99%82&%D0%BA=1&z=%0D%0A",
	"%EE%80%80=1&%F0%9F%99%82=2&a%20b=c+d",
	"A=1&a=2&_=3&a.b=4&a%5B0%5D=5&AA=%2B%25%26%3D",
}

// oddQueries are of URLs that a service may be given.
var oddQueries = []string{
	"", "?", "?a=1&b=2", "?a", "?a=&&b==", "?b=2&a=1&b=3", "?q=a%20b+c&r=%2F%3f", "?q=%C3%A9%F0%9F%99%82", "?q=~a_b-c.d", "?url=https://example.com/%3Fa=b",
	"?q='(*)!", "?q=%41%7E%27", "?a;b=c", "?q=[1]", "?x=a/b?c@d:e", "?q=|^`{}\\", "?q=\"<>", "?q=é🙂", "?q=%zz&r=%", "?q=%FF&r=%C3",
}

// bodies are those to be sent, by what is odd about them.
func (c *comparison) bodies() map[string][]string {
	all := map[string][]string{}
	if c.forms {
		all["form"] = oddForms
		for range 10 {
			all["random form"] = append(all["random form"], c.randomQuery()[1:])
		}
	}
	if c.noJSON {
		return all
	}
	for what, values := range oddValues {
		for _, value := range values {
			all[what] = append(all[what], c.wrapped(value))
		}
	}
	all["line feed"] = []string{c.wrapped(oddValues["plain"][0]) + "\n"}
	for range 10 {
		all["random"] = append(all["random"], c.wrapped(`{"r":`+c.randomValue(3)+`}`))
	}
	return all
}

// body is a body like the service's.
func (c *comparison) body() string {
	if c.noJSON {
		return oddForms[0]
	}
	return c.wrapped(`{"id":"1","type":"created","workspaceId":"w1"}`)
}

func (c *comparison) wrapped(value string) string {
	if c.name == "fireblocks" && !strings.Contains(value, "workspaceId") {
		if value == "{}" {
			return `{"workspaceId":"w1"}`
		}
		return `{"workspaceId":"w1",` + strings.TrimPrefix(value, "{")
	}
	if c.wrap == nil {
		return value
	}
	return c.wrap(c.r, value)
}

func (c *comparison) isForm(body string) bool { return !strings.HasPrefix(body, "{") }

// changed is the body with another letter or digit somewhere.
func (c *comparison) changed(body string) string {
	if c.change != nil {
		return c.change(c.r, body)
	}
	return changeByte(c.r, body)
}

func changeByte(r *rand.Rand, body string) string {
	for {
		i := r.IntN(len(body))
		if b := body[i]; b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' {
			other := byte('0')
			if b == other {
				other = '1'
			}
			return body[:i] + string(other) + body[i+1:]
		}
	}
}

// linearEvent has the time in the body.
func linearEvent(_ *rand.Rand, value string) string {
	return `{"webhookTimestamp":"TIMESTAMP","data":` + value + `}`
}

// adyenItems are a batch, of which each item is signed by itself.
func adyenItems(r *rand.Rand, value string) string {
	odd := []string{"8515131751004933", "a:b\\\\c", "grüße 🙂", "", "\\u00e9\\/\\\"", "a b"}
	var items []string
	for range 1 + r.IntN(3) {
		pick := func() string { return odd[r.IntN(len(odd))] }
		original := ""
		if r.IntN(2) == 0 {
			original = `"originalReference":"` + pick() + `",`
		}
		items = append(items, fmt.Sprintf(`{"NotificationRequestItem":{"additionalData":{"hmacSignature":"SIGNATURE","x":%s},`+
			`"amount":{"currency":"EUR","value":%d},"eventCode":"AUTHORISATION","merchantAccountCode":"TestMerchant","merchantReference":"%s",%s"pspReference":"%s","success":"%v"}}`,
			value, r.IntN(1e9), pick(), original, pick(), r.IntN(2) == 0))
	}
	return `{"live":"false","notificationItems":[` + strings.Join(items, ",") + `]}`
}

// adyenChange changes what is signed in one item.
func adyenChange(r *rand.Rand, body string) string {
	parts := []string{`"EUR"`, `"AUTHORISATION"`, `"TestMerchant"`}
	part := parts[r.IntN(len(parts))]
	i := strings.Index(body, part)
	if r.IntN(2) == 0 {
		i = strings.LastIndex(body, part)
	}
	return body[:i] + changeByte(r, part) + body[i+len(part):]
}

// Pieces of which random texts are made.
var pieces = []string{"a", "Z", "0", " ", "é", "漢", "🙂", "\u2028", "\ue000", "'", "~", ":", ".", ",", "=", "+", "/", "-", "_", "<", "&", "%", "{", "}", "[", "#", "?"}

func (c *comparison) randomText() string {
	var b strings.Builder
	for range c.r.IntN(12) {
		b.WriteString(pieces[c.r.IntN(len(pieces))])
	}
	return b.String()
}

// randomValue is JSON, with space and escapes where there may be some.
func (c *comparison) randomValue(depth int) string {
	space := func() string { return []string{"", "", "", " ", "\n", "\t", "\r\n"}[c.r.IntN(7)] }
	text := func() string {
		escaped := []string{"", `\n`, `\"`, `\\`, `\/`, `\u0000`, `\uD83D\uDE42`, `\ud800`, `\b`}
		return `"` + c.randomText() + escaped[c.r.IntN(len(escaped))] + `"`
	}
	kind := c.r.IntN(8)
	if depth == 0 {
		kind %= 5
	}
	switch kind {
	case 0, 1:
		return text()
	case 2:
		return fmt.Sprint(c.r.Int64())
	case 3:
		return []string{"0", "-0", "1.0", "1e3", "1E-3", "0.30000000000000004", "9007199254740993", "-1.5e300"}[c.r.IntN(8)]
	case 4:
		return []string{"null", "true", "false", "[]", "{}", `""`}[c.r.IntN(6)]
	}
	var parts []string
	for range c.r.IntN(5) {
		part := space() + c.randomValue(depth-1) + space()
		if kind > 5 {
			part = space() + text() + space() + ":" + part
		}
		parts = append(parts, part)
	}
	if kind == 5 {
		return "[" + strings.Join(parts, ",") + "]"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// randomQuery is a query, or a form, with its question mark. No name in it is empty: of a
// field without name and value nothing is signed, so the receiver refuses it, and nobody
// sends it.
func (c *comparison) randomQuery() string {
	var fields []string
	for range 1 + c.r.IntN(5) {
		escape := url.QueryEscape
		if c.r.IntN(2) == 0 {
			escape = url.PathEscape
		}
		name := pieces[c.r.IntN(len(pieces))] + c.randomText()
		fields = append(fields, url.QueryEscape(name)+"="+escape(c.randomText()))
	}
	return "?" + strings.Join(fields, "&")
}
