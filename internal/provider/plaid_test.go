package provider_test

import "time"

var _ = add("plaid", []vector{
	{
		by:     byWords,
		secret: `{"alg":"ES256","crv":"P-256","kid":"bfbd5111-8e33-4643-8ced-b2e642a72f3c","kty":"EC","use":"sig","x":"BBEsgLH33tvdOH7tUSxYoDPPx8CfYlCMtLg87GdUbaE","y":"yr_PLIcXVJFWSwpAmdga_d0CHqtRiroPcoRNehezHI8"}`, says: "service",
		at: newYear, late: 5 * time.Minute, early: 5 * time.Minute,
		headers: []string{"Plaid-Verification", "eyJhbGciOiJFUzI1NiIsImtpZCI6ImJmYmQ1MTExLThlMzMtNDY0My04Y2VkLWIyZTY0MmE3MmYzYyIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsInJlcXVlc3RfYm9keV9zaGEyNTYiOiJhNWZiMTRmNDM5YzIyYWIwMDA1NGE4Y2UzNTMyNmQ1Mjg1YjM1YWY0ZmViMTZiZGMwNDdlNjk1MjYzZDNlNWVmIn0.pSOpZB1We8csZhpGxe2fICBCNL0bFbODDtEAy2fqL7VSFKpYnMuZccYCeNqJT8SSUWX4-vPqMLYkiQfSaGvZuQ"},
		body: `{
  "environment": "production",
  "initial_update_complete": true,
  "item_id": "wz666MBjYWTp2PDzzggYhM6oWWmBb",
  "webhook_code": "SYNC_UPDATES_AVAILABLE",
  "webhook_type": "TRANSACTIONS"
}`,
		kind: "TRANSACTIONS.SYNC_UPDATES_AVAILABLE", subject: "wz666MBjYWTp2PDzzggYhM6oWWmBb",
	},
})
