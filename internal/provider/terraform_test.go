package provider_test

var _ = add("terraform", []vector{
	{
		by:     byWords,
		secret: "terraform-token",
		headers: []string{
			"X-TFE-Notification-Signature", "06ad51cd08fe0688ed353506d01568a42681dd1f07563c8090d53bfe9a0d23a44c03536bcf6af91b8d49822ab0b875f0a87eff7c6d9dbcf51368cc68a99bdac9",
		},
		body: `{"payload_version":1,"notification_configuration_id":"nc-AeUQ2zfKZzW9TiGZ","run_url":"https://app.terraform.io/app/acme-org/my-workspace/runs/run-FwnENkvDnrpyFC7M","run_id":"run-FwnENkvDnrpyFC7M","run_message":"Add five new queue workers","run_created_at":"2019-01-25T18:34:00.000Z","run_created_by":"sample-user","workspace_id":"ws-XdeUVMWShTesDMME","workspace_name":"my-workspace","organization_name":"acme-org","notifications":[{"message":"Run Canceled","trigger":"run:errored","run_status":"canceled","run_updated_at":"2019-01-25T18:37:04.000Z","run_updated_by":"sample-user"}]}`,
		kind: "run:errored", subject: "run-FwnENkvDnrpyFC7M",
	},
	{
		by:     "the words of the provider's documents, version 2",
		secret: "terraform-token",
		headers: []string{
			"X-TFE-Notification-Signature", "2f1d03fc423399b22de68769d47fee759b6ac89a770e4f2ee6e9d6622442573ef57532be67619eba9793fbffdc2a4983c2752dcc3558aad17ed3fde19cd55e1b",
		},
		body: `{"payload_version":"2","notification_configuration_id":"nc-SZ3V3cLFxK6sqLKn","notification_configuration_url":"https://app.terraform.io/api/v2/notification-configurations/nc-SZ3V3cLFxK6sqLKn","trigger_scope":"assessment","trigger":"assessment:drifted","message":"Drift Detected","details":{"new_assessment_result":{"id":"asmtres-vRVQxpqq64EA9V5a","succeeded":true,"drifted":true},"workspace_id":"ws-XdeUVMWShTesDMME","workspace_name":"my-workspace","organization_name":"acme-org"}}`,
		kind: "assessment:drifted", subject: "ws-XdeUVMWShTesDMME",
	},
})
