package provider_test

import "net/http"

var _ = add("clickup", []vector{
	{
		by:      byWords,
		secret:  "CLICKUPSECRET",
		headers: []string{"X-Signature", "b40e827fee0d0f5e8adf94917b7aec781aa02faf98e8db6bcdec1e7ec69cc8d6"},
		body:    `{"event":"taskUpdated","history_items":[{"id":"2800763136717140857","type":1,"date":"1767225600000","field":"name","before":"a","after":"b"}],"task_id":"1vj37mc","webhook_id":"7fa3ec74-69a8-4530-a251-8a13730bd204"}`,
		id:      "7fa3ec74-69a8-4530-a251-8a13730bd204.2800763136717140857.taskUpdated", kind: "taskUpdated", subject: "1vj37mc",
		refused: http.StatusForbidden,
	},
})
