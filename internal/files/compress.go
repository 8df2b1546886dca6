package files

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files/frames"
)

// Compression is how rotated files are compressed. Its value is the ending of
// the compressed files' names. They are in frames, so that they can be entered in
// the middle.
type Compression string

const (
	Gzip Compression = ".gz"  // RFC 1952
	Zstd Compression = ".zst" // RFC 8878
)

func compressionOf(name string) Compression {
	if c := Compression(filepath.Ext(name)); c == Gzip || c == Zstd {
		return c
	}
	return ""
}

// compress leaves the file in its compressed form only. The original one is
// removed when the other is durable and holds the same, and not before.
func (k *Keeper) compress(file *keptFile, c Compression) error {
	original := file.Forms[0]
	if compressionOf(original) != "" {
		return nil
	}
	err := k.compressOriginal(file, c)
	if err == nil || errors.Is(err, fs.ErrNotExist) { // taken by somebody else meanwhile
		return nil
	}
	return fmt.Errorf("compressing %s: %w", original, err)
}

func (k *Keeper) compressOriginal(file *keptFile, c Compression) error {
	original := file.Forms[0]
	info, err := k.fs.Stat(original)
	if err != nil {
		return err
	}
	compressed := original + string(c)
	exists, reserved := false, false
	for _, form := range file.Forms[1:] { // from before a crash, or another process's
		info, err := k.fs.Stat(form)
		if err != nil {
			return err
		}
		if !exists {
			compressed = form
			exists = info.Size() > 0 && !k.unsynced[form]
			reserved = !exists
		}
	}
	if !exists {
		err = k.writeCompressed(original, compressed, info.Mode().Perm(), reserved)
	} else if err = k.compare(original, compressed); err == nil {
		err = k.fs.SyncDir(filepath.Dir(compressed))
	}
	if err != nil {
		return err
	}
	return k.remove(original)
}

// writeCompressed makes the compressed form, durably. Where its name is
// reserved, it takes the place of what is there, which is never removed: by now
// another process may have completed it, and removed the original.
func (k *Keeper) writeCompressed(original, compressed string, mode fs.FileMode, reserved bool) error {
	name := temporaryName(original)
	c := compressionOf(compressed)
	err := k.writeTemporary(original, name, c, mode)
	if err == nil {
		err = k.compare(original, name)
	}
	if err == nil && reserved {
		err = k.fs.Rename(name, compressed)
	} else if err == nil {
		err = renameNew(k.fs, name, compressed)
	}
	if err != nil {
		_ = k.fs.Remove(name)
		return err
	}
	if err := k.fs.SyncDir(filepath.Dir(compressed)); err != nil {
		k.unsynced[compressed] = true // made anew, the entry gets an fsync that can be trusted
		return err
	}
	delete(k.unsynced, compressed)
	return nil
}

func (k *Keeper) writeTemporary(original, name string, c Compression, mode fs.FileMode) error {
	source, err := k.openRead(original)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := k.fs.Create(name, mode)
	if err != nil {
		return err
	}
	err = compressTo(target, source, c)
	if err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close())
}

func compressTo(w io.Writer, r io.Reader, c Compression) error {
	if c == Zstd {
		return frames.WriteZstd(w, r)
	}
	return frames.WriteGzip(w, r)
}

// compare returns nil if the compressed file holds what the original does.
func (k *Keeper) compare(original, compressed string) error {
	a, err := k.openRead(original)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	b, err := k.openRead(compressed)
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	decompressed, err := frames.NewReader(bufio.NewReader(b))
	if err != nil {
		return err
	}
	if decompressed == nil {
		return errors.New("the compressed file is not compressed")
	}
	defer func() { _ = decompressed.Close() }()
	sumA, sumB := sha256.New(), sha256.New()
	if _, err := io.Copy(sumA, a); err != nil {
		return err
	}
	if _, err := io.Copy(sumB, decompressed); err != nil {
		return err
	}
	if !bytes.Equal(sumA.Sum(nil), sumB.Sum(nil)) {
		return errors.New("the compressed file differs")
	}
	return nil
}

// openRead opens a file to be read up to where it ends now.
func (k *Keeper) openRead(name string) (io.ReadCloser, error) {
	f, err := k.fs.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, 0, info.Size()), f}, nil
}
