package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

// The values of the file output's format option.
const (
	formatCloudEvents = "cloudevents"
	FormatRaw         = "raw"
)

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
	if d.NextArg() {
		if o.Filename = d.Val(); o.Filename == "" {
			return d.Err("the filename is empty")
		}
		if !strings.Contains(o.Filename, "{") { // else what it is is known when the config is loaded
			if err := checkFilename(o.Filename); err != nil {
				return d.Errf("filename %q: %v", o.Filename, err)
			}
		}
	}
	return options.Table{
		"sync": options.Parsed(func(value string) error { return o.Sync.UnmarshalText([]byte(value)) }),
		"mode": options.Parsed(func(value string) error { return o.Mode.UnmarshalText([]byte(value)) }),
		"dir_mode": options.Parsed(func(value string) error {
			if err := o.DirMode.UnmarshalText([]byte(value)); err != nil {
				return err
			}
			return checkDirMode(o.DirMode)
		}),
		"format": options.Parsed(func(value string) error {
			o.Format = value
			return checkFormat(value)
		}),
		"roll_size": options.Parsed(func(value string) error {
			size, err := humanize.ParseBytes(value)
			if err == nil && size > math.MaxInt64 {
				err = errors.New("must be less than 8 EiB")
			}
			n := int64(size)
			o.RollSize = &n
			return err
		}),
		"roll_interval": durationOption(&o.RollInterval),
		"roll_keep": options.Parsed(func(value string) error {
			n, err := strconv.ParseUint(value, 10, 31)
			o.RollKeep = int(n)
			return err
		}),
		"roll_keep_for": durationOption(&o.RollKeepFor),
		"roll_compress": options.Parsed(func(value string) error {
			o.RollCompress = value
			_, err := compressionNamed(value)
			return err
		}),
	}.Unmarshal(d)
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
		return r, fmt.Errorf("roll_size %d: must not be negative", r.Size)
	case r.Interval < 0:
		return r, fmt.Errorf("roll_interval %s: must not be negative", r.Interval)
	case r.Keep < 0:
		return r, fmt.Errorf("roll_keep %d: must not be negative", r.Keep)
	case r.KeepFor < 0:
		return r, fmt.Errorf("roll_keep_for %s: must not be negative", r.KeepFor)
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
	case "off":
		*m = SyncMode(journal.SyncNever)
	default:
		d, err := caddy.ParseDuration(s)
		if err != nil || d <= 0 {
			return fmt.Errorf("sync %q: must be always, off, or a positive duration", s)
		}
		*m = SyncMode(d)
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
func (m *FileMode) UnmarshalText(text []byte) error {
	mode, err := strconv.ParseUint(string(text), 8, 32)
	if err != nil || mode > 0o777 || mode&0o600 != 0o600 {
		return fmt.Errorf("mode %q: must be an octal number from 0600 to 0777 that lets the owner read and write", text)
	}
	*m = FileMode(mode)
	return nil
}

func checkDirMode(mode FileMode) error {
	if mode&0o100 == 0 {
		return fmt.Errorf("dir_mode %04o: must let the owner enter the directory", mode)
	}
	return nil
}

func checkFormat(format string) error {
	if format != formatCloudEvents && format != FormatRaw {
		return fmt.Errorf("format %q: must be %s or %s", format, formatCloudEvents, FormatRaw)
	}
	return nil
}

func compressionNamed(name string) (files.Compression, error) {
	switch name {
	case "", "off":
		return "", nil
	case "gzip":
		return files.Gzip, nil
	case "zstd":
		return files.Zstd, nil
	}
	return "", fmt.Errorf("roll_compress %q: must be off, gzip or zstd", name)
}

// durationOption is an option with a duration that may be 0.
func durationOption(duration *caddy.Duration) options.Option {
	return options.Parsed(func(value string) error {
		d, err := caddy.ParseDuration(value)
		if err == nil && d < 0 {
			err = fmt.Errorf("%s: must not be negative", value)
		}
		*duration = caddy.Duration(d)
		return err
	})
}
