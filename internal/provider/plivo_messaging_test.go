package provider_test

var _ = add("plivo_messaging", []vector{
	{
		by:     "plivo 4.79.0 for Node",
		secret: "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4",
		url:    "https://hooks.example.com/plivo/messages",
		headers: []string{
			"X-Plivo-Signature-V2", "Q2cOpv1C1oZbh1U/Zq9WWvC1zyB/titruFT92LgmHsk=",
			"X-Plivo-Signature-V2-Nonce", "31627761595286130198",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body:       `From=14155550100&To=14155550101&MessageUUID=db3ce55a-7f1d-11e1-8ea7-1231380bc196&Type=sms&Status=delivered&Units=1&TotalRate=0.0035&Sequence=2`,
		kind:       "delivered",
		subject:    "db3ce55a-7f1d-11e1-8ea7-1231380bc196",
		says:       "partial",
		answerType: "text/xml",
		answer:     `<Response/>`,
	},
	{
		by:     "the same, with the signature of the main account",
		secret: "TWFpbkFjY291bnRUb2tlbk1haW5BY2NvdW50VG9rZW4",
		url:    "https://hooks.example.com/plivo/messages",
		headers: []string{
			"X-Plivo-Signature-V2", "Z8pSo3pSJ2QNk0XrCbkAYdgfqjkzHoXJlKVsVpecjh4=",
			"X-Plivo-Signature-Ma-V2", "0/po/bBiCGIJJyLaNaIn1NzivoueryTNlERFCVSXAM8=",
			"X-Plivo-Signature-V2-Nonce", "05686794260193457721",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body:       `From=14155550101&To=14155550100&Type=sms&Text=hello+{name}&MessageUUID=5b40a428-bfc7-4daf-9d06-726c558bf3b8`,
		kind:       "sms",
		subject:    "5b40a428-bfc7-4daf-9d06-726c558bf3b8",
		says:       "partial",
		answerType: "text/xml",
		nonce:      true,
		answer:     `<Response/>`,
	},
})
