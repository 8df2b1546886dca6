// Package intake reads the bodies of requests: within their limits, their
// deadlines, and the memory that all receivers share; and undoes their coding. Its
// errors are refusals.
package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

const (
	// firstBuffer is the size, in bytes, of the buffer that every body gets; it
	// grows as the body arrives.
	firstBuffer = 4 << 10

	// maxZstdWindow is the largest zstd window, in bytes, that is decoded: what
	// RFC 9659 allows for the content coding.
	maxZstdWindow = 8 << 20
)

var (
	// ErrTooLarge is the refusal of a body that is too large.
	ErrTooLarge error = &outcome.Refusal{
		Status: http.StatusRequestEntityTooLarge, Outcome: outcome.TooLarge,
		Reason: errors.New("the body is larger than max_body_size"),
	}
	errLength = errors.New("it is not as long as Content-Length says")
)

// Identity is the content coding of a body that is sent as it is.
const Identity = "identity"

// ContentCoding returns the coding of the request's body: gzip, zstd or
// Identity.
func ContentCoding(header http.Header) (string, error) {
	coding := strings.ToLower(strings.TrimSpace(strings.Join(header.Values("Content-Encoding"), ",")))
	switch coding {
	case "":
		return Identity, nil
	case "gzip", "zstd", Identity:
		return coding, nil
	}
	return "", &outcome.Refusal{
		Status: http.StatusUnsupportedMediaType, Outcome: outcome.BadRequest,
		Reason: errors.New("Content-Encoding is none of gzip, zstd and identity"),
	}
}

// ReadBody reads a body to its end, and completes the lease. length is its
// Content-Length, or -1. An error of the reader that is a refusal stays one.
func ReadBody(r io.Reader, length, limit int64, l *Lease) ([]byte, error) {
	body, err := readAll(r, length, limit, l)
	if err == nil && length >= 0 && int64(len(body)) != length {
		err = errLength // which not every server sees to: over HTTP/3 it is up to the handler
	}
	if lost := l.Complete(); lost != nil {
		err = lost // which has made the reading fail
	}
	if err == nil {
		return body, nil
	}
	var refusal *outcome.Refusal
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, errBusy):
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(l.deadline):
		return nil, &outcome.Refusal{
			Status: http.StatusRequestTimeout, Outcome: outcome.Timeout,
			Reason: errors.New("the body was not complete within the server's own read_body"),
			Remedy: "raise read_body in the global options, under servers and timeouts, if the sender is that slow",
		}
	case errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(l.deadline):
		return nil, &outcome.Refusal{Status: http.StatusRequestTimeout, Outcome: outcome.Timeout, Reason: errors.New("the body was not complete within timeout")}
	}
	if errors.As(err, &refusal) {
		return nil, refusal
	}
	return nil, &outcome.Refusal{Status: http.StatusBadRequest, Outcome: outcome.Aborted, Reason: fmt.Errorf("reading the body: %w", err)}
}

// readAll reads r to its end, into a buffer that at most doubles as it fills,
// and takes the memory for it from the lease. size is the number of bytes to
// expect, or -1.
func readAll(r io.Reader, size, limit int64, l *Lease) ([]byte, error) {
	var b []byte
	for {
		if len(b) == cap(b) {
			// One byte more than expected shows the end, or what is too much.
			next := max(2*int64(cap(b)), firstBuffer)
			if next > limit {
				next = limit + 1
			}
			if int64(cap(b)) <= size {
				next = min(next, size+1)
			}
			if err := l.swap(int64(cap(b)), next); err != nil {
				return nil, err
			}
			b = grow(b, int(next))
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return nil, ErrTooLarge
		}
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// pooled are buffers that bodies have outgrown, by the power of two that they are
// of firstBuffer. Where a body is complete, its buffer is not to be used again:
// access logs may want it.
var pooled [12]sync.Pool

// class returns which of the pools has buffers of that capacity.
func class(size int) (n int, ok bool) {
	n = bits.TrailingZeros(uint(size / firstBuffer))
	return n, n < len(pooled) && size == firstBuffer<<n
}

// grow moves b to a buffer of that capacity.
func grow(b []byte, size int) []byte {
	var grown []byte
	if n, ok := class(size); ok {
		if buffer, ok := pooled[n].Get().(*[]byte); ok {
			grown = (*buffer)[:0]
		}
	}
	if grown == nil {
		grown = make([]byte, 0, size)
	}
	grown = append(grown, b...)
	if n, ok := class(cap(b)); ok {
		outgrown := b
		pooled[n].Put(&outgrown)
	}
	return grown
}

// DecodeBody undoes the content coding of a complete body, which may then have up
// to limit bytes.
func DecodeBody(ctx context.Context, body []byte, coding string, limit int64, l *Lease) ([]byte, error) {
	var decoded []byte
	var err error
	switch coding {
	case "gzip":
		decoded, err = decodeGzip(body, limit, l)
	case "zstd":
		decoded, err = decodeZstd(ctx, body, limit, l)
	default:
		return body, nil
	}
	var refusal *outcome.Refusal
	switch {
	case err == nil:
		return decoded, nil
	case errors.As(err, &refusal):
		return nil, refusal
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, &outcome.Refusal{
			Status: http.StatusRequestEntityTooLarge, Outcome: outcome.TooLarge,
			Reason: fmt.Errorf("zstd window over %d bytes", maxZstdWindow),
			Remedy: "have the sender, or the proxy in front that does it, compress with a smaller window, as up to zstd's level 19, or with gzip",
		}
	case ctx.Err() != nil:
		return nil, errBusy
	}
	return nil, outcome.Malformed(fmt.Errorf("decoding the %s body: %w", coding, err))
}

// gzipReader is used again, as it has 45 kB of its own.
type gzipReader struct {
	gzip.Reader
	source bytes.Reader
}

var gzipReaders = sync.Pool{New: func() any { return new(gzipReader) }}

// gzipHeader is of a member that never comes.
var gzipHeader = []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")

func decodeGzip(body []byte, limit int64, l *Lease) (decoded []byte, err error) {
	r := gzipReaders.Get().(*gzipReader)
	r.source.Reset(body)
	if err = r.Reset(&r.source); err == nil {
		decoded, err = readAll(r, -1, limit, l)
	}
	r.source.Reset(gzipHeader)
	_ = r.Reset(&r.source) // forgets what it knows of the body
	gzipReaders.Put(r)
	return decoded, err
}

// zstdDecoders bounds the number of decoders, each of which may hold a window,
// to what the processors can use. A nil one has not been made yet.
var zstdDecoders = make(chan *zstd.Decoder, min(runtime.GOMAXPROCS(0), 4))

func init() {
	for range cap(zstdDecoders) {
		zstdDecoders <- nil
	}
}

func decodeZstd(ctx context.Context, body []byte, limit int64, l *Lease) (decoded []byte, err error) {
	var d *zstd.Decoder
	select {
	case d = <-zstdDecoders:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		if d != nil {
			_ = d.Reset(nil) // forgets the body
		}
		zstdDecoders <- d
	}()
	if d == nil {
		d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
	}
	if err = d.Reset(bytes.NewReader(body)); err != nil {
		return nil, err
	}
	return readAll(d, -1, limit, l)
}
