package disk

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Device is a Disk that the kernel uses as a block device.
type Device struct {
	Path   string // such as /dev/loop3
	dir    string
	server *fuse.Server
}

// Plug makes the disk a block device: a loop device on a file that this process
// serves in dir, an empty directory. It needs root and /dev/fuse.
func (d *Disk) Plug(dir string) (*Device, error) {
	server, err := fs.Mount(dir, &root{disk: d}, &fs.Options{MountOptions: fuse.MountOptions{
		FsName: "disk", DirectMountStrict: true, DisableXAttrs: true,
		MaxWrite: 512 << 10, ExtraCapabilities: fuse.CAP_ASYNC_DIO, // writes overtake each other
	}})
	if err != nil {
		return nil, fmt.Errorf("serving the disk by /dev/fuse, as root: %w", err)
	}
	device := &Device{dir: dir, server: server}
	device.Path, err = run("losetup", "--find", "--show", "--direct-io=on", dir+"/"+file)
	if err != nil {
		return nil, errors.Join(err, device.Unplug())
	}
	return device, nil
}

// Release lets the device go when it is unmounted for the last time, whatever
// becomes of this process.
func (d *Device) Release() error {
	_, err := run("losetup", "--detach", d.Path)
	d.Path = ""
	return err
}

// Unplug ends the device, which must not be mounted.
func (d *Device) Unplug() error {
	var err error
	if d.Path != "" {
		err = d.Release()
	}
	if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() {
		d.server.Wait() // until the loop device, too, has closed the file
		close(gone)
	}()
	select {
	case <-gone:
		return err
	case <-time.After(20 * time.Second):
		return errors.Join(err, errors.New("somebody goes on using the disk"))
	}
}

// run runs a command and returns what it prints.
func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return text, nil
}

// file is the name of the one file in the directory.
const file = "disk.img"

type root struct {
	fs.Inode
	disk *Disk
}

func (r *root) OnAdd(ctx context.Context) {
	child := r.NewPersistentInode(ctx, &node{disk: r.disk}, fs.StableAttr{Mode: syscall.S_IFREG})
	r.AddChild(file, child, false)
}

// node is the file. It has no fallocate: what the kernel wants to be zeros it
// then writes.
type node struct {
	fs.Inode
	disk *Disk
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = 0o600, uint64(n.disk.size())
	return fs.OK
}

// Open keeps the page cache out: each write gets here when it is made.
func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, fs.OK
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, b []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	b = b[:max(0, min(int64(len(b)), n.disk.size()-offset))]
	n.disk.read(b, offset)
	return fuse.ReadResultData(b), fs.OK
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, b []byte, offset int64) (uint32, syscall.Errno) {
	if offset+int64(len(b)) > n.disk.size() {
		return 0, syscall.ENOSPC
	}
	n.disk.write(b, offset)
	return uint32(len(b)), fs.OK
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.disk.flush()
	return fs.OK
}

// Setattr is asked for when a file is opened to be written; the size stays.
func (n *node) Setattr(ctx context.Context, f fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.Getattr(ctx, f, out)
}
