package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"golang.org/x/text/width"
)

// console is where a command prints. What senders have chosen must go through
// sanitize or sanitizeJSON before it gets there.
type console struct {
	out, err      io.Writer
	outIsTerminal bool
	errIsTerminal bool
	width         int // of the terminal, in cells; 0 where out is none
	colours       term.EscapeCodes
	failed        error // of the first result that could not be printed
}

func newConsole(cmd *cobra.Command) *console {
	c := &console{out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
	c.outIsTerminal, c.width = terminal(c.out)
	c.errIsTerminal, _ = terminal(c.err)
	if c.outIsTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		c.colours = *term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{}, "").Escape
	}
	return c
}

func terminal(w io.Writer) (is bool, width int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return true, width
}

// paint returns the text in a colour, where there are colours.
func (c *console) paint(colour []byte, text string) string {
	if len(colour) == 0 {
		return text
	}
	return string(colour) + text + string(c.colours.Reset)
}

// printf prints a result. An error, such as of a disk that is full, is kept.
func (c *console) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(c.out, format, args...); err != nil && c.failed == nil {
		c.failed = err
	}
}

// note tells the operator something that is no result.
func (c *console) note(format string, args ...any) {
	_, _ = fmt.Fprintln(c.err, sanitize(fmt.Sprintf(format, args...)))
}

// sanitize makes text from elsewhere harmless on a terminal: what does not
// print, such as escape sequences and changes of direction, becomes visible.
func sanitize(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// sanitizeJSON is sanitize for JSON that it leaves equivalent: in valid JSON, what
// does not print is in strings, except for white space.
func sanitizeJSON(s string) string {
	return sanitize(strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(s))
}

// cells is the width of sanitized text on a terminal, in cells.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens sanitized text to so many cells.
func cut(s string, limit int) string {
	if len(s) <= limit || cells(s) <= limit { // no rune has more cells than bytes
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeCells(r); n > limit-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// pad fills sanitized text up to so many cells.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-cells(s)))
}

// firstRunes returns the beginning of s, without what is after so many bytes.
func firstRunes(s []byte, n int) string {
	if len(s) <= n {
		return string(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return string(s[:n])
}
