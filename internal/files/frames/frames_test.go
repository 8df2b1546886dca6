package frames

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

type format struct {
	name  string
	write func(io.Writer, io.Reader) error
	tool  []string
}

var formats = []format{{"zstd", WriteZstd, []string{"zstd", "-dc"}}, {"gzip", WriteGzip, []string{"gzip", "-dc"}}}

func (f format) compress(t testing.TB, plain string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.write(&b, strings.NewReader(plain)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lines is some text that does not compress to nothing.
func lines(size int) string {
	random := rand.New(rand.NewSource(int64(size)))
	var b strings.Builder
	for n := 0; b.Len() < size; n++ {
		fmt.Fprintf(&b, `{"n":%d,"x":"%x"}`+"\n", n, random.Uint64()>>random.Intn(64))
	}
	return b.String()[:size]
}

// whole decompresses from the beginning to the end.
func whole(t testing.TB, compressed []byte) (string, error) {
	t.Helper()
	r, err := NewReader(bufio.NewReader(bytes.NewReader(compressed)))
	if err != nil || r == nil {
		return "", fmt.Errorf("no reader: %w", err)
	}
	defer r.Close()
	plain, err := io.ReadAll(r)
	return string(plain), err
}

var decoder = sync.OnceValue(func() *Decoder {
	d, err := NewDecoder(1)
	if err != nil {
		panic(err)
	}
	return d
})

// each decompresses frame by frame, the last one first.
func each(t testing.TB, compressed []byte) (plain []string, err error) {
	t.Helper()
	d := decoder()
	index := Index(bytes.NewReader(compressed), int64(len(compressed)))
	plain = make([]string, len(index))
	for i := len(index) - 1; i >= 0; i-- {
		f := index[i]
		b, err := d.Decode(nil, compressed[f.Offset:f.Offset+f.Size], f)
		if err != nil {
			return nil, err
		}
		plain[i] = string(b)
	}
	return plain, nil
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", 3*Size/2)
	for _, format := range formats {
		for name, c := range map[string]struct {
			plain string
			want  int // frames
		}{
			"nothing":              {"", 1},
			"one line":             {"a\n", 1},
			"no line feed":         {"a", 1},
			"just as much":         {lines(Size), 1},
			"a byte more":          {lines(Size + 1), 2},
			"several":              {lines(3*Size + 17), 4},
			"a line over a frame":  {"a\n" + long + "\nb\n", 3},
			"nothing but one line": {long + long + long, 5},
		} {
			compressed := format.compress(t, c.plain)
			plain, err := each(t, compressed)
			if err != nil || strings.Join(plain, "") != c.plain {
				t.Errorf("%s, %s: not what it was: %v", format.name, name, err)
			}
			if name != "just as much" && len(plain) != c.want || len(plain) == 0 {
				t.Errorf("%s, %s: in %d frames, want %d", format.name, name, len(plain), c.want)
			}
			for i, p := range plain {
				if i < len(plain)-1 && strings.Contains(p, "\n") && !strings.HasSuffix(p, "\n") {
					t.Errorf("%s, %s: frame %d is cut within a line", format.name, name, i)
				}
			}
			if got, err := whole(t, compressed); err != nil || got != c.plain {
				t.Errorf("%s, %s: as a whole, not what it was: %v", format.name, name, err)
			}
			cmd := exec.Command(format.tool[0], format.tool[1:]...)
			cmd.Stdin = bytes.NewReader(compressed)
			if out, err := cmd.Output(); err != nil || string(out) != c.plain {
				t.Errorf("%s, %s: %v does not read it: %v", format.name, name, format.tool, err)
			}
		}
	}
}

// TestOthersFrames: files of earlier versions, and of other tools, have no index.
func TestOthersFrames(t *testing.T) {
	plain := lines(2 * Size)
	for _, tool := range [][]string{{"zstd", "-c"}, {"gzip", "-c"}} {
		cmd := exec.Command(tool[0], tool[1:]...)
		cmd.Stdin = strings.NewReader(plain)
		compressed, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if index := Index(bytes.NewReader(compressed), int64(len(compressed))); index != nil {
			t.Errorf("%v: %v", tool, index)
		}
		if got, err := whole(t, compressed); err != nil || got != plain {
			t.Errorf("%v: not what it was: %v", tool, err)
		}
	}
	reserved := formats[0].compress(t, plain)
	reserved[len(reserved)-5] |= 4 // means something in a format that is to come
	if Index(bytes.NewReader(reserved), int64(len(reserved))) != nil {
		t.Error("a table of another kind is relied on")
	}
	for _, format := range formats { // two in one file
		one := format.compress(t, plain)
		two := append(append([]byte{}, one...), one...)
		if format.name == "zstd" && Index(bytes.NewReader(two), int64(len(two))) != nil {
			t.Error("a table that is about a part of the file is relied on")
		}
		if got, err := whole(t, two); err != nil || got != plain+plain {
			t.Errorf("%s: two in one file are not what they were: %v", format.name, err)
		}
	}
}

// TestDamage: whatever is wrong with a file, what is decoded is what it was, or
// there is an error.
func TestDamage(t *testing.T) {
	plain := lines(3 * Size / 2)
	random := rand.New(rand.NewSource(1))
	for _, format := range formats {
		compressed := format.compress(t, plain)
		check := func(what string, damaged []byte) {
			t.Helper()
			parts, err := each(t, damaged)
			if got := strings.Join(parts, ""); err == nil && parts != nil && !strings.HasPrefix(plain, got) {
				t.Errorf("%s: %s: other data came out", format.name, what)
			}
		}
		for range 100 {
			damaged := bytes.Clone(compressed)
			i := random.Intn(len(damaged))
			if random.Intn(2) == 0 {
				i = len(damaged) - 1 - random.Intn(50) // the table
			}
			damaged[i] ^= byte(1 + random.Intn(255))
			check(fmt.Sprintf("byte %d of %d", i, len(damaged)), damaged)
		}
		for range 20 {
			check("cut", compressed[:random.Intn(len(compressed))])
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, format := range formats {
		f.Add(format.compress(f, "one\ntwo\n"))
		f.Add(format.compress(f, ""))
	}
	table := binary.LittleEndian.AppendUint32(append([]byte{}, zstdMagic...), skippableMagic)
	table = append(table, 9, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x80, 0xb1, 0xea, 0x92, 0x8f)
	f.Add(table)
	d, err := NewDecoder(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		index := Index(bytes.NewReader(data), int64(len(data)))
		offset := int64(0)
		var joined []byte
		for _, frame := range index {
			if frame.Offset != offset || frame.Size <= 0 || frame.Offset+frame.Size > int64(len(data)) || frame.Plain < 0 || frame.Plain > maxPlain {
				t.Fatalf("%v", index)
			}
			offset += frame.Size
			plain, err := d.Decode(nil, data[frame.Offset:offset], frame)
			if err != nil {
				return
			}
			joined = append(joined, plain...)
		}
		if index == nil || len(joined) > 1<<20 {
			return
		}
		// What all frames give is what the file gives as a whole.
		r, err := NewReader(bufio.NewReader(bytes.NewReader(data)))
		if err != nil || r == nil {
			t.Fatalf("%v %v", r, err)
		}
		defer r.Close()
		if want, err := io.ReadAll(r); err != nil || !bytes.Equal(joined, want) {
			t.Fatalf("frames give %q, the whole %q, %v", joined, want, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	plain := lines(8 * Size)
	for _, format := range formats {
		b.Run(format.name, func(b *testing.B) {
			compressed := format.compress(b, plain)
			index := Index(bytes.NewReader(compressed), int64(len(compressed)))
			d, err := NewDecoder(1)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(plain)))
			var dst []byte
			for range b.N {
				for _, f := range index {
					if dst, err = d.Decode(dst, compressed[f.Offset:f.Offset+f.Size], f); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
