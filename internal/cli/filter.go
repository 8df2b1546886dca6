package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// filter is the options that say which events are wanted.
type filter struct {
	reader.Query
	since, until string
	where        []string
	local        bool // times are given and shown in the local time zone
}

// register adds the options to a command that shows events.
func (f *filter) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "Only events from this `time` on")
	flags.StringVar(&f.until, "until", "", "Only events before this `time`")
	flags.StringArrayVar(&f.IDs, "id", nil, "Only the event with this `id`; may be repeated")
	flags.StringArrayVar(&f.Types, "type", nil, "Only events of this `type`; may be repeated")
	flags.StringArrayVar(&f.Subjects, "subject", nil, "Only events with this `subject`; may be repeated")
	flags.StringArrayVar(&f.Receivers, "receiver", nil, "Only events of the receiver with this `name`; may be repeated")
	flags.StringArrayVar(&f.Texts, "text", nil, "Only events with this `text` in their body; if repeated, with all of them")
	flags.StringArrayVar(&f.where, "where", nil, "Only events with this value in their JSON data, as in `path=value`; if repeated, with all of them")
	flags.BoolVar(&f.local, "local", false, "Take and show times in local time, not in UTC")
	for _, name := range []string{"since", "until", "id", "type", "subject", "receiver", "text", "where"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// parse makes the query of the options.
func (f *filter) parse(now time.Time) (err error) {
	if f.Since, err = parseTime(f.since, now, f.timeZone()); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if f.Until, err = parseTime(f.until, now, f.timeZone()); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return fmt.Errorf("--until %s is not after --since %s", f.Until.In(f.timeZone()).Format(time.RFC3339), f.Since.In(f.timeZone()).Format(time.RFC3339))
	}
	f.Where = nil
	for _, condition := range f.where {
		path, value, ok := strings.Cut(condition, "=")
		if !ok || path == "" {
			return fmt.Errorf("--where %q: must be a path and a value, as in TicketId=4478963 or user.name=Jo", condition)
		}
		f.Where = append(f.Where, reader.Field{Path: path, Value: value})
	}
	return nil
}

// timeZone is the time zone of times that are given without one, and that are shown.
func (f *filter) timeZone() *time.Location {
	if f.local {
		return time.Local
	}
	return time.UTC
}

// parseTime parses a time, a day, or a duration before now. Where nothing else is
// said they are in that zone.
func parseTime(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	if d, err := caddy.ParseDuration(s); err == nil && d >= 0 { // which knows days
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-11-23T17:04:58Z or \"2026-11-23 17:04\", nor a day, nor a duration such as 24h or 7d", s)
}
