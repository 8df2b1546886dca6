// Package options reads blocks of options in a Caddyfile, by tables of what each
// option sets.
package options

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Table has the options of a block, by name.
type Table map[string]Option

// Option is how an option is read.
type Option struct {
	// Read reads what follows the option's name, which is d.Val().
	Read func(d *caddyfile.Dispenser) error

	// Repeatable options may come several times.
	Repeatable bool

	// Secret options have arguments that are quoted by no error.
	Secret bool
}

// likeName is what could be meant for an option.
var likeName = regexp.MustCompile(`^[A-Za-z_]{1,20}$`)

// Unmarshal reads the block that comes next, and nothing before it.
func (t Table) Unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	previous := ""
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		option, ok := t[name]
		switch {
		case !ok && t[previous].Secret && !likeName.MatchString(name):
			return d.Errf("unrecognized option; it is not shown, as it may be a %s: all of them stand in one line", previous)
		case !ok:
			return d.Errf("unrecognized option '%s'", name)
		case seen[name] && !option.Repeatable:
			return d.Errf("%s is already specified", name)
		}
		if err := option.Read(d); err != nil {
			return err
		}
		seen[name], previous = true, name
	}
	return nil
}

// value is an option with one argument, which set takes with the option's name.
func value(set func(name, value string) error) Option {
	return Option{Read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		var value string
		if !d.AllArgs(&value) {
			return d.ArgErr()
		}
		if err := set(name, value); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}}
}

// Value is an option with one argument, which set takes.
func Value(set func(value string) error) Option {
	return value(func(_, value string) error { return set(value) })
}

// Parsed is a Value whose errors do not name the option.
func Parsed(set func(value string) error) Option {
	return value(func(name, value string) error {
		if err := set(value); err != nil {
			return fmt.Errorf("parsing %s: %w", name, err)
		}
		return nil
	})
}

// Checked is an option with one argument, which is set and then checked.
func Checked(text *string, check func(string) error) Option {
	return Value(func(value string) error {
		*text = value
		return check(value)
	})
}

// Text is an option with one argument, which is not empty.
func Text[T ~string](text *T) Option {
	return value(func(name, value string) error {
		if value == "" {
			return fmt.Errorf("%s is empty", name)
		}
		*text = T(value)
		return nil
	})
}

// Arguments is an option with just as many arguments as there are values, of which
// none is empty. No error quotes one.
func Arguments(values ...*string) Option {
	return Option{Read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.AllArgs(values...) {
			return d.Errf("%s: wrong argument count", name)
		}
		for _, value := range values {
			if *value == "" {
				return d.Errf("%s is empty", name)
			}
		}
		return nil
	}}
}

// Texts is an option with one argument or more.
func Texts[T ~string](texts *[]T) Option {
	return Option{Read: func(d *caddyfile.Dispenser) error {
		for d.NextArg() {
			*texts = append(*texts, T(d.Val()))
		}
		if len(*texts) == 0 {
			return d.ArgErr()
		}
		return nil
	}}
}

// Pairs is an option with a key and a value, for each of several keys.
func Pairs[K ~string](pairs *map[K]string) Option {
	return Option{Repeatable: true, Read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		var key, value string
		if !d.AllArgs(&key, &value) {
			return d.ArgErr()
		}
		if _, ok := (*pairs)[K(key)]; ok {
			return d.Errf("%s %s is already specified", name, key)
		}
		if *pairs == nil {
			*pairs = make(map[K]string)
		}
		(*pairs)[K(key)] = value
		return nil
	}}
}

// Flag is an option without arguments.
func Flag(flag *bool) Option {
	return Option{Read: func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.ArgErr()
		}
		*flag = true
		return nil
	}}
}

// Status is an option with the code of an answer.
func Status(status *int) Option {
	return Value(func(value string) (err error) {
		if *status, err = strconv.Atoi(value); err != nil || *status == 0 {
			return fmt.Errorf("status %q: must be a number", value)
		}
		return nil
	})
}

// Duration is an option with a positive duration.
func Duration(duration *caddy.Duration) Option {
	return value(func(name, value string) error {
		parsed, err := caddy.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("parsing %s: %w", name, err)
		}
		if parsed <= 0 {
			return fmt.Errorf("%s %s: must be positive", name, value)
		}
		*duration = caddy.Duration(parsed)
		return nil
	})
}
