package provider_test

import "time"

var _ = add("alipay_antom", []vector{
	{
		by:     byWords,
		secret: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArwRsNG4yycuJFXB48VNPvSPLxNAHdpbB1Zi+uDhjV3Rer008hHZttxDZ4XTY6R/nUkofy5EMn+b0bOE/hNbQM6ydj7aaMbtG+67m8V4xrSFtgsGVbFLmCDEAeT8w0MX9AQOJ8u9XT0ZB8+Ou8J0lMDfOQS++u+TF6tlWaVNoAf9/z1Owf0qR4RgAyS9LVuboeHEbl2UHJj6dO3y+5S8Pn7BSlL4i5eU/40Xbe+Puj9Najzom6g6rCQ5Q+cw9Bi68bg2qNOjWDt+jkksRA8lCOwZGQje8wBGfT0oCHPSqMC4F8eaopoRlwC7rvt3wVbeGJnYrD2UXiu8Pp817uoiWlwIDAQAB",
		at:     newYear,
		target: "/webhooks?shop=1",
		headers: []string{
			"Client-Id", "SANDBOX_5X00000000000000",
			"Request-Time", "2026-01-01T08:00:00+08:00",
			"Signature", "algorithm=RSA256,keyVersion=1,signature=lgZEkfZ1k%2FAZyYuA%2FbZujCbBH3ADrBADr1f8Tm3%2BazyrYGf1NTjEmiXa8o3p2PzIWyW7XLLhU4hLzZ1n6Kb1yvLI4RIf6rPHolnDTpLyKRoKmxCN9MJvWKjCKKkpPWLNU%2BWZczXGi%2Fq%2FYuJvKAsSGcpVDjf4x47d%2B06z5IIpUd11i9l2uYGKQkhBqq1AWT%2FJMzwX1zYzffoX97CrNCyrOKKFoJaurMv7tSmyy2exgbyie0d6J%2B2JN1LZVmTz9rd4lOmo2lIrBLWsEgBNCfTU1%2BlpihveFqRq29iYgCXzOHqX4dKOdQTQW7ev8Vx49OFn4ttGEl9nzTWj9gXQHysnWw%3D%3D",
		},
		body: `{"notifyType":"PAYMENT_RESULT","result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"},"paymentRequestId":"2020010123456789XXXX","paymentId":"2020010123456789XXXX7890","paymentAmount":{"value":"8000","currency":"EUR"},"paymentCreateTime":"2020-01-01T12:01:00+08:30","paymentTime":"2020-01-01T12:01:01+08:30"}`,
		kind: "PAYMENT_RESULT", subject: "2020010123456789XXXX7890",
		account: "SANDBOX_5X00000000000000",
		answer:  `{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}`, answerType: "application/json",
		late: 48 * time.Hour, early: 48 * time.Hour,
	},
	{
		by:     "the words of the provider's documents, of an authorization",
		secret: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArwRsNG4yycuJFXB48VNPvSPLxNAHdpbB1Zi+uDhjV3Rer008hHZttxDZ4XTY6R/nUkofy5EMn+b0bOE/hNbQM6ydj7aaMbtG+67m8V4xrSFtgsGVbFLmCDEAeT8w0MX9AQOJ8u9XT0ZB8+Ou8J0lMDfOQS++u+TF6tlWaVNoAf9/z1Owf0qR4RgAyS9LVuboeHEbl2UHJj6dO3y+5S8Pn7BSlL4i5eU/40Xbe+Puj9Najzom6g6rCQ5Q+cw9Bi68bg2qNOjWDt+jkksRA8lCOwZGQje8wBGfT0oCHPSqMC4F8eaopoRlwC7rvt3wVbeGJnYrD2UXiu8Pp817uoiWlwIDAQAB",
		at:     newYear,
		headers: []string{
			"Client-Id", "SANDBOX_5X00000000000000",
			"Request-Time", "2026-01-01T08:00:00+08:00",
			"Signature", "algorithm=RSA256,keyVersion=1,signature=CaFrtfdIxjlGeXfvBIJ%2BcnJDNYb1IQzVfKQTzquDUin6aGYbZgH97oyZdUxo2gi2V%2BPPs1d0e1Ivu6AbTzZ26sMC7CELJn%2FRdBwDjJRDQxYL7fw9BUKuVBXWXRy5EHu1FdmetMW6R%2F%2FBKPqIe86hJAIy9XKhAy1CvA7Sp4Pp0sNcLsH9pzeaVNDvk8MOPp7SVe1F0n9sijMv0xf%2BKZktYjdoRTmKtetj%2F1QhVlzPTY9E3wE%2BAhHWDUYISu%2BwyGvJSbzPPd1m46lU50lzOXSBj5PwuV62LPEboRcnUv9ItKQiDOrQ%2FZCPOPYdi6CHdEJ9UdLJ%2BAGthtRTOkHC5Gzn6g%3D%3D",
		},
		body:    `{"authorizationNotifyType":"TOKEN_CANCELED","accessToken":"281010033AB2F588D14B43238637264FCA5AAF35xxxx","result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}`,
		kind:    "TOKEN_CANCELED",
		account: "SANDBOX_5X00000000000000",
		answer:  `{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}`, answerType: "application/json",
		late: 48 * time.Hour, early: 48 * time.Hour,
	},
	{
		by:     "the words of the provider's documents, of a dispute",
		secret: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArwRsNG4yycuJFXB48VNPvSPLxNAHdpbB1Zi+uDhjV3Rer008hHZttxDZ4XTY6R/nUkofy5EMn+b0bOE/hNbQM6ydj7aaMbtG+67m8V4xrSFtgsGVbFLmCDEAeT8w0MX9AQOJ8u9XT0ZB8+Ou8J0lMDfOQS++u+TF6tlWaVNoAf9/z1Owf0qR4RgAyS9LVuboeHEbl2UHJj6dO3y+5S8Pn7BSlL4i5eU/40Xbe+Puj9Najzom6g6rCQ5Q+cw9Bi68bg2qNOjWDt+jkksRA8lCOwZGQje8wBGfT0oCHPSqMC4F8eaopoRlwC7rvt3wVbeGJnYrD2UXiu8Pp817uoiWlwIDAQAB",
		at:     newYear,
		headers: []string{
			"Client-Id", "SANDBOX_5X00000000000000",
			"Request-Time", "2026-01-01T08:00:00+08:00",
			"Signature", "algorithm=RSA256,keyVersion=1,signature=BJvK67e94R0ndqgLk1u8%2Box8FnCHLD4yIkdtejNaGwNjvHDidLkXvzBDmAhJwZFMtYbGDr6dnJLQihBvp6k%2BSFaNT9MsnAC703Y41SMbZa5AmrteDNO%2B%2FNETotw5ldbiGJuTB39JL%2F2CECOiJ%2FBowPc09Fz%2BRMHIhSJsRpA4a6RTd21G0NCd3A%2BhOdggzEaaPrXoMYqrulEXelBFF3Ig5qf5NPOy6q0PyCptvfwHzK76EP8eVzqt%2Fudo2Ficc7v7Ct2V2VEjAD3ABCwUA1ImkLTv6%2BtnS1ETgQY3A9QLgVaNPm5nTjwASUCvYTzwIY9dOm9SLZkhSbedNOwlDMkcWA%3D%3D",
		},
		body: `{"paymentRequestId":"2020010123456789XXXX","disputeId":"202106171940108001001188C0209013142","paymentId":"202106171940108001001188C0209013140","disputeTime":"2019-11-27T12:01:01+08:00","disputeAmount":{"value":"100","currency":"EUR"},"disputeNotificationType":"DISPUTE_CREATED","disputeReasonMsg":"the order was not received"}`,
		kind: "DISPUTE_CREATED", subject: "202106171940108001001188C0209013140",
		account: "SANDBOX_5X00000000000000",
		answer:  `{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}`, answerType: "application/json",
		late: 48 * time.Hour, early: 48 * time.Hour,
	},
})
