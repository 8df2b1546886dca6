package jsonscan

import (
	"math"
	"strings"
)

// indexed is how many of the outermost object's keys a Doc notes.
const indexed = 16

// Doc is a JSON text that has passed Check. In the same pass it was noted where
// the outermost object's first keys are, so that Get finds those without one of
// its own.
type Doc struct {
	Value []byte // the text without the white space around it

	keys [indexed]key
	n    int // how many keys there are, of which only the first may be noted
}

// key is where a key and what belongs to it begin, and the key ends, in a Value.
type key struct{ begin, end, value uint32 }

// Parse checks data as Check does.
func (d *Doc) Parse(data []byte, maxDepth int) error {
	d.n = 0
	var few [32]bool
	inObject := few[:0] // for each open array or object, which of the two it is
	begin := skipSpace(data, 0)
	i := begin
	for {
		// A value is due at i.
		var err error
		switch c := at(data, i); {
		case c == '{' || c == '[':
			if len(inObject) == maxDepth {
				return ErrTooDeep
			}
			inObject = append(inObject, c == '{')
			i = skipSpace(data, i+1)
			if at(data, i) == c+2 { // '}' and ']' come two after '{' and '['
				break
			}
			if c == '{' {
				if i, err = d.scanKey(data, i, begin, len(inObject)); err != nil {
					return err
				}
			}
			continue
		case c == '"':
			i, err = scanString(data, i)
		case c == '-' || isDigit(c):
			i, err = scanNumber(data, i)
		default:
			i, err = scanLiteral(data, i)
		}
		if err != nil {
			return err
		}

		// A value has ended at i, or an array or object is about to.
		for {
			if len(inObject) == 0 {
				d.Value = data[begin:i]
				if i = skipSpace(data, i); i < len(data) {
					return syntaxError(i)
				}
				return nil
			}
			i = skipSpace(data, i)
			object := inObject[len(inObject)-1]
			c := at(data, i)
			if object && c == '}' || !object && c == ']' {
				inObject = inObject[:len(inObject)-1]
				i++
				continue
			}
			if c != ',' {
				return syntaxError(i)
			}
			i = skipSpace(data, i+1)
			if object {
				if i, err = d.scanKey(data, i, begin, len(inObject)); err != nil {
					return err
				}
			}
			break
		}
	}
}

// scanKey goes past a key, its colon, and the white space after it. It notes
// those of the value that begins at begin.
func (d *Doc) scanKey(data []byte, i, begin, depth int) (int, error) {
	end, err := scanString(data, i)
	if err != nil {
		return end, err
	}
	value := skipSpace(data, end)
	if at(data, value) != ':' {
		return value, syntaxError(value)
	}
	value = skipSpace(data, value+1)
	if depth == 1 {
		if d.n < indexed && value-begin <= math.MaxUint32 {
			d.keys[d.n] = key{uint32(i - begin), uint32(end - begin), uint32(value - begin)}
			d.n++
		} else {
			d.n = indexed + 1
		}
	}
	return value, nil
}

// Get returns the value that path leads to, whose elements are separated by
// dots, as the function Get does.
func (d *Doc) Get(path string) []byte {
	name, rest, more := strings.Cut(path, ".")
	value := d.member(name)
	for more {
		name, rest, more = strings.Cut(rest, ".")
		value = child(value, name)
	}
	return value[:skipValue(value, 0)]
}

// member returns what begins with the value of that name.
func (d *Doc) member(name string) []byte {
	if d.n == 0 || d.n > indexed {
		return child(d.Value, name)
	}
	for n := d.n - 1; n >= 0; n-- { // of repeated keys the last one counts
		if k := d.keys[n]; isKey(d.Value[k.begin:k.end], name) {
			return d.Value[k.value:]
		}
	}
	return nil
}
