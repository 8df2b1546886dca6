package e2e

import (
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const small = `{"EventType":"coded","Text":"` // closed by the tests

func TestCodings(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored("max_body_size 64KiB")...))
	body := small + strings.Repeat("text ", 2000) + `"}`
	frame := zstandard(body)
	noise := padded(70_000) // more than the limit, decoded
	zip := gzipped(body)

	for _, test := range []struct {
		name, coding, body string
		status             int
		data               string
	}{
		{"gzip", "gzip", zip, 200, body},
		{"gzip in another case", "GZip", zip, 200, body},
		{"gzip with blanks around", "  gzip\t", zip, 200, body},
		{"gzip, two members", "gzip", gzipped(body[:10], body[10:]), 200, body},
		{"gzip, an empty member", "gzip", gzipped("", body, ""), 200, body},
		{"gzip, a byte order mark inside", "gzip", gzipped("\ufeff" + body), 200, body},
		{"gzip, exactly the limit", "gzip", gzipped(padded(64 << 10)), 200, padded(64 << 10)},
		{"zstd", "zstd", frame, 200, body},
		{"zstd in another case", "ZSTD", frame, 200, body},
		{"zstd without a checksum", "zstd", zstandard(body, zstd.WithEncoderCRC(false)), 200, body},
		{"zstd, two frames", "zstd", zstandard(body[:10]) + zstandard(body[10:]), 200, body},
		{"zstd, a skippable frame", "zstd", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + frame, 200, body},
		{"zstd, hand-made", "zstd", windowed(`{"a":1}`, 1<<20), 200, `{"a":1}`},
		{"zstd, window of 8 MiB", "zstd", windowed(`{"a":1}`, 8<<20), 200, `{"a":1}`},
		{"zstd, size said", "zstd", sized(`{"a":1}`, 7), 200, `{"a":1}`},
		{"zstd, exactly the limit", "zstd", zstandard(padded(64 << 10)), 200, padded(64 << 10)},

		{"gzip, empty", "gzip", "", 400, ""},
		{"gzip of nothing", "gzip", gzipped(""), 400, ""},
		{"gzip of a blank", "gzip", gzipped(" "), 400, ""},
		{"gzip of no JSON", "gzip", gzipped("x"), 400, ""},
		{"gzip of gzip", "gzip", gzipped(zip), 400, ""},
		{"gzip, said but not done", "gzip", body, 400, ""},
		{"gzip, but zstd said", "zstd", zip, 400, ""},
		{"gzip, not said", "identity", zip, 400, ""},
		{"gzip, header only", "gzip", zip[:10], 400, ""},
		{"gzip, half", "gzip", zip[:len(zip)/2], 400, ""},
		{"gzip, one byte less", "gzip", zip[:len(zip)-1], 400, ""},
		{"gzip, no checksum and size", "gzip", zip[:len(zip)-8], 400, ""},
		{"gzip, bad checksum", "gzip", zip[:len(zip)-8] + "\x00\x00\x00\x00" + zip[len(zip)-4:], 400, ""},
		{"gzip, bad size", "gzip", zip[:len(zip)-1] + "\x7f", 400, ""},
		{"gzip, flipped", "gzip", zip[:len(zip)/2] + string(zip[len(zip)/2]^0xff) + zip[len(zip)/2+1:], 400, ""},
		{"gzip, text behind", "gzip", zip + "x", 400, ""},
		{"gzip, zeros behind", "gzip", zip + strings.Repeat("\x00", 16), 400, ""},
		{"gzip, half a member behind", "gzip", zip + zip[:15], 400, ""},
		{"gzip, the second member corrupt", "gzip", zip + zip[:len(zip)-1] + "\x7f", 400, ""},
		{"zstd, empty", "zstd", "", 400, ""},
		{"zstd of nothing", "zstd", zstandard("", zstd.WithZeroFrames(true)), 400, ""},
		{"zstd of no JSON", "zstd", zstandard("x"), 400, ""},
		{"zstd, said but not done", "zstd", body, 400, ""},
		{"zstd, but gzip said", "gzip", frame, 400, ""},
		{"zstd, header only", "zstd", frame[:6], 400, ""},
		{"zstd, half", "zstd", frame[:len(frame)/2], 400, ""},
		{"zstd, one byte less", "zstd", frame[:len(frame)-1], 400, ""},
		{"zstd, bad checksum", "zstd", frame[:len(frame)-1] + string(frame[len(frame)-1]^0xff), 400, ""},
		{"zstd, text behind", "zstd", frame + "x", 400, ""},
		{"zstd, zeros behind", "zstd", frame + strings.Repeat("\x00", 16), 400, ""},
		{"zstd, half a frame behind", "zstd", frame + frame[:10], 400, ""},
		{"zstd, half a skippable frame", "zstd", frame + "\x50\x2a\x4d\x18\x03\x00\x00\x00a", 400, ""},
		{"zstd, an unknown dictionary", "zstd", "\x28\xb5\x2f\xfd\x21\x07\x07\x39\x00\x00" + `{"a":1}`, 400, ""},
		{"zstd, less than the size said", "zstd", sized(`{"a":1}`, 8), 400, ""},

		{"gzip, one byte over the limit", "gzip", gzipped(padded(64<<10 + 1)), 413, ""},
		{"gzip bomb", "gzip", gzipped(strings.Repeat(" ", 50_000_000)), 413, ""},
		{"gzip bomb of no JSON", "gzip", gzipped(strings.Repeat("x", 50_000_000)), 413, ""},
		{"gzip, over the limit in two members", "gzip", gzipped(noise[:40_000], noise[40_000:]), 413, ""},
		{"zstd, one byte over the limit", "zstd", zstandard(padded(64<<10 + 1)), 413, ""},
		{"zstd bomb", "zstd", zstandard(strings.Repeat(" ", 50_000_000)), 413, ""},
		{"zstd, over the limit in two frames", "zstd", zstandard(noise[:40_000]) + zstandard(noise[40_000:]), 413, ""},
		{"zstd, window over 8 MiB", "zstd", windowed(`{"a":1}`, 9<<20), 413, ""},
		{"zstd, window of 16 MiB", "zstd", windowed(`{"a":1}`, 16<<20), 413, ""},
		{"zstd, window of 128 MiB", "zstd", windowed(`{"a":1}`, 128<<20), 413, ""},
		{"zstd, window of 3.75 TiB", "zstd", "\x28\xb5\x2f\xfd\x00\xff\x39\x00\x00" + `{"a":1}`, 413, ""},
		{"zstd, window over 8 MiB in the second frame", "zstd", windowed(`{"a"`, 1<<20) + windowed(`:1}`, 16<<20), 413, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			if test.status != 200 {
				s.post(test.body, "Content-Encoding: "+test.coding).want(t, test.status)
				return
			}
			if r := s.postOne(test.body, "Content-Encoding: "+test.coding); r.data != test.data {
				t.Errorf("data %s", clip(r.data))
			}
		})
	}
}

// A frame that promises much content costs no memory for it. With 413 for its
// promise or 400 for breaking it, either is right.
func TestZstdThatPromisesMuch(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	before := s.memory().peak
	for _, size := range []uint64{6 << 20, 1 << 30, 1 << 40, 1<<63 - 1, 1<<64 - 1} {
		for range 20 {
			if a := s.post(sized(`{"a":1}`, size), "Content-Encoding: zstd"); a.status != 413 && a.status != 400 {
				t.Errorf("%d bytes promised: %d", size, a.status)
			}
		}
	}
	if grown := s.memory().peak - before; grown > 300<<20 {
		t.Errorf("the process grew by %d MiB", grown>>20)
	}
	if n := len(s.events()); n != 0 {
		t.Errorf("%d events stored", n)
	}
}

// Bombs at the default limit, many at once.
func TestBombsTogether(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	bombs := map[string]string{
		gzipped(strings.Repeat(" ", 1<<30/8)):                                       "gzip",
		zstandard(strings.Repeat(" ", 1<<30/8), zstd.WithWindowSize(8<<20)):         "zstd",
		gzipped(strings.Repeat(gzipped(strings.Repeat("{", 1<<20)), 1<<10)):         "gzip",
		zstandard(strings.Repeat("[", 4<<20), zstd.WithWindowSize(8<<20)):           "zstd",
		zstandard(`"`+strings.Repeat("x", 5<<20-1), zstd.WithWindowSize(8<<20)):     "zstd",
		zstandard(`"`+strings.Repeat("x", 5<<20-2)+`"`, zstd.WithWindowSize(1<<20)): "zstd",
	}
	answers := make(chan answer)
	n := 0
	for range 8 {
		for bomb, coding := range bombs {
			n++
			go func() {
				a, err := try(newClient(t), "POST", "http://"+s.http+"/webhooks", strings.NewReader(bomb), "Content-Encoding: "+coding)
				if err != nil {
					t.Error(err)
				}
				answers <- a
			}()
		}
	}
	for range n {
		switch a := <-answers; a.status {
		case 200, 400, 413, 503:
		default:
			t.Errorf("answer %d", a.status)
		}
	}
	m := s.memory()
	t.Logf("%d bombs: peak of %d MiB resident, Go heap %d MiB", n, m.peak>>20, m.heap>>20)
	if m.heap > 400<<20 {
		t.Errorf("the Go heap grew to %d MiB", m.heap>>20)
	}
	s.post(`{"EventType":"after"}`).wantStored(t)
}
