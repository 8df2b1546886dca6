package provider_test

var _ = add("dub", []vector{
	{
		by:     "the words of Dub's source",
		secret: "whsec_e9mLk3Xc0sWqRt7U",
		headers: []string{
			"Dub-Signature", "20e80a715c21ce64e842c606bfc23b3fe6ff183b1091438b627e9d76aea19dad",
		},
		body: `{"id":"evt_KleiO3yjPmAhrGMC","event":"link.clicked","createdAt":"2025-02-03T09:35:57.926Z","data":{"click":{"id":"yNrYm0F6r1KMnq6N","timestamp":"2025-02-03T09:35:57.926Z","url":"https://github.com/dubinc/dub","country":"US","city":"San Jose"},"link":{"id":"cm0lcuvtz000xcutmqw4a7wi3","domain":"dub.sh","key":"track-test","shortLink":"https://dub.sh/track-test"}}}`,
		id:   "evt_KleiO3yjPmAhrGMC", kind: "link.clicked", subject: "cm0lcuvtz000xcutmqw4a7wi3",
	},
	{
		by:     "the words of Dub's source, a link",
		secret: "whsec_e9mLk3Xc0sWqRt7U",
		headers: []string{
			"Dub-Signature", "c8d89736ca9ccaffdb774dcd428e819978cf1332624ed8858dd6be697825dfdc",
		},
		body: `{"id":"evt_9vXhT2PqLm4Ra7Zc","event":"link.created","createdAt":"2024-08-26T16:41:52.084Z","data":{"id":"cm0b87844000dismqhkviju54","domain":"dub.sh","key":"sOvvXDT","url":"https://github.com/stack-auth/stack","shortLink":"https://dub.sh/sOvvXDT"}}`,
		id:   "evt_9vXhT2PqLm4Ra7Zc", kind: "link.created", subject: "cm0b87844000dismqhkviju54",
	},
})
