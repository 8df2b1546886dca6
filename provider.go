package webhookreceiver

import (
	"fmt"
	"strings"
	"time"
)

// The values of the accept option.
const (
	acceptJSON = "json"
	acceptAny  = "any"
)

const defaultProvider = "socialboards"

// provider is what is particular to one service that sends webhooks.
type provider struct {
	name         string
	verification verification
	allow        string // the methods it uses

	// Where in a JSON body the event's type and subject are.
	eventType, subject []string

	// Defaults of the options with these names.
	maxBodySize int64
	timeout     time.Duration
	accept      string
}

// providers is the table of all services that are known.
var providers = []provider{
	{
		// The sender documents a limit of 20 seconds and stores nothing itself.
		name:         "socialboards",
		verification: verification{challenge: "challenge", token: "verifyToken"},
		allow:        "GET, HEAD, POST",
		eventType:    []string{"EventType"},
		subject:      []string{"TicketId"},
		maxBodySize:  5 << 20,
		timeout:      15 * time.Second,
		accept:       acceptJSON,
	},
}

func providerNamed(name string) (provider, error) {
	var known []string
	for _, p := range providers {
		if p.name == name {
			return p, nil
		}
		known = append(known, p.name)
	}
	return provider{}, fmt.Errorf("provider %q: not known; known are: %s", name, strings.Join(known, ", "))
}
