package webhookreceiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
)

func init() {
	caddy.RegisterModule(FileOutput{})
}

// The values of the file output's format option.
const (
	formatCloudEvents = "cloudevents"
	formatRaw         = "raw"
)

// lastSync is how long a config that ends waits for its last lines' fsync.
const lastSync = 10 * time.Second

// FileOutput appends each event to a file, one line each, and fsyncs it before
// the event is acknowledged. Events that arrive together share one write and
// one fsync. Receivers that name the same file share one writer. The directory
// and the file are created with the first event.
type FileOutput struct {
	// The file's name; placeholders are evaluated when the config is loaded.
	// Default: `webhooks/events.jsonl` in Caddy's data directory.
	Filename string `json:"filename,omitempty"`

	// When an event is fsynced: `always`, before it is acknowledged; within an
	// interval such as `1s` after it was written; or `off`, when the operating
	// system likes to. With anything but `always`, events that were answered 200
	// can be lost in a crash of the machine. Default: `always`.
	Sync SyncMode `json:"sync,omitempty"`

	// The permissions of the file if it is created, whatever the umask, as an
	// octal number. The owner must be able to read and write. Default: `0600`.
	Mode FileMode `json:"mode,omitempty"`

	// The permissions of directories that are created, likewise. Default: `0700`.
	DirMode FileMode `json:"dir_mode,omitempty"`

	// What a line holds: `cloudevents`, a CloudEvent in JSON; or `raw`, just its
	// data. Default: `cloudevents`.
	Format string `json:"format,omitempty"`

	path    string
	journal *journal.Journal
	options *journal.Options
}

// CaddyModule returns the Caddy module information.
func (FileOutput) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.file",
		New: func() caddy.Module { return new(FileOutput) },
	}
}

// Provision sets up the output. It makes sure that the file can be written, but
// leaves nothing behind: the config may never be used, or be somebody else's
// `caddy validate`.
func (o *FileOutput) Provision(ctx caddy.Context) error {
	logger := ctx.Logger()
	o.options = &journal.Options{
		Sync:    time.Duration(o.Sync),
		Mode:    0o600,
		DirMode: 0o700,
		SyncFailed: func(err error) {
			logger.Error("events that were acknowledged before their fsync may be lost", zap.Error(err))
		},
	}
	if o.Mode != 0 {
		o.options.Mode = fs.FileMode(o.Mode)
	}
	if o.DirMode != 0 {
		if err := checkDirMode(o.DirMode); err != nil {
			return err
		}
		o.options.DirMode = fs.FileMode(o.DirMode)
	}
	if o.Format == "" {
		o.Format = formatCloudEvents
	}
	if err := checkFormat(o.Format); err != nil {
		return err
	}

	filename := filepath.Join(caddy.AppDataDir(), "webhooks", "events.jsonl")
	if o.Filename != "" {
		var err error
		if filename, err = caddy.NewReplacer().ReplaceOrErr(o.Filename, true, true); err != nil {
			return fmt.Errorf("filename: %w", err)
		}
	}
	path, err := resolve(filename)
	if err == nil {
		err = checkWritable(path)
	}
	if err != nil {
		return fmt.Errorf("filename %q: %w", filename, err)
	}

	shared, _ := journals.LoadOrStore(path, sharedJournal{journal.New(path, nil)})
	o.path, o.journal = path, shared.(sharedJournal).Journal
	logger.Info("events are stored in a file", zap.String("path", path))
	return nil
}

// Cleanup fsyncs what is not fsynced yet. Requests that are still in flight can
// go on to store their events.
func (o *FileOutput) Cleanup() error {
	if o.journal == nil {
		return nil
	}
	var err error
	if o.options.Sync != journal.SyncAlways {
		ctx, cancel := context.WithTimeout(context.Background(), lastSync)
		defer cancel()
		err = o.journal.Sync(ctx)
	}
	_, closeErr := journals.Delete(o.path)
	return errors.Join(err, closeErr)
}

// Store appends the event to the file.
func (o *FileOutput) Store(ctx context.Context, event *Event) error {
	line := event.cloudEventLine
	if o.Format == formatRaw {
		line = event.rawLine
	}
	return o.journal.Append(ctx, line(), o.options)
}

// Durable returns whether every event is fsynced before it is acknowledged.
func (o *FileOutput) Durable() bool { return o.options.Sync == journal.SyncAlways }

// UnmarshalCaddyfile sets up the output from Caddyfile tokens. Syntax:
//
//	output file [<filename>] {
//	    sync     always|<interval>|off
//	    mode     <octal>
//	    dir_mode <octal>
//	    format   cloudevents|raw
//	}
func (o *FileOutput) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume output name
	if d.NextArg() {
		if o.Filename = d.Val(); o.Filename == "" {
			return d.Err("the filename is empty")
		}
	}
	if d.NextArg() {
		return d.ArgErr()
	}

	seen := make(map[string]bool)
	for d.NextBlock(0) {
		option := d.Val()
		if seen[option] {
			return d.Errf("%s is already specified", option)
		}
		seen[option] = true

		var value string
		if !d.AllArgs(&value) {
			return d.ArgErr()
		}
		var err error
		switch option {
		case "sync":
			err = o.Sync.UnmarshalText([]byte(value))
		case "mode":
			err = o.Mode.UnmarshalText([]byte(value))
		case "dir_mode":
			if err = o.DirMode.UnmarshalText([]byte(value)); err == nil {
				err = checkDirMode(o.DirMode)
			}
		case "format":
			o.Format = value
			err = checkFormat(value)
		default:
			return d.Errf("unrecognized option '%s'", option)
		}
		if err != nil {
			return d.Errf("parsing %s: %v", option, err)
		}
	}
	return nil
}

// journals holds the journals in use, by path, so that receivers, and an old
// and a new config during a reload, share one for the same file.
var journals = caddy.NewUsagePool()

type sharedJournal struct{ *journal.Journal }

// Destruct closes the journal once no config uses it.
func (j sharedJournal) Destruct() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastSync)
	defer cancel()
	return j.Close(ctx)
}

// resolve makes the name absolute. A symbolic link is followed once and for
// all, so that it is the file behind it that is created, and renamed.
func resolve(filename string) (string, error) {
	if os.IsPathSeparator(filename[len(filename)-1]) {
		return "", errors.New("is a directory")
	}
	path, err := filepath.Abs(filename)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return filepath.EvalSymlinks(path)
	}
	return path, nil
}

// checkWritable opens the file for appending, or, where it is missing, tries
// that a file can be created in the nearest directory that exists.
func checkWritable(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		if !info.Mode().IsRegular() {
			return errors.New("is not a regular file")
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}

	dir := path
	for errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		_, err = os.Stat(dir)
	}
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".webhook_receiver-")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
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
	if format != formatCloudEvents && format != formatRaw {
		return fmt.Errorf("format %q: must be %s or %s", format, formatCloudEvents, formatRaw)
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*FileOutput)(nil)
	_ caddy.CleanerUpper    = (*FileOutput)(nil)
	_ Output                = (*FileOutput)(nil)
	_ caddyfile.Unmarshaler = (*FileOutput)(nil)
)
