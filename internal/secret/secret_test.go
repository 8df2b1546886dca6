package secret

import "testing"

func TestResolve(t *testing.T) {
	t.Setenv("SECRET_TEST", "s3cr{et-part}x")
	const unknown = `a placeholder in it has no value; a { that is a part of it is written \{`
	for raw, want := range map[string][2]string{ // the value, or the error
		"plain":                      {"plain", ""},
		"{env.SECRET_TEST}":          {"s3cr{et-part}x", ""},
		"a{env.SECRET_TEST}b":        {"as3cr{et-part}xb", ""},
		`s3cr\{et-part}x`:            {"s3cr{et-part}x", ""},
		"s3cr{et-part}x":             {"", unknown},
		"{et-part}":                  {"", unknown},
		"{env.SECRET_UNSET}":         {"", "the placeholder {env.SECRET_UNSET} has no value: in this process's environment the variable is not set, or is empty"},
		"{file./nowhere}":            {"", "the placeholder {file./nowhere} has no value: the file is missing or empty, or this user may not read it"},
		"s3cret{env.SECRET_UNSET}":   {"", "the placeholder {env.SECRET_UNSET} has no value: in this process's environment the variable is not set, or is empty"},
		"{env.SECRET_TEST}{et-part}": {"", unknown},
		"s3cr{env.et-part}":          {"", unknown},
		"":                           {"", "is empty"},
	} {
		value, err := Resolve(raw)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if value != want[0] || text != want[1] {
			t.Errorf("%q: %q, %q, want %q", raw, value, text, want)
		}
	}
}
