// Package parquet reads and writes Apache Parquet files, columns straight into vectors and back.
//
// What enters: an object with its footer and column chunks, or batches. What leaves: batches of the projected columns, of which only the
// chunks that are needed were fetched, or a file. The filesystem connector calls it through [format.Spec].
//
// What must hold: columns are matched by name, one that the file lacks is NULL; row groups that the statistics rule out are not fetched; a damaged
// file is an error and never a wrong row.
package parquet

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// The options, with Flink's names.
var (
	utcTimezone = &setting.Option{
		Key: "utc-timezone", Type: setting.Bool, Default: "false",
		Doc: "Whether INT96 timestamps are written and read as UTC; otherwise TIMESTAMP is local time of table.local-time-zone in them.",
	}
	compression = &setting.Option{
		Key: "compression", Type: setting.Enum, Default: "SNAPPY", Values: []string{"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI"},
		Doc: "How pages are compressed when written.",
	}
	blockSize = &setting.Option{
		Key: "block.size", Type: setting.MemorySize, Default: "128mb",
		Doc: "Size of a row group in memory, about; it is held until it is full.",
	}
	int64Timestamp = &setting.Option{
		Key: "write.int64.timestamp", Type: setting.Bool, Default: "false",
		Doc: "Write timestamps as INT64 with a unit rather than as the older INT96.",
	}
	timestampUnit = &setting.Option{
		Key: "timestamp.time.unit", Type: setting.Enum, Default: "micros", Values: []string{"nanos", "micros", "millis"},
		Doc: "Unit of timestamps written as INT64.",
	}
)

func init() {
	format.Register(&format.Spec{
		Name:      "parquet",
		Doc:       "Apache Parquet: columns with statistics, compressed. Columns are found by name; a column that a file lacks is NULL.",
		Extension: ".parquet",
		Options:   []*setting.Option{utcTimezone, compression, blockSize, int64Timestamp, timestampUnit},
		SplitFile: splitFile,
		OpenFile:  openFile,
		NewFile:   newFile,
	})
}

// LZ4 is left out: the library wrote pages with it that it could not read back.
var codecs = map[string]compress.Codec{
	"UNCOMPRESSED": &parquet.Uncompressed, "SNAPPY": &parquet.Snappy, "GZIP": &parquet.Gzip, "ZSTD": &parquet.Zstd,
	"BROTLI": &parquet.Brotli,
}
