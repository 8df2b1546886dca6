package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// result is what one server did in one run.
type result struct {
	Rate      float64       `json:"rate"`      // answers, per second
	Answers   int64         `json:"answers"`   // all of them
	P50       time.Duration `json:"p50"`       // of the time to an answer
	P99       time.Duration `json:"p99"`       // of the same
	Processor time.Duration `json:"processor"` // what the server used for an answer; 0 is unknown
	Memory    int64         `json:"memory"`    // the most that the server had, in bytes; 0 is unknown
	Beside    float64       `json:"beside"`    // what the server's besideIs says
}

// post is the request that is sent again and again.
type post struct {
	fields   []string // of the header, as in "Name: value"
	body     []byte
	numbered bool // each has a numberField that no other has
}

const numberField = "X-Number"

// text is the request as it goes over the wire, with a number of zeros.
func (p post) text() []byte {
	head := "POST " + path + " HTTP/1.1\r\nHost: " + address + "\r\n"
	for _, field := range p.fields {
		head += field + "\r\n"
	}
	if p.numbered {
		head += numberField + ": " + number(0, 0, 0) + "\r\n"
	}
	return append([]byte(head+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(p.body))), p.body...)
}

// number always has the same length.
func number(run int64, sender, n int) string { return fmt.Sprintf("%06d-%04d-%010d", run, sender, n) }

// runs counts the runs of this program.
var runs atomic.Int64

// load is what sends requests on a number of connections, on each the next one
// when the answer is there. dir is for its files.
type load struct {
	name string
	run  func(dir, address string, connections int, p post, duration time.Duration) (result, error)
	// whole is of what durations have to be multiples.
	whole time.Duration
}

// own is the load that needs nothing but this program.
var own = load{name: "bench's own load", run: runOwn, whole: 1}

func runOwn(_, address string, connections int, p post, duration time.Duration) (result, error) {
	run := runs.Add(1)
	end := time.Now().Add(duration)
	latencies := make([][]time.Duration, connections)
	answers := make([]int64, connections)
	errs := make([]error, connections)
	var senders sync.WaitGroup
	for i := range connections {
		senders.Go(func() {
			next := func(int) {}
			request := p.text()
			if p.numbered {
				place := request[bytes.Index(request, []byte(number(0, 0, 0))):]
				next = func(n int) { copy(place, number(run, i, n)) }
			}
			latencies[i], answers[i], errs[i] = send(address, request, next, end)
		})
	}
	senders.Wait()
	if err := errors.Join(errs...); err != nil {
		return result{}, err
	}
	all := slices.Concat(latencies...)
	if len(all) == 0 {
		return result{}, errors.New("no answer in time")
	}
	slices.Sort(all)
	r := result{Rate: float64(len(all)) / duration.Seconds(), P50: all[len(all)/2], P99: all[len(all)*99/100]}
	for _, n := range answers {
		r.Answers += n
	}
	return r, nil
}

var (
	ok         = []byte("HTTP/1.1 200 ")
	noContent  = []byte("HTTP/1.1 204 ")
	headEnd    = []byte("\r\n\r\n")
	bodyLength = []byte("Content-Length: 0\r\n")
)

// send returns how long each request took that was answered before the end, and
// how many were. It is a minimal client, so that the machine's time goes to the
// server: every answer must be 200 or 204 and have no body.
func send(address string, request []byte, next func(n int), end time.Time) (latencies []time.Duration, answers int64, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = conn.Close() }()
	buffer := make([]byte, 4096)
	for {
		next(int(answers))
		sent := time.Now()
		if !sent.Before(end) {
			return latencies, answers, nil
		}
		if err := exchange(conn, request, buffer); err != nil {
			return nil, 0, err
		}
		answers++
		if received := time.Now(); received.Before(end) {
			latencies = append(latencies, received.Sub(sent))
		}
	}
}

// exchange sends a request and reads the answer.
func exchange(conn net.Conn, request, buffer []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	n := 0
	for !bytes.Contains(buffer[:n], headEnd) {
		m, err := conn.Read(buffer[n:])
		if err != nil && !(errors.Is(err, io.EOF) && m > 0) {
			return fmt.Errorf("after %q: %w", buffer[:n], err)
		}
		n += m
	}
	answer := buffer[:n]
	if bytes.HasPrefix(answer, noContent) || bytes.HasPrefix(answer, ok) && bytes.Contains(answer, bodyLength) {
		return nil
	}
	return fmt.Errorf("answer %q", answer)
}
