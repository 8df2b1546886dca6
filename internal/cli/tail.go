package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// aboutFiles is for the help of every command that reads files.
const aboutFiles = `
Files: with one that a receiver is writing, those that were rotated of it are read,
too, compressed or not. A directory stands for every journal in it: not for what is
below it, nor for the files of deliveries. Several journals are merged by the times of
their events. No file is read twice, whatever it is called.`

// aboutFilters is for the help of every command that chooses events.
const aboutFilters = `
` + aboutTimes + `

Filters: each may be repeated. Of several --id, --type, --subject or --receiver one has
to fit, of --text and --where all. --text is looked for in the body, as it was sent and
with what its escapes stand for (\u00e9 is é), also in binary bodies; upper and lower
case differ. --where compares the value at a path in JSON data, such as user.name=Jo.`

// aboutTimes is for the help of every command that takes times.
const aboutTimes = `Times: 2026-11-23T17:04:58Z, "2026-11-23 17:04", a day such as 2026-11-23, or how long
ago, such as 24h or 7d. --since includes it, --until does not. Without a zone they are
UTC or, with --local, local time.`

func tailCommand() *cobra.Command {
	var t tailer
	follow := false
	cmd := &cobra.Command{
		Use:   "tail <file|directory>...",
		Short: "Shows stored events, and with --follow those that come",
		Long: `
Shows stored events, the oldest first: time, type, subject and a summary of the data.
Torn and invalid lines are passed over, with a note.

With --follow it begins with the file that is being written, without those that were
rotated, and goes on as events come, also when the file is rotated. It waits for a
file that is not there yet. Of a directory it follows every journal, new ones, too.
` + aboutFiles + `
` + aboutFilters + `

Exit status: 0; 1 if a file can't be read to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.console = newConsole(cmd)
			if t.last < 0 {
				return fmt.Errorf("--lines %d: must not be negative", t.last)
			}
			if err := t.parse(time.Now()); err != nil {
				return err
			}
			t.zone = t.timeZone()
			if !follow {
				return t.showStored(cmd.Context(), args)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return t.follow(ctx, args)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Go on with events as they come, until Ctrl-C")
	cmd.Flags().IntVarP(&t.last, "lines", "n", 0, "Begin with the last `n` events (default all)")
	cmd.Flags().BoolVar(&t.json, "json", false, "Show events as they are stored, a line of JSON each")
	t.register(cmd)
	return cmd
}

// tailer shows lines.
type tailer struct {
	rows
	filter
	last int

	held []string // the last ones so far, if only they are wanted
}

// showStored shows what is there now.
func (t *tailer) showStored(ctx context.Context, args []string) error {
	journals, err := reader.Resolve(args)
	if err != nil {
		journals.Close()
		return err
	}
	defer journals.Close()
	show := func(e *reader.Event) error {
		t.printf("%s\n", t.row(e))
		return t.failed
	}
	unreadable := &unreadable{note: t.note}
	if t.last > 0 {
		err = t.lastOf(ctx, journals, unreadable, show)
	} else {
		err = t.scan(ctx, journals, unreadable, show)
	}
	if err != nil {
		return err
	}
	return unreadable.err()
}

func (t *tailer) scan(ctx context.Context, journals reader.Journals, unreadable *unreadable, show func(*reader.Event) error) error {
	scan := reader.Scan{Journals: journals, Query: t.Query, Failed: unreadable.add}
	return scan.Run(ctx, func(f *reader.Found) error {
		if f.Event == nil {
			t.note("%s: line %d is passed over: %v", f.File.Path, f.Number, f.Problem)
			return nil
		}
		return show(f.Event)
	})
}

// lastOf shows the last ones. Of each journal, no more files are read than are
// needed, beginning with the newest.
func (t *tailer) lastOf(ctx context.Context, journals reader.Journals, unreadable *unreadable, show func(*reader.Event) error) error {
	type line struct {
		text []byte
		time time.Time
	}
	var all []line
	for _, j := range journals {
		var ofJournal []line
		for i := len(j.Files) - 1; i >= 0 && len(ofJournal) < t.last; i-- {
			var ofFile []line // a ring
			n := 0
			one := reader.Journals{{Path: j.Path, Files: j.Files[i : i+1]}}
			err := t.scan(ctx, one, unreadable, func(e *reader.Event) error {
				at := n % (t.last - len(ofJournal))
				if at == len(ofFile) {
					ofFile = append(ofFile, line{})
				}
				ofFile[at] = line{append(ofFile[at].text[:0], e.Text...), e.Time}
				n++
				return nil
			})
			if err != nil {
				return err
			}
			if n > len(ofFile) {
				at := n % len(ofFile)
				ofFile = slices.Concat(ofFile[at:], ofFile[:at])
			}
			ofJournal = slices.Concat(ofFile, ofJournal)
		}
		for i := 1; i < len(ofJournal); i++ { // none comes before the one before it
			if ofJournal[i].time.Before(ofJournal[i-1].time) {
				ofJournal[i].time = ofJournal[i-1].time
			}
		}
		all = append(all, ofJournal...)
	}
	slices.SortStableFunc(all, func(a, b line) int { return a.time.Compare(b.time) })
	for _, l := range all[max(0, len(all)-t.last):] {
		if _, e, _ := reader.Parse(reader.Line{Text: l.text}); e != nil {
			if err := show(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// showAll shows the lines up to the end of the file, with one that has not ended.
func (t *tailer) showAll(lines *reader.Lines) error {
	return lines.Each(func(l reader.Line) error {
		t.showLine(lines.Name(), l)
		return t.failed
	})
}

func (t *tailer) showLine(path string, l reader.Line) {
	kind, e, err := reader.Parse(l)
	switch {
	case kind == reader.Blank:
	case kind == reader.Torn || kind == reader.Invalid:
		t.note("%s: line %d is passed over: %v", path, l.Number, err)
	case t.Wants(e):
		t.print(t.row(e))
	}
}

// print prints a line, or holds it back while only the last ones are wanted.
func (t *tailer) print(text string) {
	if t.last == 0 {
		t.printf("%s\n", text)
		return
	}
	if len(t.held) == t.last {
		t.held = append(t.held[:0], t.held[1:]...)
	}
	t.held = append(t.held, text)
}

// flush prints what is held back; from now on nothing is.
func (t *tailer) flush() {
	for _, text := range t.held {
		t.printf("%s\n", text)
	}
	t.held, t.last = nil, 0
}

// unreadable is files that could not be read to their ends. Each is noted.
type unreadable struct {
	note  func(format string, args ...any)
	files int
	first error
}

func (u *unreadable) add(err error) {
	if u.files++; u.files == 1 {
		u.first = err // which is told of in the end
	} else {
		u.note("%v", err)
	}
}

func (u *unreadable) err() error {
	if u.files > 1 {
		return fmt.Errorf("%w (and %d more)", u.first, u.files-1)
	}
	return u.first
}
