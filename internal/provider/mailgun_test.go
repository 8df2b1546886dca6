package provider_test

import "time"

var _ = add("mailgun", []vector{
	{
		by:      "mailgun-go 4.23.0",
		secret:  "key-0123456789abcdef0123456789abcdef",
		at:      newYear,
		body:    `{"signature":{"timestamp":"1767225600","token":"a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5","signature":"d6a482d594f3c6892d5a3b3b1956e85315c143fbf5e0415d238ff10594ae87e4"},"event-data":{"id":"CPgfbmQMTCKtHW6uIWtuVe","timestamp":1767225600.5,"log-level":"info","event":"delivered","message":{"headers":{"to":"alice@example.com","message-id":"20130503182626.18666.16540@mail.example.com","from":"bob@mail.example.com","subject":"Test delivered webhook"}},"recipient":"alice@example.com","recipient-domain":"example.com"}}`,
		id:      "CPgfbmQMTCKtHW6uIWtuVe",
		kind:    "delivered",
		subject: "alice@example.com",
		says:    "partial",
		late:    12 * time.Hour,
		early:   12 * time.Hour,
		nonce:   true,
	},
})
