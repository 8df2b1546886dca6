package rules

import (
	"crypto/sha256"
	"sync"
)

// maxNonces is how many nonces are known.
const maxNonces = 100_000

// nonces are those of the last requests, by what was signed, with what they came with.
type nonces struct {
	mu    sync.Mutex
	body  map[[sha256.Size]byte][sha256.Size]byte
	order [][sha256.Size]byte // a ring, once it is full
	next  int
}

// UseNonce returns an error for a request whose nonce has come with another body. The
// same body with it is a repeat. Where the row has no nonce, it returns nil.
func (s *Verifier) UseNonce(r *Request) error {
	if s.Nonce == "" {
		return nil
	}
	if _, err := r.one(s.Nonce); err != nil {
		return unauthorized(err)
	}
	// It is known by all that is signed, as what is signed before it could else be longer,
	// and the nonce shorter.
	if !s.nonces.use(r.signed, sha256.Sum256(r.Decoded)) {
		return unauthorized(errUsedNonce)
	}
	return nil
}

func (n *nonces) use(nonce, body [sha256.Size]byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.body[nonce]; ok {
		return known == body
	}
	if n.body == nil {
		n.body = map[[sha256.Size]byte][sha256.Size]byte{}
	}
	if len(n.order) < maxNonces {
		n.order = append(n.order, nonce)
	} else {
		delete(n.body, n.order[n.next])
		n.order[n.next] = nonce
		n.next = (n.next + 1) % maxNonces
	}
	n.body[nonce] = body
	return true
}
