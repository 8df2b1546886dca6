package provider_test

var _ = add("alchemy", []vector{
	{
		by:     byWords,
		secret: "whsec_0123456789abcdefABCDEFGH",
		headers: []string{
			"X-Alchemy-Signature", "c9921a0725d9d2c64ef5c7338ad22c82375401bb77c67bc7d7494abe57f4810d",
		},
		body: `{"webhookId":"wh_k63lg72rxda78gce","id":"whevt_vq499kv7elmlbp2v","createdAt":"2024-01-23T07:42:26.411977228Z","type":"ADDRESS_ACTIVITY","event":{"network":"MATIC_MAINNET","activity":[{"blockNum":"0xdf34a3","hash":"0x7a4a39da2a3fa1fc2ef88fd1eaea070286ed2aba21e0419dcfb6d5c5d9f02a72","fromAddress":"0x503828976d22510aad0201ac7ec88293211d23da","toAddress":"0xbe3f4b43db5eb49d1f48f53443b9abce45da3b79","value":293.092129,"asset":"USDC","category":"token"}]}}`,
		id:   "whevt_vq499kv7elmlbp2v", kind: "ADDRESS_ACTIVITY", subject: "wh_k63lg72rxda78gce",
	},
})
