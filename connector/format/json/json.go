// Package json is the format 'json': each line holds one object, whose keys are columns; and the formats of changes whose lines are
// envelopes around such objects: 'debezium-json', 'canal-json', 'maxwell-json', 'ogg-json' and 'changelog-json'.
//
// What enters: blocks of bytes, or batches. What leaves: the projected columns, text as views into the block where it stands
// there without escapes; or lines. The connectors that read and write streams of records use it.
//
// What must hold: every line is checked to be valid JSON to its end, whatever is projected; values are converted as Apache Flink
// converts them; text columns hold valid UTF-8.
package json

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

var (
	failMissingOption = &setting.Option{Key: "fail-on-missing-field", Type: setting.Bool, Default: "false",
		Doc: "An object without a key that the query needs is malformed. Without it the column is NULL."}
	ignoreOption = &setting.Option{Key: "ignore-parse-errors", Type: setting.Bool, Default: "false",
		Doc: "A value that does not fit its column becomes NULL and a malformed line is skipped; both are counted. Without it they fail the job."}
	timestampOption = &setting.Option{Key: "timestamp-format.standard", Type: setting.Enum, Values: []string{"SQL", "ISO-8601"}, Default: "SQL",
		Doc: "How timestamps are spelt: '2024-12-31 23:59:59.999' (SQL) or '2024-12-31T23:59:59.999' (ISO-8601); a TIMESTAMP_LTZ has 'Z' behind it."}
	nullKeyOption = &setting.Option{Key: "map-null-key.mode", Type: setting.Enum, Values: []string{"FAIL", "DROP", "LITERAL"}, Default: "FAIL",
		Doc: "What is written for a MAP's entry whose key is NULL: an error, nothing, or the entry under the key of 'map-null-key.literal'."}
	nullKeyLiteralOption = &setting.Option{Key: "map-null-key.literal", Type: setting.String, Default: "null",
		Doc: "The key that stands for NULL with 'map-null-key.mode' = 'LITERAL'."}
	plainDecimalOption = &setting.Option{Key: "encode.decimal-as-plain-number", Type: setting.Bool, Default: "false",
		Doc: "A DECIMAL is written with all its fraction digits (1000.50) and never like 1E+3."}
	ignoreNullOption = &setting.Option{Key: "encode.ignore-null-fields", Type: setting.Bool, Default: "false",
		Doc: "Columns and fields of ROWs that are NULL are left out of what is written."}
	parserOption = &setting.Option{Key: "decode.json-parser.enabled", Type: setting.Bool, Default: "true", Ignored: true,
		Doc: "Chooses between two parsers of Flink's; there is only one here."}
)

func init() {
	format.Register(&format.Spec{
		FieldsByName: true, Name: "json",
		Doc: "Each line is an object, which is a row; keys are matched to columns by name, in any order, and others are skipped. ROW and MAP are objects, " +
			"ARRAY is an array, BYTES is base64. A STRING column takes any value: objects and arrays as their JSON text.",
		Options: []*setting.Option{failMissingOption, ignoreOption, timestampOption, nullKeyOption, nullKeyLiteralOption, plainDecimalOption,
			ignoreNullOption, parserOption},
		Extension:  ".json",
		NewDecoder: func(c format.Config) (format.Decoder, error) { return newDecoder(c) },
		NewEncoder: func(c format.Config) (format.Encoder, error) { return newEncoder(c) },
	})
}

// check says what is wrong with options that exclude each other.
func check(o setting.Values) error {
	if o.Bool(failMissingOption) && o.Bool(ignoreOption) {
		return errors.New("options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' exclude each other: set only one to 'true'")
	}
	return nil
}

// fits says why the format cannot carry a column, or a part of one, of type t.
func fits(path string, t column.Type) error {
	switch t.Kind {
	case column.Array:
		return fits(path+"[]", *t.Elem)
	case column.Map, column.Multiset:
		key := t.Key
		if t.Kind == column.Multiset {
			key = t.Elem
		}
		if !key.IsText() {
			return fmt.Errorf("the format 'json' cannot carry column '%s' of type %s: keys of a JSON object are text, so the %s must be CHAR, VARCHAR or STRING",
				path, t, map[column.Kind]string{column.Map: "key", column.Multiset: "element"}[t.Kind])
		}
		if t.Kind == column.Map {
			return fits(path+"{}", *t.Elem)
		}
	case column.Row:
		for _, f := range t.Fields {
			if err := fits(path+"."+f.Name, f.Type); err != nil {
				return err
			}
		}
	case column.Variant:
		return fmt.Errorf("the format 'json' cannot carry column '%s' of type VARIANT: declare it STRING and use PARSE_JSON", path)
	case column.Bitset:
		return fmt.Errorf("the format 'json' cannot carry column '%s' of type BITMAP: declare it BYTES and use BITMAP_FROM_BYTES", path)
	}
	return nil
}
