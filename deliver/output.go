package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// output is a file that is added to.
type output struct {
	*bufio.Writer
	file    files.File // nil: what is written is thrown away
	fs      files.FS
	name    string
	before  int64 // its size
	created bool
}

// open opens a file, to add lines to it.
func (d *deadLetters) open(name string) (*output, error) {
	o := &output{fs: d.fs, name: name}
	var err error
	if o.file, err = d.fs.Open(name); errors.Is(err, fs.ErrNotExist) {
		o.created = true
		o.file, err = d.fs.Create(name, d.mode)
	}
	if err != nil {
		return nil, err
	}
	o.Writer = bufio.NewWriterSize(o.file, 64<<10)
	if err := o.inspect(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// inspect learns how large the file is, and ends a line that a crash has torn.
func (o *output) inspect() error {
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is no regular file", o.name)
	}
	o.before = info.Size()
	if o.before == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := o.file.ReadAt(last, o.before-1); err != nil || last[0] == '\n' {
		return err
	}
	return o.WriteByte('\n')
}

// createBeside begins a file that is to replace the one that is read.
func (d *deadLetters) createBeside(path string, lines *reader.Lines) (*output, error) {
	info, err := lines.File().Stat()
	if err != nil {
		return nil, err
	}
	o := &output{fs: d.fs, name: path + ".tmp", created: true}
	if err := d.fs.Remove(o.name); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a crash has left
		return nil, err
	}
	if o.file, err = d.fs.Create(o.name, info.Mode().Perm()); err != nil {
		return nil, err
	}
	o.Writer = bufio.NewWriterSize(o.file, 64<<10)
	return o, nil
}

func (o *output) writeLine(text []byte) error {
	if o.file == nil {
		return nil
	}
	if _, err := o.Write(text); err != nil {
		return err
	}
	return o.WriteByte('\n')
}

// sync makes what was written durable, with the file's entry.
func (o *output) sync() error {
	if o.file == nil {
		return nil
	}
	if err := o.Flush(); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return fmt.Errorf("fsync of %s: %w", o.name, err)
	}
	return o.fs.SyncDir(filepath.Dir(o.name))
}

// undo takes back what was added, if there was an error, as far as the disk allows: it is added
// again at the same place. It returns the error.
func (o *output) undo(err error) error {
	switch {
	case err == nil || o.file == nil:
	case o.created:
		o.remove()
	default:
		if f, ok := o.file.(interface{ Truncate(int64) error }); ok {
			_ = f.Truncate(o.before)
		}
	}
	return err
}

func (o *output) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
}

// remove removes the file, unless it got another name.
func (o *output) remove() {
	o.close()
	_ = o.fs.Remove(o.name)
}
