// Package csv is the format 'csv': records of fields between delimiters, which may be quoted.
//
// What enters: blocks of bytes, or batches. What leaves: the projected columns, text as views into the block wherever it stands
// there as it is; or lines. The connectors that read and write streams of records use it.
//
// What must hold: the records and fields are those that Apache Flink sees (Jackson's rules: a field is quoted if a quote is its
// first character, a quote within is doubled, blanks behind the closing quote are skipped, a record ends at LF, CR LF or CR);
// a wrong number of fields is a malformed record, whatever is projected; text columns hold valid UTF-8.
//
// Splitting a file: a field in quotes may hold line feeds, and then a range of the file that begins behind some line feed may
// begin within a field. So a file is read in ranges only if the format is told ([format.Config.Ranged]), and then a line feed
// within quotes is a malformed record that names the option 'csv.multiline'. That is enough for rows never to be wrong without an
// error: every line feed before the first one in quotes ends a record, so the reader of the range in which that
// field's record begins stands right, comes to the field, and fails.
package csv

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

var (
	delimiterOption = &setting.Option{Key: "field-delimiter", Type: setting.String, Default: ",",
		Doc: `The character between fields; '\t' and '\uXXXX' may be written.`}
	noQuoteOption = &setting.Option{Key: "disable-quote-character", Type: setting.Bool, Default: "false",
		Doc: "Fields are never quoted, and a quote is an ordinary character."}
	quoteOption = &setting.Option{Key: "quote-character", Type: setting.String, Default: `"`,
		Doc: "The character around fields that hold delimiters, quotes or line ends."}
	commentsOption = &setting.Option{Key: "allow-comments", Type: setting.Bool, Default: "false",
		Doc: "Lines that begin with '#' are skipped, and so are empty lines."}
	ignoreOption = &setting.Option{Key: "ignore-parse-errors", Type: setting.Bool, Default: "false",
		Doc: "A malformed field becomes NULL and a malformed record is skipped; both are counted. Without it they fail the job."}
	arrayOption = &setting.Option{Key: "array-element-delimiter", Type: setting.String, Default: ";",
		Doc: "What stands between the elements of an ARRAY and the fields of a ROW."}
	escapeOption = &setting.Option{Key: "escape-character", Type: setting.String,
		Doc: "The character that takes its meaning from the next one; before n, r, t and 0 it stands for line feed, carriage return, tab and NUL."}
	nullOption = &setting.Option{Key: "null-literal", Type: setting.String,
		Doc: "A field with this text is NULL, and NULL is written so. Without it an empty number, date or time is malformed."}
	scientificOption = &setting.Option{Key: "write-bigdecimal-in-scientific-notation", Type: setting.Bool, Default: "true",
		Doc: "A DECIMAL that is very small or a multiple of ten is written like 1E+5."}
	firstLineOption = &setting.Option{Key: "ignore-first-line", Type: setting.Bool, Default: "false",
		Doc: "The first record of each file, such as column names, is skipped."}
	multilineOption = &setting.Option{Key: "multiline", Type: setting.Enum, Values: []string{"auto", "true", "false"}, Default: "auto",
		Doc: "Whether fields may hold line ends, which keeps large files from being read in several ranges at once: 'true' reads every file in one piece, " +
			"'false' takes a line end in quotes for an error, 'auto' looks at the head of each file and fails later if that misled it."}
)

func init() {
	format.Register(&format.Spec{
		Name: "csv",
		Doc: "Each record is a row; fields are matched to columns by position, or by the names in each file's first record ('csv.columns-by-name'). ARRAY and ROW of simple types stand in one field, " +
			"BYTES as base64, TIMESTAMP as '2024-12-31 23:59:59.999' and TIMESTAMP_LTZ so with 'Z' behind it.",
		Options: []*setting.Option{delimiterOption, noQuoteOption, quoteOption, commentsOption, ignoreOption, arrayOption, escapeOption,
			nullOption, scientificOption, firstLineOption, byNameOption, missingOption, unknownOption, multilineOption},
		Extension:  ".csv",
		NewDecoder: func(c format.Config) (format.Decoder, error) { return newDecoder(c) },
		NewEncoder: func(c format.Config) (format.Encoder, error) { return newEncoder(c) },
	})
}

// dialect is how fields and records are told apart.
type dialect struct {
	delimiter byte
	quote     byte
	escape    byte
	quoted    bool // fields may be quoted
	escaped   bool // there is an escape character
	comments  bool
	ignore    bool
	multiline string
	array     string
	null      []byte
	hasNull   bool
}

func newDialect(o setting.Values) (d dialect, err error) {
	one := func(option *setting.Option, text string) (byte, error) {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case text == "" || n != len(text):
			return 0, fmt.Errorf("option 'csv.%s' must be a single character, but is '%s'", option.Key, text)
		case r >= utf8.RuneSelf || r == '\n' || r == '\r':
			return 0, fmt.Errorf("option 'csv.%s' is %q: valid is any ASCII character but the line ends", option.Key, text)
		}
		return text[0], nil
	}
	var wrong []error
	delimiter, err := unescape(o.Text(delimiterOption))
	if err == nil {
		d.delimiter, err = one(delimiterOption, delimiter)
	}
	wrong = append(wrong, err)
	d.quoted = !o.Bool(noQuoteOption)
	if d.quoted {
		d.quote, err = one(quoteOption, o.Text(quoteOption))
		wrong = append(wrong, err)
	} else if o.Has(quoteOption) {
		wrong = append(wrong, errors.New("options 'csv.quote-character' and 'csv.disable-quote-character' exclude each other: give only one"))
	}
	if d.escaped = o.Has(escapeOption); d.escaped {
		d.escape, err = one(escapeOption, o.Text(escapeOption))
		wrong = append(wrong, err)
	}
	d.comments, d.ignore, d.multiline = o.Bool(commentsOption), o.Bool(ignoreOption), o.Enum(multilineOption)
	if d.array = o.Text(arrayOption); d.array == "" {
		wrong = append(wrong, errors.New("option 'csv.array-element-delimiter' must have at least one character, but is empty"))
	}
	d.null, d.hasNull = []byte(o.Text(nullOption)), o.Has(nullOption)
	if d.quoted && d.quote == d.delimiter || d.escaped && (d.escape == d.delimiter || d.quoted && d.escape == d.quote) {
		wrong = append(wrong, errors.New("options 'csv.field-delimiter', 'csv.quote-character' and 'csv.escape-character' must be different characters"))
	}
	return d, errors.Join(wrong...)
}

// unescape reads Java's escapes, in which users write a tab or a control character.
func unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) || text == `\` {
		return text, nil
	}
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err != nil {
		return "", fmt.Errorf(`option 'csv.field-delimiter' is '%s', which is not an escape that is known: valid are such as '\t' and '\u0001'`, text)
	}
	return out, nil
}

// fits says why the format cannot carry a column's type, or nil.
func fits(f column.Field) error {
	nested := func(t column.Type) error {
		if simple(t) {
			return nil
		}
		return fmt.Errorf("the format 'csv' cannot carry column '%s' of type %s: within an ARRAY or ROW only simple types are possible, not %s", f.Name, f.Type, t)
	}
	switch {
	case simple(f.Type):
		return nil
	case f.Type.Kind == column.Array:
		return nested(*f.Type.Elem)
	case f.Type.Kind == column.Row:
		for _, part := range f.Type.Fields {
			if err := nested(part.Type); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("the format 'csv' cannot carry column '%s' of type %s: valid are simple types and ARRAY and ROW of them", f.Name, f.Type)
}

func simple(t column.Type) bool {
	switch t.Kind {
	case column.Array, column.Map, column.Multiset, column.Row, column.Variant, column.Bitset:
		return false
	}
	return true
}
