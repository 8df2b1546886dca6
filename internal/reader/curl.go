package reader

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxArgument is the length, in bytes, of the longest body that is an argument of the
// curl command: Linux takes 128 KiB for one.
const maxArgument = 100 << 10

// Curl returns a command for a POSIX shell that sends the request again, and the names of the header fields
// that it leaves out, as they were not stored.
func (r *Request) Curl() (command string, left []string) {
	target, _, _ := strings.Cut(r.Target, "?")
	if path, err := url.PathUnescape(target); err == nil && path != r.URL.Path {
		target = r.URL.EscapedPath() // of a public_url, below which a proxy has another path for it
	}
	options := ""
	if strings.Contains(target, "/.") { // perhaps a dot segment, which curl would resolve
		options = " --path-as-is"
	}
	if query := r.Query(); query != "" {
		target += "?" + query
	}
	target = strings.NewReplacer("#", "%23", " ", "%20").Replace(target) // which curl would not send
	command = "curl --globoff" + options + " --url " + quote(r.URL.Scheme+"://"+r.URL.Host+target)
	if r.Method != "POST" {
		command += " -X " + quote(r.Method)
	}
	header := r.Forwarded()
	for _, name := range sortedNames(header) {
		for _, value := range header[name] {
			if value == "" {
				command += " -H " + quote(name+";")
			} else {
				command += " -H " + quote(name+": "+value)
			}
		}
	}
	for _, name := range []string{"Accept", "User-Agent", "Content-Type"} { // curl would send its own
		if r.Header[name] == nil && (r.Known || name == "Content-Type") {
			command += " -H '" + name + ":'"
		}
	}
	if len(r.Body) > 1<<20 {
		command += " -H 'Expect:'"
	}
	if isPlainText(r.Body) && len(r.Body) <= maxArgument {
		command += " --data-raw " + quote(string(r.Body))
	} else {
		command = "printf %s " + quote(base64.StdEncoding.EncodeToString(r.Body)) + " | base64 -d | " + command + " --data-binary @-"
	}
	for _, name := range r.Names() {
		if r.IsRedacted(name) {
			left = append(left, name)
		}
	}
	return command, left
}

// isPlainText tells whether a text can be shown on a terminal and be an argument.
func isPlainText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) })
}

// quote quotes a text for a POSIX shell, and makes what does not print visible.
func quote(s string) string {
	if isPlainText([]byte(s)) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || strings.IndexByte(`'"\%`, c) >= 0 {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}
