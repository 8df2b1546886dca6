package event

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// BodySent is the extension attribute with what data lacks of the body as it was
// sent. It is there only where something is lacking, and is one of two texts:
//
//   - <before>|<line feeds>|<carriage returns>|<after>, of data that is JSON. White space
//     around it, and a byte order mark, are letters: s is a space, t a tab, n a line feed,
//     r a carriage return, B the mark. Line breaks in it, which are spaces in the line, are
//     distances: how many bytes there are between one and the next of its kind, each a
//     number in base 32, the lowest digit first, of the digits of base64url, whose first 32
//     end a number.
//   - the body in base64, where it was compressed, and where that is shorter.
const BodySent = "bodysent"

// bom is the byte order mark in UTF-8, which is allowed in front of JSON.
const bom = "\ufeff"

// spaceLetters stand for what is around JSON: for the byte at the same place of
// spaceBytes, and for bom.
const (
	spaceLetters = "stnr"
	spaceBytes   = " \t\n\r"
	bomLetter    = 'B'
)

// distanceDigits are the digits of distances, first those that end a number.
const distanceDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var errNotAsStored = errors.New(BodySent + " does not fit data: the line is not as it was stored")

// sentForm is what there is to say of a body as it was sent.
type sentForm int

const (
	sentAsData sentForm = iota // nothing
	sentLayout
	sentBase64
)

// SetSent notes how the body of the event's data was sent; coded tells whether it was
// compressed. It must not change until the event is stored.
func SetSent(e *Event, sent []byte, coded bool) {
	e.sent, e.sentForm, e.sentSize, e.hasLayout = sent, sentAsData, 0, false
	inBase64 := base64.StdEncoding.EncodedLen(len(sent))
	if coded {
		e.sentForm, e.sentSize = sentBase64, inBase64
		return
	}
	if e.DataKind != DataJSON {
		return
	}
	breaks := bytes.Count(e.Data, []byte("\n")) + bytes.Count(e.Data, []byte("\r"))
	if len(sent) == len(e.Data) && breaks == 0 {
		return
	}
	before, after := around(sent, len(e.Data))
	size := lettersSize(before) + lettersSize(after) + len("|||")
	if size+breaks*digitsFor(len(e.Data)) <= len(e.layout) {
		size, e.hasLayout = len(e.appendLayout(e.layout[:0])), true
	} else {
		for i := range lineBreaks {
			size += distancesSize(e.Data, lineBreaks[i])
		}
	}
	if e.sentForm, e.sentSize = sentLayout, size; size > inBase64 {
		e.sentForm, e.sentSize = sentBase64, inBase64
	}
}

// SentAs returns the value of BodySent, which is empty where nothing is lacking.
func SentAs(e *Event) string {
	if e.sentForm == sentAsData {
		return ""
	}
	return string(e.appendSent(make([]byte, 0, e.sentSize)))
}

// appendSent appends the value of BodySent.
func (e *Event) appendSent(dst []byte) []byte {
	if e.sentForm == sentBase64 {
		return base64.StdEncoding.AppendEncode(dst, e.sent)
	}
	if e.hasLayout {
		return append(dst, e.layout[:e.sentSize]...)
	}
	return e.appendLayout(dst)
}

func (e *Event) appendLayout(dst []byte) []byte {
	before, after := around(e.sent, len(e.Data))
	dst = appendLetters(dst, before)
	for i := range lineBreaks {
		dst = appendDistances(append(dst, '|'), e.Data, lineBreaks[i])
	}
	return appendLetters(append(dst, '|'), after)
}

const lineBreaks = "\n\r"

// appendDistances appends how many bytes there are between one c and the next.
func appendDistances(dst, data []byte, c byte) []byte {
	for {
		distance := bytes.IndexByte(data, c)
		if distance < 0 {
			return dst
		}
		data = data[distance+1:]
		for ; distance >= 32; distance /= 32 {
			dst = append(dst, distanceDigits[32+distance%32])
		}
		dst = append(dst, distanceDigits[distance])
	}
}

func distancesSize(data []byte, c byte) (size int) {
	for {
		distance := bytes.IndexByte(data, c)
		if distance < 0 {
			return size
		}
		data = data[distance+1:]
		size += digitsFor(distance + 1)
	}
}

// digitsFor returns how many digits a distance below length has at most.
func digitsFor(length int) int {
	digits := 1
	for length--; length >= 32; length /= 32 {
		digits++
	}
	return digits
}

// around returns what is before and after a JSON value of that size in a body.
func around(body []byte, size int) (before, after []byte) {
	end := len(bytes.TrimRight(body, spaceBytes))
	return body[:end-size], body[end:]
}

// appendLetters appends the letters for what is around JSON.
func appendLetters(dst, around []byte) []byte {
	if rest := bytes.TrimPrefix(around, []byte(bom)); len(rest) < len(around) {
		dst, around = append(dst, bomLetter), rest
	}
	for _, c := range around {
		dst = append(dst, spaceLetters[strings.IndexByte(spaceBytes, c)])
	}
	return dst
}

func lettersSize(around []byte) int {
	if rest := bytes.TrimPrefix(around, []byte(bom)); len(rest) < len(around) {
		return 1 + len(rest)
	}
	return len(around)
}

// Restore returns a body as it was sent, of its decoded data, as they are in a stored
// line, and the line's BodySent, which may be missing.
func Restore(data []byte, sent string) ([]byte, error) {
	if sent == "" {
		return data, nil
	}
	layout := strings.Split(sent, "|")
	if len(layout) == 1 {
		body, err := base64.StdEncoding.DecodeString(sent)
		if err != nil {
			return nil, errNotAsStored
		}
		return body, nil
	}
	if len(layout) != 4 {
		return nil, errNotAsStored
	}
	body, err := appendAround(make([]byte, 0, len(layout[0])+len(bom)+len(data)+len(layout[3])), layout[0])
	if err != nil {
		return nil, err
	}
	begin := len(body)
	body = append(body, data...)
	for i := range lineBreaks {
		if err := putBack(body[begin:], lineBreaks[i], layout[1+i]); err != nil {
			return nil, err
		}
	}
	// Where the data were changed a space may be in a string.
	if jsonscan.Check(body[begin:], MaxDepth) != nil {
		return nil, errNotAsStored
	}
	return appendAround(body, layout[3])
}

// appendAround appends what letters stand for.
func appendAround(body []byte, letters string) ([]byte, error) {
	for i := range len(letters) {
		switch space := strings.IndexByte(spaceLetters, letters[i]); {
		case space >= 0:
			body = append(body, spaceBytes[space])
		case letters[i] == bomLetter && len(body) == 0:
			body = append(body, bom...)
		default:
			return nil, errNotAsStored
		}
	}
	return body, nil
}

// putBack puts line breaks where spaces took their places.
func putBack(data []byte, lineBreak byte, distances string) error {
	for distances != "" {
		distance, shift := 0, 0
		for {
			if distances == "" || shift > 25 {
				return errNotAsStored
			}
			digit := strings.IndexByte(distanceDigits, distances[0])
			distances = distances[1:]
			if digit < 0 {
				return errNotAsStored
			}
			distance |= digit % 32 << shift
			if shift += 5; digit < 32 {
				break
			}
		}
		if distance >= len(data) || data[distance] != ' ' {
			return errNotAsStored
		}
		data[distance] = lineBreak
		data = data[distance+1:]
	}
	return nil
}
