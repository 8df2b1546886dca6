package provider_test

var _ = add("socialboards", []vector{
	{
		by:   byDocuments,
		body: `{"EventType":"ticket_status_change","TicketId":2135675231}`,
		kind: "ticket_status_change", subject: "2135675231",
	},
})

var _ = verifies("socialboards", []handshake{
	{"", get("challenge=2135675231&verifyToken=sesame"), 200, "2135675231", []string{"Content-Type", "text/plain; charset=utf-8"}},
	{"", get("challenge=1&verifyToken=other"), 403, "", nil},
	{"", get("challenge=1&verifyToken=sesame&y=%zz"), 400, "", nil},
})
