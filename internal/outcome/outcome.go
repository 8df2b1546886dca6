// Package outcome has the names of what can become of a request, and the refusals
// that the rooms below the handler make. It knows nothing of how they are answered.
package outcome

import "net/http"

// What becomes of a request, as metrics name it.
const (
	Stored           = "stored"
	Duplicate        = "duplicate"
	Verified         = "verified"
	BadToken         = "bad_token"
	BadSignature     = "bad_signature"
	BadRequest       = "bad_request"
	TooLarge         = "too_large"
	Timeout          = "timeout"
	Aborted          = "aborted"
	Unavailable      = "unavailable"
	MethodNotAllowed = "method_not_allowed"
)

// All is every outcome.
var All = []string{
	Stored, Duplicate, Verified, BadToken, BadSignature, BadRequest,
	TooLarge, Timeout, Aborted, Unavailable, MethodNotAllowed,
}

// Refusal is why a request is not taken, from whoever knows it. Its reason quotes
// nothing of the request.
type Refusal struct {
	Status  int    // of the answer
	Outcome string // one of the above
	Reason  error
	Remedy  string // what an operator can do about it; may be empty
}

// OfReceiver is before the name of another receiver, and a colon behind it, in a remedy that tells whose secret it was.
const OfReceiver = "of the receiver "

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason.Error() }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// Malformed refuses what can't be made sense of.
func Malformed(reason error) error {
	return &Refusal{Status: http.StatusBadRequest, Outcome: BadRequest, Reason: reason}
}

// Unauthorized refuses an event whose signature is not right.
func Unauthorized(reason error) error {
	return &Refusal{Status: http.StatusUnauthorized, Outcome: BadSignature, Reason: reason}
}

// Busy refuses what can be sent again later.
func Busy(reason error) error {
	return &Refusal{Status: http.StatusServiceUnavailable, Outcome: Unavailable, Reason: reason}
}
