// Package play is the other side of internal/rules: what a service would send, and
// how it must be answered, made from its row for `caddy webhook test`.
package play

import (
	"net/http"
	"net/url"
	"time"
)

// Service is a service that can be played.
type Service struct {
	Name string

	// What the service must be told to be played.
	NeedsToken, UsesToken, NeedsSecret, UsesSecret, NeedsAccount, UsesAccount bool

	// Signs tells whether events are signed, or carry a secret, and SignsURL
	// whether the URL is part of what is signed.
	Signs, SignsURL bool

	// Seals tells whether events are encrypted, too.
	Seals bool

	// Refused is the status of the answer to a signature that is not right; 0: 401.
	Refused int

	// Patience is how long the service waits for an answer.
	Patience time.Duration

	// Steps returns what the service sends, in this order. An error is one of the
	// account.
	Steps func(Account) ([]Step, error)
}

// Account is what the service was told of one receiver.
type Account struct {
	URL           *url.URL
	Token, Secret string // may be empty where they are not needed
	Account       string // whose events are taken, where others' are not
}

// Step is one request and what must come of it.
type Step struct {
	Name string
	Kind Kind

	// LeftOut is why the step can't be played. Empty: it can.
	LeftOut string

	// Stores tells whether a receiver may store what is sent.
	Stores bool

	// Proves tells whether the right answer shows that the receiver found a
	// signature right.
	Proves bool

	// Make returns the request, as of now, and what its answer must be.
	Make func() (*http.Request, Want, error)
}

// Kind is what a step tries.
type Kind int

const (
	Verifies        Kind = iota // the right verification
	WrongToken                  // a verification with a wrong token
	BadVerification             // a verification that lacks something
	BadEvent                    // an event that is none
	Forged                      // a signature by somebody else
	Stale                       // a right signature of long ago
	Delivers                    // an event
)

// Want is what an answer must be.
type Want struct {
	Status int

	// Where the status is one of success: header fields, the media type (any, if
	// empty) and the whole body.
	Header      map[string]string
	ContentType string
	Body        string

	// Open returns what is encrypted in the body, which is to be Body; nil: nothing is.
	Open func(body string) string

	// HMAC tells whether the receiver's secret is in the answer, as an HMAC.
	HMAC bool

	// Without is what must not be in the body. Empty: nothing.
	Without string
}
