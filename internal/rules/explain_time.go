package rules

import (
	"fmt"
	"time"
)

// signedTime returns the timestamp, wherever it is, or nothing.
func (e *explainer) signedTime() string {
	if len(e.Timestamp) > 0 && e.Timestamp[0].InBody() {
		timestamp, _ := e.r.one(e.Timestamp[0])
		return timestamp
	}
	return e.timestamp
}

// hasOddTimestamp tells whether there is a timestamp, and it is not a timely one.
func (e *explainer) hasOddTimestamp() bool {
	return e.signedTime() != "" && e.checkTimestamp(e.r, e.signedTime()) != nil
}

// explainTime says what is wrong with a timestamp.
func (e *explainer) explainTime() string {
	timestamp := e.signedTime()
	formats := []struct{ format, name string }{
		{timestampUnix, "seconds"}, {TimestampUnixMilli, "milliseconds"}, {TimestampRFC3339, "RFC 3339"}, {TimestampHTTPDate, "HTTP's format"},
	}
	for _, f := range formats {
		if f.format == e.TimestampFormat {
			continue
		}
		other := &Verifier{Signature: e.Signature}
		other.TimestampFormat = f.format
		if other.checkTimestamp(e.r, timestamp) == nil {
			return fmt.Sprintf("the timestamp is in %s, which this provider does not use: see whether the sender is another one (with provider generic: timestamp_format %s)", f.name, f.format)
		}
	}
	own, err := e.timeOf(timestamp)
	if err != nil {
		return "the timestamp is none in the format of this provider: see whether the sender is another one"
	}
	off := Now().Sub(own).Round(time.Second)
	if off < 0 {
		return fmt.Sprintf("the timestamp lies %s ahead, and %s is allowed: set this machine's clock, which is behind, or the sender's", -off, time.Duration(e.Tolerance))
	}
	return fmt.Sprintf("the timestamp is %s old, and %s is allowed: the request was held back, or is an old one that was sent again, or this machine's clock is ahead; tolerance can allow more", off, time.Duration(e.Tolerance))
}
