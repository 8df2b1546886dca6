package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

var kills = flag.Int("kills", 10, "how many times the server is killed")

// rolling is a site that rotates files of that size.
func rolling(size int, compress string) string {
	return site("verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {",
		fmt.Sprintf("roll_size %dB", size), "roll_compress "+compress, "}")
}

// TestKills kills the process again and again, at random moments and with many
// connections, while it rotates and compresses. Sometimes a torn line is added,
// as a crash of the machine leaves it. Every event that was acknowledged is in
// some file, whole, and once.
func TestKills(t *testing.T) {
	const (
		largest = 20_000
		torn    = `{"specversion":"1.0","torn":`
	)
	compress := []string{"gzip", "zstd", "off"}
	s := newServer(t)
	s.configure(rolling(largest, "gzip"))
	s.start()
	traffic := s.traffic(16, "http://"+s.http+"/webhooks")
	for i := range *kills {
		traffic.wait(20 + rand.IntN(300))
		time.Sleep(rand.N(20 * time.Millisecond)) // also while a batch is under way
		s.kill()
		if i%3 == 2 {
			s.tear(torn)
		}
		s.configure(rolling(5_000+rand.IntN(largest-5_000), compress[i%len(compress)]))
		s.start()
	}
	traffic.wait(100)
	s.reload(rolling(largest, "gzip"))
	traffic.wait(300) // so that a file is rotated, and the keeper looks at the others
	traffic.stop()
	traffic.wantNoRefusal()
	wantAllCompressed(t, s.path("a"))

	files := eventFiles(t, s.path("a"))
	for _, name := range files {
		content, err := unpacked(s.path("a", name))
		if err != nil || len(content) > largest+len(torn)+1 {
			t.Errorf("%s holds %d bytes; %v", name, len(content), err)
		}
	}
	if len(files) < *kills/2 {
		t.Errorf("%d files", len(files))
	}
	whole, fragments := eventLines(t, s.path("a"))
	if len(fragments) > *kills {
		t.Errorf("%d torn lines after %d kills, such as %q", len(fragments), *kills, clip(fragments[0]))
	}
	traffic.wantEachOnce(whole)
	t.Logf("%d kills, %d events acknowledged, %d files, %d torn lines", *kills, traffic.count(), len(files), len(fragments))
}

// tear leaves a torn line at the end of the file.
func (s *server) tear(torn string) {
	s.t.Helper()
	file, err := os.OpenFile(s.path("a", "events.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if os.IsNotExist(err) {
		return // just rotated
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(torn); err != nil {
		s.t.Fatal(err)
	}
}

// TestProcessesOnOnePath has three processes write to one file by mistake,
// rotate it and compress what was rotated, while one of them is killed: what
// was acknowledged is there, perhaps more than once.
func TestProcessesOnOnePath(t *testing.T) {
	s := start(t, rolling(20_000, "gzip"))
	config := strings.ReplaceAll(rolling(15_000, "zstd"), "{$DIR}", s.dir)
	killed, other := start(t, config), start(t, config)
	traffic := s.traffic(4, "http://"+s.http+"/", "http://"+killed.http+"/", "http://"+other.http+"/")
	for range 4 {
		traffic.wait(150)
		killed.kill()
		killed.start()
	}
	traffic.wait(150)
	traffic.stop()
	traffic.wantNoRefusal()
	wantAllCompressed(t, s.path("a"))
	whole, fragments := eventLines(t, s.path("a"))
	if len(fragments) > 4 {
		t.Errorf("%d torn lines after 4 kills, such as %q", len(fragments), clip(fragments[0]))
	}
	repeated := traffic.wantEach(whole)
	t.Logf("%d events acknowledged, %d of them repeated, %d files", traffic.count(), len(repeated), len(eventFiles(t, s.path("a"))))
}
