package options

import (
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// Value is an option with one argument, which set takes with the option's name.
func Value(takes string, set func(name, value string) error) Option {
	return Option{Takes: takes, Min: 1, Max: 1, Set: func(name string, args []string) error { return set(name, args[0]) }}
}

// Checked is an option with one argument, which is set and then checked.
func Checked(takes string, text *string, check func(string) error) Option {
	return Value(takes, func(_, value string) error {
		*text = value
		return check(value)
	})
}

// Word is an option with one argument, which is one of the words.
func Word(text *string, words ...string) Option {
	return Value(expect.OneOf(words), func(name, value string) error {
		*text = value
		return expect.Word(name, value, words...)
	})
}

// Text is an option with one argument.
func Text[T ~string](takes string, text *T) Option {
	return Value(takes, func(_, value string) error {
		*text = T(value)
		return nil
	})
}

// Arguments is an option with just as many arguments as there are values. No error
// quotes one.
func Arguments(takes string, values ...*string) Option {
	return Option{Takes: takes, Min: len(values), Max: len(values), Set: func(_ string, args []string) error {
		for i := range values {
			*values[i] = args[i]
		}
		return nil
	}}
}

// Texts is an option with one argument or more.
func Texts[T ~string](takes string, texts *[]T) Option {
	return Option{Takes: takes, Min: 1, Max: -1, Set: func(_ string, args []string) error {
		for _, arg := range args {
			*texts = append(*texts, T(arg))
		}
		return nil
	}}
}

// Secret is the option, with arguments that may be secrets.
func Secret(o Option) Option {
	o.Secret = true
	return o
}

// Pairs is an option with a key and a value, for each of several keys.
func Pairs[K ~string](takes string, pairs *map[K]string) Option {
	return Option{Takes: takes, Min: 2, Max: 2, Repeatable: true, MayBeEmpty: true, Set: func(_ string, args []string) error {
		if *pairs == nil {
			*pairs = make(map[K]string)
		}
		(*pairs)[K(args[0])] = args[1]
		return nil
	}}
}

// Flag is an option without arguments.
func Flag(flag *bool) Option {
	return Option{Set: func(string, []string) error {
		*flag = true
		return nil
	}}
}

// Status is an option with the code of an answer.
func Status(status *int) Option {
	return Value("one code, such as 200", func(name, value string) (err error) {
		if *status, err = strconv.Atoi(value); err != nil || *status == 0 {
			return expect.Wrong(name, value, "a code such as 200")
		}
		return nil
	})
}

// Duration is an option with a positive duration. such is an example.
func Duration[D ~int64](duration *D, such string) Option {
	return Value("one duration, such as "+such, func(name, value string) error {
		parsed, err := expect.Duration(name, value, such, 1)
		*duration = D(parsed)
		return err
	})
}

// DurationOr is an option with a duration that may be 0, which is also a word.
func DurationOr(duration *caddy.Duration, such, word string) Option {
	return Value(fmt.Sprintf("one duration, such as %s, or %s", such, word), func(name, value string) error {
		if value == word {
			value = "0"
		}
		parsed, err := expect.Duration(name, value, such+" or "+word, 0)
		*duration = caddy.Duration(parsed)
		return err
	})
}

// Size is an option with a size. such is an example.
func Size(such string, set func(name string, size int64) error) Option {
	return Value("one size without spaces, such as "+such, func(name, value string) error {
		size, err := expect.Size(name, value, such)
		if err != nil {
			return err
		}
		return set(name, size)
	})
}
