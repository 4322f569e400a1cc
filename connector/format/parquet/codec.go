package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// padding is how many bytes behind decompressed data are readable, so that loads of a word may begin at any of its bytes.
const padding = 16

// maxPage bounds what a damaged header can make us allocate; writers keep to about a megabyte.
const maxPage = 1 << 30

var errSize = errors.New("a page does not have the size that its header says")

// decompress returns the size bytes that src decompresses to, in the memory of reuse if it has enough. An uncompressed page is src
// itself.
func decompress(codec format.CompressionCodec, src []byte, size int, reuse []byte) ([]byte, error) {
	if codec == format.Uncompressed {
		if len(src) != size {
			return nil, errSize
		}
		return src, nil
	}
	if size > maxPage {
		return nil, fmt.Errorf("a page of %d bytes, where at most %d are read", size, maxPage)
	}
	if size == 0 {
		return nil, nil
	}
	dst := reuse[:min(size, cap(reuse))]
	if cap(reuse) < size+padding {
		dst = make([]byte, size, size+padding)
	}
	var n int
	var err error
	switch codec {
	case format.Snappy:
		if n, err = s2.DecodedLen(src); err == nil && n == size {
			_, err = s2.Decode(dst, src)
		}
	case format.Gzip:
		n, err = inflate(dst, src)
	case format.Zstd:
		var d *zstd.Decoder
		if d, err = zstdDecoder(); err == nil {
			var out []byte
			if out, err = d.DecodeAll(src, dst[:0:size]); len(out) > 0 && &out[0] != &dst[0] {
				return nil, errSize
			}
			n = len(out)
		}
	case format.Brotli:
		n, err = readAll(dst, brotli.NewReader(bytes.NewReader(src)))
	case format.Lz4Raw:
		n, err = lz4.UncompressBlock(src, dst)
	case format.Lz4:
		n, err = hadoopLZ4(dst, src)
	default:
		return nil, fmt.Errorf("pages are compressed with %s, which cannot be read: valid are SNAPPY, GZIP, ZSTD, BROTLI, LZ4 and LZ4_RAW", codec)
	}
	if err != nil {
		return nil, fmt.Errorf("decompressing a page: %w", err)
	}
	if n != size {
		return nil, errSize
	}
	return dst, nil
}

// readAll fills dst from r, which must end there.
func readAll(dst []byte, r io.Reader) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 || !errors.Is(err, io.EOF) {
		return 0, errors.Join(errSize, err)
	}
	return n, nil
}

var gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

func inflate(dst, src []byte) (int, error) {
	r := gzips.Get().(*gzip.Reader)
	defer gzips.Put(r)
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return 0, err
	}
	return readAll(dst, r)
}

// zstdDecoder is one for all: DecodeAll may be called from several goroutines.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPage))
})

// hadoopLZ4 reads the older LZ4, of which there are two: Hadoop's, with the sizes of each block before it, and one block alone.
func hadoopLZ4(dst, src []byte) (int, error) {
	done, rest := 0, src
	for len(rest) >= 8 {
		size, stored := int(binary.BigEndian.Uint32(rest)), int(binary.BigEndian.Uint32(rest[4:]))
		if stored > len(rest)-8 || size > len(dst)-done {
			break
		}
		n, err := lz4.UncompressBlock(rest[8:8+stored], dst[done:done+size])
		if err != nil || n != size {
			break
		}
		done += n
		rest = rest[8+stored:]
	}
	if done == len(dst) && len(rest) == 0 {
		return done, nil
	}
	return lz4.UncompressBlock(src, dst)
}

// snappy compresses as Snappy itself does; the library's own codec looks longer for what it has seen, which takes up to twice the time.
type snappy struct{}

func (snappy) String() string                            { return "SNAPPY" }
func (snappy) CompressionCodec() format.CompressionCodec { return format.Snappy }
func (snappy) Encode(dst, src []byte) ([]byte, error) {
	return s2.EncodeSnappy(dst[:cap(dst)], src), nil
}
func (snappy) Decode(dst, src []byte) ([]byte, error) { return s2.Decode(dst, src) }
