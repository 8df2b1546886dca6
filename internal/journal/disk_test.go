package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// disk is what is known of the directory entries below root: those that are
// there, and those that a crash would leave for certain. The strictest view of
// it is taken: what an fsync reported lost stays lost, whatever later ones
// report, until it is made anew.
type disk struct {
	root          string
	shared        bool // by several Journals, which need not know of each other's failed fsyncs
	live, durable map[string]*inode
	lost          map[string]*inode // entries of live, or nil for missing ones, that no fsync makes durable
}

// inode is a file or a directory.
type inode struct {
	info   fs.FileInfo
	synced int64      // up to which size an fsync has run
	lost   [][2]int64 // what it reported lost, each from one size to another
	errors int        // how many times it failed
}

func newDisk(root string) disk {
	return disk{root: root, live: map[string]*inode{}, durable: map[string]*inode{}, lost: map[string]*inode{}}
}

func (d *disk) create(path string) {
	info, err := os.Lstat(path)
	if err != nil {
		panic(err)
	}
	d.live[path] = &inode{info: info}
	delete(d.lost, path)
}

func (d *disk) rename(oldPath, newPath string, rename func(oldPath, newPath string) error) error {
	i := d.inode(oldPath)
	if err := rename(oldPath, newPath); err != nil {
		return err
	}
	d.live[newPath] = i
	delete(d.live, oldPath)
	delete(d.lost, oldPath)
	delete(d.lost, newPath)
	return nil
}

func (d *disk) remove(path string) {
	delete(d.live, path)
	delete(d.lost, path)
}

// inode returns what the model knows as path. What it sees for the first time
// was made before, by somebody who made it durable.
func (d *disk) inode(path string) *inode {
	info, err := os.Stat(path)
	if err != nil {
		return &inode{}
	}
	if i := d.live[path]; i != nil && os.SameFile(i.info, info) {
		return i
	}
	i := &inode{info: info, synced: info.Size()}
	d.live[path], d.durable[path] = i, i
	return i
}

func (d *disk) syncDir(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s: no directory to fsync", dir))
	}
	for path := range d.changes(dir) {
		if lost, ok := d.lost[path]; ok && lost == d.live[path] {
			continue
		}
		d.durable[path] = d.live[path]
		if d.live[path] == nil {
			delete(d.durable, path)
		}
	}
	return nil
}

func (d *disk) syncDirFailed(dir string) {
	for path := range d.changes(dir) {
		d.lost[path] = d.live[path]
	}
}

// changes returns the entries of dir that no fsync has made durable.
func (d *disk) changes(dir string) map[string]bool {
	changed := map[string]bool{}
	for _, entries := range []map[string]*inode{d.live, d.durable} {
		for path := range entries {
			if filepath.Dir(path) == dir && d.live[path] != d.durable[path] {
				changed[path] = true
			}
		}
	}
	return changed
}

// lines returns the lines that a crash would leave, whole, in some file.
func (d *disk) lines() map[string]bool {
	reachable := map[*inode]bool{}
	for path, i := range d.durable {
		if d.leads(path) {
			reachable[i] = true
		}
	}
	lines := map[string]bool{}
	for path, i := range d.live {
		if !reachable[i] {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if !isCompressed(path) {
			i.addLines(content, lines)
		} else if i.synced >= int64(len(content)) && len(i.lost) == 0 {
			for _, line := range bytes.SplitAfter(decompressed(path, content), []byte("\n")) {
				lines[string(line)] = true
			}
		}
	}
	return lines
}

// leads tells whether the directories before path are durable.
func (d *disk) leads(path string) bool {
	for dir := filepath.Dir(path); strings.HasPrefix(dir, d.root) && dir != d.root; dir = filepath.Dir(dir) {
		if d.live[dir] != d.durable[dir] {
			return false
		}
	}
	return true
}

func (i *inode) sync(size int64) { i.synced = max(i.synced, size) }

func (i *inode) syncFailed(size int64) {
	i.lost = append(i.lost, [2]int64{i.synced, size})
	i.synced = max(i.synced, size)
	i.errors++
}

func (i *inode) addLines(content []byte, lines map[string]bool) {
	start := int64(0)
	for _, line := range bytes.SplitAfter(content, []byte("\n")) {
		end := start + int64(len(line))
		lost := end > i.synced || slices.ContainsFunc(i.lost, func(r [2]int64) bool { return start < r[1] && r[0] < end })
		if !lost {
			lines[string(line)] = true
		}
		start = end
	}
}
