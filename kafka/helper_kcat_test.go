//go:build broker && linux

package kafkaoutput

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// kcat runs the command of another client, librdkafka, and returns what it prints.
func kcat(t testing.TB, stdin string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slowly)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kcat", append([]string{"-q"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kcat: %v\n%s", err, stderr.Bytes())
	}
	return out
}

// readByKcat returns all that a topic holds.
func readByKcat(c *cluster, topic string) (records []*kgo.Record) {
	c.t.Helper()
	out := kcat(c.t, "", "-C", "-e", "-o", "beginning", "-b", strings.Join(c.addrs, ","), "-t", topic,
		"-X", "isolation.level=read_committed", "-X", "check.crcs=true", "-f", `%p %o %T %K %S|%h\n%k%s\n`)
	for r := bufio.NewReader(bytes.NewReader(out)); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return records
		}
		var (
			record     kgo.Record
			stamp      int64
			key, value int
		)
		line, headers, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		if _, err := fmt.Sscanf(line, "%d %d %d %d %d", &record.Partition, &record.Offset, &stamp, &key, &value); err != nil {
			c.t.Fatalf("kcat's line %q: %v", line, err)
		}
		text := make([]byte, max(key, 0)+value+1)
		if _, err := io.ReadFull(r, text); err != nil {
			c.t.Fatal(err)
		}
		record.Timestamp = time.UnixMilli(stamp)
		if key > 0 {
			record.Key = text[:key]
		}
		record.Value = text[max(key, 0) : len(text)-1]
		for header := range strings.SplitSeq(headers, ",") {
			name, value, ok := strings.Cut(header, "=")
			if header == "" && len(record.Headers) == 0 {
				continue // it has none
			}
			if !ok || strings.ContainsAny(name, `"[]`) { // a comma in the value of the last one, of which kcat tells nothing
				last := &record.Headers[len(record.Headers)-1]
				last.Value = append(append(last.Value, ','), header...)
				continue
			}
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
		records = append(records, &record)
	}
}
