package file

import (
	"cmp"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

// The values of the file output's format option.
const (
	formatCloudEvents = "cloudevents"
	FormatRaw         = "raw"
)

// off is what several options may be.
const off = "off"

// defaultRollSize is the default of roll_size, in bytes.
const defaultRollSize = 100 << 20

// UnmarshalCaddyfile sets up the output from Caddyfile tokens. Syntax:
//
//	output file [<filename>] {
//	    sync          always|<interval>|off
//	    mode          <octal>
//	    dir_mode      <octal>
//	    format        cloudevents|raw
//	    roll_size     <size>
//	    roll_interval <duration>
//	    roll_keep     <count>
//	    roll_keep_for <duration>
//	    roll_compress off|gzip|zstd
//	}
func (o *Output) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume output name
	if place := *d; d.NextArg() {
		if o.Filename = d.Val(); o.Filename == "" {
			return place.Err("the filename is empty, as is a {$VARIABLE} that is not set; it takes one, such as /var/lib/webhooks/events.jsonl, or none")
		}
		if !strings.Contains(o.Filename, "{") { // else what it is is known when the config is loaded
			if err := checkFilename(o.Filename); err != nil {
				return place.Errf("filename %q: %v", o.Filename, err)
			}
		}
	}
	return o.table().Unmarshal(d, "it takes one file name at most, in quotes if it has spaces")
}

// Options returns the options of the output, by their names.
func Options() options.Table { return new(Output).table() }

func (o *Output) table() options.Table {
	return options.Table{
		"sync": options.Value("always, off, or a duration, such as 1s", func(_, value string) error { return o.Sync.UnmarshalText([]byte(value)) }),
		"mode": options.Value("one octal number, such as 0640", func(_, value string) error { return o.Mode.UnmarshalText([]byte(value)) }),
		"dir_mode": options.Value("one octal number, such as 0750", func(_, value string) (err error) {
			o.DirMode, err = parseMode("dir_mode", value, "0750")
			return cmp.Or(err, checkDirMode(o.DirMode))
		}),
		"format": options.Word(&o.Format, formatCloudEvents, FormatRaw),
		"roll_size": options.Value("one size without spaces, such as 100MiB, or off", func(name, value string) error {
			if value == off {
				value = "0"
			}
			size, err := expect.Size(name, value, "100MiB or off")
			o.RollSize = &size
			return err
		}),
		"roll_interval": options.DurationOr(&o.RollInterval, "24h", off),
		"roll_keep": options.Value("one number, such as 30, or 0 for all", func(name, value string) error {
			n, err := strconv.ParseUint(value, 10, 31)
			if o.RollKeep = int(n); err != nil {
				return expect.Wrong(name, value, "a number such as 30, or 0 for all")
			}
			return nil
		}),
		"roll_keep_for": options.DurationOr(&o.RollKeepFor, "90d", "0"),
		"roll_compress": options.Word(&o.RollCompress, compressions...),
	}
}

// rotation returns what the roll options ask for.
func (o *Output) rotation() (journal.Rotation, error) {
	r := journal.Rotation{
		Size:     defaultRollSize,
		Interval: time.Duration(o.RollInterval),
		Keep:     o.RollKeep,
		KeepFor:  time.Duration(o.RollKeepFor),
	}
	if o.RollSize != nil {
		r.Size = *o.RollSize
	}
	switch {
	case r.Size < 0:
		return r, fmt.Errorf("roll_size %d: must not be negative: bytes, or 0 for off", r.Size)
	case r.Interval < 0:
		return r, fmt.Errorf("roll_interval %s: must not be negative: a duration such as 24h, or 0 for off", r.Interval)
	case r.Keep < 0:
		return r, fmt.Errorf("roll_keep %d: must not be negative: a number such as 30, or 0 for all", r.Keep)
	case r.KeepFor < 0:
		return r, fmt.Errorf("roll_keep_for %s: must not be negative: a duration such as 90d, or 0", r.KeepFor)
	}
	var err error
	r.Compression, err = compressionNamed(o.RollCompress)
	return r, err
}

// SyncMode says when an event is fsynced: a positive interval, or one of
// journal.SyncAlways and journal.SyncNever.
type SyncMode time.Duration

// MarshalText returns always, off, or the interval.
func (m SyncMode) MarshalText() ([]byte, error) {
	switch d := time.Duration(m); d {
	case journal.SyncAlways:
		return []byte("always"), nil
	case journal.SyncNever:
		return []byte("off"), nil
	default:
		return []byte(d.String()), nil
	}
}

// UnmarshalText parses always, off, or a positive duration.
func (m *SyncMode) UnmarshalText(text []byte) error {
	switch s := string(text); s {
	case "always":
		*m = SyncMode(journal.SyncAlways)
	case off:
		*m = SyncMode(journal.SyncNever)
	default:
		if near := expect.Nearest(s, []string{"always", off}); near != "" {
			return fmt.Errorf("sync %q: must be a duration such as 1s, always or off; did you mean %s?", s, near)
		}
		d, err := expect.Duration("sync", s, "1s, always or off", 1)
		*m = SyncMode(d)
		return err
	}
	return nil
}

// FileMode is the permissions of a file or directory, written as an octal number.
type FileMode fs.FileMode

// MarshalText returns four octal digits.
func (m FileMode) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%04o", m), nil
}

// UnmarshalText parses an octal number. It takes none that would lock the
// owner, and so Caddy, out.
func (m *FileMode) UnmarshalText(text []byte) (err error) {
	*m, err = parseMode("mode", string(text), "0640")
	return err
}

func parseMode(option, text, such string) (FileMode, error) {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode > 0o777 || mode&0o600 != 0o600 {
		return 0, expect.Wrong(option, text, "octal such as "+such+", from 0600 to 0777, and let the owner read and write")
	}
	return FileMode(mode), nil
}

func checkDirMode(mode FileMode) error {
	if mode&0o100 == 0 {
		return fmt.Errorf("dir_mode %04o: must let the owner enter the directory, as 0750 does", mode)
	}
	return nil
}

// compressions are the values of roll_compress.
var compressions = []string{off, "gzip", "zstd"}

func compressionNamed(name string) (files.Compression, error) {
	switch name {
	case "", off:
		return "", nil
	case "gzip":
		return files.Gzip, nil
	case "zstd":
		return files.Zstd, nil
	}
	return "", expect.Word("roll_compress", name, compressions...)
}
