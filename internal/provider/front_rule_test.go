package provider_test

var _ = add("front_rule", []vector{
	{
		by:     byWords,
		secret: "front-secret",
		headers: []string{
			"X-Front-Signature", "2nu5UcdRsjKkInkirkgEi8/kG7A=",
		},
		body: `{"_links":{"self":"https://yourCompany.api.frontapp.com/events/evt_55c8c149"},"id":"evt_55c8c149","type":"inbound","emitted_at":1453770984.123,"conversation":{"_links":{"self":"https://yourCompany.api.frontapp.com/conversations/cnv_55c8c149"},"id":"cnv_55c8c149","subject":"You broke my heart, Hubert.","status":"unassigned"}}`,
		id:   "evt_55c8c149", kind: "inbound", subject: "cnv_55c8c149",
	},
})
