package jsonscan

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParseAndGet(b *testing.B) {
	ticket := `{
	"CommunityName": "yourCompany",
	"EventType": "ticket_status_change",
	"TicketId": 4478963,
	"Events": [` + strings.Repeat(`{"PreviousTicketStatus": "open", "Note": "Grüße, \"Ada\"", "At": 1.5e3, "Tags": [true, null]}, `, 10) + `{}]
}`
	for name, body := range map[string]string{
		"ticket": ticket,
		"ASCII":  fmt.Sprintf(`{"TicketId":1,"Text":%q}`, strings.Repeat("Lorem ipsum ", 100_000)),
		"German": fmt.Sprintf(`{"TicketId":1,"Text":"%s"}`, strings.Repeat("Grüße, größer ", 80_000)),
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(body)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				var doc Doc
				if err := doc.Parse(data, 9000); err != nil {
					b.Fatal(err)
				}
				if doc.Get("TicketId") == nil {
					b.Fatal("nothing")
				}
			}
		})
	}
}
