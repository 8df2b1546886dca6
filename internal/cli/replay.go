package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/play"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

func replayCommand() *cobra.Command {
	var r replay
	var target, statePath, dead string
	as := asCloudEvents
	var header []string
	cmd := &cobra.Command{
		Use:   "replay <file|directory>... --to <url>",
		Short: "Sends stored events to another server",
		Long: `
Sends stored events to another server, one after the other, in the order in which they
were stored: as CloudEvents over HTTP in binary mode, or as they came (--as original).

Any answer 2xx means that the target has taken the event. After 408, 429 or 5xx, or
without an answer, it is tried again a few times. Then, and at once after any other
answer, replay stops. With --dead-letter it goes on instead where the target refuses an
event (4xx, except for 408 and 429): the event is put into that file, as it was stored,
with deadreason, deadattempts and deadtime. That file can be replayed, too.

--as original sends method, stored header fields, and the body byte for byte, with
the signature of then: an application that checks its time must take old ones. It adds
X-Webhook-Event-Id, X-Webhook-Received and X-Webhook-Attempt, and the query if --to has
none. What may be a secret was not stored, and is not sent: --header adds it.

--state has a file remember what was sent, so that the next run sends just what has come
since. Give it all files each time, or their directory: they are known by their
content, also when they were rotated and compressed. After a crash, what was sent in
the last 200 ms is sent again. Events that --since, --type, --exclude-type and --id
leave out count as sent; at the first one that --until leaves out, the rest of that
journal is left for a later run. If a file is gone of which more may have come, nothing
is sent, and the error says how to go on. A second run with the same state stops at once.

Sample events of "caddy webhook test" are left out unless --type names their type,
webhook_receiver_test. Torn lines are passed over: they were not acknowledged.

Files: with one that a receiver is writing, those that were rotated of it are sent, too,
compressed or not. A directory stands for every journal in it: not for what is below it,
nor for the files of deliveries. Several journals are sent one after the other.

` + aboutTimes + `

Exit status: 0; 1 if it stopped, or if lines were passed over that are invalid or bare
data (format raw), which can't be sent.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) (err error) {
			r.console = newConsole(cmd)
			if err := r.parse(time.Now()); err != nil {
				return err
			}
			if r.rate != 0 && r.rate < 0.001 {
				return fmt.Errorf("--rate %v: must be at least 0.001", r.rate)
			}
			to, err := url.Parse(target)
			if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
				return errors.New("--to: must be an absolute http or https URL")
			}
			if statePath != "" && dead != "" {
				if err := checkApart(statePath, dead); err != nil {
					return err
				}
			}
			if statePath != "" {
				if r.state, err = openState(statePath, to, r.dryRun); err != nil {
					return err
				}
				defer r.state.unlock()
			}
			r.sender = newSender(to, r.note)
			if as != asCloudEvents && as != asOriginal {
				return fmt.Errorf("--as %s: must be cloudevents or original", as)
			}
			r.sender.original = as == asOriginal
			if r.sender.header, err = parseHeader(header); err != nil {
				return err
			}
			if dead != "" && !r.dryRun {
				if r.dead, err = openDeadLetters(dead); err != nil {
					return fmt.Errorf("--dead-letter: %w", err)
				}
				defer func() { _ = r.dead.file.Close() }()
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return r.run(ctx, paths)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&target, "to", "", "Send events to this `url`, http or https (required)")
	flags.StringVar(&as, "as", as, "Send events in this `form`: cloudevents, or original: as they came")
	flags.StringArrayVar(&header, "header", nil, "A `field` to send with each event, such as 'Authorization: Bearer …'; may be repeated")
	flags.BoolVar(&r.local, "local", false, "Take and show times in local time, not in UTC")
	flags.StringVar(&r.since, "since", "", "Only events from this `time` on")
	flags.StringVar(&r.until, "until", "", "Only events before this `time`")
	flags.StringArrayVar(&r.Types, "type", nil, "Only events of this `type`; may be repeated")
	flags.StringArrayVar(&r.excluded, "exclude-type", nil, "No events of this `type`; may be repeated")
	flags.StringArrayVar(&r.IDs, "id", nil, "Only the event with this `id`; may be repeated")
	flags.Float64Var(&r.rate, "rate", 0, "Send at most `n` events a second, 0.001 or more (default no limit)")
	flags.StringVar(&statePath, "state", "", "Remember in this `file` what was sent, and go on after that")
	flags.StringVar(&dead, "dead-letter", "", "Put events that the target refuses into this `file`, and go on")
	flags.BoolVar(&r.dryRun, "dry-run", false, "Send nothing: show what would be sent")
	_ = cmd.MarkFlagRequired("to")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{asCloudEvents, asOriginal}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// What events can be sent as.
const (
	asCloudEvents = "cloudevents"
	asOriginal    = "original"
)

// parseHeader parses fields such as "Name: value". Its errors quote no value.
func parseHeader(fields []string) (http.Header, error) {
	header := http.Header{}
	for i, field := range fields {
		name, value, ok := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		if !ok || !headerName.MatchString(name) || strings.ContainsFunc(value, unicode.IsControl) {
			return nil, fmt.Errorf("--header number %d: must be a name and a value, such as 'Authorization: Bearer …'", i+1)
		}
		header.Add(name, value)
	}
	return header, nil
}

// headerName is the name of a header field, as section 5.6.2 of RFC 9110 has it.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// replay sends events on.
type replay struct {
	*console
	filter
	rate   float64 // events a second; 0 is as fast as the target takes them
	dryRun bool
	state  *state // nil where nothing is remembered
	sender *sender
	dead   *deadLetters // nil: what is refused ends it

	excluded   []string // types
	bar        *bar
	read       int64           // bytes of files that are done
	left       map[string]bool // journals of which the rest is left for a later run
	next       time.Time       // when the next event is due
	sent       int64
	unsendable int64 // lines that could not be sent
	tornLines  int64
}

func (r *replay) run(ctx context.Context, args []string) (err error) {
	journals, err := reader.Resolve(args)
	if err != nil {
		journals.Close()
		return err
	}
	defer journals.Close()
	files, err := openInOrder(journals.Paths())
	if err != nil {
		return err
	}
	defer closeAll(files)
	if r.dead != nil && r.dead.isOneOf(files) {
		return fmt.Errorf("--dead-letter %s: is one of the files to send", r.dead.file.Name())
	}
	if r.state != nil {
		err := checkComplete(files)
		if err == nil {
			err = r.state.findPlaces(files)
		}
		if err == nil {
			err = r.state.save() // better now than after the first event
		}
		if err != nil {
			return err
		}
	}
	total := int64(0)
	for _, f := range files {
		if !f.atEnd {
			total += f.info.Size()
		}
	}
	r.bar = newBar(r.console, total)
	r.left = make(map[string]bool)
	for i := range files {
		if f := &files[i]; !f.atEnd && !r.left[f.journal] {
			if err = r.sendFile(ctx, f); err != nil {
				break
			}
		}
	}
	r.bar.end()
	if r.state != nil {
		err = errors.Join(err, r.state.save())
	}
	if r.tornLines > 0 {
		r.note("%s passed over", number(r.tornLines, "torn line was", "torn lines were"))
	}
	verb := "sent"
	if r.dryRun {
		verb = "would be sent"
	}
	r.note("%s %s", number(r.sent, "event", "events"), verb)
	if r.dead != nil && r.dead.n > 0 {
		r.note("%s in %s", number(r.dead.n, "event was refused, and is", "events were refused, and are"), r.dead.file.Name())
	}
	if err == nil {
		err = r.failed
	}
	if err == nil && r.unsendable > 0 {
		err = errors.New(number(r.unsendable, "line is no CloudEvent and was passed over", "lines are no CloudEvents and were passed over"))
	}
	return err
}

// note prints in the place of the bar, which comes back with the next event.
func (r *replay) note(format string, args ...any) {
	r.bar.end()
	r.console.note(format, args...)
}

// sendFile sends what is in one file, but not what comes meanwhile: the target may
// be one that writes there.
func (r *replay) sendFile(ctx context.Context, file *part) error {
	f, err := file.unsent()
	if err != nil {
		return err
	}
	defer f.Release()
	defer func() { r.read += f.Read() }()
	err = f.Each(func(l reader.Line) error {
		kind, sent, err := r.sendLine(ctx, f, l)
		if err != nil || r.state == nil || !f.Ended() && kind != reader.Stored { // the end of a line may be still to come
			return err
		}
		return r.state.advance(file.cursor, f.Place(), sent)
	})
	if errors.Is(err, errLeft) {
		r.left[file.journal] = true
		return nil
	}
	if err == nil && file.complete {
		r.state.complete(file.cursor)
	}
	return err
}

// errLeft ends a file that is to be gone on with another time.
var errLeft = errors.New("left for later")

// sendLine sends what is in a line, and returns what that is, and the event if it
// was sent.
func (r *replay) sendLine(ctx context.Context, f *reader.Lines, l reader.Line) (reader.Kind, *reader.Event, error) {
	kind, e, problem := reader.Parse(l)
	switch kind {
	case reader.Blank:
		return kind, nil, nil
	case reader.Torn:
		if f.Ended() || r.state == nil { // else the next run looks at it again
			r.tornLines++
		}
		return kind, nil, nil
	case reader.Raw, reader.Invalid:
		r.unsendable++
		if problem == nil {
			problem = errors.New("no CloudEvent (format raw?)")
		}
		if r.unsendable <= maxProblems {
			r.note("%s: line %d: %v", f.Name(), l.Number, problem)
		}
		return kind, nil, nil
	}
	if r.state != nil && !r.Until.IsZero() && !e.Time.Before(r.Until) {
		r.note("%s: line %d and what follows is left for a later run, because of --until", f.Name(), l.Number)
		return kind, nil, errLeft
	}
	if !r.Wants(e) || slices.Contains(r.excluded, e.Type) || play.IsSample(e.Type) && !slices.Contains(r.Types, play.SampleEvent) {
		return kind, nil, nil
	}
	if r.dryRun {
		t := rows{console: r.console, zone: r.timeZone()}
		r.printf("%s\n", t.pretty(e))
		r.sent++
		return kind, e, nil
	}
	if err := r.pace(ctx); err != nil {
		return kind, nil, err
	}
	if err := r.sender.send(ctx, e); err != nil {
		if ctx.Err() != nil {
			return kind, nil, errInterrupted
		}
		var refused *refusedError
		if r.dead != nil && errors.As(err, &refused) {
			r.note("event %s is put into the dead letters: %v", e.ID, err)
			return kind, e, r.dead.add(e, refused.attempts, err)
		}
		return kind, nil, fmt.Errorf("event %s (%s: line %d): %w", sanitize(e.ID), sanitize(f.Name()), l.Number, err)
	}
	r.sent++
	r.bar.show(r.read+f.Read(), r.sent)
	return kind, e, nil
}

var errInterrupted = errors.New("interrupted")

// pace waits until the next event is due.
func (r *replay) pace(ctx context.Context) error {
	if r.rate > 0 {
		now := time.Now()
		if r.next.After(now) {
			pause(ctx, r.next.Sub(now))
		} else {
			r.next = now // time that was lost is not made up for
		}
		r.next = r.next.Add(time.Duration(float64(time.Second) / r.rate))
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}
