package outcome

// What becomes of an attempt to deliver an event, and of the event, as metrics name it.
const (
	Delivered = "delivered" // taken, with 2xx
	Refused   = "refused"   // answered otherwise
	Failed    = "failed"    // not answered in time, or not reached
	Dead      = "dead"      // given up: a dead letter
	Expired   = "expired"   // removed for its age before it was delivered
	Lost      = "lost"      // taken away by somebody else before it was delivered
)

// OfDeliveries is every outcome of a delivery.
var OfDeliveries = []string{Delivered, Refused, Failed, Dead, Expired, Lost}
