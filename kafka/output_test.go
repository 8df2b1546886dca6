package kafkaoutput

import (
	"fmt"
	"strings"
	"testing"
)

// outputOptions is an output kafka with more options in its block.
func (c *cluster) output(options ...string) string {
	return fmt.Sprintf("output kafka {\nbrokers %s\ntopic %s\n%s\n}\n", strings.Join(c.addrs, " "), c.topic, strings.Join(options, "\n"))
}

func TestStored(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := start(t, c.output())
	s.wantStored("one", `{"type":"created","subject":"7","n":1.50}`)
	records := c.records(c.topic)
	if len(records) != 1 || string(records[0].Key) != "7" {
		t.Fatalf("%v", records)
	}
	t.Logf("%s %v", records[0].Value, records[0].Headers)
	t.Log(s.log())
}
