package reader

// IsAhead tells whether a line comes after the place up to which was read. Its position must say what its file
// is called by now.
func (t *Track) IsAhead(p Position) bool {
	switch f := t.current; {
	case t.last.File != (Fingerprint{}) && t.last.File == p.File:
		return p.Offset >= t.last.End()
	case f != nil && f.print != (Fingerprint{}) && f.print == p.File:
		return p.Offset >= f.offset
	}
	return p.Rotated.After(t.floor)
}
