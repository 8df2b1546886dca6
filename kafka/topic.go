package kafkaoutput

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// maxTopic is the length of the longest name that Kafka gives to a topic.
const maxTopic = 249

// topicText is what a topic's name is made of.
var topicText = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// topic is the option topic, with what is known of it when the config is loaded.
type topic struct {
	text     string
	perEvent bool // text has placeholders, to be evaluated for each event
}

// parseTopic evaluates what does not depend on the event. An environment
// variable or file with nothing in it is an error.
func parseTopic(option string) (topic, error) {
	if option == "" {
		return topic{}, errors.New("topic is required, as in topic webhooks")
	}
	t := topic{}
	var err error
	t.text, err = caddy.NewReplacer().ReplaceFunc(option, func(name string, value any) (any, error) {
		if !strings.HasPrefix(name, "env.") && !strings.HasPrefix(name, "file.") {
			t.perEvent = true
			return "{" + name + "}", nil
		}
		text := caddy.ToString(value)
		if text == "" {
			return nil, fmt.Errorf("the placeholder {%s} is empty", name)
		}
		return text, nil
	})
	if err != nil {
		return topic{}, fmt.Errorf("topic %q: %w", option, err)
	}
	literal := t.text
	if t.perEvent {
		prefix, _, _ := strings.Cut(t.text, "{")
		if prefix == "" {
			return topic{}, fmt.Errorf("topic %q: must begin with fixed text, as in webhooks.{http.webhook_receiver.event.type}, so that senders can't choose any topic", option)
		}
		if len(prefix) >= maxTopic {
			return topic{}, fmt.Errorf("topic %q: the fixed text at its beginning leaves no room", option)
		}
		literal = caddy.NewEmptyReplacer().ReplaceAll(t.text, "")
	}
	if !topicText.MatchString(literal) || !t.perEvent && (literal == "." || literal == "..") || len(literal) > maxTopic {
		return topic{}, fmt.Errorf("topic %q: a topic's name is of 1 to %d of the characters A-Z, a-z, 0-9, '.', '_' and '-'", option, maxTopic)
	}
	return t, nil
}

// name returns the topic for an event. What comes from placeholders can neither
// leave what the fixed text begins, nor be longer than Kafka allows.
func (t topic) name(repl *caddy.Replacer) (string, error) {
	if !t.perEvent {
		return t.text, nil
	}
	name, err := repl.ReplaceFunc(t.text, func(_ string, value any) (any, error) {
		return cleanTopic(caddy.ToString(value)), nil
	})
	if err != nil {
		return "", errors.New("the topic's placeholders can't be evaluated")
	}
	return name[:min(len(name), maxTopic)], nil
}

// cleanTopic keeps letters, digits, '-' and '_'. A '.' is no more than any other
// character, so that a name's levels are those that the operator wrote.
func cleanTopic(value string) string {
	if value == "" {
		return "_"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		}
		return '_'
	}, value)
}
