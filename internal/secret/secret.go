// Package secret evaluates options that hold a secret.
package secret

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// named are the placeholders whose names are no secret.
var named = regexp.MustCompile(`\{(env\.[A-Za-z_][A-Za-z0-9_]*|file\.[^{}]+)\}`)

// Resolve evaluates the placeholders. Its errors quote nothing that may be a part
// of the secret, as what stands in braces may be.
func Resolve(raw string) (string, error) {
	repl := caddy.NewReplacer()
	value, err := repl.ReplaceOrErr(raw, true, true)
	if err != nil {
		for _, placeholder := range named.FindAllString(raw, -1) {
			if _, err := repl.ReplaceOrErr(placeholder, true, true); err != nil {
				return "", fmt.Errorf("the placeholder %s has no value: %s", placeholder, reason(placeholder))
			}
		}
		return "", errors.New(`a placeholder in it has no value; a { that is a part of it is written \{`)
	}
	if value == "" {
		return "", errors.New("is empty")
	}
	return value, nil
}

// reason says why a placeholder has no value, as far as that can be known here.
func reason(placeholder string) string {
	if strings.HasPrefix(placeholder, "{file.") {
		return "the file is missing or empty, or this user may not read it"
	}
	return "in this process's environment the variable is not set, or is empty"
}
