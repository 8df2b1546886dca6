package provider_test

import "time"

var _ = add("webflow", []vector{
	{
		by:     "webflow-api 3.3.4 for Node",
		secret: "webflow-secret-key",
		at:     newYear,
		headers: []string{
			"x-webflow-timestamp", "1767225600000",
			"x-webflow-signature", "06239eaf3f4e4eefd422378e41e98d5f0c1d4d5f6dec2dbf8239e40801a8a535",
		},
		body:    `{"triggerType":"form_submission","payload":{"name":"Contact Us","siteId":"65427cf400e02b306eaa049c","data":{"First Name":"Zaphod","Last Name":"Beeblebrox","email":"zaphod@heartofgold.ai"},"submittedAt":"2026-01-01T00:00:00.000Z","id":"6321ca84df3949bfc6752327"}}`,
		kind:    "form_submission",
		subject: "65427cf400e02b306eaa049c",
		late:    time.Hour,
		early:   time.Hour,
	},
	{
		by:     "webflow-api 3.3.4 for Node, without a site",
		secret: "webflow-secret-key",
		at:     newYear,
		headers: []string{
			"x-webflow-timestamp", "1767225600000",
			"x-webflow-signature", "dadac2129b16b32457b4e4aee9b14f044fa906a67e3cab760d0a3aa8b636a676",
		},
		body:    `{"triggerType":"collection_item_unpublished","payload":{"id":"62d9e8a1b1c2d3e4f5a6b7c8"}}`,
		kind:    "collection_item_unpublished",
		subject: "62d9e8a1b1c2d3e4f5a6b7c8",
		late:    time.Hour,
		early:   time.Hour,
	},
})
