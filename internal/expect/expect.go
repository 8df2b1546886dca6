// Package expect says of an option's value what it must be, with an example, and
// what was likely meant.
package expect

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/dustin/go-humanize"
)

// Word returns an error unless the value is one of the words.
func Word(option, value string, words ...string) error {
	for _, word := range words {
		if value == word {
			return nil
		}
	}
	return NearWord(option, value, OneOf(words), words...)
}

// NearWord is Wrong, where a word was likely meant.
func NearWord(option, value, must string, words ...string) error {
	if near := Nearest(value, words); near != "" {
		return fmt.Errorf("%s %q: must be %s; did you mean %s?", option, value, must, near)
	}
	return Wrong(option, value, must)
}

// Duration parses a duration of that length at least. such is an example, and
// what else the option takes.
func Duration(option, value, such string, least time.Duration) (time.Duration, error) {
	must := "a duration such as " + such
	if number.MatchString(value) && value != "0" && IsHarmless(value) {
		return 0, Wrong(option, value, fmt.Sprintf("%s, and needs a unit: %[2]sh, %[2]sm, %[2]ss", must, value))
	}
	d, err := caddy.ParseDuration(value)
	switch {
	case err != nil:
		return 0, Wrong(option, value, must)
	case d < least && least > 0:
		return 0, Wrong(option, value, "positive, "+must)
	case d < least:
		return 0, fmt.Errorf("%s %s: must not be negative: %s", option, Quote(value), must)
	}
	return d, nil
}

// Size parses a size in bytes. such is an example, and what else the option takes.
func Size(option, value, such string) (int64, error) {
	size, err := humanize.ParseBytes(value)
	switch {
	case err != nil:
		return 0, Wrong(option, value, "a size such as "+such)
	case size > math.MaxInt64:
		return 0, Wrong(option, value, "less than 8 EiB, a size such as "+such)
	}
	return int64(size), nil
}

// number is what lacks a unit.
var number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// Wrong returns an error that says what a value must be.
func Wrong(option, value, must string) error {
	hint := ""
	if strings.Contains(value, "{") {
		hint = "; a placeholder is not evaluated here, only {$VARIABLE} in a Caddyfile is"
	}
	return fmt.Errorf("%s %s: must be %s%s", option, Quote(value), must, hint)
}

// harmless is what no secret looks like: short, or words.
var harmless = regexp.MustCompile(`^(.{0,12}|[^0-9]{0,20}|\{[a-z$][A-Za-z0-9_.$]*\})$`)

// Quote returns a value as an error may show it: a token or secret may have got to
// where another option's value should be.
func Quote(value string) string {
	if IsHarmless(value) {
		return fmt.Sprintf("%q", value)
	}
	return "(not shown, as it may be a secret)"
}

// IsHarmless tells whether a value looks like no secret.
func IsHarmless(value string) bool { return harmless.MatchString(value) }

// OneOf joins words as in "a, b or c".
func OneOf(words []string) string { return join(words, " or ") }

// AllOf joins words as in "a, b and c".
func AllOf(words []string) string { return join(words, " and ") }

func join(words []string, last string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + last + words[n]
}
