package e2e

import (
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/mholt/caddy-ratelimit" // of a recipe

	// What cmd/caddy is made of must be in this module's dependencies.
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

const caddyPackage = "github.com/caddy-webhook-receiver/caddy-webhook-receiver/cmd/caddy"

// caddyBinary is the program under test, withRace whether it has the race
// detector in it (it then needs a multiple of the memory). What tests build is in
// programs.
var (
	caddyBinary string
	withRace    bool
	programs    string
)

// asCaddy makes this test's own program a Caddy, with the plugins that only
// recipes need.
const asCaddy = "E2E_AS_CADDY"

func TestMain(m *testing.M) {
	if os.Getenv(asCaddy) != "" {
		caddycmd.Main()
		return
	}
	if address := os.Getenv(asApplication); address != "" {
		fmt.Fprintln(os.Stderr, "the application:", serveApplication(address))
		os.Exit(1)
	}
	var err error
	if programs, err = os.MkdirTemp("", "e2e-bin"); err == nil {
		err = findCaddy()
	}
	// What builds have written is not to delay the fsyncs that tests wait for.
	_ = exec.Command("sync").Run() // where there is such a command
	// Most of the tests' time is waiting for timeouts.
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set("16")
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(programs)
	os.Exit(code)
}

func findCaddy() error {
	caddyBinary = os.Getenv("E2E_CADDY")
	if caddyBinary == "" {
		caddyBinary = filepath.Join(programs, "caddy")
		build := exec.Command("go", "build", "-race", "-o", caddyBinary, caddyPackage)
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building %s: %w", caddyPackage, err)
		}
	}
	info, err := buildinfo.ReadFile(caddyBinary)
	if err != nil {
		return err
	}
	for _, setting := range info.Settings {
		if setting.Key == "-race" && setting.Value == "true" {
			withRace = true
		}
	}
	return nil
}
