package provider_test

var _ = add("adyen_platform", []vector{
	{
		by:     "@adyen/api-library 32.1.0",
		secret: "11223344D785FBAE710E7F943F307971BB61B21281C98C9129B3D4018A57B2EB",
		headers: []string{
			"HmacSignature", "o278QBHtbuu4XUOFw/lew/nu1E++GPdw4UVEEQX9mEY=",
			"Protocol", "HmacSHA256",
		},
		body:    `{"data":{"balancePlatform":"YOUR_BALANCE_PLATFORM","accountHolder":{"description":"Shelly Eller","legalEntityId":"LE00000000000000000001","reference":"YOUR_REFERENCE-2412C","id":"AH00000000000000000001","status":"active"}},"environment":"test","timestamp":"2024-12-15T15:42:03+01:00","type":"balancePlatform.accountHolder.created"}`,
		kind:    "balancePlatform.accountHolder.created",
		subject: "AH00000000000000000001",
	},
	{
		by:     "@adyen/api-library 32.1.0, a balance account",
		secret: "11223344D785FBAE710E7F943F307971BB61B21281C98C9129B3D4018A57B2EB",
		headers: []string{
			"HmacSignature", "mjVrtDY9E4v3IJCKgGAysa+t+My1geyRePTNlfR3abc=",
			"Protocol", "HmacSHA256",
		},
		body:    `{"data":{"balancePlatform":"YOUR_BALANCE_PLATFORM","balanceAccount":{"accountHolderId":"AH00000000000000000001","defaultCurrencyCode":"EUR","id":"BA00000000000000000001","status":"active"}},"environment":"test","timestamp":"2024-12-15T15:42:03+01:00","type":"balancePlatform.balanceAccount.created"}`,
		kind:    "balancePlatform.balanceAccount.created",
		subject: "BA00000000000000000001",
	},
	{
		by:     "@adyen/api-library 32.1.0, Management API",
		secret: "11223344D785FBAE710E7F943F307971BB61B21281C98C9129B3D4018A57B2EB",
		headers: []string{
			"HmacSignature", "F7tNxPsIeqNyQC+NtkXxKNR77TgWjz7VlAIHILhT79c=",
			"Protocol", "HmacSHA256",
		},
		body:    `{"createdAt":"2022-01-24T14:59:11+01:00","data":{"id":"PM3224R223224K5FH4M2K9B86","merchantId":"MERCHANT_ACCOUNT","result":"SUCCESS","storeId":"ST322LJ223223K5F4SQNR9XL5","type":"visa"},"environment":"test","type":"paymentMethod.created"}`,
		kind:    "paymentMethod.created",
		subject: "MERCHANT_ACCOUNT",
	},
	{
		by:     "@adyen/api-library 32.1.0, a dispute",
		secret: "11223344D785FBAE710E7F943F307971BB61B21281C98C9129B3D4018A57B2EB",
		headers: []string{
			"HmacSignature", "UcVFZv/q6ePIhEfq5DF++eFAsqtYUIn9BhKHxaoY29I=",
			"Protocol", "HmacSHA256",
		},
		body:    `{"type":"balancePlatform.dispute.created","data":{"id":"DS00000000000000000001","balancePlatform":"YOUR_BALANCE_PLATFORM","disputedAmount":{"currency":"EUR","value":10000},"status":"open","type":"notDelivered"},"environment":"test","timestamp":"2024-12-15T15:42:03+01:00"}`,
		kind:    "balancePlatform.dispute.created",
		subject: "DS00000000000000000001",
	},
})
