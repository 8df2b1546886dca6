//go:build browser && unix

package e2e

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/creack/pty"
)

// columns is the width of the terminal in the pictures.
const columns = 110

// TestBrowserTerminal makes pictures of what commands print on a terminal, with the
// Caddyfile and the events of TestDocumentsCLI. It writes the documents' own
// (docs/images) with -pictures, and in any case looks that there is what they show.
func TestBrowserTerminal(t *testing.T) {
	s := newDocumented(t, readDocument(t, "docs/commands.md"))
	p := browse(t)
	s.allIsDelivered(t)
	status := s.onTerminal(t, "caddy webhook status", "Counted since", func() {})
	p.terminal(t, "terminal-status", "caddy webhook status", status)
	p.shows("#terminal", "tickets (socialboards)", "https://hooks.example.com/tickets", "bad signature", "warning: never verified")
	const follow = "caddy webhook tail --follow /var/lib/webhooks/"
	tailed := s.onTerminal(t, follow, "solved", func() { s.solve(t) })
	p.terminal(t, "terminal-tail", follow, tailed)
	p.shows("#terminal", "ticket_status_change", "invoice.paid", "Title=Printer on fire", "Status=solved")
	if !strings.Contains(p.eval("document.querySelector('#terminal').innerHTML"), `<span class="c36">ticket_created`) {
		t.Error("the types have no colour")
	}
	p.wantNoErrors()
}

// onTerminal runs a command on a terminal, and returns what it prints there: until it
// has ended, or has printed what comes of then, which is called once it has begun.
func (s *documented) onTerminal(t *testing.T, command, until string, then func()) string {
	t.Helper()
	cmd := s.bash("exec " + s.here.Replace(command))
	cmd.SysProcAttr = nil // the terminal's own
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var printed lockedBuffer
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(&printed, terminal) // until the command has ended, which is an error on Linux
		close(copied)
	}()
	printed.waitFor(t, command, "charge.refunded", until)
	then()
	printed.waitFor(t, command, until)
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	<-copied
	return strings.NewReplacer(s.path("webhooks")+"/", "/var/lib/webhooks/", s.https, "hooks.example.com", "\r\n", "\n").Replace(printed.String())
}

var escape = regexp.MustCompile("\x1b\\[([0-9]+)m")

// terminal shows a command and what it has printed as a terminal does, and makes a picture of that.
func (p *tab) terminal(t *testing.T, name, command, printed string) {
	t.Helper()
	depth := 0
	text := escape.ReplaceAllStringFunc(html.EscapeString(printed), func(code string) string {
		if n := escape.FindStringSubmatch(code)[1]; n != "0" {
			depth++
			return `<span class="c` + n + `">`
		}
		closing := strings.Repeat("</span>", depth)
		depth = 0
		return closing
	})
	if strings.Contains(text, "\x1b") {
		t.Errorf("%q has escapes that the picture can't show", printed)
	}
	p.open("data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(terminalPage, columns, html.EscapeString(command), text))))
	size := strings.Split(p.eval(`(() => { const r = document.querySelector('#terminal').getBoundingClientRect(); return Math.ceil(r.width) + ' ' + Math.ceil(r.height); })()`), " ")
	width, _ := strconv.ParseInt(size[0], 10, 64)
	height, err := strconv.ParseInt(size[1], 10, 64)
	if err != nil || width < 100 || height < 50 {
		t.Fatalf("the terminal is %q", size)
	}
	p.run(emulation.SetDeviceMetricsOverride(width, height, 1, false))
	p.shoot(name)
	p.run(emulation.ClearDeviceMetricsOverride())
	if file := "../../docs/images/" + picturesOf[name] + ".png"; picturesOf[name] != "" {
		if info, err := os.Stat(file); err != nil || info.Size() > 60<<10 {
			t.Errorf("%s: %v, or too large", file, err)
		}
	}
}

// terminalPage has the columns, the command, and what it prints.
const terminalPage = `<!doctype html>
<html lang="en"><title>A terminal</title>
<style>
	body { margin: 0; background: #1b1e24 }
	#terminal {
		display: inline-block; box-sizing: content-box; width: calc(%dch + 2px); margin: 0; padding: 12px 16px;
		font: 14px/1.45 "DejaVu Sans Mono", "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere;
		color: #d7dae0; background: #1b1e24;
	}
	.c31 { color: #f07a7a } .c32 { color: #8cc87f } .c33 { color: #e3c26f } .c36 { color: #6cc7d6 }
	b { color: #fff; font-weight: normal }
</style>
<div id="list"></div><div id="detail"></div>
<pre id="terminal"><b>$ %s</b>
%s</pre>
`
