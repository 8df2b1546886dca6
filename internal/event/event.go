// Package event is the event that is received: a CloudEvent, made of a request's
// body, and its encodings. It knows nothing of how requests are verified.
package event

import (
	"bytes"
	"errors"
	"mime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

const (
	// MaxDepth leaves readers with the usual limit of 10,000 levels room for
	// the envelope.
	MaxDepth = 9000

	// maxAttribute is the length, in bytes, of the longest attribute taken from
	// a request.
	maxAttribute = 1 << 10

	// MaxFormFields is the largest number of fields in a form that is looked at field
	// by field: that is done before it is known who sent it.
	MaxFormFields = 1000

	AcceptJSON = "json" // JSON is taken for an event
	AcceptAny  = "any"  // any body is taken for an event

	ContentTypeJSON = "application/json"                  // the media type of JSON
	ContentTypeForm = "application/x-www-form-urlencoded" // the media type of forms

	// ContentTypeUnknown is that of data whose media type was not sent, or is none.
	ContentTypeUnknown = "application/octet-stream"

	timeFormat = "2006-01-02T15:04:05.000000Z07:00" // RFC 3339
)

// ReservedAttributes are the members of a CloudEvent that the receiver sets,
// or that CloudEvents gives a meaning of their own.
var ReservedAttributes = []string{
	"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", BodySent, DedupeKey, DeliveryDepth,
}

// Extension attributes that the receiver sets, unless the config has one of the name.
const (
	HTTPHeaders  = "httpheaders"  // method, path and header fields of the request
	Verification = "verification" // what was checked
	Receiver     = "receiver"     // its name
	SigningKey   = "signingkey"   // SHA-256 of the public key, where it is one that the event named
)

// What HTTPHeaders has beside header fields: pseudo headers, as in HTTP/2, and what stands
// for a value that may be a secret.
const (
	HeaderMethod = ":method"
	HeaderPath   = ":path" // with the query
	Redacted     = "REDACTED"
)

// DedupeKey is the extension attribute with the hash of what makes an event the same
// as another.
const DedupeKey = "dedupekey"

// DeliveryDepth is the extension attribute that tells through how many deliveries the
// event has come, if through any.
const DeliveryDepth = "deliverydepth"

// The values of Verification.
const (
	VerifiedSignature = "signature" // the body, under a key of the account's
	VerifiedPartial   = "partial"   // the body, or a part of it, is not signed
	VerifiedService   = "service"   // the key is the service's, so anybody's event is signed with it
	VerifiedToken     = "token"     // the secret itself was sent
)

// DataKind says what an event's Data is, and so how it stands in JSON.
type DataKind int

const (
	DataJSON   DataKind = iota // a JSON value, which is the data member
	DataText                   // UTF-8 text, of which the data member is a string
	DataBinary                 // anything else, of which the data_base64 member is a string
)

// Attribute is a CloudEvents attribute, by its name and its value as text.
type Attribute struct {
	Name  string // lower-case letters and digits
	Value string // never empty
}

// Event is a webhook as a CloudEvent (specification version 1.0). Outputs share
// it, so they must not change it.
type Event struct {
	ID              string      // the provider's delivery id, else a UUIDv7
	Source          string      // public_url, else the request's URL without the query
	Type            string      // the provider's type, else "webhook"
	Subject         string      // may be empty
	Time            time.Time   // when the request came
	DataContentType string      // a media type
	Extensions      []Attribute // no name comes twice, and no value is empty
	DataKind        DataKind    // how Data is put into a JSON envelope
	Data            []byte      // as sent, line breaks included, less white space around JSON
	Body            []byte      // the decoded body: Data, with the white space around JSON

	doc    jsonscan.Doc // of JSON data
	isForm bool         // the data are text, or binary, that is a form, of not too many fields

	sent      []byte // the body as sent
	sentForm  sentForm
	sentSize  int       // of the text for sentForm, at most
	hasLayout bool      // that text is in layout
	layout    [160]byte // room for it, where it is a layout that can't be longer

	mu              sync.Mutex
	cloudEvent, raw *line // nil while nobody has asked for it
}

// MaxBinary is the length, in bytes, of the longest attribute in binary mode: servers
// and clients have limits on headers, mostly of 8 KiB or more for all of them.
const MaxBinary = 4 << 10

// Attributes returns the event's attributes that have a value, as a protocol
// binding's binary mode carries them, with Body: specversion, id, source, type,
// subject, time, datacontenttype, then the extensions that are no longer than 4 KiB.
func (e *Event) Attributes() []Attribute {
	attributes := append(make([]Attribute, 0, 7+len(e.Extensions)),
		Attribute{"specversion", "1.0"},
		Attribute{"id", e.ID},
		Attribute{"source", e.Source},
		Attribute{"type", e.Type},
	)
	if e.Subject != "" {
		attributes = append(attributes, Attribute{"subject", e.Subject})
	}
	attributes = append(attributes,
		Attribute{"time", e.Time.UTC().Format(timeFormat)},
		Attribute{"datacontenttype", e.DataContentType},
	)
	for _, x := range e.Extensions {
		if len(x.Value) <= MaxBinary {
			attributes = append(attributes, x)
		}
	}
	return attributes
}

// SetData sets the event's data from a decoded body.
func SetData(e *Event, body []byte, contentType, accept string) error {
	if len(body) == 0 {
		return outcome.Malformed(errors.New("the body is empty"))
	}
	e.Body = body
	mediaType, err := contentType, error(nil)
	if contentType != ContentTypeJSON {
		// A media type with bad parameters comes with an error, but it comes.
		mediaType, _, err = mime.ParseMediaType(contentType)
	}
	declaresJSON := IsJSONMediaType(mediaType)

	if accept == AcceptJSON || declaresJSON || contentType == "" {
		jsonErr := e.doc.Parse(bytes.TrimPrefix(body, []byte(bom)), MaxDepth)
		if jsonErr == nil {
			e.DataKind, e.Data, e.DataContentType = DataJSON, e.doc.Value, ContentTypeJSON
			return nil
		}
		switch {
		case accept == AcceptJSON && mediaType == ContentTypeForm:
			return outcome.Malformed(errors.New("the body is a form, which accept json does not take, and accept any does"))
		case accept == AcceptJSON:
			return outcome.Malformed(jsonErr)
		}
	}

	e.DataKind, e.Data, e.DataContentType = DataBinary, body, ContentTypeUnknown
	if !declaresJSON && utf8.Valid(body) {
		e.DataKind = DataText
	}
	e.isForm = mediaType == ContentTypeForm && bytes.Count(body, []byte("&")) < MaxFormFields
	if err == nil && strings.Contains(mediaType, "/") && IsAttribute(contentType) {
		e.DataContentType = contentType
	}
	return nil
}

// IsJSONMediaType tells whether a media type is that of JSON, or of a format in it.
func IsJSONMediaType(mediaType string) bool {
	return strings.HasSuffix(mediaType, "/json") || strings.HasSuffix(mediaType, "+json")
}

// IsForm tells whether the data are a form that is not too large to be looked into.
func IsForm(e *Event) bool { return e.isForm }

// IsContainer tells whether the data are a JSON object or array.
func IsContainer(e *Event) bool {
	return e.DataKind == DataJSON && (e.Data[0] == '{' || e.Data[0] == '[')
}

// Field returns the string or number at path, which has dots in it, in the event's data, or nothing
// if there is none that can be an attribute.
func Field(e *Event, path string) string {
	if text, ok := Text(e, path); ok && IsAttribute(text) {
		return text
	}
	return ""
}

// Text returns the string, or the literal of the number, at path in the event's
// data.
func Text(e *Event, path string) (text string, ok bool) {
	if e == nil || e.DataKind != DataJSON {
		return "", false
	}
	return JSONText(&e.doc, path)
}

// FirstKey returns the first key of a JSON object except that one, or nothing.
func FirstKey(e *Event, except string) (first string) {
	if e == nil || e.DataKind != DataJSON {
		return ""
	}
	jsonscan.Members(e.Data, func(key string, _ []byte) {
		if first == "" && key != except {
			first = key
		}
	})
	return first
}

// IsEmptyArray tells whether there is an array without elements at path in the event's data.
func IsEmptyArray(e *Event, path string) bool {
	if e == nil || e.DataKind != DataJSON || len(e.doc.Value) == 0 {
		return false
	}
	value := e.doc.Get(path)
	return len(value) > 0 && value[0] == '[' && jsonscan.Len(value) == 0
}

// JSONText returns the string, or the literal of the number, at path in a
// document.
func JSONText(doc *jsonscan.Doc, path string) (text string, ok bool) {
	if len(doc.Value) == 0 {
		return "", false
	}
	return Scalar(doc.Get(path))
}

// maxScalar is the length, in bytes, of the longest string or number in a body that
// is looked at: it is copied for that, and nothing that has a use is as long.
const maxScalar = 64 << 10

// Scalar returns the text of a JSON string, or the literal of a number.
func Scalar(raw []byte) (text string, ok bool) {
	if len(raw) > maxScalar {
		return "", false
	}
	return longScalar(raw)
}

// LongText returns the text of a string or number at path in the event's data, however
// long it is, or nothing.
func LongText(e *Event, path string) string {
	if e == nil || e.DataKind != DataJSON || len(e.doc.Value) == 0 {
		return ""
	}
	text, _ := longScalar(e.doc.Get(path))
	return text
}

func longScalar(raw []byte) (text string, ok bool) {
	switch {
	case len(raw) == 0:
		return "", false
	case raw[0] == '"':
		return jsonscan.Unquote(raw)
	}
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return "", false
	}
	return string(raw), true
}

// IsAttribute tells whether CloudEvents allows s as the value of an attribute,
// and it is no longer than one taken from a request may be. Readers such as the
// CloudEvents SDK for Go take white space alone for an empty value.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
func IsAttribute(s string) bool {
	if strings.TrimSpace(s) == "" || len(s) > maxAttribute || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r < 0x20, 0x7f <= r && r <= 0x9f: // control characters
			return false
		case 0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
			return false
		}
	}
	return true
}
