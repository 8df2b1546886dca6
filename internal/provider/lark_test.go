package provider_test

import (
	"net/http"
	"strings"
	"testing"
)

// Made with Python's hashlib and cryptography from what the documents say in words.
const (
	larkEvent     = `{"encrypt":"GyZ2GcSBLMRu4oF0eITKUF/nLDqg9pSr1wl4dtn4Bitga048ZsydS+ol3IvjJfb3gqroLJ4pb5ns+sIrAeSSJuhBgu3DFtEEisl2eSmlyzeEXZDTxzGwh+hzA0uCgiPxE+PH3DINdnqscpWjyahMXm/gpt+ljzD+vM0adlORRilTTduszVBhPj2WEnnXkHBoVFSoU8OrI3gJpI8qG1LRH+OohPO+ig0o0pxoCMNJfIItZoZbAa2L1kk17ygEGs9NBlYyViJJMi9o0wzGhauwuTULe+7jsNLEPRB3r0ixUfcr1DjJ4gEH8O2VdVz9qjmfEZJ2G18JpY4tDputX66aJN7Rq58e8wbSfu6hK7oWvkzJ/722fKLKltYLE2uIfnWydVGAIH2OS7gcqo9mzpjsdw=="}`
	larkEventSign = "840a3490395834d350b4211a1c0c7a6dbe5dc3af52712cb248751e6862025991"
)

var _ = add("lark", []vector{{
	by:     byWords,
	secret: "test key", at: newYear,
	headers: []string{
		"X-Lark-Request-Timestamp", "1767225600", "X-Lark-Request-Nonce", "78654f",
		"X-Lark-Signature", larkEventSign,
	},
	body: larkEvent,
	id:   "5e3702a84e847582be8db7fb73283c02", kind: "im.message.receive_v1",
}, {
	by:     byWords + ", version 1",
	secret: "test key", at: newYear,
	headers: []string{
		"X-Lark-Request-Timestamp", "1767225600", "X-Lark-Request-Nonce", "78654f",
		"X-Lark-Signature", "a6c575102abaa0a4ad65b2420928e70d95d2df8059b6a3abf6f0c1b1f74f99f6",
	},
	body: `{"encrypt":"ZlTHNMyrj0QP8IJetEPcf9W1hZUZ9OszwkoYuqm+mZQjpPJEcqXRrclixRkdholuD2zd/hcD4WTakRpLgVvmtu8Q7h9/AKBgBQTeBeKBzBN3LJHbJ0bKffPtObe3+xeZIBG4owNvVJpSwfp45NxjRBx14E6JzYBfuQD7PdHspSZgRD7EDAJEH6vaa7THN7iVOSnFRhJ8rqCEL3xyXFGUWurpnejHhu0kBYX1IQx/9rt7xXK6I4DTLMkI9U3Y8hOd5R3obRv8+HNXad/GmvBs7+ZWKWcqJcP5G05yYeJKBiA="}`,
	id:   "41b5f371157e3d5341b38b20396e77e3", kind: "message",
}})

const (
	larkCheck         = `{"encrypt":"2I/G7fIepGTTX/diiLhBA0J5NTnJzEf7INehv6gsNY2OjmTrKTsVxzfkDuxuxrpArf4LpbByRBFicRFcENhNjSiRX+toGkhWd2LXplcrViRhlAPMn2CtfOoS6vcQp8bZ"}`
	larkCheckAnswer   = `{"challenge":"ajls384kdjx98XX"}`
	larkOtherToken    = `{"encrypt":"G3HmWq+9mNLon88q0fG0y6EPOwg4pfCH9G6evrmb5yMz1u8q1tndhiiQR+FieXTlKvnSuEhe3ti3xfs3ud8eWTXLsQt944HZzGudnjH/68vuZV2K6KzFQ+y5UC4Oa+02"}`
	larkOtherKey      = `{"encrypt":"ndTkYSaMgDT1yFZOFVxnpieFMYi9wTlm7vFoOdBh4JAXGWAVOup9VsjDhlIfJL8XoZGgCXK8Ax5E4mJuJqsEgyCA7BGytnZhwm+Zn7yVf7B6PsP/Zj7v4qUf+QfHSqee"}`
	larkUnsignedEvent = `{"encrypt":"QVKQdpWURg4uSFkikE80XUFZLczfYSXBfqPwIXpJ/+4irG5bLE7+FP5Fwolg1HdNG697wD4/H3t38Q3vgBvbxd2ccwse4LV2pnf/FHPLZlQ="}`
)

var _ = verifies("lark", []handshake{
	{"test key", post("", larkCheck), 200, larkCheckAnswer, []string{"Content-Type", "application/json"}},
	{"test key", post("", larkCheck, "Content-Type", "text/plain"), 200, larkCheckAnswer, nil},
	{"test key", post("", `{"challenge":"c","token":"sesame","type":"url_verification"}`), 200, `{"challenge":"c"}`, nil},
	{"test key", post("", `{"challenge":"c","token":"other","type":"url_verification"}`), 401, "", nil},
	{"test key", post("", `{"challenge":"c","type":"url_verification"}`), 401, "", nil},
	{"test key", post("", `{"challenge":"c","token":"sesame","type":"event_callback"}`), 401, "", nil},
	{"test key", post("", larkOtherToken), 401, "", nil},
	{"test key", post("", larkOtherKey), 401, "", nil},
	{"test key", post("", larkUnsignedEvent), 401, "", nil},
	{"other key", post("", larkCheck), 401, "", nil},
	{"test key", get("challenge=c"), 405, "", nil},
})

// TestLarkToken: the token in an event must be the configured one, if there is one.
func TestLarkToken(t *testing.T) {
	ofOther := requestOf(http.MethodPost, "/", `{"encrypt":"HBNDeQOea3xMsVjQ32GLmHHK2f/oO7/RUAfPSesRq1KAIvuRmapRxgrvboEePyPR0PBCWF099e+a9qO50fk2VsZ6y60IKwO+F7DL3NZdrENrAjaMi8flmRDLqVCA4+r4eW1aqlUPRjWgXZr6lxYYUtEzYR21gtMGLBpYjPzQiYeOIx8nsdTOJVH3wLA6s4qFudLpksfc2+O7ah96aIJLtzsTTUx78ooEAXatvPjXcheeL7a/zMORP4LHpmC72KbQeiw++oyto2XQsjUN8pHwSzLQowms0Rwp3BYQdEH5icSer1XkR68JFvvBEbrxOCi8WmkICK7b/mbZ1w5eepLYqRsDRcPEGW07iBFePT0PYt/s5AUIt4NWaXgVCHIQGqi1q15wWmHp2Q8SGuRAWDmtuQ=="}`,
		"X-Lark-Request-Timestamp", "1767225600", "X-Lark-Request-Nonce", "78654f", "X-Lark-Signature", "1c4b7d5a27b6d92409cf9b7a662df07bbdb18d9aeba165bcdd48a137ced053d9")
	rc := newReceiver(t, "provider lark\nverify_token sesame\nsecret \"test key\"")
	rc.refuses(t, ofOther, http.StatusUnauthorized)
	for _, options := range []string{"", "\nverify_token sesame other"} {
		rc := newReceiver(t, "provider feishu\nsecret \"other key\" \"test key\""+options)
		if resp, _ := rc.send(t, ofOther); resp.StatusCode != http.StatusOK {
			t.Errorf("status %d with options %q: %s", resp.StatusCode, options, rc.reasons)
		}
	}
}

// TestLarkTellsNothing: whatever is wrong with an unsigned request, the answer is the same,
// and so is the reason.
func TestLarkTellsNothing(t *testing.T) {
	rc := newReceiver(t, "provider lark\nverify_token sesame\nsecret \"test key\"")
	for i := range 256 { // of the last byte but one block, as who looks for the padding does
		altered := []byte(larkCheck)
		altered[len(altered)-40] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[i%32]
		altered[len(altered)-30] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[i/8]
		rc.refuses(t, requestOf(http.MethodPost, "/", string(altered)), http.StatusUnauthorized)
	}
	for _, body := range []string{larkOtherKey, larkUnsignedEvent, `{"encrypt":"AAAA"}`, `{"encrypt":"?"}`, `{"encrypt":"ndTkYSaMgDT1yFZOFVxnpnNZOjkqwZjhN+dOstJZBSI="}`} {
		rc.refuses(t, requestOf(http.MethodPost, "/", body), http.StatusUnauthorized)
	}
	for _, reason := range rc.reasons {
		if reason != rc.reasons[0] || strings.Contains(reason, "decrypt") {
			t.Fatalf("reasons %q and %q", rc.reasons[0], reason)
		}
	}
}
