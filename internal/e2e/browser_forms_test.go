//go:build browser

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// TestBrowserForms looks at every view in light, in dark, and on a phone: full, empty, and failing. axe finds
// nothing that keeps somebody out.
func TestBrowserForms(t *testing.T) {
	axe := axeCore(t)
	in := inspect(t)
	p := browse(t)
	empty := [][2]string{{"empty", "#events"}, {"setup", "#receiver=tickets"}, {"no-refused", "#refused"}}
	full := [][2]string{{"list", "#events"}, {"event", "click"}, {"receiver", "#receiver=payments"}, {"refused", "#refused"}, {"refused-one", "click"}, {"deliveries", "#deliveries"}}
	look := func(views [][2]string) {
		for _, f := range viewports {
			p.as(f)
			p.open("about:blank")
			p.open(in.page + "#key=" + in.key)
			p.shows("#connection", "live")
			for _, v := range views {
				if v[1] == "click" {
					p.clickWhereItIs(".row")
				} else {
					p.to(v[1])
				}
				p.settled()
				p.shoot(f.name + "-" + v[0])
				p.eval(axe)
				found := p.eval(`axe.run().then((r) => r.violations.filter((v) => ['serious', 'critical', 'moderate'].includes(v.impact)).map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html).join(' ')).join('\n'))`)
				if found != "" {
					t.Errorf("%s, %s: %s", f.name, v[0], found)
				}
				if wide := p.eval("document.documentElement.scrollWidth > innerWidth"); wide != "false" {
					t.Errorf("%s, %s: the page is wider than the window", f.name, v[0])
				}
			}
		}
	}
	look(empty)
	for n := range 30 {
		in.ticket(n)
		if n%2 == 0 {
			in.payment("whsec_abcdefgh", fmt.Sprintf("evt_%d", n), []string{"invoice.paid", "charge.succeeded", "customer.subscription.updated"}[n%3]).wantStored(t)
		}
	}
	in.payment("whsec_other", "evt_x", "invoice.paid")
	in.payment("whsec_other", "evt_y", "invoice.paid")
	do(t, newClient(t), http.MethodGet, "http://"+in.http+"/tickets?"+handshake("c", rightToken), nil).want(t, http.StatusOK)
	in.app.wait(func(r []request) bool { return len(r) == 30 })
	in.app.behave(fails)
	in.ticket(99)
	in.app.wait(func(r []request) bool { return len(r) > 31 })
	look(full)

	// Twice as large: the same as half as wide.
	p.as(viewport{"zoomed", 720, 450, false, false})
	p.to("#events")
	p.settled()
	if wide := p.eval("document.documentElement.scrollWidth > innerWidth"); wide != "false" {
		t.Error("zoomed: the page is wider than the window")
	}
	p.wantNoErrors()
}

// settled waits until nothing changes any more.
func (p *tab) settled() {
	p.t.Helper()
	last := ""
	p.wait("a page that does not change", "true")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(150 * time.Millisecond) {
		now := p.eval("location.hash + document.querySelector('#list').innerText + document.querySelector('#detail').innerText")
		if now == last {
			return
		}
		last = now
	}
}

// axeCore returns the script of axe-core. https://github.com/dequelabs/axe-core
func axeCore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "axe-core@4.10.3")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// TestBrowserPhone: one pane at a time, and Back is where it was.
func TestBrowserPhone(t *testing.T) {
	in := inspect(t)
	for n := range 60 {
		in.ticket(n)
	}
	p := browse(t)
	p.as(viewports[2])
	p.open(in.page + "#key=" + in.key)
	p.shows(row(0), "T-59")
	p.wait("a list that can be scrolled", "document.querySelector('#list').scrollHeight > 2000")
	p.eval("document.querySelector('#list').scrollTop = 1200")
	p.wait("the scroll", "document.querySelector('#list').scrollTop === 1200")
	p.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return input.DispatchMouseEvent(input.MousePressed, 150, 500).WithButton(input.Left).WithClickCount(1).Do(ctx)
	}), chromedp.ActionFunc(func(ctx context.Context) error {
		return input.DispatchMouseEvent(input.MouseReleased, 150, 500).WithButton(input.Left).WithClickCount(1).Do(ctx)
	}))
	p.shows("#detail", "Received")
	if got := p.eval("getComputedStyle(document.querySelector('#middle')).display"); got != "none" {
		t.Errorf("the list is there, too: %s", got)
	}
	p.click("Back")
	p.wait("the list where it was", "Math.abs(document.querySelector('#list').scrollTop - 1200) < 60")
	p.to("#receiver=shop")
	p.shows("#list", "Waiting for the first event")
	p.click("Set up")
	p.shows("#detail", "client secret")
	p.wantNoErrors()
}
