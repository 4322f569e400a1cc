// Package raw is the format 'raw': each line of a text is one row of one column.
//
// What enters: blocks of bytes, or batches of one column. What leaves: the column, with text as views into the block; or
// lines. The connectors that read and write streams of records use it.
//
// What must hold: a line ends at a line feed, and a carriage return right before it belongs to the line's end; nothing else
// in a line has a meaning. Text columns hold valid UTF-8 whatever the file holds.
package raw

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

var (
	charsetOption = &setting.Option{Key: "charset", Type: setting.String, Default: "UTF-8",
		Doc: "The character set of a text column: 'UTF-8', 'US-ASCII' or a single-byte set such as 'ISO-8859-1' or 'windows-1252'."}
	endianOption = &setting.Option{Key: "endianness", Type: setting.Enum, Values: []string{"big-endian", "little-endian"}, Default: "big-endian",
		Doc: "The order of the bytes of a numeric column."}
)

func init() {
	format.Register(&format.Spec{
		Name: "raw",
		Doc: "Each line is one row of a table with a single column: text of any form, bytes, or a number or BOOLEAN in binary. " +
			"A line ends in a line feed, with or without a carriage return before it.",
		Options:    []*setting.Option{charsetOption, endianOption},
		Extension:  ".txt",
		NewDecoder: func(c format.Config) (format.Decoder, error) { return newDecoder(c) },
		NewEncoder: func(c format.Config) (format.Encoder, error) { return newEncoder(c) },
	})
}

// single returns the only column, or says why the format cannot carry the table.
func single(columns []column.Field) (column.Field, error) {
	if len(columns) != 1 {
		list := ""
		for i, f := range columns {
			if i > 0 {
				list += ", "
			}
			list += "`" + f.Name + "` " + f.Type.String()
		}
		return column.Field{}, fmt.Errorf("the format 'raw' carries a single column, but the table has %d: [%s]", len(columns), list)
	}
	f := columns[0]
	if !f.Type.IsText() && !f.Type.IsBinary() && sizes[f.Type.Kind] == 0 {
		return f, fmt.Errorf("the format 'raw' cannot carry column '%s' of type %s: valid are CHAR, VARCHAR, STRING, BINARY, VARBINARY, BYTES, BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT and DOUBLE", f.Name, f.Type)
	}
	return f, nil
}

// sizes is how many bytes a binary value has.
var sizes = [column.Bitset + 1]int{column.Boolean: 1, column.TinyInt: 1, column.SmallInt: 2, column.Int: 4, column.BigInt: 8, column.Float: 4, column.Double: 8}
