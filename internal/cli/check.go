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
	return &cobra.Command{
		Use:   "check <file...>",
		Short: "Counts and checks stored events",
		Long: `
Reads the files that a receiver has written, also rotated and compressed ones,
to their ends, and counts events, lines of bare data (format raw), torn and
invalid lines, and ids that come again, with the first and the last time.

A torn line is what a crash in mid-write leaves. It was not acknowledged: the
sender was not told that the event is stored.

The exit status is 1 if there are torn or invalid lines, or if a file cannot be
read to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			return check(newConsole(cmd), paths)
		},
	}
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

func check(c *console, paths []string) error {
	ids := newIDSet()
	var total count
	unreadable := 0
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "events\traw\ttorn\tinvalid\tfirst\tlast\t  file")
	paths = reader.Distinct(paths)
	for _, path := range paths {
		n, err := checkFile(c, path, ids)
		if err != nil {
			unreadable++
			c.note("%v", err)
		}
		total.add(n)
		n.row(table, sanitize(path))
	}
	if len(paths) > 1 {
		total.row(table, "total")
	}
	_ = table.Flush()
	c.printf("%s", text.String())
	c.printf("repeated ids: %s\n", humanize.Comma(ids.repeated()))
	if total.lines[reader.Torn]+total.lines[reader.Invalid]+int64(unreadable) > 0 {
		return fmt.Errorf("%s torn and %s invalid lines, %d files that cannot be read",
			humanize.Comma(total.lines[reader.Torn]), humanize.Comma(total.lines[reader.Invalid]), unreadable)
	}
	return c.failed
}

func (c *count) row(w io.Writer, name string) {
	when := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.UTC().Format(time.RFC3339)
	}
	_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", humanize.Comma(c.lines[reader.Stored]), humanize.Comma(c.lines[reader.Raw]),
		humanize.Comma(c.lines[reader.Torn]), humanize.Comma(c.lines[reader.Invalid]), when(c.first), when(c.last), name)
}

// checkFile counts what is in a file, up to the error if there is one.
func checkFile(c *console, path string, ids *idSet) (n count, err error) {
	lines, err := reader.Open(path)
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
			ids.add(e.ID)
		}
		if problem != nil && n.lines[reader.Torn]+n.lines[reader.Invalid] <= maxProblems {
			c.note("%s: line %d: %v", path, l.Number, problem)
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
