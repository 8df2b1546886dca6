package cli

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// find finds, for each file, the place up to which it was sent before: the
// farthest of those known with which it starts. So a file that is not known is
// sent from its beginning, whenever it turns up and whatever its name.
//
// A place that may have had more after it, and that none of the files has, is an
// error, as what came after it would be lost in silence.
func (s *state) find(files []part) error {
	if s.Files == nil && s.LastID != "" {
		if err := s.convert(files); err != nil {
			return err
		}
	}
	slices.SortFunc(s.Files, func(a, b *passed) int { return cmp.Compare(a.Length, b.Length) })
	found := make(map[*passed]bool)
	now := []*passed{} // not nil, which would be the state of an earlier version
	for i := range files {
		f := &files[i]
		if info, err := os.Stat(s.path); err == nil && os.SameFile(info, f.info) {
			return fmt.Errorf("%s: is the state, and no file of events: leave it out, or keep it elsewhere", s.path)
		}
		f.passed = &passed{File: f.path}
		var err error
		if f.passed.place, f.atEnd, err = s.farthest(f, found); err != nil {
			return err
		}
		f.complete = f.isComplete(files)
		f.passed.Complete = f.atEnd && (f.complete || slices.ContainsFunc(s.Files, func(p *passed) bool {
			return p.Complete && p.place == f.passed.place && p.File == f.path
		}))
		if f.passed.Length > 0 {
			now = append(now, f.passed)
		}
	}
	for _, p := range s.Files {
		if found[p] {
			continue
		}
		there := exists(p.File)
		name, _ := journalOf(p.File)
		given := slices.ContainsFunc(files, func(f part) bool { return f.journal == name })
		// A number in its name does not tell, if there are rotated files of that name.
		isLive := slices.ContainsFunc(files, func(f part) bool { return f.journal == p.File && f.rotated != neverRotated })
		complete := p.Complete && !isLive
		switch {
		case there && (complete || !given):
			now = append(now, p)
		case !complete:
			return fmt.Errorf("%s, of which the first %s bytes were sent, is in none of the files: nothing is sent. If it was rotated just now, run the command again; if it has another name, give that, too; if it is gone for good, so is what came after, and to go on without it take it out of %s",
				p.File, humanize.Comma(p.Length), s.path)
		}
	}
	s.Files = now
	return nil
}

// farthest returns the farthest known place with which the file starts, and
// whether that is its end, except for a line that is torn, or is being written. It
// notes all with which it starts.
func (s *state) farthest(f *part, found map[*passed]bool) (farthest place, atEnd bool, err error) {
	lines, err := f.lines()
	if err != nil {
		return farthest, false, err
	}
	defer lines.release()
	for _, p := range s.Files {
		ok, err := lines.startsWith(p.place)
		if err != nil {
			return farthest, false, err
		}
		if ok {
			farthest, found[p] = p.place, true
		}
	}
	if lines.passed == farthest.Length {
		if _, err = lines.next(); errors.Is(err, io.EOF) {
			kind, _, _ := parse(lines.rest())
			atEnd, err = kind == blank || kind == torn, nil
		}
	}
	return farthest, atEnd, err
}

// isComplete tells whether nothing can be appended to a file: it is compressed,
// or rotated, by the receiver or by others, who put a number into its name.
func (f *part) isComplete(files []part) bool {
	return f.compressed || f.rotated != neverRotated || slices.ContainsFunc(files, func(other part) bool {
		if filepath.Dir(f.path) != filepath.Dir(other.path) {
			return false
		}
		ext := filepath.Ext(other.path)
		rest, ok := strings.CutPrefix(f.path, strings.TrimSuffix(other.path, ext))
		rest = strings.TrimPrefix(rest, ext)
		return ok && len(rest) > 1 && strings.ContainsRune(".-_", rune(rest[0])) && rest[1] >= '0' && rest[1] <= '9'
	})
}

// exists tells whether there is something at that path, be it compressed by now.
func exists(path string) bool {
	for _, suffix := range suffixes {
		if _, err := os.Stat(path + suffix); err == nil {
			return true
		}
	}
	return false
}

// convert makes a state of this version of one that knows just the event that
// was sent last, and so says what was sent of one journal, if that event is in
// it once.
func (s *state) convert(files []part) error {
	again := fmt.Sprintf("begin with --since %s and another --state", s.Last.Format(time.RFC3339Nano))
	for _, f := range files {
		if f.journal != files[0].journal {
			return fmt.Errorf("%s: is of an earlier version, and can't tell what was sent of each of several journals, such as %s and %s: %s",
				s.path, files[0].journal, f.journal, again)
		}
	}
	var known []*passed
	times := 0
	for _, f := range files {
		lines, err := f.lines()
		if err != nil {
			return err
		}
		lines.sum = sha256.New()
		p := &passed{File: f.path}
		if times == 0 {
			known = append(known, p)
		}
		err = lines.each(func(l line) error {
			kind, e, _ := parse(l)
			if kind == stored && e.id == s.LastID {
				times++
			} else if times > 0 {
				return nil
			}
			if lines.ended || kind == stored {
				p.place = lines.place()
			}
			return nil
		})
		lines.release()
		if err != nil {
			return err
		}
	}
	switch {
	case times == 0:
		return fmt.Errorf("the event that was sent last, %s, is in none of the files: nothing is sent; if its file is gone for good, %s", s.LastID, again)
	case times > 1:
		return fmt.Errorf("%s: is of an earlier version, and knows just the id of the event that was sent last, %s, which is there %d times: %s", s.path, s.LastID, times, again)
	}
	s.Files = slices.DeleteFunc(known, func(p *passed) bool { return p.Length == 0 })
	return nil
}
