package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// tracked is a file that is being read: a plain one, one in frames, or one that has to be
// decompressed from its beginning.
type tracked struct {
	file    *os.File
	info    fs.FileInfo
	print   Fingerprint // zero until its first line is read
	rotated time.Time   // in its name, NeverRotated as long as that is not known

	compressed bool
	frames     []frames.Frame // nil: not in frames
	frame      int            // that is decoded next
	frameAt    int64          // where that begins, decompressed
	shared     *frames.Decoder
	decoder    io.ReadCloser // of one that is not in frames

	limit    int64 // up to which a plain one counts for now
	complete bool  // and for good
	longer   time.Time
	tail     Position  // of the line that was returned last
	looked   time.Time // when the file was seen to be as the journal says
	checked  time.Time // when that was seen to be there still

	offset int64  // of the next line, decompressed
	read   int64  // of what is to be read next: behind the buffer
	memory []byte // of the buffer
	buffer []byte // what was read and not returned: the end of what is used of the memory
}

// damage is an error for what will be as wrong the next time.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

func isDamage(err error) bool {
	var d damage
	return errors.As(err, &d)
}

// asDamage marks an error of a decoder, unless it is one of reading the file.
func asDamage(err error) error {
	var pathError *fs.PathError
	if err == nil || errors.Is(err, io.EOF) || errors.As(err, &pathError) {
		return err
	}
	return damage{err}
}

// openTracked opens a rotated file, or the live one, to be read from its beginning. Of what
// only keeps a name the error is fs.ErrNotExist.
func (t *Track) openTracked(r files.Rotated) (*tracked, error) {
	names := r.Forms
	if r.At != NeverRotated {
		for _, ending := range files.Endings { // it may have been compressed since
			names = append(names[:len(names):len(names)], files.RotatedName(pathOf(r.Forms[0]), r.At)+ending)
		}
	}
	for _, name := range names {
		if info, err := os.Stat(name); r.At != NeverRotated && err == nil && (!info.Mode().IsRegular() || info.Size() == 0) {
			continue // opening a pipe would wait
		}
		file, err := openShared(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f := &tracked{file: file, rotated: r.At, checked: time.Now()}
		if err := f.inspect(t); err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return f, nil
	}
	return nil, &fs.PathError{Op: "open", Path: r.Forms[0], Err: fs.ErrNotExist}
}

func pathOf(name string) string {
	path, _ := JournalOf(name)
	return path
}

func (f *tracked) inspect(t *Track) (err error) {
	if f.info, err = f.file.Stat(); err != nil {
		return err
	}
	if !f.info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	var magic [4]byte
	n, err := f.file.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if f.compressed = frames.IsCompressed(magic[:n]); !f.compressed {
		return nil
	}
	if f.frames = frames.Index(f.file, f.info.Size()); f.frames == nil {
		return nil
	}
	if t.decoder == nil {
		t.decoder, err = frames.NewDecoder(1)
	}
	f.shared = t.decoder
	return err
}

func (f *tracked) close() {
	if f.decoder != nil {
		_ = f.decoder.Close()
	}
	_ = f.file.Close()
}

// next returns the next line of the file, with its line feed. The error is io.EOF if there
// is none up to the limit.
func (f *tracked) next() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(f.buffer[searched:], '\n'); i >= 0 {
			line := f.buffer[:searched+i+1]
			f.buffer = f.buffer[searched+i+1:]
			if f.print == (Fingerprint{}) && f.offset == 0 {
				f.print = printOf(line)
			} else if f.print == (Fingerprint{}) {
				f.print = f.storedPrint()
			}
			return line, nil
		}
		searched = len(f.buffer)
		if err := f.fill(); err != nil {
			return nil, err
		}
	}
}

// storedPrint returns the fingerprint of a file as it is stored: of one that is plain, or whose
// beginning can't be decompressed.
func (f *tracked) storedPrint() Fingerprint {
	print, _ := FingerprintIn(f.file)
	return print
}

// enter has the file read from that decompressed offset on, up to which it has been read
// or can be decompressed. The error is io.EOF if it is shorter.
func (f *tracked) enter(offset int64) error {
	if f.compressed && offset >= f.offset && offset <= f.read { // it is in the buffer
		f.buffer = f.buffer[offset-f.offset:]
		f.offset = offset
		return nil
	}
	behind := f.read
	f.buffer, f.offset, f.read = f.buffer[:0], offset, offset
	switch {
	case f.frames != nil:
		for f.frame, f.frameAt = 0, 0; f.frame < len(f.frames) && f.frameAt+f.frames[f.frame].Plain <= offset; f.frame++ {
			f.frameAt += f.frames[f.frame].Plain
		}
		if f.frame == len(f.frames) && offset > f.frameAt {
			return io.EOF
		}
		return nil
	case !f.compressed:
		return nil
	}
	if f.decoder == nil || behind > offset {
		if f.decoder != nil {
			_ = f.decoder.Close()
		}
		behind = 0
		if err := f.decode(); err != nil {
			return asDamage(err)
		}
	}
	n, err := io.CopyN(io.Discard, f.decoder, offset-behind)
	if err != nil {
		f.read = behind + n
	}
	return asDamage(err)
}

// at returns the line at a position, in memory of its own. Where there is less, the error is
// io.EOF.
func (f *tracked) at(p Position) (line []byte, err error) {
	if p.Length <= 0 || p.Length > maxLine || p.Offset < 0 || p.End() < 0 {
		return nil, io.EOF
	}
	if !f.compressed {
		if p.End() > f.info.Size() {
			if f.info, err = f.file.Stat(); err != nil || p.End() > f.info.Size() {
				return nil, errors.Join(err, io.EOF)
			}
		}
		line = make([]byte, p.Length)
		_, err := f.file.ReadAt(line, p.Offset)
		return line, err
	}
	if err := f.enter(p.Offset); err != nil {
		return nil, err
	}
	for int64(len(f.buffer)) < p.Length {
		if err := f.fill(); err != nil {
			return nil, err
		}
	}
	return f.buffer[:p.Length], nil
}

// has tells whether the line is there.
func (f *tracked) has(p Position) (bool, error) {
	line, err := f.at(p)
	if errors.Is(err, io.EOF) || isDamage(err) {
		return false, nil
	}
	return err == nil && HashOf(line) == p.Hash, err
}

// isUnchanged tells whether the line that was returned last is still there.
func (f *tracked) isUnchanged() bool {
	f.checked = time.Now()
	if f.compressed || f.tail.Length == 0 {
		return true
	}
	line := make([]byte, f.tail.Length)
	_, err := f.file.ReadAt(line, f.tail.Offset)
	return err != nil && !errors.Is(err, io.EOF) || HashOf(line) == f.tail.Hash
}

// enterAfter has the file read from behind the line on, if it has that, or all of it, if that
// is what the position says.
func (f *tracked) enterAfter(p Position) (bool, error) {
	if p.Length == 0 {
		return false, nil
	}
	if ok, err := f.has(p); !ok || err != nil {
		return false, err
	}
	f.print, f.tail = p.File, p
	return true, f.enter(p.End())
}

// restart has the file read from its beginning.
func (f *tracked) restart() error {
	f.print, f.tail, f.longer = Fingerprint{}, Position{}, time.Time{}
	if f.compressed {
		return f.enter(0)
	}
	f.buffer, f.offset, f.read, f.limit = f.buffer[:0], 0, 0, 0
	return nil
}

func (f *tracked) sync() error {
	err := f.file.Sync()
	if err != nil && runtime.GOOS == "windows" { // where it takes the right to write
		var other *os.File
		if other, err = os.OpenFile(f.file.Name(), os.O_RDWR, 0); err == nil {
			err = errors.Join(other.Sync(), other.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("fsync of %s: %w", f.file.Name(), err)
	}
	return nil
}
