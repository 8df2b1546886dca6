package provider_test

import "time"

var _ = add("telnyx", []vector{
	{
		by:     "telnyx 7.24.0 for Node",
		secret: rfc8032Base64,
		late:   5 * time.Minute, early: 5 * time.Minute,
		at: newYear,
		headers: []string{
			"telnyx-signature-ed25519", "we6Sn38E0IKcYfjIWULVgPSRNXLYzHc0lfYS4hEWk6FLkcx19Am2oSKYvRTcy5gsXWm4YuOAm3Qyh5yH/BZ+Bw==",
			"telnyx-timestamp", "1767225600",
		},
		body: `{"data":{"event_type":"message.received","id":"b301ed3f-1490-491f-995f-6e64e69674d4","payload":{"id":"84cca175-9755-4859-b67f-4730d7f58aa3"},"record_type":"event"}}`,
		id:   "b301ed3f-1490-491f-995f-6e64e69674d4", kind: "message.received", subject: "84cca175-9755-4859-b67f-4730d7f58aa3",
	},
})
