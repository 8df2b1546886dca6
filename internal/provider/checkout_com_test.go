package provider_test

var _ = add("checkout_com", []vector{
	{
		by:     byWords,
		secret: "checkout-key",
		headers: []string{
			"Cko-Signature", "ebaa3df727f7f8e939dabe97f448657beeda9bde7bbeb21c60b933974521911c",
		},
		body: `{"id":"evt_az5sblvku4ge3dwpztvyizgcau","type":"payment_approved","version":"1.0.0","created_on":"2019-08-24T14:15:22Z","data":{"id":"pay_mbabizu24mvu3mela5njyhpit4","action_id":"act_mbabizu24mvu3mela5njyhpit4","amount":6540,"currency":"USD","approved":true}}`,
		id:   "evt_az5sblvku4ge3dwpztvyizgcau", kind: "payment_approved", subject: "pay_mbabizu24mvu3mela5njyhpit4",
	},
})
