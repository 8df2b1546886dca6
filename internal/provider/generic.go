package provider

var _ = add(Row{
	Name:   Generic,
	Title:  "Any other service",
	Kind:   KindAny,
	Docs:   "https://www.rfc-editor.org/rfc/rfc9110",
	Note:   "It takes every POST, from anybody, until `verification` and `signature` say more: see [Other services](../reference.md#other-services).",
	Token:  "the verify token",
	Secret: "the secret that events are signed with",
	Accept: "any",
})
