package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// maxDepth is the number of levels that a line may be nested: those of the
// receiver's events, and the envelope's.
const maxDepth = 10_000

// space is what JSON takes for white space.
const space = " \t\r\n"

// kind is what a line turns out to be.
type kind int

const (
	blank   kind = iota // nothing: left where a torn line was healed
	stored              // a CloudEvent
	raw                 // JSON that is no CloudEvent, as format raw has it
	torn                // the beginning of a line, left by a crash in mid-write; it was not acknowledged
	invalid             // anything else
)

// event is a stored CloudEvent. It shares the memory of its line.
type event struct {
	id, source, typ, subject string
	time                     time.Time   // zero where there is none
	timeText                 string      // the same, as it is stored
	contentType              string      // empty where there is none
	extensions               [][2]string // name and value, in their order
	data                     []byte      // JSON; nil where there is none
	base64                   bool        // data is a string of base64
}

// parse tells what a line is. Events and raw lines come with an event, of
// which raw ones have just the data; invalid lines with a reason.
func parse(l line) (kind, *event, error) {
	if l.long {
		return invalid, nil, fmt.Errorf("longer than %d bytes", maxLine)
	}
	text := bytes.Trim(l.text, space)
	if len(text) == 0 {
		return blank, nil, nil
	}
	if err := jsonscan.Check(text, maxDepth); err != nil {
		var value json.RawMessage
		if errors.Is(json.NewDecoder(bytes.NewReader(text)).Decode(&value), io.ErrUnexpectedEOF) {
			return torn, nil, errors.New("cut off")
		}
		return invalid, nil, err
	}

	e := new(event)
	version := ""
	var problem error
	isObject := jsonscan.Members(text, func(name string, value []byte) {
		switch name {
		case "specversion":
			version = string(value)
		case "data", "data_base64":
			if e.data != nil {
				problem = errors.New("more than one data")
			}
			e.data, e.base64 = value, name == "data_base64"
		default:
			if err := e.set(name, value); err != nil && problem == nil {
				problem = err
			}
		}
	})
	if !isObject || version == "" {
		return raw, &event{data: text}, nil
	}
	switch {
	case problem != nil:
	case version != `"1.0"`:
		problem = errors.New("specversion is not 1.0")
	case e.id == "" || e.source == "" || e.typ == "":
		problem = errors.New("without id, source or type")
	case e.base64:
		_, problem = e.body()
	}
	if problem != nil {
		return invalid, nil, problem
	}
	return stored, e, nil
}

// set sets an attribute.
func (e *event) set(name string, value []byte) (err error) {
	text := string(value)
	switch c := value[0]; {
	case c == '"':
		var ok bool
		if text, ok = jsonscan.Unquote(value); !ok {
			return fmt.Errorf("%s is not text", name)
		}
	case c == '{' || c == '[':
		return fmt.Errorf("%s is not an attribute", name)
	case text == "null": // as if it were missing
		return nil
	}
	switch name {
	case "id":
		e.id = text
	case "source":
		e.source = text
	case "type":
		e.typ = text
	case "subject":
		e.subject = text
	case "time":
		e.timeText = text
		e.time, err = time.Parse(time.RFC3339, text)
	case "datacontenttype":
		e.contentType = text
		if strings.ContainsFunc(text, unicode.IsControl) {
			return errors.New("datacontenttype has control characters")
		}
	default:
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || name == "" {
			return errors.New("a member that is no attribute")
		}
		e.extensions = append(e.extensions, [2]string{name, text})
	}
	return err
}

// body returns the event's data as the sender sent it.
func (e *event) body() ([]byte, error) {
	switch {
	case len(e.data) == 0:
		return nil, nil
	case e.base64:
		text, ok := jsonscan.Unquote(e.data)
		if !ok || e.data[0] != '"' {
			return nil, errors.New("data_base64 is not text")
		}
		return base64.StdEncoding.DecodeString(text)
	case e.data[0] == '"' && !isJSON(e.contentType):
		text, ok := jsonscan.Unquote(e.data)
		if !ok {
			return nil, errors.New("data is not text")
		}
		return []byte(text), nil
	}
	return e.data, nil
}

// isJSON tells whether data of that content type is JSON. It is JSON where
// nothing is said.
func isJSON(contentType string) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return contentType == "" || mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// filter is which events are wanted: those that fit all that is set.
type filter struct {
	since, until time.Time
	types, ids   []string
}

func (f *filter) wants(e *event) bool {
	return (f.since.IsZero() || !e.time.Before(f.since)) &&
		(f.until.IsZero() || e.time.Before(f.until)) &&
		(len(f.types) == 0 || slices.Contains(f.types, e.typ)) &&
		(len(f.ids) == 0 || slices.Contains(f.ids, e.id))
}
