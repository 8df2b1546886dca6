package provider_test

var _ = add("fastspring", []vector{
	{
		by:     byWords,
		secret: "fastspring-secret",
		headers: []string{
			"X-FS-Signature", "PkNIapR4JiJu+kmbPuoxpcGoE+EUJNHYvcYE1LnQq1s=",
		},
		body: `{"events":[{"id":"5Xyi3gjYTaGFt1Q7r4DcIw","processed":false,"created":1767225600000,"type":"order.completed","live":true,"data":{"order":"MhZDXTbBQX-8VjZPyxdZgw","reference":"ABC180123-1234-12345"}},{"id":"nRSfGfGuQCOcDCnpQ0ZqKw","processed":false,"created":1767225600000,"type":"subscription.activated","live":true,"data":{"id":"oGGTp1hQTCGZFo4Iy9BTcw"}}]}`,
		kind: "order.completed",
	},
})
