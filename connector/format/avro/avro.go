// Package avro reads and writes object container files of Apache Avro.
//
// What enters: a container file with its schema, or batches. What leaves: batches of the projected columns, which are found by name in the file's
// schema, or a file. The filesystem connector calls it through [format.Spec].
//
// What must hold: a column that the file lacks is NULL; a value that a column cannot hold and a damaged file are errors, never another row;
// what a file says of sizes is not believed beyond the bytes that are there; each block is read by exactly one piece of its file.
package avro

import (
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// The options, with Flink's names.
var (
	codecOption = &setting.Option{Key: "codec", Type: setting.Enum, Values: []string{"null", "deflate", "snappy", "zstandard"}, Default: "snappy",
		Doc: "How blocks are compressed when written; files of any of these are read."}
	legacyOption = &setting.Option{Key: "timestamp_mapping.legacy", Type: setting.Bool, Default: "true",
		Doc: "Whether TIMESTAMP is written as timestamp-millis or timestamp-micros, as Flink before 1.19 did, rather than as local-timestamp-millis or local-timestamp-micros. TIMESTAMP_LTZ is timestamp-millis or timestamp-micros in each case. All of them are read."}
)

func init() {
	format.Register(&format.Spec{
		Name: "avro", Extension: ".avro", FieldsByName: true,
		Doc: "Container files of Apache Avro: rows in compressed blocks, with their schema. Large files are read in parallel, cut at the markers between blocks. Columns are found by name; a column that a file lacks is NULL, unless it is NOT NULL. " +
			"Files may have other types: int and long for any whole number that they fit and for DECIMAL, int for DOUBLE, float for DOUBLE, decimals for longer ones, date for TIMESTAMP. Any other is an error that names file and column.",
		Options:   []*setting.Option{codecOption, legacyOption},
		SplitFile: splitFile, OpenFile: openFile, NewFile: newFile,
	})
}
