//go:build browser

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrowserTakesKeys in the forms that they are copied in.
func TestBrowserTakesKeys(t *testing.T) {
	in := inspect(t)
	in.ticket(1)
	p := browse(t)
	p.open(in.page)
	for _, pasted := range []string{"wr\u00f6ng\u2026", in.key[:20] + "\u2026"} {
		p.shows("#gate h2", "Who are you?")
		p.eval("document.querySelector('#key').value = " + quoted(pasted))
		p.click("Open")
		p.shows("#gate", "The key is not the inspector's.")
	}
	for _, pasted := range []string{
		in.key + "\u200b", "\u201c" + in.key + "\u201d", " " + in.key + "\u00a0", in.page + "#key=" + in.key, in.page + "#event=a%20b&key=" + in.key, "#key=" + in.key + "&event=a",
	} {
		p.eval("sessionStorage.clear()")
		p.open("about:blank")
		p.open(in.page)
		p.shows("#gate h2", "Who are you?")
		p.eval("document.querySelector('#key').value = " + quoted(pasted))
		p.click("Open")
		p.shows("nav", "tickets")
		p.shows("#connection", "live")
	}

	// In the address, with what else is in it.
	p.click(row(0))
	p.wait("the event's address", "location.hash.startsWith('#event=')")
	id := p.eval("location.hash")
	for _, hash := range []string{id + "&key=" + in.key, "#key=" + in.key + "&" + id[1:], "#key=" + in.key + "\u201d&" + id[1:]} {
		p.eval("sessionStorage.clear()")
		p.open("about:blank")
		p.open(in.page + hash)
		p.shows("#detail h2", "created")
		if got := p.eval("location.hash"); got != id {
			t.Errorf("%s: the address has %q, want %q", hash, got, id)
		}
	}

	// What was not told with how everything stands stays there.
	in.ticket(2)
	p.shows("#pill", "1 new")
	p.shows("#user", "key")
	p.wantNoErrors()
}

// TestBrowserReceiversOfOneName are each shown with their addresses, as those are that no name was given.
func TestBrowserReceiversOfOneName(t *testing.T) {
	in := inspect(t)
	in.reload("http:// {\nhandle_path /inspect* {\nwebhook_inspector\n}\n" +
		directive("/north", "provider shopify", "secret abcdefgh", "public_url https://hooks.example.com/north", "output file {$DIR}/north.jsonl", in.app.deliver()) +
		directive("/south", "provider shopify", "secret abcdefgh", "public_url https://hooks.example.com/south", "output file {$DIR}/south.jsonl", "deliver "+in.app.name+" http://127.0.0.1:1/south") +
		directive("/other", "provider stripe", "secret whsec_abcdefgh", "output file {$DIR}/other.jsonl") + "}\n")
	p := browse(t)
	p.open(in.page + "#key=" + in.key)
	p.shows("nav", "shopify", "stripe")
	if got := p.eval("[...document.querySelectorAll('nav button')].filter((b) => b.innerText.includes('shopify')).length"); got != "1" {
		t.Errorf("shopify is there %s times", got)
	}
	p.to("#receiver=shopify")
	p.shows("#detail", "https://hooks.example.com/north", "https://hooks.example.com/south")
	p.confirm("Send a test event", "Send it")
	p.shows("#detail .good", "stored, and answered 200; ")
	p.wait("two events", "document.querySelectorAll('#rows .row').length === 2 || (document.querySelector('.pill') && document.querySelector('.pill').click())")
	p.to("#deliveries")
	p.click(row(1))
	p.shows("#detail", "http://127.0.0.1:1/south", "south.jsonl."+in.app.name+".dead.jsonl")
	p.wait("one that is chosen", "document.querySelectorAll('#rows [aria-selected=true]').length === 1")
	p.click(row(0))
	p.shows("#detail", "north.jsonl."+in.app.name+".dead.jsonl")
	p.wantNoErrors()
}

// TestBrowserRawLines have no id, and so no link; what is no text can't be copied, but saved.
func TestBrowserRawLines(t *testing.T) {
	in := inspect(t)
	in.reload("http:// {\nhandle_path /inspect* {\nwebhook_inspector\n}\n" +
		directive("/raw", "provider generic", "output file {$DIR}/raw.jsonl {\nformat raw\n}") +
		directive("/any", "provider generic", "accept any", "output file {$DIR}/any.jsonl") + "}\n")
	in.postTo("/raw", `{"first":1}`).wantStored(t)
	in.postTo("/raw", `{"second":2}`).wantStored(t)
	p := browse(t)
	p.open(in.page + "#key=" + in.key)
	p.shows(row(1), "raw line")
	p.click(row(1))
	p.shows("#form", "first")
	p.shows("button", "Copy body")
	if hash := p.eval("location.hash"); hash != "#events" {
		t.Errorf("the address has %q", hash)
	}
	p.open("about:blank")
	p.open(in.page + "#event=")
	p.shows(row(1), "raw line")
	p.showsNo("#form", "second")
	body := "\x00\xff\xfe"
	in.postTo("/any", body, "Content-Type: application/octet-stream").wantStored(t)
	p.click("1 new")
	p.shows(row(2), "raw line")
	p.click(row(0))
	p.shows("#form", "no text")
	p.showsNo("#detail", "Copy body")
	if got := p.downloaded("Save body"); string(got) != body {
		t.Errorf("%q was saved", got)
	}
	p.wantNoErrors()
}

// TestBrowserPasswordInAddress: with it in there, browsers take no relative address for a request.
func TestBrowserPasswordInAddress(t *testing.T) {
	in := inspect(t)
	in.reload(strings.Replace(inspectedSites(in.app), "webhook_inspector", "basic_auth {\n"+annsPassword+"\n}\nwebhook_inspector", 1))
	in.ticket(1)
	p := browse(t)
	p.open(strings.Replace(in.page, "://", "://ann:open@", 1))
	p.shows("#connection", "live")
	p.shows(row(0), "T-1")
	p.shows("#user", "ann")
	p.click(row(0))
	p.shows("#form", "Printer 1")
	p.wantNoErrors()
}

// TestBrowserNewKey: an open page asks for it, and what is entered then stays.
func TestBrowserNewKey(t *testing.T) {
	in := inspect(t)
	in.ticket(1)
	p := browse(t)
	p.open(in.page + "#key=" + in.key)
	p.shows("#connection", "live")
	p.eval(`const real = fetch; window.fetch = async (url, ...more) => {
		const response = await real(url, ...more);
		if (String(url).endsWith('api/stream') && response.status === 401) setTimeout(() => { window.streamRefused = true; }, 100);
		return response;
	}; 0`)
	if err := os.Remove(filepath.Join(in.dir, "data", "caddy", "webhook_receiver", "inspector.key")); err != nil {
		t.Fatal(err)
	}
	p.click(row(0))
	p.shows("#gate", "The key is not the inspector's.", "as the user that it runs as")
	address, _ := in.webhook(0, "inspect", "--address", in.admin)
	p.eval("document.querySelector('#key').value = " + quoted(strings.TrimSpace(address)))
	in.reload(inspectedSites(in.app)) // which ends the stream, so that the page asks for it anew
	p.shows("#connection", "connecting")
	p.wait("the end of the stream", "window.streamRefused")
	p.click("Open")
	p.shows("nav", "tickets")
	p.shows("#connection", "live")
	in.ticket(2)
	p.shows("#pill", "1 new")
	p.wantNoErrors()
}
