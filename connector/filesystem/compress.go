package filesystem

import (
	"compress/bzip2"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// opener makes a decompressor.
type opener func(r io.Reader) (io.ReadCloser, error)

// decompressors by the file name's extension, in lower case.
var decompressors = map[string]opener{
	"gz": openGzip, "gzip": openGzip,
	"deflate": func(r io.Reader) (io.ReadCloser, error) { return zlib.NewReader(r) },
	"bz2":     func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil },
	"zst":     openZstd, "zstd": openZstd,
	"xz": func(io.Reader) (io.ReadCloser, error) {
		return nil, fmt.Errorf("xz is not among the compressions that can be read: gzip, zstd, bzip2 and deflate")
	},
}

func openGzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// compression returns the decompressor for a file by its name, nil if it is not compressed.
func compression(key string) opener { return decompressors[strings.ToLower(suffixOf(key))] }

// suffixOf is what stands behind the last point of a file's name.
func suffixOf(key string) string {
	_, base, _ := cutLast(key)
	if i := strings.LastIndexByte(base, '.'); i >= 0 {
		return base[i+1:]
	}
	return ""
}
