package provider_test

import (
	"strings"
	"testing"
)

const adyenKey = "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00"

var _ = add("adyen", []vector{
	{
		by:     "the test of adyen-go-api-library",
		secret: adyenKey,
		body:   `{"live":"false","notificationItems":[{"NotificationRequestItem":{"eventCode":"EVENT","pspReference":"pspReference","merchantAccountCode":"merchantAccount","merchantReference":"reference","amount":{"value":1000,"currency":"EUR"},"success":"true","originalReference":"originalReference","additionalData":{"hmacSignature":"ipnxGCaUZ4l8TUW75a71/ghd2Fe5ffvX0pV4TLTntIc="}}}]}`,
		kind:   "EVENT", subject: "merchantAccount",
		says: "partial", answer: "[accepted]",
	},
	{
		by:     byWords,
		secret: adyenKey,
		body:   adyenItems,
		kind:   "AUTHORISATION", subject: "TestMerchant",
		says: "partial", answer: "[accepted]",
	},
})

const adyenItems = `{"live":"false","notificationItems":[{"NotificationRequestItem":{"eventCode":"AUTHORISATION","pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","amount":{"value":1130,"currency":"EUR"},"success":"true","additionalData":{"hmacSignature":"Ny9gS2veKo5E4w8/OL6xz1/wvT/hYkAXy1xNc/QvO4I="}}},{"NotificationRequestItem":{"eventCode":"CAPTURE","pspReference":"7914073381342285","merchantAccountCode":"TestMerchant","merchantReference":"a:b","amount":{"value":1130,"currency":"EUR"},"success":"false","originalReference":"7914073381342284","additionalData":{"hmacSignature":"qclgkjTL2CkN06SmwEzpYIll3yFFU8Z/CNnzGZlYrL8="}}}]}`

// TestAdyenItems: each item of a batch is checked, and there must be one.
func TestAdyenItems(t *testing.T) {
	rc := newReceiver(t, "provider adyen\nsecret "+adyenKey)
	last := strings.LastIndex(adyenItems, `,"additionalData"`)
	for name, body := range map[string]string{
		"the first altered":    strings.Replace(adyenItems, "1130", "1131", 1),
		"the second altered":   strings.Replace(adyenItems, "CAPTURE", "REFUND", 1),
		"the second unsigned":  adyenItems[:last] + "}}]}",
		"no items":             `{"live":"false","notificationItems":[]}`,
		"no array":             `{"live":"false"}`,
		"an item that is none": strings.Replace(adyenItems, `"notificationItems":[`, `"notificationItems":[1,`, 1),
		"a null":               strings.Replace(adyenItems, `"notificationItems":[`, `"notificationItems":[null,`, 1),
	} {
		before := len(rc.events())
		if resp, _ := rc.send(t, post("", body)); resp.StatusCode != 401 || len(rc.events()) != before {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}
