//go:build browser

package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// inspected is a server with an inspector, three receivers, and an application.
type inspected struct {
	*server
	app       *appProcess
	page, key string
}

func inspect(t *testing.T, options ...string) *inspected {
	t.Helper()
	s := newServer(t)
	app := s.application()
	s.configure(inspectedSites(app, options...))
	s.start()
	in := &inspected{server: s, app: app}
	address, _ := s.webhook(0, "inspect", "--address", s.admin)
	page, key, ok := strings.Cut(strings.TrimSpace(address), "#key=")
	if !ok || page != fmt.Sprintf("http://127.0.0.1:%d/inspect/", port(t, s.http)) {
		t.Fatalf("the page is at %q", address)
	}
	in.page, in.key = page, key
	return in
}

func inspectedSites(app *appProcess, options ...string) string {
	return "http:// {\nhandle_path /inspect* {\nwebhook_inspector {\n" + strings.Join(options, "\n") + "\n}\n}\n" +
		directive("/tickets", "name tickets", "verify_token "+rightToken, "output file {$DIR}/tickets.jsonl", app.deliver("retry 300ms", "only tagged created")) +
		directive("/payments", "name payments", "provider stripe", "secret whsec_abcdefgh", "public_url https://hooks.example.com/payments", "headers all", "output file {$DIR}/payments.jsonl") +
		directive("/shop", "name shop", "provider shopify", "secret abcdefgh", "output file {$DIR}/shop.jsonl") + "}\n"
}

// payment sends an event as Stripe does.
func (in *inspected) payment(secret, id, kind string) answer {
	in.t.Helper()
	body := fmt.Sprintf("{\n  \"id\": %q,\n  \"type\": %q,\n  \"data\": {\"object\": {\"id\": \"ch_1\", \"amount\": 1.50, \"text\": \"caf\\u00e9\"}}\n}", id, kind)
	return in.postTo("/payments", body, stripeSignature(secret, body), "Content-Type: application/json")
}

func (in *inspected) ticket(n int) {
	in.t.Helper()
	in.postTo("/tickets", fmt.Sprintf(`{"EventType":"created","TicketId":"T-%d","Title":"Printer %d","Customer":{"Name":"Zo\u00eb M\u00fcller","Vip":true},"Text":"It says \u201cpaper jam\u201d, but there is none."}`, n, n)).wantStored(in.t)
}

// row is the list's row of an event.
func row(n int) string { return fmt.Sprintf("#row%d", n) }

// TestBrowser drives everything that the inspector can.
func TestBrowser(t *testing.T) {
	in := inspect(t)
	p := browse(t)

	// Nobody sees anything without a key.
	p.open(in.page)
	p.shows("#gate", "caddy webhook inspect")
	p.fill("#key", "wrong")
	p.shows("#gate", "The key is not the inspector's.")
	p.fill("#key", in.key)
	p.shows("nav", "tickets", "payments", "shop", "Refused", "Deliveries")
	p.shows("#connection", "live")

	// The address with the key: the page takes it out, and keeps it for this tab.
	p.open("about:blank")
	p.open(in.page + "#key=" + in.key)
	p.shows("nav", "tickets")
	if href := p.eval("location.href"); strings.Contains(href, in.key) {
		t.Errorf("the address is %s", href)
	}
	p.open(in.page)
	p.shows("nav", "tickets")
	if got := p.eval("JSON.stringify([localStorage.length, document.cookie])"); got != `[0,""]` {
		t.Errorf("kept elsewhere: %s", got)
	}

	// Nothing has come yet.
	p.shows("#list", "Waiting for the first event")
	p.to("#receiver=shop")
	p.shows("#detail", "Waiting for the first event", strings.Replace(in.page, "inspect/", "shop", 1), "client secret", "Certificate: none", "does not verify")
	if got := p.copied("Copy"); got != strings.Replace(in.page, "inspect/", "shop", 1) {
		t.Errorf("copied: %s", got)
	}
	p.to("#receiver=payments")
	p.shows("#detail", "https://hooks.example.com/payments", "signing secret")
	p.to("#receiver=tickets")
	p.shows("#detail", "Verified: not since Caddy was started")
	do(t, newClient(t), http.MethodGet, "http://"+in.http+"/tickets?"+handshake("c", rightToken), nil).want(t, http.StatusOK)
	p.shows("#detail", "Verified", "by 127.0.0.1", "No event yet")

	// A test event, which shows up by itself.
	p.confirm("Send a test event", "Send it")
	p.shows("#detail", "The sample event was stored")
	p.shows(row(0), "webhook_receiver_test")

	// What comes does not move the list.
	for n := range 3 {
		in.ticket(n)
	}
	p.shows("#pill", "new")
	p.shows(row(0), "webhook_receiver_test")
	p.click("#pill button")
	p.shows(row(0), "created", "T-2")
	in.payment("whsec_abcdefgh", "evt_1", "invoice.paid").wantStored(t)
	p.to("#events")
	p.shows(row(0), "invoice.paid", "signed", "payments")

	// One event.
	p.click(row(0))
	p.shows("#detail", "evt_1", "Its signature was right", "payments")
	p.shows("pre", `"amount": 1.50`, "café")
	p.click("#tab-raw")
	p.shows("pre", `\u00e9`)
	p.click("#tab-headers")
	p.shows("#form", "POST /payments", "Stripe-Signature")
	p.click("#tab-record")
	p.shows("pre", `"specversion":"1.0"`)
	p.click("#tab-curl")
	p.shows("pre", "curl ", "--globoff", "--data-raw")
	p.click("#tab-pretty")
	if got := p.copied("Copy id"); got != "evt_1" {
		t.Errorf("copied: %s", got)
	}
	if got, want := p.copied("Copy link"), in.page+"#event=evt_1"; got != want {
		t.Errorf("copied: %s, want %s", got, want)
	}
	sent := p.copied("Copy body")
	if !strings.HasPrefix(sent, "{\n  \"id\": \"evt_1\"") {
		t.Errorf("copied: %s", sent)
	}
	if got := p.downloaded("Save body"); string(got) != sent {
		t.Errorf("saved: %s", got)
	}
	// A link to it, in another tab: which does not have the key.
	other := p.another(t)
	other.open(in.page + "#event=evt_1")
	other.shows("#gate", "caddy webhook inspect")
	other.fill("#key", in.page+"#key="+in.key)
	other.shows("#detail", "evt_1", "Its signature was right")
	other.to("#event=none")
	other.shows("#detail", "There is no event with the id none")
	other.wantNoErrorsExcept("401")

	// Its delivery, and once more.
	p.to("#receiver=tickets")
	p.shows(row(0), "T-2")
	p.click(row(0))
	p.shows("#detail", "Delivered to", "Taken")
	in.app.wait(func(r []request) bool { return len(r) == 3 })
	curl := p.copied("Copy as curl")
	if out, err := exec.Command("sh", "-c", curl).CombinedOutput(); err != nil {
		t.Errorf("%s: %v %s", curl, err, out)
	}
	if all := lines(t, in.path("tickets.jsonl")); len(all) != 5 || !strings.HasSuffix(all[4], all[3][strings.Index(all[3], `"data"`):]) {
		t.Errorf("%s stores %q", curl, all)
	}
	in.app.wait(func(r []request) bool { return len(r) == 4 })
	p.confirm("Deliver again to app", "Deliver again")
	p.shows("#detail", "App has taken it: 200")
	in.app.wait(func(r []request) bool { return len(r) == 5 })

	// Filters, and the search.
	p.to("#events")
	p.fill("input[aria-label=Type]", "invoice.*")
	p.showsNo("#list", "created")
	p.shows(row(0), "invoice.paid")
	p.fill("input[aria-label=Subject]", "nothing")
	p.shows("#list", "Nothing fits")
	p.click("Clear the filters")
	p.fill("#search", "Printer 1")
	p.shows(row(0), "T-1")
	p.showsNo("#list", "T-2")
	p.shows("#foot", "That is all")
	p.fill("#search", "")
	p.shows("#list", "invoice.paid")
	p.eval(`(() => { const s = document.querySelector('select[aria-label=Verification]'); s.value = 'signature'; s.dispatchEvent(new Event('change')); })()`)
	p.showsNo("#list", "T-2")
	p.click("Clear")
	p.shows("#list", "T-2")

	// What was refused, equal ones folded.
	for range 3 {
		in.payment("whsec_other", "evt_2", "invoice.paid").want(t, http.StatusUnauthorized)
	}
	p.to("#refused")
	p.shows(row(0), "3 times", "401")
	p.click(row(0))
	p.shows("#detail", "signature", "What should have been signed", "Stripe-Signature")

	// The application refuses: dead letters, which are sent again.
	in.app.behave(fails)
	p.to("#deliveries")
	p.shows("#detail", "tickets/app", "up")
	p.confirm("Pause", "Pause")
	p.shows("#detail", "paused")
	in.ticket(7)
	p.shows("#list", "1")
	p.click("Resume")
	p.showsNo("#detail h2 + p", "paused")
	p.shows("#detail table", "500")
	p.confirm("Give up the oldest", "Give it up")
	p.shows("#detail", "1 event in")
	in.app.behave(takes)
	p.confirm("Send dead letters again", "Send them")
	p.shows("#detail", "none; they would be in")
	p.wait("all is delivered", "document.querySelector('#list').innerText.includes('nothing waits')")

	// Keys.
	p.to("#events")
	p.shows(row(0), "T-7")
	p.eval("document.activeElement.blur()")
	p.press("j")
	p.shows("#detail", "T-7")
	p.press("j")
	p.shows("#detail", "T-2")
	p.press("k")
	p.shows("#detail", "T-7")
	p.press("/")
	if got := p.eval("document.activeElement.id"); got != "search" {
		t.Errorf("/ goes to %s", got)
	}
	p.press("j", "?")
	if got := p.eval("document.activeElement.value"); !strings.HasSuffix(got, "j?") {
		t.Errorf("typed: %s", got)
	}
	p.fill("#search", "")
	p.press(kb.Escape)
	p.press("?")
	p.shows("dialog", "Letters and signs are keys")
	p.click("dialog input[type=checkbox]")
	p.click("Close")
	before := p.eval("document.querySelector('#detail').innerText")
	p.press("j")
	if after := p.eval("document.querySelector('#detail').innerText"); after != before {
		t.Errorf("j does something although it is off")
	}
	p.wantNoErrorsExcept("401")
}

// wantNoErrorsExcept is wantNoErrors where the browser tells of answers with a status.
func (p *tab) wantNoErrorsExcept(status string) {
	p.t.Helper()
	for line := range strings.Lines(p.errors.String()) {
		if !strings.Contains(line, status) {
			p.t.Errorf("the console says: %s", line)
		}
	}
}

// TestBrowserHides: what the config says cannot be seen or done.
func TestBrowserHides(t *testing.T) {
	in := inspect(t, "read_only", "no_payload", "receivers payments")
	in.payment("whsec_abcdefgh", "evt_1", "invoice.paid").wantStored(t)
	in.ticket(1)
	p := browse(t)
	p.open(in.page + "#key=" + in.key)
	p.shows(row(0), "invoice.paid")
	p.showsNo("body", "tickets")
	p.showsNo("body", "Send a test event")
	p.click(row(0))
	p.shows("#detail", "The body is hidden here")
	p.showsNo("#detail", "café")
	p.showsNo("#detail", "Copy body")
	p.click("#tab-headers")
	p.shows("#form", "Stripe-Signature")
	p.showsNo("#form", "v1=")
	p.wantNoErrors()
}

func (app *appProcess) wait(fits func([]request) bool) {
	app.t.Helper()
	eventually(app.t, "requests", func() error {
		if r := app.requests(); !fits(r) {
			return fmt.Errorf("%d requests", len(r))
		}
		return nil
	})
}

// TestBrowserGoesOn: an open page holds up neither a reload nor a stop, and goes on by itself.
func TestBrowserGoesOn(t *testing.T) {
	in := inspect(t)
	p := browse(t)
	p.open(in.page + "#key=" + in.key)
	p.shows("#connection", "live")
	began := time.Now()
	in.reload(inspectedSites(in.app, "no_payload"))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the reload takes %v", took)
	}
	in.ticket(1)
	p.shows(row(0), "T-1")
	began = time.Now()
	in.terminate()
	in.stopped()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stop takes %v", took)
	}
	p.shows("#connection", "connecting")
	in.start()
	p.shows("#connection", "live")
	in.ticket(2)
	p.wait("the new event", "document.querySelector('#pill').innerText.includes('new') || document.querySelector('#row0').innerText.includes('T-2')")
}

// TestBrowserOfUser: for a user the key in the address is not sent, as it would take the place of his password.
func TestBrowserOfUser(t *testing.T) {
	in := inspect(t)
	in.reload(strings.Replace(inspectedSites(in.app), "webhook_inspector", "basic_auth {\n"+annsPassword+"\n}\nwebhook_inspector", 1))
	in.ticket(1)
	p := browse(t)
	p.hasPassword("ann", "open")
	p.open(in.page + "#key=" + in.key)
	p.shows("#user", "ann")
	p.shows("#connection", "live")
	p.shows(row(0), "T-1")
	in.ticket(2)
	p.shows("#pill", "1 new")
	p.wantNoErrors()
}
