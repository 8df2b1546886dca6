package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
)

// TestIdleConnections keeps many connections open after an event on each: they must cost what
// they cost where Caddy only answers, so nothing of a request stays behind, nor a deeper stack.
func TestIdleConnections(t *testing.T) {
	const (
		connections = 2000
		play        = 512 // bytes for each: what dedupe remembers, and whatever happens meanwhile
	)
	bare := "http:// {\nrespond 200\n}\n"
	for name, c := range map[string]struct {
		sites string
		body  string
	}{
		"a ticket":     {site(stored()...), padded(1 << 10)},
		"large bodies": {site(stored()...), padded(200 << 10)},
		"signed": {
			site("provider github", "secret "+rightToken, "dedupe 10m", "headers all", "output file {$DIR}/events.jsonl"),
			padded(10 << 10),
		},
	} {
		t.Run(name, func(t *testing.T) {
			mac := hmac.New(sha256.New, []byte(rightToken))
			mac.Write([]byte(c.body))
			signature := fmt.Sprintf("X-Hub-Signature-256: sha256=%x", mac.Sum(nil))
			costs := func(sites string) (heap, stacks int) {
				s := newServer(t)
				s.binary = withoutRace(t)
				s.configure(sites)
				s.start()
				opened := 0
				open := func(n int) {
					conns := make(chan *rawConn)
					var senders sync.WaitGroup
					for range 16 {
						senders.Go(func() {
							for conn := range conns {
								conn.answer().wantStored(t)
							}
						})
					}
					for range n {
						conn := s.dial(t)
						conn.send(whole(c.body, signature, "X-GitHub-Event: push", fmt.Sprint("X-GitHub-Delivery: ", opened)))
						conns <- conn
						opened++
					}
					close(conns)
					senders.Wait()
				}
				open(200) // what is made once is there then
				heapBefore, stacksBefore := s.inUse()
				open(connections)
				heapAfter, stacksAfter := s.inUse()
				return (heapAfter - heapBefore) / connections, (stacksAfter - stacksBefore) / connections
			}
			bareHeap, bareStacks := costs(bare)
			heap, stacks := costs(c.sites)
			t.Logf("a connection costs %d bytes of heap and %d of stack, with bare Caddy %d and %d", heap, stacks, bareHeap, bareStacks)
			if more := heap - bareHeap; more > play {
				t.Errorf("%d bytes of heap more for each", more)
			}
			if more := stacks - bareStacks; more > play {
				t.Errorf("%d bytes of stack more for each", more)
			}
		})
	}
}
