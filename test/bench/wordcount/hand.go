package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// The hand-written loop that everything is held against: one goroutine per core over a part of the file, each with an open-addressing
// table of its own, merged at the end. It reads a local file, so it pays for neither HTTP nor a store.

// counter counts words in an open-addressing table whose entries hold the first sixteen bytes of their words, so that most words are found
// by comparing two numbers.
type counter struct {
	entries []entry
	used    int
}

type entry struct {
	lo, hi uint64
	count  int64 // 0: free
	word   string
}

func newCounter() *counter { return &counter{entries: make([]entry, 1<<17)} }

// add counts the word b[from:to]; at least 16 bytes behind to can be read.
func (c *counter) add(b []byte, from, to int, n int64) {
	length := to - from
	lo, hi := binary.LittleEndian.Uint64(b[from:]), binary.LittleEndian.Uint64(b[from+8:])
	switch {
	case length < 8:
		lo, hi = lo&(1<<(8*length)-1), 0
	case length < 16:
		hi &= 1<<(8*(length-8)) - 1
	}
	h, l := bits.Mul64(lo^0x9e3779b97f4a7c15, hi^uint64(length)^0xd6e8feb86659fd93)
	mask := len(c.entries) - 1
	for at := int(h^l) & mask; ; at = (at + 1) & mask {
		e := &c.entries[at]
		if e.lo == lo && e.hi == hi && len(e.word) == length && e.count > 0 && (length <= 16 || e.word == string(b[from:to])) {
			e.count += n
			return
		}
		if e.count == 0 {
			*e = entry{lo, hi, n, string(b[from:to])}
			c.used++
			if c.used > len(c.entries)/2 {
				c.grow()
			}
			return
		}
	}
}

// grow doubles the table.
func (c *counter) grow() {
	old := c.entries
	c.entries, c.used = make([]entry, 2*len(old)), 0
	for _, e := range old {
		if e.count > 0 {
			c.merge(e)
		}
	}
}

// merge adds another table's entry.
func (c *counter) merge(e entry) {
	var padded [64]byte
	b := append(padded[:0], e.word...)
	b = append(b, padded[:16]...)
	c.add(b, 0, len(e.word), e.count)
}

// scan counts the words of b[:n]; 16 bytes behind n can be read.
func (c *counter) scan(b []byte, n int) {
	start := 0
	for i, ch := range b[:n] {
		if ch <= ' ' {
			if i > start {
				c.add(b, start, i, 1)
			}
			start = i + 1
		}
	}
	if n > start {
		c.add(b, start, n, 1)
	}
}

// countByHand counts the words of the file in and writes "word count" lines to out.
func countByHand(in, out string) error {
	f, err := os.Open(in)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	n := runtime.GOMAXPROCS(0)
	parts := make([]*counter, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			parts[i] = newCounter()
			errs[i] = parts[i].scanRange(f, info.Size()*int64(i)/int64(n), info.Size()*int64(i+1)/int64(n))
		})
	}
	wg.Wait()
	total := parts[0]
	for i, p := range parts {
		if errs[i] != nil {
			return errs[i]
		}
		if i > 0 {
			for _, e := range p.entries {
				if e.count > 0 {
					total.merge(e)
				}
			}
		}
	}
	o, err := os.Create(out)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(o)
	var line []byte
	for _, e := range total.entries {
		if e.count > 0 {
			line = strconv.AppendInt(append(append(line[:0], e.word...), ' '), e.count, 10)
			w.Write(append(line, '\n')) //nolint:errcheck // Flush reports it
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return o.Close()
}

// scanRange counts the words of the lines that begin in [from, to).
func (c *counter) scanRange(f *os.File, from, to int64) error {
	const tail = 16
	whole := make([]byte, 1<<20+tail)
	buf := whole[:1<<20]
	keep := 0
	if from > 0 { // the line across from belongs to the range before
		n, err := f.ReadAt(buf[:4096], from-1)
		if err != nil && err != io.EOF {
			return err
		}
		from += int64(bytes.IndexByte(buf[:n], '\n'))
	}
	for at := from; ; {
		n, err := f.ReadAt(buf[keep:], at)
		if err != nil && err != io.EOF {
			return err
		}
		data := buf[:keep+n]
		begin := at - int64(keep) // of data in the file
		at += int64(n)
		last := err == io.EOF
		if at >= to { // up to the end of the line that begins before to
			if i := bytes.IndexByte(data[max(0, to-1-begin):], '\n'); i >= 0 {
				data, last = data[:to-1-begin+int64(i)], true
			}
		}
		end := len(data)
		if !last {
			end = bytes.LastIndexByte(data, '\n') + 1
		}
		c.scan(whole, end)
		if last {
			return nil
		}
		keep = copy(buf, data[end:])
	}
}
