package provider_test

import "time"

var _ = add("neon_auth", []vector{
	{
		by:     "jose 6.2.18, as in Neon's example",
		secret: "5Kmky3Uv2WcXM3NiI9l9kXIkAM5kh0fxCYLDv1z08g8",
		at:     newYear,
		headers: []string{
			"X-Neon-Signature", "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXUyIsImtpZCI6IjAxZGVjNTJiIn0..51eGOUoHZ9av-9b0Nh6kAqW8ygdjosCxqy_57Kz4BM_jdyA6wukOXg5pqjOhCPCQpJp2sydDZHX4Nm8D88S3Bg",
			"X-Neon-Signature-Kid", "01dec52b",
			"X-Neon-Timestamp", "1767225600000",
		},
		body: `{"event_id":"550e8400-e29b-41d4-a716-446655440000","event_type":"user.created","timestamp":"2026-01-01T00:00:00.000Z","context":{"endpoint_id":"ep-cool-sound-12345678","project_name":"My SaaS App"},"user":{"id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","email":"user@example.com","name":"Jane Smith","email_verified":false,"created_at":"2026-01-01T00:00:00.000Z"},"event_data":{"auth_provider":"credential","ip_address":"192.0.2.1","user_agent":"Mozilla/5.0"}}`,
		id:   "550e8400-e29b-41d4-a716-446655440000", kind: "user.created", subject: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
