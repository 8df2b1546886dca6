package natsoutput

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"
)

const (
	// maxValue is how much of a placeholder's value gets into a subject, in bytes.
	maxValue = 128

	// maxSubject leaves room for the rest of a line of the protocol, for which
	// servers take 4096 bytes by default, and cut the connection beyond.
	maxSubject = 2048
)

// subject is where events are published to.
type subject struct {
	template string // placeholders of the request are still in it
	pattern  string // with "*" for each token with a placeholder
}

// placeholderMark stands for a placeholder while the subject is checked.
const placeholderMark = "\x00"

// parseSubject resolves the placeholders that have nothing to do with requests,
// and checks the rest.
func parseSubject(configured string) (*subject, error) {
	if configured == "" {
		return nil, errors.New("subject: is required, as in subject webhooks.{http.webhook_receiver.event.type}")
	}
	template, err := caddy.NewEmptyReplacer().ReplaceFunc(configured, func(key string, _ any) (any, error) {
		placeholder := "{" + key + "}"
		if strings.HasPrefix(key, "env.") || strings.HasPrefix(key, "file.") {
			return caddy.NewReplacer().ReplaceOrErr(placeholder, true, true)
		}
		return placeholder, nil
	})
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	count := 0
	marked, err := caddy.NewEmptyReplacer().ReplaceFunc(template, func(string, any) (any, error) {
		count++
		return placeholderMark, nil
	})
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}

	tokens := strings.Split(marked, ".")
	for i, token := range tokens {
		literal := strings.ReplaceAll(token, placeholderMark, "")
		if token == "" || literal != "" && literal != cleanToken(literal, len(literal)) || strings.ContainsAny(literal, "{}") {
			return nil, fmt.Errorf("subject %q: must be tokens separated by dots, such as webhooks.orders, without wildcards, white space and unclosed placeholders", configured)
		}
		if literal != token {
			tokens[i] = "*"
		}
	}
	if tokens[0] == "*" {
		return nil, fmt.Errorf("subject %q: the first token must have no placeholder of the request, as in webhooks.{http.webhook_receiver.event.type}", configured)
	}
	if len(template)+count*maxValue > maxSubject {
		return nil, fmt.Errorf("subject %q: is too long", configured)
	}
	return &subject{template: template, pattern: strings.Join(tokens, ".")}, nil
}

// forEvent returns the subject of the event whose request ctx is of.
func (s *subject) forEvent(ctx context.Context) (string, error) {
	repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		repl = caddy.NewEmptyReplacer()
	}
	return repl.ReplaceFunc(s.template, func(_ string, value any) (any, error) {
		return cleanToken(caddy.ToString(value), maxValue), nil
	})
}

// cleanToken makes value, which a sender may have chosen, a part of one token: it
// replaces what has a meaning in subjects or can't be seen.
func cleanToken(value string, limit int) string {
	var b strings.Builder
	for i, r := range value {
		if i+utf8.RuneLen(r) > limit {
			break
		}
		switch {
		case r == '.', r == '*', r == '>', r == '$' && i == 0, r == utf8.RuneError, !unicode.IsGraphic(r), unicode.IsSpace(r):
			r = '_'
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}
