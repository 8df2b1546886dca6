package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// bodyForm is a body as it may have been sent, and what is to be done then.
type bodyForm struct {
	body   []byte
	remedy string
}

// bodyForms returns bodies of which something in between may have made this one.
// decoded is the body without its coding, or nil.
func bodyForms(body, decoded []byte) (forms []bodyForm) {
	const changed = "the signature is of the same body %s: a proxy or a firewall in front changes bodies, and must pass them on byte for byte"
	add := func(form []byte, what string) {
		if len(form) > 0 {
			forms = append(forms, bodyForm{form, fmt.Sprintf(changed, what)})
		}
	}
	if decoded != nil {
		forms = append(forms, bodyForm{decoded, "the signature is of the body before it was compressed: something in front compresses bodies and must not, or the sender signs what it has not compressed yet (with provider generic: {decoded} in content)"})
	}
	if payload := payloadOf(body); payload != nil {
		forms = append(forms, bodyForm{payload, "the signature is of what is in the form's field payload: have the sender use the content type application/json"})
	}
	trimmed := bytes.TrimRight(body, " \t\r\n")
	bom := []byte("\ufeff")
	add(trimmed, "without the white space at its end")
	add(append(bytes.Clone(trimmed), '\n'), "with a line feed at its end")
	add(append(bytes.Clone(trimmed), '\r', '\n'), "with a line break at its end")
	add(bytes.TrimPrefix(body, bom), "without the byte order mark")
	add(append(bytes.Clone(bom), body...), "with a byte order mark")
	add(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), "with line feeds where there are CR LF")
	add(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")), "with CR LF where there are line feeds")

	var compact bytes.Buffer
	if json.Compact(&compact, bytes.TrimPrefix(body, bom)) != nil {
		return forms
	}
	const anew = "before its JSON was written anew"
	spacings := [][]byte{compact.Bytes(), spaced(compact.Bytes())}
	for _, indent := range []string{"  ", "    ", "\t"} {
		var indented bytes.Buffer
		if json.Indent(&indented, compact.Bytes(), "", indent) == nil {
			spacings = append(spacings, indented.Bytes())
		}
	}
	for i, form := range spacings {
		add(form, anew)
		if i < 2 {
			for _, escaping := range []func([]byte) []byte{toASCII, fromASCII, escapeSlashes, unescapeSlashes} {
				add(escaping(form), anew)
			}
		}
	}
	return forms
}

// payloadOf returns the value of a form's field that has the event, with GitHub
// and Slack.
func payloadOf(body []byte) []byte {
	if !bytes.Contains(body, []byte("payload=")) {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return []byte(form.Get("payload"))
}

// spaced returns compact JSON with a space after each colon and comma, as Python
// writes it.
func spaced(compact []byte) []byte {
	var b []byte
	inString := false
	for i := 0; i < len(compact); i++ {
		c := compact[i]
		b = append(b, c)
		switch {
		case c == '\\' && inString && i+1 < len(compact):
			i++
			b = append(b, compact[i])
		case c == '"':
			inString = !inString
		case !inString && (c == ':' || c == ','):
			b = append(b, ' ')
		}
	}
	return b
}

// toASCII escapes all that is not ASCII, as Python and PHP do.
func toASCII(text []byte) []byte {
	var b []byte
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r < utf8.RuneSelf:
			b = append(b, text[i])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		i += n
	}
	return b
}

// fromASCII undoes what toASCII does.
func fromASCII(text []byte) []byte {
	var b []byte
	for i := 0; i < len(text); {
		r, n := escapedRune(text[i:])
		if n == 0 {
			b = append(b, text[i])
			if i++; text[i-1] == '\\' && i < len(text) {
				b = append(b, text[i])
				i++
			}
			continue
		}
		b = utf8.AppendRune(b, r)
		i += n
	}
	return b
}

// escapedRune returns the character above ASCII that a text begins with as \u…,
// and the length of that, or 0.
func escapedRune(text []byte) (r rune, n int) {
	r, n = jsonscan.Unescape(text)
	if n < len(`\u0000`) || r < utf8.RuneSelf || utf16.IsSurrogate(r) {
		return 0, 0
	}
	return r, n
}

// escapeSlashes writes \/ for /, as PHP does.
func escapeSlashes(text []byte) []byte {
	return bytes.ReplaceAll(unescapeSlashes(text), []byte("/"), []byte(`\/`))
}

func unescapeSlashes(text []byte) []byte { return bytes.ReplaceAll(text, []byte(`\/`), []byte("/")) }
