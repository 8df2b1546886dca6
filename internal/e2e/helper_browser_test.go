//go:build browser

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var (
	screenshots = flag.String("screenshots", "", "a directory to which screenshots are written")
	pictures    = flag.Bool("pictures", false, "make the documents' pictures anew: docs/images")
)

// picturesOf are the screenshots that documents have, in docs/images.
var picturesOf = map[string]string{
	"light-event": "inspector-light", "dark-refused-one": "inspector-dark", "phone-list": "inspector-phone",
	"terminal-tail": "tail", "dashboard": "dashboard",
}

// viewport is what a page is looked at with.
type viewport struct {
	name          string
	width, height int64
	dark, phone   bool
}

var viewports = []viewport{{"light", 1280, 760, false, false}, {"dark", 1280, 760, true, false}, {"phone", 390, 844, false, true}}

// tab is a page in a real browser.
type tab struct {
	t      *testing.T
	ctx    context.Context
	errors *lockedBuffer // what the console says that is wrong
	dir    string        // downloads
}

// browse starts a browser, with one page in it that shows nothing yet.
func browse(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.Flag("lang", "en-GB"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	return newTab(t, ctx)
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium")
	return ""
}

// another opens another page in the same browser.
func (p *tab) another(t *testing.T) *tab { return newTab(t, p.ctx) }

func newTab(t *testing.T, parent context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, errors: &lockedBuffer{}, dir: t.TempDir()}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			fmt.Fprintf(p.errors, "exception: %v\n", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				fmt.Fprintf(p.errors, "console: %s\n", e.Args[0].Value)
			}
		case *page.EventJavascriptDialogOpening:
			fmt.Fprintf(p.errors, "a dialog: %s\n", e.Message)
		}
	})
	p.run(chromedp.EmulateViewport(1440, 900), emulation.SetFocusEmulationEnabled(true),
		browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(p.dir),
		browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}))
	return p
}

func (p *tab) run(actions ...chromedp.Action) {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- chromedp.Run(p.ctx, actions...) }()
	select {
	case err := <-done:
		if err != nil {
			p.t.Fatal(err)
		}
	case <-time.After(2 * patience):
		p.fail("the browser does not answer")
	}
}

// hasPassword has the browser know a name and a password, as if somebody had entered them when it asked.
func (p *tab) hasPassword(name, password string) {
	p.t.Helper()
	chromedp.ListenTarget(p.ctx, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go func() { _ = chromedp.Run(p.ctx, fetch.ContinueRequest(e.RequestID)) }()
		case *fetch.EventAuthRequired:
			go func() {
				_ = chromedp.Run(p.ctx, fetch.ContinueWithAuth(e.RequestID, &fetch.AuthChallengeResponse{
					Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: name, Password: password,
				}))
			}()
		}
	})
	p.run(fetch.Enable().WithHandleAuthRequests(true))
}

// fail ends the test, with what the page shows.
func (p *tab) fail(format string, args ...any) {
	p.t.Helper()
	var text string
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href + '\n' + document.querySelector('#detail').innerText + '\n' + document.querySelector('#list').innerText`, &text))
	p.t.Fatalf("%s\nthe page: %s\nthe console: %s", fmt.Sprintf(format, args...), tail(text, 1500), p.errors)
}

// as has the page looked at in a viewport.
func (p *tab) as(v viewport) {
	p.t.Helper()
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	p.run(emulation.SetDeviceMetricsOverride(v.width, v.height, 1, v.phone),
		emulation.SetTouchEmulationEnabled(v.phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

func (p *tab) open(url string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url))
}

// to changes the address's fragment.
func (p *tab) to(hash string) {
	p.t.Helper()
	p.eval("location.hash = " + quoted(hash))
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// eval runs a script, and returns its value as text.
func (p *tab) eval(script string) (value string) {
	p.t.Helper()
	var v any
	p.run(chromedp.Evaluate(script, &v, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	if text, ok := v.(string); ok {
		return text
	}
	return fmt.Sprint(v)
}

// wait waits until a script's value is true.
func (p *tab) wait(what, script string) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if p.eval("Boolean("+script+")") == "true" {
			return
		}
		if time.Now().After(end) {
			p.fail("%s does not come", what)
		}
	}
}

// shows waits until an element has a text.
func (p *tab) shows(selector string, texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.wait(selector+" with "+text, fmt.Sprintf("[...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))", quoted(selector), quoted(text)))
	}
}

func (p *tab) showsNo(selector, text string) {
	p.t.Helper()
	p.wait(selector+" without "+text, fmt.Sprintf("![...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))", quoted(selector), quoted(text)))
}

// click clicks on a button, or on what the selector finds.
func (p *tab) click(what string) {
	p.t.Helper()
	if strings.ContainsAny(what, "#.[") {
		p.clickOn(what, chromedp.ByQuery)
		return
	}
	p.clickOn(fmt.Sprintf("//button[normalize-space()=%s]", quoted(what)), chromedp.BySearch)
}

// clickWhereItIs clicks on what a selector finds, also where that is not to be seen.
func (p *tab) clickWhereItIs(selector string) {
	p.t.Helper()
	p.wait(selector, fmt.Sprintf("((e) => e && !e.click())(document.querySelector(%s))", quoted(selector)))
}

// clickOn clicks on what is found, again if the page has just made it anew.
func (p *tab) clickOn(what string, by chromedp.QueryOption) {
	p.t.Helper()
	eventually(p.t, "a click on "+what, func() error {
		ctx, cancel := context.WithTimeout(p.ctx, patience/4)
		defer cancel()
		return chromedp.Run(ctx, chromedp.Click(what, by, chromedp.NodeVisible))
	})
}

// confirm clicks on a button, and on the one that asks whether that is meant.
func (p *tab) confirm(button, really string) {
	p.t.Helper()
	eventually(p.t, "the question behind "+button, func() error { // a click is lost where the page makes the button anew meanwhile
		p.click(button)
		for range 20 {
			if p.eval("Boolean(document.querySelector('dialog[open]'))") == "true" {
				return nil
			}
			time.Sleep(50 * time.Millisecond)
		}
		return errors.New("there is none")
	})
	p.clickOn(fmt.Sprintf("//dialog//button[normalize-space()=%s]", quoted(really)), chromedp.BySearch)
}

// press presses keys, wherever the focus is.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.run(chromedp.KeyEvent(key))
	}
}

// fill types into a field, and leaves it.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.Evaluate(fmt.Sprintf("document.querySelector(%s).select()", quoted(selector)), nil))
	if text == "" {
		p.press(kb.Delete)
	} else {
		p.run(chromedp.SendKeys(selector, text, chromedp.ByQuery))
	}
	p.press(kb.Enter)
}

// copied clicks on a button that copies, and returns what is in the clipboard then.
func (p *tab) copied(button string) string {
	p.t.Helper()
	p.eval("navigator.clipboard.writeText('nothing')")
	p.click(button)
	p.shows("button", "Copied")
	text := p.eval("navigator.clipboard.readText()")
	p.showsNo("button", "Copied")
	return text
}

// downloaded clicks on a button that saves a file, and returns its content.
func (p *tab) downloaded(button string) (content []byte) {
	p.t.Helper()
	p.click(button)
	eventually(p.t, "a file is saved", func() error {
		names, err := filepath.Glob(filepath.Join(p.dir, "*"))
		if err != nil || len(names) != 1 || strings.HasSuffix(names[0], ".crdownload") {
			return fmt.Errorf("%q, %v", names, err)
		}
		content, err = os.ReadFile(names[0])
		return err
	})
	return content
}

// shoot makes a screenshot.
func (p *tab) shoot(name string) {
	p.t.Helper()
	var picture []byte
	p.run(chromedp.CaptureScreenshot(&picture))
	if len(picture) < 1000 {
		p.t.Errorf("a screenshot of %d bytes", len(picture))
	}
	write := func(dir, name string) {
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	if *screenshots != "" {
		write(*screenshots, name)
	}
	if picture, ok := picturesOf[name]; ok && *pictures {
		write("../../docs/images", picture)
	}
}

// wantNoErrors checks that nothing went wrong in the page.
func (p *tab) wantNoErrors() {
	p.t.Helper()
	if text := p.errors.String(); text != "" {
		p.t.Errorf("the console says: %s", text)
	}
}
