package provider_test

import "time"

var _ = add("revolut", []vector{
	{
		by:     "the program in the provider's documents",
		secret: "wsk_r59a4HfWVAKycbCaNO1RvgCJec02gRd8",
		at:     1683650202,
		headers: []string{
			"Revolut-Request-Timestamp", "1683650202360",
			"Revolut-Signature", "v1=bca326fb378d0da7f7c490ad584a8106bab9723d8d9cdd0d50b4c5b3be3837c0",
		},
		body: `{"data":{"id":"645a7696-22f3-aa47-9c74-cbae0449cc46","new_state":"completed","old_state":"pending","request_id":"app_charges-9f5d5eb3-1e06-46c5-b1c0-3914763e0bcb"},"event":"TransactionStateChanged","timestamp":"2023-05-09T16:36:38.028960Z"}`,
		kind: "TransactionStateChanged", subject: "645a7696-22f3-aa47-9c74-cbae0449cc46",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the words of the provider's documents, of an order",
		secret: "wsk_r59a4HfWVAKycbCaNO1RvgCJec02gRd8",
		at:     newYear,
		headers: []string{
			"Revolut-Request-Timestamp", "1767225600000",
			"Revolut-Signature", "v1=2929619904a0201be4593ebc185244aa631edb0cbc8aceaaba421abe28af5783",
		},
		body: `{"event":"ORDER_COMPLETED","order_id":"9fc01989-3f61-4484-a5d9-ffe768531be9","merchant_order_ext_ref":"Test #3928"}`,
		kind: "ORDER_COMPLETED", subject: "9fc01989-3f61-4484-a5d9-ffe768531be9",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with a second secret",
		secret: "wsk_r59a4HfWVAKycbCaNO1RvgCJec02gRd8",
		at:     newYear,
		headers: []string{
			"Revolut-Request-Timestamp", "1767225600000",
			"Revolut-Signature", "v1=71a6aecf04439ccebe7e2a4ec97300aa476b9824446d2cc85ed9638222ebb784,v1=2929619904a0201be4593ebc185244aa631edb0cbc8aceaaba421abe28af5783",
		},
		body: `{"event":"ORDER_COMPLETED","order_id":"9fc01989-3f61-4484-a5d9-ffe768531be9","merchant_order_ext_ref":"Test #3928"}`,
		kind: "ORDER_COMPLETED", subject: "9fc01989-3f61-4484-a5d9-ffe768531be9",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
