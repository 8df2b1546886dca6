package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// findPlaces finds, for each file, the place up to which it was sent before: the
// farthest of those known with which it starts. So a file that is not known is
// sent from its beginning, whenever it turns up and whatever its name.
//
// A place that may have had more after it, and that none of the files has, except
// for a copy, is an error, as what came after it would be lost in silence.
func (s *state) findPlaces(files []part) error {
	if s.Files == nil && s.LastID != "" {
		if err := s.convert(files); err != nil {
			return err
		}
	}
	slices.SortFunc(s.Files, func(a, b *cursor) int { return cmp.Compare(a.Length, b.Length) })
	found := make(map[*cursor][]*part) // in which files
	now := []*cursor{}                 // not nil, which would be the state of an earlier version
	own, ownErr := os.Stat(s.path)
	for i := range files {
		f := &files[i]
		if ownErr == nil && os.SameFile(own, f.info) {
			return fmt.Errorf("%s: is the state, and no file of events: leave it out, or keep it elsewhere", s.path)
		}
		if err := s.findFarthest(f, found); err != nil {
			return err
		}
		f.complete = f.compressed || f.rotated != reader.NeverRotated || slices.ContainsFunc(s.Files, func(p *cursor) bool {
			return slices.Contains(found[p], f) && f.numbered(p)
		})
		f.cursor.Rotated = f.complete
		f.cursor.Complete = f.atEnd && f.complete
		if f.cursor.Length > 0 {
			now = append(now, f.cursor)
		}
	}
	for _, p := range s.Files {
		isGiven := slices.ContainsFunc(files, func(f part) bool { return f.path == p.File })
		if p.isIn(found[p], isGiven) {
			continue
		}
		there := exists(p.File)
		name, _ := reader.JournalOf(p.File)
		given := slices.ContainsFunc(files, func(f part) bool { return f.journal == name })
		// A number in its name does not tell, if there are rotated files of that name.
		isLive := slices.ContainsFunc(files, func(f part) bool { return f.journal == p.File && f.rotated != reader.NeverRotated })
		complete := p.Complete && !isLive
		switch {
		case complete && isGiven: // and is another file by now
		case there && (complete || !given):
			now = append(now, p)
		case !complete && len(found[p]) > 0:
			return fmt.Errorf("%s, of which the first %s bytes were sent, is another file by now, and %s, which starts with them, may be a copy without what came after: nothing is sent. If it is no copy, but was renamed, put its new name into %s; %s",
				p.File, humanize.Comma(p.Length), found[p][0].path, s.path, goOn(s.path))
		case !complete:
			return fmt.Errorf("%s, of which the first %s bytes were sent, is in none of the files: nothing is sent. If it was rotated just now, run the command again; if it has another name, give that, too; %s",
				p.File, humanize.Comma(p.Length), goOn(s.path))
		}
	}
	s.Files = now
	return nil
}

// goOn says how to go on without a file, or with what is left of it.
func goOn(state string) string {
	return fmt.Sprintf("if it is gone for good, so is what came after, and to go on without it take it out of %s; do so, too, if a crash took its end: what is left of it is sent again, as a whole", state)
}

// isIn tells whether one of the files that start with what was sent is the file
// that it was sent of. Where that one's name is another file's by now, it was
// rotated; else what starts with the same is a copy, which may lack what came after.
func (p *cursor) isIn(files []*part, isGiven bool) bool {
	return slices.ContainsFunc(files, func(f *part) bool {
		return p.Complete || !isGiven || f.path == p.File || f.complete
	})
}

// findFarthest finds the farthest known place with which the file starts, and
// whether that is its end, except for a line that is torn, or is being written. It
// notes all with which it starts.
func (s *state) findFarthest(f *part, found map[*cursor][]*part) error {
	lines, err := f.lines()
	if err != nil {
		return err
	}
	defer func() { lines.Release() }()
	f.cursor = &cursor{File: f.path}
	for _, p := range s.Files {
		ok, err := lines.StartsWith(p.Place)
		if err != nil {
			return err
		}
		if ok {
			f.cursor.Place, found[p] = p.Place, append(found[p], f)
		}
	}
	if lines.Offset() > f.cursor.Length { // looking for others
		lines.Release()
		again, err := f.unsent()
		if err != nil {
			return err
		}
		lines = again
	}
	if _, err = lines.Next(); errors.Is(err, io.EOF) {
		kind, _, _ := reader.Parse(lines.Rest())
		f.atEnd, err = kind == reader.Blank || kind == reader.Torn, nil
	}
	return err
}

// numbered tells whether a file that starts with p was rotated by logrotate, so
// that nothing can be appended to it. The number in its name alone does not tell,
// as a live file may have one: it was known by the name without, or by another
// number.
func (f *part) numbered(p *cursor) bool {
	live, ok := unnumbered(f.path)
	if !ok {
		return false
	}
	before, ok := unnumbered(p.File)
	return p.File == live || ok && before == live && (p.Rotated || p.File != f.path)
}

// logrotateName is events.jsonl.1 or events.jsonl-20261123, or what else its option
// dateformat makes of a date, and with its option extension events.1.jsonl or
// events-20261123.jsonl.
var logrotateName = regexp.MustCompile(`^(.+?)(?:\.\d+|-\d{4}-?\d\d-?\d\d[-\d]*)(\.[^.\d][^.]*)?$`)

// unnumbered returns the path of the live file of one that has such a name.
func unnumbered(path string) (live string, ok bool) {
	dir, name := filepath.Split(path)
	for _, suffix := range files.Endings {
		name = strings.TrimSuffix(name, suffix)
	}
	m := logrotateName.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return dir + m[1] + m[2], true
}

// exists tells whether there is something at that path, be it compressed by now.
func exists(path string) bool {
	for _, suffix := range files.Endings {
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
	var known []*cursor
	times := 0
	for _, f := range files {
		lines, err := f.lines()
		if err != nil {
			return err
		}
		lines.Hash()
		p := &cursor{File: f.path}
		if times == 0 {
			known = append(known, p)
		}
		err = lines.Each(func(l reader.Line) error {
			kind, e, _ := reader.Parse(l)
			if kind == reader.Stored && e.ID == s.LastID {
				times++
			} else if times > 0 {
				return nil
			}
			if lines.Ended() || kind == reader.Stored {
				p.Place = lines.Place()
			}
			return nil
		})
		lines.Release()
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
	s.Files = slices.DeleteFunc(known, func(p *cursor) bool { return p.Length == 0 })
	return nil
}
