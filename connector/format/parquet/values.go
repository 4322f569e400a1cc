package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column"
)

// values is what a data page holds behind its levels, to be read piece by piece. NULLs are not among them.
type values struct {
	convert *converter
	left    int // values, as far as the levels tell

	// One of: values of a fixed width, byte arrays with or without their lengths apart, booleans as bits or runs, codes of a dictionary.
	data    []byte
	lengths []int64
	apart   bool // the lengths are in lengths, not in data
	bit     int  // of data, for booleans
	runs    runs
	inRuns  bool // booleans
	coded   bool

	codes []int32 // memory
}

var errShort = errors.New("a page holds fewer values than its header says")

// open begins to read n values in the given encoding.
func (v *values) open(encoding format.Encoding, data []byte, n int) (err error) {
	*v = values{convert: v.convert, left: n, data: data, codes: v.codes}
	c := v.convert
	unknown := fmt.Errorf("values of type %s in the encoding %s cannot be read", c.physical, encoding)
	switch encoding {
	case format.Plain:
		if c.width > 0 && len(data) < n*c.width || c.physical == parquet.Boolean && len(data)*8 < n {
			return errShort
		}
	case format.PlainDictionary, format.RLEDictionary:
		v.coded = true
		if len(data) == 0 {
			if n > 0 {
				return errShort
			}
			return nil
		}
		if data[0] > 32 {
			return errRuns
		}
		v.runs = runs{b: data[1:], width: int(data[0])}
	case format.RLE:
		if c.physical != parquet.Boolean {
			return unknown
		}
		if len(data) < 4 || int(binary.LittleEndian.Uint32(data)) > len(data)-4 {
			return errRuns
		}
		v.inRuns = true
		v.runs = runs{b: data[4 : 4+int(binary.LittleEndian.Uint32(data))], width: 1}
	case format.DeltaBinaryPacked:
		if c.physical != parquet.Int32 && c.physical != parquet.Int64 {
			return unknown
		}
		var x []int64
		if x, _, err = deltas(data, n); err != nil {
			return err
		}
		if len(x) < n {
			return errShort
		}
		v.data = make([]byte, n*c.width, n*c.width+padding)
		for i, x := range x[:n] {
			if c.width == 4 {
				binary.LittleEndian.PutUint32(v.data[4*i:], uint32(x))
			} else {
				binary.LittleEndian.PutUint64(v.data[8*i:], uint64(x))
			}
		}
	case format.DeltaLengthByteArray, format.DeltaByteArray:
		if c.physical != parquet.ByteArray && (encoding != format.DeltaByteArray || c.physical != parquet.FixedLenByteArray) {
			return unknown
		}
		read := deltaLengths
		if encoding == format.DeltaByteArray {
			read = deltaStrings
		}
		if v.lengths, v.data, err = read(data, n); err != nil {
			return err
		}
		if len(v.lengths) < n {
			return errShort
		}
		if v.apart = true; c.physical == parquet.FixedLenByteArray {
			for _, size := range v.lengths {
				if size != int64(c.width) {
					return errShort
				}
			}
			v.apart = false
		}
	case format.ByteStreamSplit:
		if c.width == 0 || c.physical == parquet.Int96 {
			return unknown
		}
		if len(data) < n*c.width {
			return errShort
		}
		v.data = joinStreams(data[:n*c.width], c.width)
	default:
		return unknown
	}
	return nil
}

// read writes the next n values to out from row base on; out has room for them. With a dictionary, texts are written as its codes
// where keep is set.
func (v *values) read(n int, out *column.Vector, base int, dict *column.Vector, keep bool) error {
	if n > v.left {
		return errShort
	}
	v.left -= n
	c := v.convert
	switch {
	case n == 0:
		return nil
	case v.coded && keep:
		return v.readCodes(column.Values[int32](out)[base:base+n], dict)
	case v.coded:
		if cap(v.codes) < n {
			v.codes = make([]int32, n)
		}
		if err := v.readCodes(v.codes[:n], dict); err != nil {
			return err
		}
		gather(out, base, dict, v.codes[:n])
		return nil
	case c.physical == parquet.Boolean:
		return v.booleans(n, out.Bits(), base)
	case c.physical == parquet.ByteArray:
		return v.byteArrays(n, out, base)
	}
	src := v.data[:n*c.width]
	v.data = v.data[n*c.width:]
	return c.fixed(src, n, out, base)
}

// skip leaves out the next n values.
func (v *values) skip(n int) error {
	if n > v.left {
		return errShort
	}
	v.left -= n
	c := v.convert
	switch {
	case n == 0:
	case v.coded, v.inRuns:
		return v.runs.skip(n)
	case c.physical == parquet.Boolean:
		v.bit += n
	case c.physical == parquet.ByteArray && v.apart:
		total := 0
		for _, size := range v.lengths[:n] {
			if total += int(size); size < 0 || total > len(v.data) {
				return errShort
			}
		}
		v.data, v.lengths = v.data[total:], v.lengths[n:]
	case c.physical == parquet.ByteArray:
		at := 0
		for range n {
			if at+4 > len(v.data) {
				return errShort
			}
			size := int(binary.LittleEndian.Uint32(v.data[at:]))
			if at += 4; size > len(v.data)-at {
				return errShort
			}
			at += size
		}
		v.data = v.data[at:]
	default:
		v.data = v.data[n*c.width:]
	}
	return nil
}

func (v *values) readCodes(codes []int32, dict *column.Vector) error {
	if len(codes) == 0 {
		return nil
	}
	if dict == nil {
		return errors.New("a page of codes without a dictionary")
	}
	if err := v.runs.codes(codes); err != nil {
		return err
	}
	greatest := uint32(0)
	for _, c := range codes {
		greatest = max(greatest, uint32(c))
	}
	if int(greatest) >= dict.Len {
		return fmt.Errorf("code %d of a dictionary of %d values", greatest, dict.Len)
	}
	return nil
}

// gather writes values of a dictionary that is not text.
func gather(out *column.Vector, base int, dict *column.Vector, codes []int32) {
	switch out.Type.Layout() {
	case column.LayoutBits:
		from, to := dict.Bits(), out.Bits()
		for i, c := range codes {
			to.Put(base+i, from.Get(int(c)))
		}
	case column.LayoutInt8:
		pick[int8](out, base, dict, codes)
	case column.LayoutInt16:
		pick[int16](out, base, dict, codes)
	case column.LayoutInt32, column.LayoutFloat:
		pick[int32](out, base, dict, codes)
	case column.LayoutInt64, column.LayoutDouble:
		pick[int64](out, base, dict, codes)
	default:
		pick[column.Int128](out, base, dict, codes)
	}
}

func pick[T column.Fixed](out *column.Vector, base int, dict *column.Vector, codes []int32) {
	from, to := column.Values[T](dict), column.Values[T](out)[base:base+len(codes)]
	for i, c := range codes {
		to[i] = from[c]
	}
}

func (v *values) booleans(n int, to column.Bitmap, base int) error {
	if v.inRuns {
		if cap(v.codes) < n {
			v.codes = make([]int32, n)
		}
		if err := v.runs.codes(v.codes[:n]); err != nil {
			return err
		}
		for i, x := range v.codes[:n] {
			to.Put(base+i, x != 0)
		}
		return nil
	}
	for i := range n {
		to.Put(base+i, v.data[v.bit>>3]>>(v.bit&7)&1 != 0)
		v.bit++
	}
	return nil
}

// byteArrays reads texts, as views into the page, or decimals.
func (v *values) byteArrays(n int, out *column.Vector, base int) error {
	text := out.Type.Layout() == column.LayoutView
	var views []column.View
	block := v.data[:min(len(v.data)+padding, cap(v.data))]
	lent := 0
	if text {
		if len(block) > math.MaxUint32 {
			return errors.New("a page of more than 4 GiB")
		}
		views, lent = column.Values[column.View](out), out.Lend(block)
	}
	at := 0
	for i := base; i < base+n; i++ {
		var size int
		if v.apart {
			size = int(v.lengths[i-base])
		} else {
			if at+4 > len(v.data) {
				return errShort
			}
			size = int(binary.LittleEndian.Uint32(block[at:]))
			at += 4
		}
		if size > len(v.data)-at {
			return errShort
		}
		if text {
			views[i] = column.MakeView(block, lent, at, size)
		} else {
			x, err := v.convert.decimal(v.data[at : at+size])
			if err != nil {
				return err
			}
			column.Values[column.Int128](out)[i] = x
		}
		at += size
	}
	v.data = v.data[at:]
	if v.apart {
		v.lengths = v.lengths[n:]
	}
	return nil
}
