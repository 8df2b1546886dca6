package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// result is what one server did in one run.
type result struct {
	Rate     float64       `json:"rate"` // answers of 200, per second
	P50, P99 time.Duration // of those
	Memory   int64         `json:"memory"` // the most that the server had, in bytes; 0 is unknown
}

// load sends the same request on a number of connections, on each the next one
// when the answer is there, first to warm up and then to measure.
func load(address string, connections int, request []byte, warmUp, duration time.Duration) (result, error) {
	begin := time.Now().Add(warmUp)
	end := begin.Add(duration)
	latencies := make([][]time.Duration, connections)
	errs := make([]error, connections)
	var senders sync.WaitGroup
	for i := range connections {
		senders.Go(func() { latencies[i], errs[i] = send(address, request, begin, end) })
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
	return result{
		Rate: float64(len(all)) / duration.Seconds(),
		P50:  all[len(all)/2],
		P99:  all[len(all)*99/100],
	}, nil
}

var (
	ok         = []byte("HTTP/1.1 200 ")
	headEnd    = []byte("\r\n\r\n")
	bodyLength = []byte("Content-Length: 0\r\n")
)

// send returns how long each request took that was answered between begin and
// end. It is a minimal client, so that the machine's time goes to the server:
// every answer must be 200 and have no body.
func send(address string, request []byte, begin, end time.Time) (latencies []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	buffer := make([]byte, 4096)
	for {
		sent := time.Now()
		if !sent.Before(end) {
			return latencies, nil
		}
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		n := 0
		for !bytes.Contains(buffer[:n], headEnd) {
			m, err := conn.Read(buffer[n:])
			if err != nil && !(errors.Is(err, io.EOF) && m > 0) {
				return nil, fmt.Errorf("after %q: %w", buffer[:n], err)
			}
			n += m
		}
		if answer := buffer[:n]; !bytes.HasPrefix(answer, ok) || !bytes.Contains(answer, bodyLength) {
			return nil, fmt.Errorf("answer %q", answer)
		}
		if received := time.Now(); sent.After(begin) && received.Before(end) {
			latencies = append(latencies, received.Sub(sent))
		}
	}
}
