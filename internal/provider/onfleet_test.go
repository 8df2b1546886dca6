package provider_test

var _ = add("onfleet", []vector{
	{
		by:     byWords,
		secret: "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92",
		headers: []string{
			"X-Onfleet-Signature", "3d231b735a45b2822cfc2e8769880bd5d97e5097007113642f45545436b7db18d5c6fa7d6e4e7d99c29cfd3fc3fa6fff893f908c742c290d73c113f56002c4cf",
		},
		body: `{"taskId":"11z1BFspwhBYDvIH_FrJfWMm","workerId":"1Ds6ulPYWxNPgaIaoLPqlIQE","adminId":null,"actionContext":{"id":"1Ds6ulPYWxNPgaIaoLPqlIQE","type":"WORKER"},"data":{"task":{"id":"11z1BFspwhBYDvIH_FrJfWMm","state":3}},"triggerId":3,"time":1767225600000}`,
		kind: "3", subject: "11z1BFspwhBYDvIH_FrJfWMm",
	},
	{
		by:     "the words of the provider's documents, of a worker",
		secret: "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92",
		headers: []string{
			"X-Onfleet-Signature", "0f5cf2fcfe8fd92c9d0ef2009350bc3b3af86e314ee0d03a749b363a0cd800bf6507d09df00b9347e3dadd9b4fa2a3375376e7b360dffef53240b1cae8a9dff1",
		},
		body: `{"workerId":"1Ds6ulPYWxNPgaIaoLPqlIQE","status":1,"data":{"worker":{"id":"1Ds6ulPYWxNPgaIaoLPqlIQE"}},"triggerId":5,"time":1767225600000}`,
		kind: "5", subject: "1Ds6ulPYWxNPgaIaoLPqlIQE",
	},
})

var _ = verifies("onfleet", []handshake{
	{"00ff", get("check=example"), 200, "example", []string{"Content-Type", "text/plain; charset=utf-8"}},
	{"00ff", get(""), 400, "", nil},
})
