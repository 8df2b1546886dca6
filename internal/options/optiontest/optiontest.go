// Package optiontest makes every mistake with every option of a table, and looks
// at the errors as whoever has to mend the Caddyfile does.
package optiontest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

// canary is a secret that stands where it should not.
const canary = "s3cret-Canary0123456789"

// Block is a block of options.
type Block struct {
	Table options.Table

	// Needed are the options that must be there, and their arguments.
	Needed map[string]string

	// Parse reads a Caddyfile in which the lines are the block's.
	Parse func(lines string) error

	// Line is the line before these. Default: 1.
	Line int
}

// Run makes the mistakes.
func Run(t *testing.T, b Block) {
	t.Helper()
	b.Line = max(b.Line, 1)
	for name, option := range b.Table {
		switch {
		case option.Elsewhere != "":
			b.want(t, name, name, option.Elsewhere)
			continue
		case option.Read == nil:
			b.mistakes(t, name, option)
		}
		b.misspellings(t, name)
	}
	b.want(t, "", "colour blue", "unrecognized option 'colour'", name(b.Table.Names()))
	b.want(t, "", canary, "it is not shown")
}

// name is one of the names, or that there are none.
func name(names []string) string {
	if len(names) == 0 {
		return "no options"
	}
	return names[0]
}

func (b Block) mistakes(t *testing.T, name string, option options.Option) {
	t.Helper()
	good := example(option)
	if err := option.Set(name, good); err != nil {
		t.Errorf("%s: its own example, %q: %v", name, good, err)
	}
	takes := name + " takes " + option.Takes
	if option.Takes == "" {
		takes = name + " takes nothing"
	}
	line := name + " " + quoted(good)
	if option.Min > 0 {
		b.want(t, name, name, takes, "here is nothing", "{$VARIABLE}")
	}
	for n := 1; n < option.Min; n++ {
		b.want(t, name, name+strings.Repeat(" "+canary, n), takes, "argument")
	}
	if option.Max >= 0 {
		b.want(t, name, name+strings.Repeat(" "+canary, option.Max+1), takes, "argument")
	}
	if option.Min > 0 && !option.MayBeEmpty {
		b.want(t, name, name+strings.Repeat(` ""`, option.Min), name, "empty", "it takes "+option.Takes)
	}
	b.want(t, name, line+" {\n"+canary+"\n}", name+" takes no block, but")
	b.want(t, name, line+" {\n}", name+" takes no block, but")
	b.wantAt(t, 2, name, line+"\n"+line, name, "already specified in line")
	b.wantAt(t, 2, name, line+"\n"+canary, "it is not shown")
	b.values(t, name, option)
	if err := b.Parse(name + strings.Repeat(" "+canary, max(option.Min, 1))); err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("%s: a secret is in %q", name, err)
	}
}

// strict is what options take of which most values are none.
var strict = regexp.MustCompile(`duration|size|octal|number|code|hmac`)

// values gives the option values that are of no form, and nearly a word.
func (b Block) values(t *testing.T, name string, option options.Option) {
	t.Helper()
	if option.Min != 1 {
		return
	}
	if words := words(option); len(words) > 0 || strict.MatchString(option.Takes) {
		for _, value := range []string{canary, "x!", "-1", "{env.X}"} {
			b.want(t, name, name+" "+value, name, "must be ")
		}
	}
	for _, word := range words(option) {
		if err := option.Set(name, []string{word}); err != nil {
			t.Errorf("%s: its own word %s: %v", name, word, err)
		}
		if len(word) > 4 {
			b.want(t, name, name+" "+word[:len(word)-1], name, "must be ", "did you mean "+word+"?")
			b.want(t, name, name+" "+swapped(word), name, "must be ", "did you mean "+word+"?")
		}
	}
	if strings.Contains(option.Takes, "duration") {
		b.want(t, name, name+" 24", "needs a unit: 24h, 24m, 24s", "must be a duration such as ")
		b.want(t, name, name+" daily", "duration such as ")
	}
}

// misspellings writes the option's name as it is easily written.
func (b Block) misspellings(t *testing.T, name string) {
	t.Helper()
	for _, wrong := range []string{
		name + "s", strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], swapped(name), name[:len(name)-1],
		strings.ReplaceAll(name, "_", "-"), strings.ReplaceAll(name, "_", ""), name + "=" + canary, name + ":",
	} {
		if _, ok := b.Table[wrong]; ok || len(wrong) < 3 {
			continue
		}
		b.want(t, name, wrong+" x", "unrecognized option", "did you mean "+name)
	}
}

// want expects an error of the line's first.
func (b Block) want(t *testing.T, name, lines string, parts ...string) {
	t.Helper()
	b.wantAt(t, 1, name, lines, parts...)
}

// wantAt expects an error of one of the lines, in which the parts are.
func (b Block) wantAt(t *testing.T, at int, name, lines string, parts ...string) {
	t.Helper()
	var before []string
	for needed, args := range b.Needed {
		if needed != name {
			before = append(before, needed+" "+args)
		}
	}
	err := b.Parse(strings.Join(append(before, lines), "\n"))
	if err == nil {
		t.Errorf("no error for %q", lines)
		return
	}
	t.Logf("%-40q %v", lines, err)
	for _, part := range append(parts, fmt.Sprintf("file:%d", b.Line+len(before)+at)) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %q does not say %q", lines, err, part)
		}
	}
	for _, part := range []string{canary, canary[:8]} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("%q: a secret is in %q", lines, err)
		}
	}
}

var such = regexp.MustCompile(`such as (.*?)(, or .*| or more)?$`)

// example returns the arguments of the option's example, or its first word.
func example(option options.Option) []string {
	if found := such.FindStringSubmatch(option.Takes); found != nil {
		return strings.Fields(found[1])
	}
	return append(words(option), make([]string, 1)...)[:min(1, option.Max)]
}

// words returns those that the option takes, if it takes nothing else.
func words(option options.Option) []string {
	if option.Takes == "" || strings.Contains(option.Takes, "such as ") {
		return nil
	}
	return strings.Split(strings.ReplaceAll(option.Takes, " or ", ", "), ", ")
}

func quoted(args []string) string {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, `"`+arg+`"`)
	}
	return strings.Join(quoted, " ")
}

// swapped has two letters in the wrong order.
func swapped(word string) string {
	i := len(word) / 2
	return word[:i-1] + word[i:i+1] + word[i-1:i] + word[i+1:]
}
