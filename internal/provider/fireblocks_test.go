package provider_test

var _ = add("fireblocks", []vector{
	{
		by:     "jose 6.2.18",
		secret: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArwRsNG4yycuJFXB48VNPvSPLxNAHdpbB1Zi+uDhjV3Rer008hHZttxDZ4XTY6R/nUkofy5EMn+b0bOE/hNbQM6ydj7aaMbtG+67m8V4xrSFtgsGVbFLmCDEAeT8w0MX9AQOJ8u9XT0ZB8+Ou8J0lMDfOQS++u+TF6tlWaVNoAf9/z1Owf0qR4RgAyS9LVuboeHEbl2UHJj6dO3y+5S8Pn7BSlL4i5eU/40Xbe+Puj9Najzom6g6rCQ5Q+cw9Bi68bg2qNOjWDt+jkksRA8lCOwZGQje8wBGfT0oCHPSqMC4F8eaopoRlwC7rvt3wVbeGJnYrD2UXiu8Pp817uoiWlwIDAQAB",
		headers: []string{
			"Fireblocks-Webhook-Signature", "eyJhbGciOiJSUzUxMiIsImtpZCI6ImZpcmVibG9ja3MtMSIsInR5cCI6IkpPU0UifQ..GrqTezaquFwh6OSAy1lallCaOl04KV-UeCy09EEs9PKizJmNR29PzWm6sEt85ykvR4VVmc8ol6rm54ILjuABzeCXS2OqWLdeGDDvxtACHGBj-I-OzuzXJl-Y-VzUorF9GuTCrlKdJUvV6rXaDk-R1pelsfOAJA41Sf4NuimUmzNk-HYVf7bp2YbFgz8N8LoLIkBvSk_4nVSUTTcJb9GoL5qCx3bA61KwO7X-BPwgjtWGsFZ-6M72IkcxZyUmJQTc_AD78fNDY44zJjdyxT9Lawki909fK6K0mRP2BFD0rKvpPmvEdN4LNlKc1p7o-n2CRqQzstbxOUooKEfTkKyqZA",
		},
		body: `{"id":"0c3bf8c2-6f8b-4e0e-8f6d-2b2f0c2a9d11","resourceId":"b70701f4-d7b1-4795-a8ee-b09cdb5b850d","workspaceId":"6b1a9d64-0f4c-4b7e-9d10-7d2f1c3e5a77","eventType":"transaction.created","createdAt":1767225600000,"data":{"id":"b70701f4-d7b1-4795-a8ee-b09cdb5b850d","createdAt":1767225600000,"assetId":"XRP_TEST","source":{"id":"0","type":"VAULT_ACCOUNT","name":"Default"}}}`,
		id:   "0c3bf8c2-6f8b-4e0e-8f6d-2b2f0c2a9d11", kind: "transaction.created", subject: "b70701f4-d7b1-4795-a8ee-b09cdb5b850d",
		account: "6b1a9d64-0f4c-4b7e-9d10-7d2f1c3e5a77",
	},
})
