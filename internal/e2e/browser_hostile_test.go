//go:build browser

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestBrowserHostileAddress: what a link says keeps the page neither from beginning, nor busy.
func TestBrowserHostileAddress(t *testing.T) {
	in := inspect(t)
	p := browse(t)
	for _, address := range []string{"#key=%", "#key=%E0%A4%A", "#event=%&key=%"} {
		p.open("about:blank")
		p.open(in.page + address)
		p.shows("#gate", "the inspector's")
	}
	p.open("about:blank")
	p.open(in.page + "#key=" + in.key)
	p.shows("nav", "tickets")
	p.to("#event=monkey=1")
	p.shows("#detail", "There is no event with the id", "monkey=1")
	asked := p.eval("performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/api/state')).length")
	if asked != "1" {
		t.Errorf("the state was asked for %s times", asked)
	}
}

// TestBrowserManyLines: a body that has more lines than anybody looks at does not keep the browser busy.
func TestBrowserManyLines(t *testing.T) {
	in := inspect(t)
	p := browse(t)
	in.postTo("/tickets", `{"EventType":"x","TicketId":"T-1","many":[`+strings.Repeat("[],", 30_000)+`1]}`).wantStored(t)
	p.open(in.page + "#key=" + in.key)
	p.click(row(0))
	p.shows("#form", "It is large, so it is shown as it was sent.")
}

// payloads are what senders may try to have a browser run.
var payloads = []string{
	`<script>window.hacked=1</script>`, `"><img src=x onerror="window.hacked=1">`, `<svg/onload=window.hacked=1>`, `javascript:window.hacked=1`,
	`{{constructor.constructor('window.hacked=1')()}}`, `</pre><iframe srcdoc="<script>parent.hacked=1</script>">`, `'-window.hacked-'`, `</script><script>window.hacked=1</script>`,
	`<a href="javascript:window.hacked=1" id=list>x</a>`, "\u202eevil\u202c\u2066", `<form id=main><input name=hidden>`, `__proto__`, `<style>*{display:none}</style>`, `\u003cscript\u003e`, `<!--`, `&lt;b&gt;&#x3c;`,
}

// TestBrowserShowsTextOnly has payloads in all that a sender chooses.
func TestBrowserShowsTextOnly(t *testing.T) {
	in := inspect(t)
	p := browse(t)
	for i, payload := range payloads {
		body := fmt.Sprintf(`{"EventType":%s,"TicketId":%s,"x":%s,%s:1}`, quoted(payload), quoted(payload+fmt.Sprint(i)), quoted(payload), quoted(payload))
		in.postTo("/tickets", body, "Content-Type: "+strings.Map(printableASCII, payload)).wantStored(t)
		id := fmt.Sprintf("evt_%d%s", i, payload)
		in.payment("whsec_abcdefgh", id, payload).wantStored(t)
		field := strings.Map(printableASCII, payload)
		in.postTo("/payments?"+url.QueryEscape(payload)+"="+url.QueryEscape(payload), payload, "X-Own: "+field, "User-Agent: "+field, "Stripe-Signature: "+field).want(t, http.StatusUnauthorized)
	}
	p.open(in.page + "#key=" + in.key)
	p.shows("nav", "tickets")
	p.wait("all events", fmt.Sprintf("document.querySelectorAll('.row').length === %d", 2*len(payloads)))
	for i := range 2 * len(payloads) {
		p.click(row(i))
		p.shows("#detail .facts", "Received")
		for _, tab := range []string{"raw", "headers", "record", "curl", "pretty"} {
			p.clickWhereItIs("#tab-" + tab)
		}
		p.wait("text as it was sent", fmt.Sprintf("%s.includes(document.querySelector('#detail h2').textContent)", quotedAll(payloads)))
	}
	p.to("#refused")
	p.shows("#list", "401")
	p.click(row(0))
	p.shows("#detail", "X-Own")
	p.to("#event=" + url.QueryEscape(payloads[1]))
	p.shows("#detail", "There is no event with the id")
	p.to("#receiver=" + url.QueryEscape(payloads[0]))
	p.shows("#detail", "There is no receiver called")
	if got := p.eval("String(window.hacked)"); got != "undefined" {
		t.Error("a payload was run")
	}
	if n := p.eval("document.querySelectorAll('iframe, img, svg, form, body script ~ script, style ~ style').length"); n != "0" {
		t.Errorf("%s elements were made", n)
	}
	p.wantNoErrors()
}

func printableASCII(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

func quotedAll(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, quoted(text))
	}
	return "[" + strings.Join(all, ",") + "]"
}
