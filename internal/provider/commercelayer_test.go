package provider_test

var _ = add("commercelayer", []vector{
	{
		by:     "@commercelayer/sdk-utils 4.0.0",
		secret: "commercelayer-secret",
		headers: []string{
			"X-CommerceLayer-Signature", "IDinKIiT4aQVD+OylTODI5fIXj6Dp0Z7tFmUp3D9TGM=",
			"X-CommerceLayer-Topic", "customers.create",
		},
		body: `{"data":{"id":"OeRyhjDlje","type":"customers","links":{"self":"/api/customers/OeRyhjDlje"},"attributes":{"email":"user@example.com","status":"prospect","has_password":false,"total_orders_count":0,"created_at":"2024-02-21T16:37:09.750Z","updated_at":"2024-02-21T16:37:09.750Z","reference":null,"reference_origin":null,"metadata":{}},"meta":{"mode":"test","organization_id":"wRPpEFOElR"}}}`,
		kind: "customers.create", subject: "OeRyhjDlje",
	},
})
