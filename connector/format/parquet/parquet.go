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
		Key: "compression", Type: setting.Enum, Default: "SNAPPY", Values: []string{"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI", "LZ4_RAW"},
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
	pageSize = &setting.Option{
		Key: "page.size", Type: setting.MemorySize, Default: "1mb",
		Doc: "Size of a page before compression, about.",
	}
	dictionary = &setting.Option{
		Key: "enable.dictionary", Type: setting.Bool, Default: "true",
		Doc: "Whether texts and bytes are written as codes of a dictionary, which is small and fast where they repeat.",
	}
	dictionarySize = &setting.Option{
		Key: "dictionary.page.size", Type: setting.MemorySize, Default: "1mb",
		Doc: "How large a dictionary may grow; from there on a row group's values are written as they are.",
	}
	writerVersion = &setting.Option{
		Key: "writer.version", Type: setting.Enum, Default: "PARQUET_1_0", Values: []string{"PARQUET_1_0", "PARQUET_2_0"},
		Doc: "Version of the pages; every reader knows the first.",
	}
	maxPadding     = &setting.Option{Key: "writer.max-padding", Ignored: true, Doc: "Aligns row groups with blocks of HDFS."}
	checkRowCounts = &setting.Option{Key: "page.size.row.check.", Type: setting.String, Prefix: true, Ignored: true, Doc: "When the original writer looks at the size of a page."}
	validation     = &setting.Option{Key: "validation", Ignored: true, Doc: "Whether the original writer checks rows against the schema; they are always checked."}
	memoryPool     = &setting.Option{Key: "memory.pool.ratio", Ignored: true, Doc: "Part of the JVM's memory for all writers."}
	minMemory      = &setting.Option{Key: "memory.min.chunk.size", Ignored: true, Doc: "Least memory of the JVM for a writer."}
)

func init() {
	format.Register(&format.Spec{
		FieldsByName: true, Name: "parquet",
		Doc: "Apache Parquet: columns with statistics, compressed. Columns are found by name; a column that a file lacks is NULL, unless it is NOT NULL, in which no file may have NULL. " +
			"Files may have other types that lose nothing: shorter integers, integers of 32 bits for DOUBLE, FLOAT for DOUBLE, integers and shorter decimals for DECIMAL, DATE for TIMESTAMP. Any other is an error that names file and column.",
		Extension: ".parquet",
		Options: []*setting.Option{utcTimezone, compression, blockSize, int64Timestamp, timestampUnit, pageSize, dictionary, dictionarySize,
			writerVersion, maxPadding, checkRowCounts, validation, memoryPool, minMemory},
		SplitFile: splitFile,
		OpenFile:  openFile,
		NewFile:   newFile,

		SelectsAlike: selectsAlike,
	})
}

var codecs = map[string]compress.Codec{
	"UNCOMPRESSED": &parquet.Uncompressed, "SNAPPY": snappy{}, "GZIP": &parquet.Gzip, "ZSTD": &parquet.Zstd,
	"BROTLI": &parquet.Brotli, "LZ4_RAW": &parquet.Lz4Raw,
}
