// Package options reads blocks of options in a Caddyfile, by tables of what each
// option takes. Errors name file and line of the option that they are about, and
// say what it takes, with an example. None quotes a secret, also where one stands
// at the wrong place.
package options

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// Table has the options of a block, by name.
type Table map[string]Option

// Option is how an option is read.
type Option struct {
	// Takes says what follows the option's name, with an example, as in `one
	// duration, such as 5m`. Empty: nothing does.
	Takes string

	// Min and Max are how many arguments that is. A negative Max is any number.
	Min, Max int

	// Set takes the arguments. Its errors begin with the option's name.
	Set func(name string, args []string) error

	// Read takes their place where there is more than arguments: it reads what
	// follows the name, which is d.Val(). Its errors have file and line.
	Read func(d *caddyfile.Dispenser) error

	// MayBeEmpty allows arguments to be so.
	MayBeEmpty bool

	// Repeatable options may come several times.
	Repeatable bool

	// Secret options have arguments that are quoted by no error.
	Secret bool

	// Elsewhere says where the option stands, if that is not in this block.
	Elsewhere string
}

// Unmarshal reads the block that comes next, and nothing before it: else the error
// says what may stand there, which is takes. Then it makes the checks. An error of theirs that begins with
// the name of an option is about that option, and any other about the whole.
func (t Table) Unmarshal(d *caddyfile.Dispenser, takes string, checks ...func() error) error {
	places := map[string]caddyfile.Dispenser{"": *d}
	if d.NextArg() {
		return d.Err(takes)
	}
	previous := ""
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name, place := d.Val(), *d
		option, ok := t[name]
		first, seen := places[name]
		switch {
		case !ok || name == "":
			return d.WrapErr(t.unknown(name, previous))
		case option.Elsewhere != "":
			return d.Errf("%s: %s", name, option.Elsewhere)
		case seen && !option.Repeatable:
			return d.Errf("%s is already specified in %s: it takes %s", name, where(&first, d), option.takes())
		}
		if err := option.read(name, d, places); err != nil {
			return err
		}
		places[name], previous = place, name
	}
	for _, check := range checks {
		if err := check(); err != nil {
			place := about(err, places)
			return place.WrapErr(err)
		}
	}
	return nil
}

// read reads what follows the option's name.
func (o Option) read(name string, d *caddyfile.Dispenser, places map[string]caddyfile.Dispenser) error {
	if o.Read != nil {
		return o.Read(d)
	}
	place := *d // errors are of this line, wherever the arguments end
	args := d.RemainingArgs()
	switch n := len(args); {
	case opensBlock(*d):
		return place.Errf("%s takes no block, but %s", name, o.takes())
	case n == 0 && o.Min > 0:
		return place.Errf("%s takes %s; here is nothing, or a {$VARIABLE} that is not set", name, o.takes())
	case n < o.Min, n > o.Max && o.Max >= 0:
		return place.Errf("%s takes %s; here %s", name, o.takes(), count(n))
	case !o.MayBeEmpty && slices.Contains(args, ""):
		return place.Errf("%s %s, as is a {$VARIABLE} that is not set; it takes %s", name, o.empty(), o.takes())
	}
	if o.Repeatable && len(args) > 1 {
		key := name + " " + args[0]
		if first, seen := places[key]; seen {
			return place.Errf("%s is already specified in %s", key, where(&first, &place))
		}
		places[key] = place
	}
	if err := o.Set(name, args); err != nil {
		return place.WrapErr(err)
	}
	return nil
}

func (o Option) takes() string {
	if o.Takes == "" {
		return "nothing"
	}
	return o.Takes
}

func (o Option) empty() string {
	if o.Max > 1 {
		return "has an argument that is empty"
	}
	return "is empty"
}

func count(args int) string {
	if args == 1 {
		return "is 1 argument"
	}
	return fmt.Sprintf("are %d arguments", args)
}

// opensBlock tells whether a block begins behind the current token, without moving.
func opensBlock(d caddyfile.Dispenser) bool {
	return !d.NextLine() && d.Next() && d.Val() == "{"
}

// where names a line for people who read of another one.
func where(d, other *caddyfile.Dispenser) string {
	if d.File() != other.File() {
		return fmt.Sprintf("%s, line %d", d.File(), d.Line())
	}
	return fmt.Sprintf("line %d", d.Line())
}

// about returns the place of the option that an error is about.
func about(err error, places map[string]caddyfile.Dispenser) *caddyfile.Dispenser {
	words := strings.Fields(err.Error())
	for n := min(2, len(words)); n >= 0; n-- {
		if place, ok := places[strings.TrimSuffix(strings.Join(words[:n], " "), ":")]; ok {
			return &place
		}
	}
	panic("unreachable: the empty name has a place")
}

// likeName is what could be meant for an option.
var likeName = regexp.MustCompile(`^[A-Za-z_]{1,20}$`)

// unknown is the error for a name that is not in the table.
func (t Table) unknown(name, previous string) error {
	names := t.Names()
	if near := expect.Nearest(name, names); near != "" && likeName.MatchString(strings.ReplaceAll(name, "-", "_")) {
		return fmt.Errorf("unrecognized option '%s'; did you mean %s?", name, near)
	}
	for _, known := range names {
		if rest, ok := strings.CutPrefix(name, known); ok && (rest[0] == '=' || rest[0] == ':') {
			return fmt.Errorf("unrecognized option; did you mean %s, which takes %s, with a space and no '%c'?", known, t[known].takes(), rest[0])
		}
	}
	options := "; the options here are " + expect.AllOf(names)
	if len(names) == 0 {
		options = "; there are no options here"
	}
	switch {
	case likeName.MatchString(name):
		return fmt.Errorf("unrecognized option '%s'%s", name, options)
	case t[previous].Secret:
		return fmt.Errorf("unrecognized option; it is not shown, as it may be a %s: all of them stand in one line", previous)
	}
	return fmt.Errorf("unrecognized option; it is not shown, as it may be a secret%s", options)
}

// Names returns the names of the table's options, sorted.
func (t Table) Names() []string {
	var names []string
	for name, option := range t {
		if option.Elsewhere == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
