package kafkaoutput

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/twmb/franz-go/pkg/kfake"
)

var (
	realBrokers = flag.String("brokers", "", "host:port of a real cluster, separated by commas, for the tests that inject no faults; they create topics there")
	long        = flag.Duration("long", 0, "how long the tests under load go on, instead of a second or two")
)

// asProgram makes this test's own program another one, which is then killed,
// measured, or both.
const asProgram = "KAFKA_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "caddy":
		caddycmd.Main()
		return
	case "kfake":
		serveFake()
		return
	}
	flag.Parse()
	// Most of the tests' time is waiting.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// serveFake is a fake cluster of three brokers in a process of its own. It
// prints their addresses, and ends with its standard input.
func serveFake() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(12, "webhooks"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(strings.Join(cluster.ListenAddrs(), ","))
	buffer := make([]byte, 1)
	for err == nil {
		_, err = os.Stdin.Read(buffer)
	}
}
