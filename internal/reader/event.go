package reader

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
	"unicode"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// MaxDepth is the number of levels that a line may be nested: those of the
// receiver's events, and the envelope's.
const MaxDepth = 10_000

// space is what JSON takes for white space.
const space = " \t\r\n"

// Kind is what a line turns out to be.
type Kind int

// The kinds of lines.
const (
	Blank   Kind = iota // nothing: left where a torn line was healed
	Stored              // a CloudEvent
	Raw                 // JSON that is no CloudEvent, as format raw has it
	Torn                // the beginning of a line, left by a crash in mid-write; it was not acknowledged
	Invalid             // anything else
)

// Kinds is how many there are.
const Kinds = int(Invalid) + 1

// Event is a stored CloudEvent. It shares the memory of its line.
type Event struct {
	ID, Source, Type, Subject string
	Time                      time.Time   // zero where there is none
	TimeText                  string      // the same, as it is stored
	ContentType               string      // empty where there is none
	Extensions                [][2]string // name and value, in their order
	Data                      []byte      // JSON; nil where there is none
	Base64                    bool        // Data is a string of base64
	Text                      []byte      // the whole line, without white space around it
}

// Parse tells what a line is. Events and raw lines come with an event, of
// which raw ones have just the data; invalid lines with a reason.
func Parse(l Line) (Kind, *Event, error) {
	if l.Long {
		return Invalid, nil, fmt.Errorf("longer than %d bytes", maxLine)
	}
	text := bytes.Trim(l.Text, space)
	if len(text) == 0 {
		return Blank, nil, nil
	}
	if err := jsonscan.Check(text, MaxDepth); err != nil {
		var value json.RawMessage
		if errors.Is(json.NewDecoder(bytes.NewReader(text)).Decode(&value), io.ErrUnexpectedEOF) {
			return Torn, nil, errors.New("cut off")
		}
		return Invalid, nil, err
	}

	e := &Event{Text: text}
	version := ""
	var problem error
	isObject := jsonscan.Members(text, func(name string, value []byte) {
		switch name {
		case "specversion":
			version = string(value)
		case "data", "data_base64":
			if e.Data != nil {
				problem = errors.New("more than one data")
			}
			e.Data, e.Base64 = value, name == "data_base64"
		default:
			if err := e.set(name, value); err != nil && problem == nil {
				problem = err
			}
		}
	})
	if !isObject || version == "" {
		return Raw, &Event{Data: text, Text: text}, nil
	}
	switch {
	case problem != nil:
	case version != `"1.0"`:
		problem = errors.New("specversion is not 1.0")
	case e.ID == "" || e.Source == "" || e.Type == "":
		problem = errors.New("without id, source or type")
	case e.Base64:
		_, problem = e.Body()
	}
	if problem != nil {
		return Invalid, nil, problem
	}
	return Stored, e, nil
}

// set sets an attribute.
func (e *Event) set(name string, value []byte) (err error) {
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
		e.ID = text
	case "source":
		e.Source = text
	case "type":
		e.Type = text
	case "subject":
		e.Subject = text
	case "time":
		e.TimeText = text
		e.Time, err = time.Parse(time.RFC3339, text)
	case "datacontenttype":
		e.ContentType = text
		if strings.ContainsFunc(text, unicode.IsControl) {
			return errors.New("datacontenttype has control characters")
		}
	default:
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || name == "" {
			return errors.New("a member that is no attribute")
		}
		e.Extensions = append(e.Extensions, [2]string{name, text})
	}
	return err
}

// Attribute returns the value of an extension attribute, which is empty where
// there is none. Of several of one name it is the last one's.
func (e *Event) Attribute(name string) string {
	for i := len(e.Extensions) - 1; i >= 0; i-- {
		if e.Extensions[i][0] == name {
			return e.Extensions[i][1]
		}
	}
	return ""
}

// Body returns the event's data as the sender sent it.
func (e *Event) Body() ([]byte, error) {
	switch {
	case len(e.Data) == 0:
		return nil, nil
	case e.Base64:
		text, ok := jsonscan.Unquote(e.Data)
		if !ok || e.Data[0] != '"' {
			return nil, errors.New("data_base64 is not text")
		}
		return base64.StdEncoding.DecodeString(text)
	case e.Data[0] == '"' && !isJSON(e.ContentType):
		text, ok := jsonscan.Unquote(e.Data)
		if !ok {
			return nil, errors.New("data is not text")
		}
		return []byte(text), nil
	}
	return e.Data, nil
}

// isJSON tells whether data of that content type is JSON. It is JSON where
// nothing is said.
func isJSON(contentType string) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return contentType == "" || mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}
