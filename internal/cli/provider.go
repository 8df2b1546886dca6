package cli

import (
	"net/http"
	"time"
)

// Provider is what the test command must know of a service to play it.
type Provider struct {
	Name string

	// The names of the query parameters of the verification request. Empty where
	// the service verifies nothing.
	Challenge, Token string

	// Sign adds the signature of a body to its header. Nil where the service
	// signs nothing.
	Sign func(secret string, body []byte, header http.Header)

	// Event is the body of the sample event, and Header what the service sends
	// with it.
	Event  []byte
	Header http.Header

	// Deadline is how long the service waits for an answer.
	Deadline time.Duration
}
