package provider_test

var _ = add("constant_contact", []vector{
	{
		by:      byWords,
		secret:  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr5cND+RBtn+vTkJ/JGCwu5bv9Eel6OWInqLDDYwHpNz1I30ZsO++526YfvI5XYjhQPhYcjc+xr4/Jy8GAnFUp/2QwEShwOFKlNpwS7sW4OXlBPpu2EB3SmNL3OsTUDy2yOpkn+9VNjq+QUcSIBvMaeA8UBKbbZmo52cLiBjbaphYURI4QZouIMOqlfJzLJ2gxUHCAUvESfTj5pgzBCT0bxo3Pcwdm6Au0x5tNpqI8UILLFRdZR3AGv7+rZX3zOuYunZu1cHDkiEzeEOXRUSOfLPMiZd4iZvrUR6zoiRdq8pnUYryeJYlabUe2feOChsFJxn5zGud71ma/5HpLvNvPQIDAQAB",
		headers: []string{"X-CTCT-WEBHOOK-SIG", "eyJhbGciOiJSUzI1NiIsInRzIjoxNzY3MjI1NjAwLCJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdfQ..j8ODv4ZHEOA57wuCVSEsRghA4qLFKZNX7oz_pcrHi6Zop7O1s7AXtmJ_CgxghUkVtPInyfIhdrSokueG62M0dwgz5r9Le7WIH5rqNuW-5HhZdJ8MJo8gmx61TsepC5Ys5t8tP2sgzfEZg-0MvqN27t47IWbr0a3Ye4lqQkJQmewXLxfyoPaouIHr5Y-PE0A6nXlo-CUo8Vl1wsgB4lW7CrKyN2IZqnQX5zH0WrlvMeCRAAMqcOmelWwzePJCBuAnNJVhyOraQ8TwWxeuX6iWICqOwRnOmPWp5m3hilmk1eAJ6dbzaugnSDw-F7R5O14cwBPKWPhICiTw_GpT4X_CsQ"},
		body:    `{"url":"https://api.cc.email/v3/partner/accounts/a07e1ikbcf3u/plan","api_key":"6a5f9f6d-example","event_type":"tier.increase"}`,
		kind:    "tier.increase", subject: "https://api.cc.email/v3/partner/accounts/a07e1ikbcf3u/plan",
		account: "6a5f9f6d-example",
	},
})
