package disk

import "maps"

const pageSize = 4096

// Image is what is on a disk. What was never written is zeros, and takes no
// memory.
type Image struct {
	size  int64
	pages map[int64]*[pageSize]byte // by number; they are replaced, never changed
}

// NewImage is an empty disk of that many bytes, a multiple of a page's.
func NewImage(size int64) *Image {
	return &Image{size, map[int64]*[pageSize]byte{}}
}

// Clone is a copy.
func (i *Image) Clone() *Image { return &Image{i.size, maps.Clone(i.pages)} }

// ReadAt reads what is there; offset and length are within the disk.
func (i *Image) ReadAt(b []byte, offset int64) {
	for len(b) > 0 {
		from := int(offset % pageSize)
		n := min(len(b), pageSize-from)
		if page := i.pages[offset/pageSize]; page != nil {
			copy(b, page[from:from+n])
		} else {
			clear(b[:n])
		}
		b, offset = b[n:], offset+int64(n)
	}
}

// WriteAt writes; offset and length are within the disk.
func (i *Image) WriteAt(b []byte, offset int64) {
	for len(b) > 0 {
		number, from := offset/pageSize, int(offset%pageSize)
		n := min(len(b), pageSize-from)
		page := new([pageSize]byte)
		if old := i.pages[number]; old != nil && n < pageSize {
			*page = *old
		}
		copy(page[from:], b[:n])
		i.pages[number] = page
		b, offset = b[n:], offset+int64(n)
	}
}
