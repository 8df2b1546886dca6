package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

const (
	idleConnections = 10_000
	idleTitle       = "memory of 10,000 idle connections"
)

// measureIdle prints what connections cost that are kept after their first event.
// What a server has anyway is not counted, as the first thousand are not.
func measureIdle(tmp string) error {
	if runtime.GOOS != "linux" {
		return nil // as memory is not known
	}
	fmt.Printf("\n### %s\n\n| server | bytes of a connection |\n| --- | ---: |\n", idleTitle)
	s := scenario{servers: []string{bare, durable}}
	sizes := map[string][]result{}
	turns := s.turns()
	for range *rounds {
		for _, server := range turns {
			size, err := idleMemory(server, filepath.Join(tmp, "idle"), idleConnections, 5*time.Second)
			if err != nil {
				return fmt.Errorf("%s: %w", server.name, err)
			}
			sizes[server.name] = append(sizes[server.name], result{Memory: size})
		}
	}
	for _, server := range turns {
		fmt.Printf("| %s | %.0f |\n", server.name, median(sizes[server.name], func(_ int, r result) float64 { return float64(r.Memory) }))
	}
	return nil
}

// idleMemory is what a connection costs, in bytes, some time after the last event.
func idleMemory(server server, dir string, n int, rest time.Duration) (int64, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	running, err := server.start(dir)
	if err != nil {
		return 0, err
	}
	defer running.stop()
	var kept connections
	defer kept.close()
	before, err := kept.sizeWith(running, 1000, rest)
	if err != nil {
		return 0, err
	}
	after, err := kept.sizeWith(running, n, rest)
	return (after - before) / int64(n), err
}

// connections are open until they are closed.
type connections struct {
	mu  sync.Mutex
	all []net.Conn
}

func (c *connections) close() {
	for _, conn := range c.all {
		_ = conn.Close()
	}
}

// sizeWith is the server's size with n more connections.
func (c *connections) sizeWith(running *running, n int, rest time.Duration) (int64, error) {
	const at = 8 // as many at a time
	errs := make([]error, at)
	var opening sync.WaitGroup
	for i := range at {
		opening.Go(func() {
			request, buffer := ticket.text(), make([]byte, 4096)
			for k := 0; k < n/at && errs[i] == nil; k++ {
				errs[i] = c.open(request, buffer)
			}
		})
	}
	opening.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	time.Sleep(rest)
	size, known := memory(running.cmd.Process.Pid)
	if !known {
		return 0, errors.New("its memory is not known")
	}
	return size, nil
}

// open opens a connection for a request.
func (c *connections) open(request, buffer []byte) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.all = append(c.all, conn)
	c.mu.Unlock()
	return exchange(conn, request, buffer)
}
