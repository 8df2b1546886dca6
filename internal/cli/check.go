package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// maxProblems is how many lines are named for each file; all are counted.
	maxProblems = 10

	// tailPatience is how long the last line of a file may take to become whole:
	// somebody may just be writing it.
	tailPatience = time.Second
)

func checkCommand() *cobra.Command {
	var c checker
	local := false
	cmd := &cobra.Command{
		Use:   "check <file|directory>...",
		Short: "Counts stored events, and looks for lines that are torn or invalid",
		Long: `
Reads files to their ends, and counts events, lines of bare data (format raw), torn and
invalid lines, and ids that come again. It shows the times of the first event and of
the last.

A torn line is what a crash in the middle of a write leaves. It was not acknowledged:
the sender was not told that the event is stored.
` + aboutFiles + `

Exit status: 0; 1 if a line is torn (except with --allow-torn) or invalid, or a file
can't be read to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.console, c.ids, c.zone = newConsole(cmd), newIDSet(), time.UTC
			if local {
				c.zone = time.Local
			}
			return c.check(args)
		},
	}
	cmd.Flags().BoolVar(&c.allowTorn, "allow-torn", false, "Torn lines are no failure")
	cmd.Flags().BoolVar(&local, "local", false, "Show times in local time, not in UTC")
	return cmd
}

// checker checks files.
type checker struct {
	*console
	ids       *idSet
	allowTorn bool
	zone      *time.Location
}

// count is what there is in a file, or in all of them.
type count struct {
	lines       [reader.Kinds]int64 // by their kind
	first, last time.Time
}

func (c *count) add(o count) {
	for kind, n := range o.lines {
		c.lines[kind] += n
	}
	c.include(o.first)
	c.include(o.last)
}

// include has the events' times reach from t, or up to it.
func (c *count) include(t time.Time) {
	if t.IsZero() {
		return
	}
	if c.first.IsZero() || t.Before(c.first) {
		c.first = t
	}
	if t.After(c.last) {
		c.last = t
	}
}

func (c *checker) check(args []string) error {
	journals, err := reader.Resolve(args)
	unreadable := 0
	for _, err := range split(err) {
		unreadable++
		c.note("%v", err)
	}
	defer journals.Close()
	var total count
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "events\traw\ttorn\tinvalid\tfirst\tlast\t  file")
	files := journals.Files()
	for _, f := range files {
		n, err := c.checkFile(f)
		if err != nil {
			unreadable++
			c.note("%v", err)
		}
		total.add(n)
		c.row(table, n, sanitize(f.Path))
	}
	if len(files) > 1 {
		c.row(table, total, "total")
	}
	_ = table.Flush()
	c.printf("%s", text.String())
	c.printf("repeated ids: %s\n", humanize.Comma(c.ids.repeated()))
	failures := total.lines[reader.Invalid] + int64(unreadable)
	if !c.allowTorn {
		failures += total.lines[reader.Torn]
	}
	if failures > 0 {
		return fmt.Errorf("%s torn and %s invalid lines, %s that cannot be read",
			humanize.Comma(total.lines[reader.Torn]), humanize.Comma(total.lines[reader.Invalid]), number(int64(unreadable), "file", "files"))
	}
	return c.failed
}

// split returns the errors that were joined.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (c *checker) row(w io.Writer, n count, name string) {
	when := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.In(c.zone).Format(time.RFC3339)
	}
	_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", humanize.Comma(n.lines[reader.Stored]), humanize.Comma(n.lines[reader.Raw]),
		humanize.Comma(n.lines[reader.Torn]), humanize.Comma(n.lines[reader.Invalid]), when(n.first), when(n.last), name)
}

// checkFile counts what is in a file, up to the error if there is one.
func (c *checker) checkFile(f *reader.File) (n count, err error) {
	lines, err := f.Lines()
	if err != nil {
		return n, err
	}
	defer lines.Close()
	for {
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			l, err = lastLine(lines)
			if err == nil && len(l.Text) == 0 {
				return n, nil
			}
		}
		if err != nil {
			return n, err
		}
		kind, e, problem := reader.Parse(l)
		n.lines[kind]++
		if kind == reader.Stored {
			n.include(e.Time)
			c.ids.add(e.ID)
		}
		if problem != nil && n.lines[reader.Torn]+n.lines[reader.Invalid] <= maxProblems {
			c.note("%s: line %d: %v", f.Path, l.Number, problem)
		}
		if !lines.Ended() { // the end of the file
			return n, nil
		}
	}
}

// lastLine returns what comes after the last line feed that was read: nothing,
// as a rule; a line that is just being written; or one that was cut off, in
// which case it does not become whole within tailPatience.
func lastLine(lines *reader.Lines) (reader.Line, error) {
	for deadline := time.Now().Add(tailPatience); ; time.Sleep(tailPatience / 50) {
		rest := lines.Rest()
		if kind, _, _ := reader.Parse(rest); kind == reader.Blank || kind == reader.Stored || lines.Compressed() || time.Now().After(deadline) {
			return rest, nil
		}
		if l, err := lines.Next(); !errors.Is(err, io.EOF) {
			return l, err
		}
	}
}
