package provider_test

var _ = add("squarespace", []vector{
	{
		by:     byWords,
		secret: "b7cd0ab0e7c9f3c3a2a5d4b8f1e6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8",
		headers: []string{
			"Squarespace-Signature", "bccedf5cd578b25078b160293bfce449fc2a9b524a9b232cf54f56bdb0973b0a",
		},
		body: `{"id":"5c2ba184b63ed3cb411ce2b1","websiteId":"5f3c3d55ac435e1a051f77b3","subscriptionId":"5f3c2155d947844beedda991","topic":"extension.uninstall","createdOn":"2020-04-22T22:18+00:00","data":{}}`,
		id:   "5c2ba184b63ed3cb411ce2b1", kind: "extension.uninstall", subject: "5f3c3d55ac435e1a051f77b3",
	},
})
