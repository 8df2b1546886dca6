// Package inspectorkey has the key that opens the inspector to whoever is no user: a file in Caddy's data
// directory, which only its owner can read.
package inspectorkey

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// keyBytes is how many random bytes a key is of.
const keyBytes = 32

// Path is the name of the key's file.
func Path() string {
	return filepath.Join(caddy.AppDataDir(), "webhook_receiver", "inspector.key")
}

// Get returns the key, which is made if there is none. Whoever removes the file has a new one made.
func Get() (string, error) {
	path := Path()
	for range 10 { // it may be removed meanwhile
		key, err := read(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
		if err := create(path); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("%s is a link to nothing, or is removed all the time: remove it, and a new one is made", path)
}

func read(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(text))
	if b, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(b) < keyBytes || strings.ContainsAny(key, "\r\n") {
		return "", fmt.Errorf("%s has no key in it: remove it, and a new one is made", path)
	}
	return key, nil
}

// create makes a key, unless somebody else has made one meanwhile. It is whole from the beginning on.
func create(path string) error {
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return err
	}
	random := make([]byte, keyBytes)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "inspector.*.tmp") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = fmt.Fprintln(f, base64.RawURLEncoding.EncodeToString(random))
	if err = errors.Join(err, inherit(dir, f.Chown), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// The file system has no links: whoever comes second takes over, and both read what is there.
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return os.Rename(f.Name(), path)
}

// makeDir makes a directory, and those above it.
func makeDir(dir string) error {
	above := filepath.Dir(dir)
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) && above != dir {
		if err = makeDir(above); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // if it is no directory, nothing can be made in it
	}
	if err != nil {
		return err
	}
	return inherit(above, func(uid, gid int) error { return os.Lchown(dir, uid, gid) }) // no link that takes its place
}
