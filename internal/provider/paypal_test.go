package provider_test

import "time"

var _ = add("paypal", []vector{
	{
		by:     byWords,
		secret: snsCertificate, account: "4JH86294D6297924G", says: "partial", nonce: true,
		at: newYear, late: 73 * time.Hour, early: 73 * time.Hour,
		headers: []string{
			"PayPal-Transmission-Id", "dfb3be50-fd74-11e4-8bf3-77339302725b",
			"PayPal-Transmission-Time", "2026-01-01T00:00:00Z",
			"PayPal-Transmission-Sig", "URLSMSYPRALJk+rHHvUN3HVa3puU48n0LTqQQYfthTGNCSogxu6AcNKpbKS6DM4Vz6SHoerqResf/+qcbFEppVf36gmifaK82ut03EjneiubggSGbQAZC49zDPYFCiORZGDHmgmzg6CRY4AEiVBVBx7LJO6qwLSUWMRlH+7Uc7DBKcODuWSXLjYzLMbdGnWhjGxCkxoNf8Bzia97y8Qf82WzXGREam18Pt0FvYU2zMKEYtMUU9pL29JPz1M72vt90jwZklEB4jE+7WSYuWl16MGwvVH0S5OkfSuqdacpxh0zpZNEGgZ7ZHiL4hqByQiZvuaDzLaHL5+VvYqERGlllQ==",
			"PayPal-Auth-Algo", "SHA256withRSA",
			"PayPal-Cert-Url", "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77",
		},
		body: `{"id":"WH-2WR32451HC0233532-67976317FL4543714","event_version":"1.0","create_time":"2026-01-01T00:00:00Z","resource_type":"sale","event_type":"PAYMENT.SALE.COMPLETED","summary":"A successful sale payment was made for $ 0.48 USD","resource":{"id":"80021663DE681814L","amount":{"total":"0.48","currency":"USD"}}}`,
		// Another amount, and white space by which the CRC-32 is the same.
		second: "{\"id\":\"WH-2WR32451HC0233532-67976317FL4543714\",\"event_version\":\"1.0\",\"create_time\":\"2026-01-01T00:00:00Z\",\"resource_type\":\"sale\",\"event_type\":\"PAYMENT.SALE.COMPLETED\",\"summary\":\"A successful sale payment was made for $ 0.48 USD\",\"resource\":{\"id\":\"80021663DE681814L\",\"amount\":{\"total\":\"9.48\",\"currency\":\"USD\"}}}  \t \t\t\t\t\t\t    \t\t\t \t\t  \t   \t\t\t \t\t                                ",
		id:     "WH-2WR32451HC0233532-67976317FL4543714", kind: "PAYMENT.SALE.COMPLETED", subject: "80021663DE681814L",
	},
})
