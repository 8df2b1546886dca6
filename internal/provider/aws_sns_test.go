package provider_test

import "time"

// snsCertificate is of a key that was made for these tests.
const snsCertificate = `-----BEGIN CERTIFICATE-----
MIICsTCCAZmgAwIBAgIBATANBgkqhkiG9w0BAQsFADAcMRowGAYDVQQDDBFzbnMu
YW1hem9uYXdzLmNvbTAeFw0yNTAxMDEwMDAwMDBaFw0zNTAxMDEwMDAwMDBaMBwx
GjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOC
AQ8AMIIBCgKCAQEAq+M5R05tWdUkS+5tOZtYl6YVjmXqXQeWbZkkhs0oFnfnvYFO
8dThFbno0JS8u9GnMGDnBBRAEVuxDvj1nbda0R1K7IhKmIx1NsZLHmShuB6EsYXB
QJT2Ma9oZDIr8OJerJB6by0qop2bWWVUE149jhvlNh9owGv6XRPbDHF8+Halp0EW
+/ch50kI6TcU4B8vZRwxKfu7uZcN6nRmuSZHc9YTjr7a0K3ySIBcaPR0ycNTJXeW
iEAnP1ju4guP1Lb7Ff7CbjFiogBLw4+B84aT83FB95AJ6t0bzcowcYQ7nh7noqBj
ghh+Gwt9saUKtCOcGHybrN+ACPZvVrpCPsCEUwIDAQABMA0GCSqGSIb3DQEBCwUA
A4IBAQAnKkrW0zQZMSmYvtZu0w3N98jrUoSFfiW5g3GhPwLU2QCCr7geq8za14Lu
j1OSUGXgNic0xZjhvbaWvdjeJXXngvGYshKvjKBOhki1sXdYZa5kb8knvaZgmI7X
oAOYlV/QUr4A4LHyqFUWkf1bqzuMWF80aYVrL05IsPhX1r88ZUWyxtJccZ6FjmIC
W0rvioVcKpPPJVCO7i5J4cCNDyHXcuzLHTAUL4KCXE/IDV8NvGA9nr39iu24NLYn
yWq9AuDGyI2f1NodslVx8m7mMSJLta7K+dCtH1nJnj4K+IsaCTGgD+DYfZi8UVQU
gm7f23OvxC+CkDmL6UxAjayOl8IE
-----END CERTIFICATE-----
`

const snsTopic = "arn:aws:sns:us-west-2:123456789012:MyTopic"

var _ = add("aws_sns", []vector{
	{
		by:     "sns-validator 0.3.5 for Node, in version 1",
		secret: snsCertificate, account: snsTopic, says: "partial",
		at: newYear, late: 24 * time.Hour, early: 24 * time.Hour,
		headers: []string{"Content-Type", "text/plain; charset=UTF-8", "X-Amz-Sns-Message-Type", "Notification"},
		body: `{
  "Type": "Notification",
  "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject": "My First Message",
  "Message": "Hello world!\n\"quoted\" & größer",
  "Timestamp": "2026-01-01T00:00:00.000Z",
  "SignatureVersion": "1",
  "Signature": "DE/NqBOo5aKoAi8WrnqRlPzoZ4ZtoOUezWL8gNfcU73Xs67F65KBdQSSe5B9pCAgIpUpjpA7VSSI+L+FaHa6Ln07aQzsadys9JuGccUezH93DHVSxK3F1H2aCf6U7nj/72j56xBvqRAJmQTA0x3XCCDO83czmCY0dIqGEi5AxYO733sEs3dtMpGE7A0gGrZqDckRBav1wNaXb2jcsUw33L7f9sfEpdAeN1QolTa6ENOFN0Ej/97eUoTaONv/PMHNRovvoRILJN0oePP9kssnehxXGvAUE90eqS4Yj8+BgUtq/Bp0z4nzRmv+wmLQIcK7dyOzwwKePfLvATWdvYR+mQ==",
  "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0-26c4-47ec-8998-413945fb5a96"
}`,
		id: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", kind: "Notification", subject: snsTopic,
	},
	{
		by:     "sns-validator 0.3.5 for Node, in version 2, without a subject",
		secret: snsCertificate, account: snsTopic, says: "partial",
		at: newYear, late: 24 * time.Hour, early: 24 * time.Hour,
		headers: []string{"Content-Type", "text/plain; charset=UTF-8", "X-Amz-Sns-Message-Type", "Notification"},
		body: `{
  "Type": "Notification",
  "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe",
  "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Message": "Hello world!\n\"quoted\" & größer",
  "Timestamp": "2026-01-01T00:00:00.000Z",
  "SignatureVersion": "2",
  "Signature": "TLSSa5Z7XnRx+p9VRPR8B5gPorJKwLnrDrdD1kQ+GCQLSwFCpK2mMc9aTCJXlfkv+qds9nfyAHWLNe4+awwZ8oFpcGth81xOBnuMzrf4jiUHRbz5RDPeGsD5TzHfTXU8V4wBYeEJOZwE7sooBmmcbPw/2r86htp5YTa49yIUF2s028Jf/uNaEZJHlPKwKU3HIRS0+qq5eOWWF8x22RpOcIGGaDqnGnN4hAoRYQzNuH+0e2mU9KjSzqf6M885aSZUl2UkLNK7okojf2wJRY2IL8+JoLiOqjubRvr2CijpTPhcVQcj+rCUTFc6HtKRkU4f0O+cJiHbMA2+CEs1K0Dl+g==",
  "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0-26c4-47ec-8998-413945fb5a96"
}`,
		id: "da41e39f-ea4d-435a-b922-c6aae3915ebe", kind: "Notification", subject: snsTopic,
	},
	{
		by:     byWords,
		secret: snsCertificate, account: snsTopic, says: "partial",
		at: newYear, late: 24 * time.Hour, early: 24 * time.Hour,
		headers: []string{"Content-Type", "text/plain; charset=UTF-8", "X-Amz-Sns-Message-Type", "UnsubscribeConfirmation"},
		body: `{
  "Type": "UnsubscribeConfirmation",
  "MessageId": "47138184-6831-46b8-8f7c-afc488602d7d",
  "Token": "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad02428b09ceece29417f1f02d609c582afbacc99c583a916b9981dd2728f4ae6fdb82efd087cc3b7849e05798d2d2785c03b0879594eeac82c01f235d0e717736",
  "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Message": "You have chosen to deactivate subscription arn:aws:sns:us-west-2:123456789012:MyTopic.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
  "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic&Token=2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad02428b09ceece29417f1f02d609c582afbacc99c583a916b9981dd2728f4ae6fdb82efd087cc3b7849e05798d2d2785c03b0879594eeac82c01f235d0e717736",
  "Timestamp": "2026-01-01T00:00:00.000Z",
  "SignatureVersion": "2",
  "Signature": "CSCDlVMW+Yffk8SetWTDDiJQJ/xoepSQkx+zlVppiFgUio7Sy5EFsy/tIYJ+WpFoyQ4syGMzEBnY6t1lbNMkaqe36pq8XJ4uBFMcIzHYYpglYNKzzeREjD8ARMOgzf9sg8arAYwICMkrv6LoSg38cDdSzYxRgMOAquaa+MDMe3T96K05R19u8waEkeUf9llOkWH2pzLmiDCEjn9JluIR78n+VEISQIMvVzQyT2xLIufSQl/K8uylGbwJSEoumbHwy9DE/yiowCL34M3eHrIg6H9gIM04VTz3NF4VlhN7tafNOFl3kkSmxYAZuAhV+5ohfVJ8MTvuDqpcsmDjipXZDA==",
  "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"
}`,
		id: "47138184-6831-46b8-8f7c-afc488602d7d", kind: "UnsubscribeConfirmation", subject: snsTopic,
	},
})
