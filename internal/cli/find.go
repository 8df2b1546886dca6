package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func findCommand() *cobra.Command {
	var f finder
	cmd := &cobra.Command{
		Use:   "find <file|directory>...",
		Short: "Searches stored events, on all processors",
		Long: `
Searches stored events, on all processors, and shows those that fit, the oldest first,
while it is still searching: as tail does; as they are stored, with --json; as a table
for other programs, with --csv; or only how many there are, with --count.
` + aboutFiles + `
` + aboutFilters + `

Files are passed over if their names tell that they hold events of other times only:
rotated an hour before --since or earlier, or begun an hour after --until or later.
In a table, a cell that a spreadsheet would take for a formula begins with a '.

Exit status: 0, also if nothing is found; 1 if a file can't be read to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.console = newConsole(cmd)
			if err := f.parse(time.Now()); err != nil {
				return err
			}
			f.zone = f.timeZone()
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return f.find(ctx, args)
		},
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "Show events as they are stored, a line of JSON each")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "Show events as comma-separated values: time, type, subject, id, receiver, source, data")
	cmd.Flags().BoolVar(&f.count, "count", false, "Only print how many events fit")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "count")
	f.register(cmd)
	return cmd
}

// finder finds events.
type finder struct {
	rows
	filter
	csv, count bool

	bar      *bar
	found    int64
	problems int // lines that may have been wanted, and are torn or invalid
}

func (f *finder) find(ctx context.Context, args []string) error {
	journals, err := reader.Resolve(args)
	if err != nil {
		journals.Close()
		return err
	}
	defer journals.Close()
	unreadable := &unreadable{note: f.note}
	scan := &reader.Scan{Journals: journals, Query: f.Query, Failed: unreadable.add}
	if f.bar = newBar(f.console, 0); f.bar != nil {
		f.bar.ofBytes = true
		scan.Looked = func() {
			f.bar.total = scan.Total
			f.bar.show(scan.Read, f.found)
		}
	}
	show := func(e *reader.Event) { f.printf("%s\n", f.row(e)) }
	switch {
	case f.count:
		show = func(*reader.Event) {}
	case f.csv:
		table := csv.NewWriter(results{f.console})
		_ = table.Write([]string{"time", "type", "subject", "id", "receiver", "source", "data"})
		table.Flush()
		show = func(e *reader.Event) {
			_ = table.Write(f.cells(e))
			table.Flush() // errors are kept by the console
		}
	}
	err = scan.Run(ctx, func(found *reader.Found) error {
		if found.Event == nil {
			f.problem(found)
			return nil
		}
		f.found++
		if f.outIsTerminal {
			f.bar.end()
		}
		show(found.Event)
		return f.failed
	})
	f.bar.end()
	switch {
	case errors.Is(err, context.Canceled):
		err = errInterrupted
	case err == nil && f.count:
		f.printf("%d\n", f.found)
		err = f.failed
	}
	f.tell(scan)
	if err != nil {
		return err
	}
	return unreadable.err()
}

// tell tells what was looked at, where nothing was found, and what could not be.
func (f *finder) tell(scan *reader.Scan) {
	if f.problems > maxProblems {
		f.note("%s more lines are torn or invalid; caddy webhook check counts all", humanize.Comma(int64(f.problems-maxProblems)))
	}
	if f.found > 0 {
		return
	}
	text := fmt.Sprintf("nothing found in %s of %s", humanize.Bytes(uint64(scan.Plain)), number(int64(scan.Files), "file", "files"))
	if scan.Passed > 0 {
		text += fmt.Sprintf("; %d were passed over, as their names tell that they are of other times", scan.Passed)
	}
	f.note("%s", text)
}

func (f *finder) problem(found *reader.Found) {
	if f.problems++; f.problems <= maxProblems {
		f.note("%s: line %d is passed over: %v", found.File.Path, found.Number, found.Problem)
	}
}

// note prints in the place of the bar, which comes back.
func (f *finder) note(format string, args ...any) {
	f.bar.end()
	f.console.note(format, args...)
}

// cells are an event's columns.
func (f *finder) cells(e *reader.Event) []string {
	when := e.TimeText
	if f.local && !e.Time.IsZero() {
		when = e.Time.Local().Format(time.RFC3339Nano)
	}
	data := string(e.Data)
	if body, err := e.Body(); err == nil && !e.Base64 {
		data = string(body)
	} else if e.Base64 {
		data = strings.Trim(data, `"`) // base64 needs no escapes
	}
	cells := []string{when, e.Type, e.Subject, e.ID, e.Attribute(event.Receiver), e.Source, data}
	for i, cell := range cells {
		if f.outIsTerminal {
			cell = sanitize(cell)
		}
		cells[i] = harmlessCell(cell)
	}
	return cells
}

// harmlessCell keeps spreadsheets from taking what a sender has chosen for a formula.
// Some of them look past white space, or take full-width signs for the others.
// https://owasp.org/www-community/attacks/CSV_Injection
func harmlessCell(cell string) string {
	if strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") ||
		strings.IndexAny(strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\ufeff"), "=+-@＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}

// results writes to where results go.
type results struct{ *console }

func (r results) Write(p []byte) (int, error) {
	r.printf("%s", p)
	return len(p), r.failed
}
