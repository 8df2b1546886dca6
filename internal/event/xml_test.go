package event

import (
	"slices"
	"strings"
	"testing"
)

func TestXMLTexts(t *testing.T) {
	for _, test := range []struct {
		document, path string
		want           []string
		bad            bool
	}{
		{document: "<xml><A>1</A></xml>", path: "A", want: []string{"1"}},
		{document: "<?xml version=\"1.0\"?>\n<x:xml xmlns:x=\"u\"><x:A><![CDATA[<1>]]>&amp;2</x:A></x:xml>", path: "A", want: []string{"<1>&2"}},
		{document: "<xml><B><A>1</A></B><A>2</A></xml>", path: "B.A", want: []string{"1"}},
		{document: "<xml><B><A>1</A></B></xml>", path: "A"},
		{document: "<A>1</A>", path: "A"},
		{document: "<xml><A>1<B>2</B>3</A></xml>", path: "A", want: []string{"13"}},
		{document: "<xml><A/><A>2</A><A>3</A></xml>", path: "A", want: []string{"", "2"}},
		{document: "", path: "A"},
		{document: "{}", path: "A"},
		{document: "<xml><A>1</A>", path: "A", bad: true},
		{document: "<xml><A>1</B></xml>", path: "A", bad: true},
		{document: "<xml><A>&x;</A></xml>", path: "A", bad: true},
		{document: `<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><A>&x;</A></xml>`, path: "A", bad: true},
		{document: `<?xml version="1.0" encoding="gbk"?><xml><A>1</A></xml>`, path: "A", bad: true},
		{document: strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1), path: "A", bad: true},
		{document: "<xml>" + strings.Repeat("<a/>", maxXMLTokens) + "<A>1</A></xml>", path: "A", bad: true},
	} {
		got, err := XMLTexts([]byte(test.document), test.path)
		if !slices.Equal(got, test.want) || (err != nil) != test.bad {
			t.Errorf("%.60s at %s: %q, %v, want %q", test.document, test.path, got, err, test.want)
		}
	}
	large := &Event{DataKind: DataText, Data: []byte("<xml><A>1</A>" + strings.Repeat(" ", maxXML) + "</xml>")}
	if got := XMLText(large, "A"); got != nil {
		t.Errorf("%q of a large document", got)
	}
}
