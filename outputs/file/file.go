// Package file is the output file, which appends events to a file and fsyncs it.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/journal"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
)

func init() {
	caddy.RegisterModule(Output{})
}

// slowSync is the duration from which on an fsync is worth a warning.
const slowSync = time.Second

// lastSync is how long a config that ends waits for its last lines' fsync.
const lastSync = 10 * time.Second

// Output appends each event to a file, one line each, and fsyncs it before
// the event is acknowledged. Events that arrive together share one write and
// one fsync, and wait for each other, for 2 ms at most. Receivers that name the
// same file share one writer. The directory and the file are created with the
// first event. An example, which keeps 90 days:
//
//	{
//		"output": "file",
//		"filename": "/var/lib/webhooks/events.jsonl",
//		"roll_interval": "24h",
//		"roll_keep_for": "90d",
//		"roll_compress": "zstd"
//	}
type Output struct {
	// The file's name; placeholders are evaluated when the config is loaded.
	// Default: `webhooks/events.jsonl` in Caddy's data directory.
	Filename string `json:"filename,omitempty"`

	// When an event is fsynced. `always` is before it is acknowledged. A duration such
	// as `1s` is within that time after it was written. `off` leaves it to the
	// operating system. With anything except `always`, a crash of the machine can lose
	// events that were answered 200. Default: `always`.
	Sync SyncMode `json:"sync,omitempty"`

	// The permissions of the file if it is created, whatever the umask, as an
	// octal number. The owner must be able to read and write. Default: `0600`.
	Mode FileMode `json:"mode,omitempty"`

	// The permissions of directories that are created, likewise. Default: `0700`.
	DirMode FileMode `json:"dir_mode,omitempty"`

	// What a line holds: `cloudevents`, a CloudEvent in JSON; or `raw`, just its
	// data. Default: `cloudevents`.
	Format string `json:"format,omitempty"`

	// The size, in bytes, from which on the file is rotated: before an event would
	// exceed it, the file gets a name with the time (UTC), as in
	// `events-2026-11-23T17-04-58.123.jsonl`, and a fresh one is begun. Only a single
	// event can make a file larger. 0 is off. Default: 104857600 (100 MiB).
	RollSize *int64 `json:"roll_size,omitempty"`

	// Rotate at the first event after a multiple of this duration in UTC, too:
	// `24h` is at midnight. Default: 0, off.
	RollInterval caddy.Duration `json:"roll_interval,omitempty"`

	// How many rotated files are kept; older ones are deleted. Default: 0, all.
	RollKeep int `json:"roll_keep,omitempty"`

	// How long rotated files are kept, by the time in their names, as in `90d`; older
	// ones are deleted. Default: 0, for ever.
	RollKeepFor caddy.Duration `json:"roll_keep_for,omitempty"`

	// How rotated files are compressed, in the background: `off`, `gzip` or
	// `zstd`. Default: `off`.
	RollCompress string `json:"roll_compress,omitempty"`

	path    string
	journal *journal.Journal
	options *journal.Options
}

// CaddyModule returns the Caddy module information.
func (Output) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.file",
		New: func() caddy.Module { return new(Output) },
	}
}

// Provision sets up the output. It makes sure that the file can be written, but
// leaves nothing behind: the config may never be used, or be somebody else's
// `caddy validate`.
func (o *Output) Provision(ctx caddy.Context) error {
	logger := ctx.Logger()
	o.options = &journal.Options{
		Sync:    time.Duration(o.Sync),
		Mode:    0o600,
		DirMode: 0o700,
		SyncFailed: func(err error) {
			logger.Error("events that were acknowledged before their fsync may be lost", zap.Error(err))
		},
		RotationFailed: func(err error) {
			logger.Error("the rotation of events' files is behind; no event is lost, and it is tried again", zap.Error(err))
		},
		InEffect: func() bool { return IsInEffect(ctx) },
	}
	var err error
	if o.options.Rotation, err = o.rotation(); err != nil {
		return err
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
	if err := expect.Word("format", o.Format, formatCloudEvents, FormatRaw); err != nil {
		return err
	}

	filename := filepath.Join(caddy.AppDataDir(), "webhooks", "events.jsonl")
	if o.Filename != "" {
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

	o.warn(logger, filename, path)
	o.journal, o.path = acquireJournal(path)
	o.journal.Register(o.options)
	logger.Info("events are stored in a file", zap.String("path", o.path))
	return nil
}

// warn tells of what works, and may not do so for ever.
func (o *Output) warn(logger *zap.Logger, filename, path string) {
	if !filepath.IsAbs(filename) {
		logger.Warn("the file's name counts from Caddy's working directory, which may be another one next time: write the absolute one",
			zap.String("filename", filename), zap.String("path", path))
	}
	if _, err := os.Stat(path); err != nil {
		return // it can be created, so it can be renamed
	}
	if err := mayWrite(filepath.Dir(path)); err != nil {
		logger.Warn("the file can be neither rotated nor, after a failed fsync, set aside, and events would be answered 503 from then on",
			zap.String("path", path), zap.Error(withRemedy(path, err)))
	}
}

// IsInEffect tells whether the config that ctx is of is the one that runs: one
// that is only validated never does, nor one that is rejected, even after all
// of its apps were started; and one that has ended does no more. The contexts of a
// config end as one, and before its modules are cleaned up; up to which Caddy, when it
// stops, counts it as the active one in some versions.
func IsInEffect(ctx caddy.Context) bool {
	active := caddy.ActiveContext()
	return ctx.Err() == nil && active.Context != nil && active.Done() == ctx.Done()
}

// Cleanup fsyncs what is not fsynced yet. Requests that are still in flight can
// go on to store their events.
func (o *Output) Cleanup() error {
	if o.journal == nil {
		return nil
	}
	var err error
	if o.options.Sync != journal.SyncAlways {
		ctx, cancel := context.WithTimeout(context.Background(), lastSync)
		defer cancel()
		err = o.journal.Sync(ctx)
	}
	o.journal.Release(o.options)
	_, closeErr := journals.Delete(o.path)
	return errors.Join(err, closeErr)
}

// Store appends the event to the file.
func (o *Output) Store(ctx context.Context, e *event.Event) error {
	line := event.CloudEventLine
	if o.Format == FormatRaw {
		line = event.RawLine
	}
	return o.journal.Append(ctx, line(e), o.options)
}

// Durable returns whether every event is fsynced before it is acknowledged.
func (o *Output) Durable() bool { return o.options.Sync == journal.SyncAlways }

// Journal is what the events are written by.
func (o *Output) Journal() *journal.Journal { return o.journal }

// Modes returns the permissions of files and directories that are made.
func (o *Output) Modes() (file, dir fs.FileMode) { return o.options.Mode, o.options.DirMode }

// Destination returns the file's path.
func (o *Output) Destination() string { return o.path }

// journals holds the journals in use, by path (see acquireJournal), so that receivers, and an old
// and a new config during a reload, share one for the same file.
var journals = caddy.NewUsagePool()

type sharedJournal struct{ *journal.Journal }

func newSharedJournal(path string) sharedJournal {
	j := journal.New(path, nil)
	j.Observe(&journal.Observer{
		Synced: func(took time.Duration) {
			metrics.Synced(took)
			if took >= slowSync {
				// The journal outlives configs, and so their loggers.
				caddy.Log().Named(string(Output{}.CaddyModule().ID)).Warn(
					"slow fsync: events wait for the disk; look for what else keeps it busy",
					zap.String("path", path), zap.Duration("took", took))
			}
		},
		Committed: metrics.Committed,
	})
	return sharedJournal{j}
}

// Destruct closes the journal once no config uses it.
func (j sharedJournal) Destruct() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastSync)
	defer cancel()
	return j.Close(ctx)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Output)(nil)
	_ caddy.CleanerUpper    = (*Output)(nil)
	_ caddyfile.Unmarshaler = (*Output)(nil)
)
