package filesystem

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/millstream/millstream/setting"
)

var compressionOption = &setting.Option{Key: "sink.compression", Type: setting.Enum, Values: []string{"none", "gzip", "zstd"}, Default: "none",
	Doc: "How part files of formats without an index (csv, json, raw) are compressed; their names end in .gz or .zst then, by which readers know. Sizes of the rolling policy are those of compressed bytes. Compressed files end with each checkpoint."}

// packing is a compression of part files.
type packing struct {
	extension string
	open      func(w io.Writer) (io.WriteCloser, error)
}

var packings = map[string]*packing{
	"gzip": {".gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) }},
	"zstd": {".zst", func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(packWindow))
	}},
}

// packWindow is how far a compressor looks back, in bytes: each open part has one.
const packWindow = 1 << 20

// newPacking returns the compression of a table's part files, nil if there is none.
func newPacking(c *config) (*packing, error) {
	p := packings[c.values.Enum(compressionOption)]
	if p != nil && c.format.NewEncoder == nil {
		return nil, fmt.Errorf("option '%s': files of format '%s' are compressed within, if at all: use the format's own options", compressionOption.Key, c.format.Name)
	}
	return p, nil
}
