//go:build browser

package e2e

import (
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
		p.shows("#gate", "The key is not the inspector's.")
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
