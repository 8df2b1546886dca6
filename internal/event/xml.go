package event

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// Bounds on XML that is looked into, some of it before it is known who sent it.
const (
	maxXMLTokens = 10_000
	maxXMLDepth  = 32
	maxXML       = 1 << 20 // bytes of data
	maxXMLEquals = 10_000  // each may be an attribute, which takes fifty times the memory that it is sent in
)

var errXML = errors.New("it is no XML document that is taken")

// XMLTexts returns the texts of the elements of a document at a path, which has names below
// the root element and dots between them. Of several texts it returns the first two.
func XMLTexts(document []byte, path string) (texts []string, err error) {
	if bytes.Count(document, []byte("=")) > maxXMLEquals {
		return nil, errXML
	}
	var inside []string // the names of the elements around, the root's first
	var text strings.Builder
	want := strings.Split(path, ".")
	isWanted := func() bool { return len(inside) == len(want)+1 && slices.Equal(inside[1:], want) }
	d := xml.NewDecoder(bytes.NewReader(document))
	for range maxXMLTokens {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return texts, nil
		case err != nil:
			return nil, errXML
		}
		switch token := token.(type) {
		case xml.StartElement:
			if inside = append(inside, token.Name.Local); len(inside) > maxXMLDepth {
				return nil, errXML
			}
			if isWanted() {
				text.Reset()
			}
		case xml.CharData:
			if isWanted() {
				text.Write(token)
			}
		case xml.EndElement:
			if isWanted() && len(texts) < 2 {
				texts = append(texts, text.String())
			}
			inside = inside[:len(inside)-1]
		}
	}
	return nil, errXML
}

// XMLText returns the texts at a path in the event's data, where they are XML.
func XMLText(e *Event, path string) []string {
	if e == nil || e.DataKind != DataText || len(e.Data) > maxXML {
		return nil
	}
	texts, err := XMLTexts(e.Data, path)
	if err != nil {
		return nil
	}
	return texts
}
