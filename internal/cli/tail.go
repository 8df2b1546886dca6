package cli

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

const (
	// summaryCells is the width of a summary where there is no terminal.
	summaryCells = 200

	// maxTypeColumn is the width up to which the column of types grows.
	maxTypeColumn = 32
)

func tailCommand() *cobra.Command {
	var t tailer
	follow := false
	cmd := &cobra.Command{
		Use:   "tail <file> [--follow] [--lines <n>] [--type <type>...] [--json]",
		Short: "Shows stored events",
		Long: `
Shows the events in a file that a receiver has written, the oldest first: time,
type, subject and a summary of the data. The file may be compressed with gzip
or zstd. Lines that are torn or invalid are passed over, with a note.

With --follow it goes on with events as they come, also when the file is
rotated, and waits for a file that is not there yet.

With --json, events are shown as they are stored, one line of JSON each.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.console = newConsole(cmd)
			if t.last < 0 {
				return fmt.Errorf("--lines %d: must not be negative", t.last)
			}
			if !follow {
				return t.showFile(args[0])
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return t.follow(ctx, args[0])
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Go on with events as they come")
	cmd.Flags().IntVarP(&t.last, "lines", "n", 0, "Begin with so many of the last events (default all)")
	cmd.Flags().StringArrayVar(&t.types, "type", nil, "Show only events of this type; may be repeated")
	cmd.Flags().BoolVar(&t.json, "json", false, "Show events as they are stored")
	return cmd
}

// tailer shows lines.
type tailer struct {
	*console
	filter
	last int
	json bool

	typeColumn int
	held       []string // the last ones so far, if only they are wanted
}

// showFile shows what is in the file now.
func (t *tailer) showFile(path string) error {
	lines, err := reader.Open(path)
	if err != nil {
		return err
	}
	defer lines.Close()
	if err := t.showAll(lines); err != nil {
		return err
	}
	t.flush()
	return t.failed
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
	case !t.wants(e):
	case t.json:
		text := string(e.Text)
		if t.outIsTerminal {
			text = sanitizeJSON(text)
		}
		t.print(text)
	default:
		t.print(t.pretty(e))
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

// pretty is an event for people: one line, as wide as the terminal at most.
func (t *tailer) pretty(e *reader.Event) string {
	limit := t.width
	if limit == 0 {
		limit = summaryCells
	}
	if e.ID == "" { // format raw
		return cut(t.summary(e), limit)
	}
	when := "-"
	if !e.Time.IsZero() {
		when = e.Time.UTC().Format(time.RFC3339)
	}
	kind := cut(sanitize(e.Type), maxTypeColumn)
	t.typeColumn = max(t.typeColumn, cells(kind))
	plain := pad(when, 20) + "  " + pad(kind, t.typeColumn) + "  "
	text := pad(t.paint(nil, when), 20) + "  " + t.paint(t.colours.Cyan, pad(kind, t.typeColumn)) + "  "
	if e.Subject != "" {
		subject := cut(sanitize(e.Subject), maxTypeColumn)
		plain += subject + "  "
		text += t.paint(t.colours.Yellow, subject) + "  "
	}
	room := limit - cells(plain)
	if room < 2 && t.width > 0 {
		return cut(strings.TrimRight(plain, " "), limit)
	}
	return strings.TrimRight(text+cut(t.summary(e), max(room, 20)), " ")
}

// summary tells what the data is about: of an object its fields, with the
// number of elements where there are several, otherwise its beginning.
func (t *tailer) summary(e *reader.Event) string {
	if e.Base64 {
		b, _ := e.Body()
		return fmt.Sprintf("%d bytes of %s", len(b), sanitize(e.ContentType))
	}
	var parts []string
	size := 0
	isObject := jsonscan.Members(e.Data, func(name string, value []byte) {
		if size > summaryCells*4 { // more than can be seen
			return
		}
		text := ""
		switch value[0] {
		case '{':
			text = "{…}"
		case '[':
			text = fmt.Sprintf("[%d]", jsonscan.Len(value))
		case '"':
			s, _ := jsonscan.Unquote(value)
			text = s
		default:
			text = string(value)
		}
		if text == e.Type || text == e.Subject {
			return // already in a column of its own
		}
		part := sanitize(firstRunes([]byte(name), summaryCells)) + "=" + sanitize(firstRunes([]byte(text), summaryCells))
		size += len(part)
		parts = append(parts, part)
	})
	if isObject {
		return strings.Join(parts, " ")
	}
	return sanitize(firstRunes(e.Data, summaryCells*4))
}
