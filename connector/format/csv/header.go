package csv

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/scan"
	"github.com/millstream/millstream/setting"
)

var (
	byNameOption = &setting.Option{Key: "columns-by-name", Type: setting.Bool, Default: "false",
		Doc: "The first record of each file names its fields, and columns are found by these names, which may stand in another order in each file; names are compared exactly, without " +
			"blanks around them. A sink begins each file with such a record. Without the option columns are found by position."}
	missingOption = &setting.Option{Key: "missing-columns", Type: setting.Enum, Values: []string{"fail", "null"}, Default: "fail",
		Doc: "What a column is of which a file's first record has no name, with 'csv.columns-by-name': an error that names file and column, or NULL, which a NOT NULL column cannot be. " +
			"A first record that names none of the columns is an error anyway."}
	unknownOption = &setting.Option{Key: "unknown-columns", Type: setting.Enum, Values: []string{"ignore", "fail"}, Default: "ignore",
		Doc: "What is done about a name in a file's first record that no column has, with 'csv.columns-by-name': its field is left out, or it is an error that names file and field."}
)

// naming is how a file's first record is read for the names of its fields.
type naming struct {
	byName      bool
	nulls       bool // a missing column is NULL
	known       bool // all names must be columns'
	table       []column.Field
	ignoreFirst bool
}

func newNaming(c format.Config) (naming, error) {
	o := c.Options
	n := naming{byName: o.Bool(byNameOption), nulls: o.Enum(missingOption) == "null", known: o.Enum(unknownOption) == "fail", table: c.Columns,
		ignoreFirst: o.Bool(firstLineOption)}
	switch {
	case n.byName && n.ignoreFirst:
		return n, errors.New("options 'csv.columns-by-name' and 'csv.ignore-first-line' exclude each other: give only one")
	case !n.byName && o.Has(missingOption):
		return n, errors.New("option 'csv.missing-columns' is of use only with 'csv.columns-by-name' = 'true'")
	case !n.byName && o.Has(unknownOption):
		return n, errors.New("option 'csv.unknown-columns' is of use only with 'csv.columns-by-name' = 'true'")
	}
	return n, nil
}

// Heads implements [format.HeadReader].
func (d *decoder) Heads() bool { return d.byName }

// Header skips a byte order mark and, if asked for, the first record, or takes the names of fields from it.
func (d *decoder) Header(data []byte, last bool) (int, error) {
	if len(data) < len(byteOrderMark) && !last && bytes.HasPrefix(byteOrderMark, data) {
		return -1, nil
	}
	at := 0
	if bytes.HasPrefix(data, byteOrderMark) {
		at = len(byteOrderMark)
	}
	if !d.ignoreFirst && !d.byName {
		return at, nil
	}
	data = scan.Padded(data)
	next, ok, err := d.record(data, at, last)
	switch {
	case err != nil:
		return at, err
	case ok && d.byName:
		return next, d.names(data, at, next)
	case ok:
		return next, nil
	case last:
		return len(data), nil // nothing but comments
	}
	return -1, nil
}

// names finds the columns among the fields of the first record, which was split.
func (d *decoder) names(data []byte, at, next int) error {
	line := bytes.TrimRight(data[at:next], "\r\n")
	fields := make([]column.Field, len(d.spans))
	for i, s := range d.spans {
		fields[i].Name = string(bytes.Trim(d.text(data, s), " \t"))
	}
	if n := len(fields); n > 1 && fields[n-1].Name == "" {
		fields = fields[:n-1] // a delimiter behind the last field is harmless
	}
	places := make(map[string]int, len(fields))
	twice := map[string]bool{}
	for i, f := range fields {
		if _, ok := places[f.Name]; ok {
			twice[f.Name] = true
		}
		places[f.Name] = i
	}
	found := 0
	var missing []string
	for _, f := range d.table {
		_, ok := places[f.Name]
		switch {
		case twice[f.Name]:
			return malformed(at, f.Name, line, "the first record of the file has the name twice")
		case ok:
			found++
		case !d.nulls || f.Type.NotNull:
			missing = append(missing, f.Name)
		}
	}
	switch {
	case found == 0 && len(d.table) > 0:
		return malformed(at, "", line, "the first record of the file names none of the table's columns, as 'csv.columns-by-name' wants it to")
	case len(missing) > 0:
		return malformed(at, missing[0], line, "%s", d.lacks(missing[0], fields))
	case d.known:
		for _, f := range fields {
			if !slices.ContainsFunc(d.table, func(c column.Field) bool { return c.Name == f.Name }) {
				return malformed(at, "", line, "the first record of the file names '%s', which is no column of the table, and 'csv.unknown-columns' is 'fail'", f.Name)
			}
		}
	}
	for i := range d.targets {
		t := &d.targets[i]
		t.field = absent
		if place, ok := places[t.Name]; ok {
			t.field = place
		}
	}
	d.fields = fields
	return nil
}

// lacks is the reason of an error about a name that the first record does not have.
func (d *decoder) lacks(name string, fields []column.Field) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return fmt.Sprintf("the first record of the file has no such name, but '%s', which is written otherwise", f.Name)
		}
	}
	if d.nulls {
		return "the first record of the file has no such name, and the column is NOT NULL"
	}
	return "the first record of the file has no such name, and 'csv.missing-columns' is not 'null'"
}

// appendNames writes the record that names the fields.
func (e *encoder) appendNames(dst []byte) []byte {
	for i, f := range e.fields {
		if i > 0 {
			dst = append(dst, e.delimiter)
		}
		dst, _ = e.text(dst, []byte(f.Name)) // that it can be written was seen when the encoder was made
	}
	return append(dst, '\n')
}

// nameable says why the columns' names cannot be written, or nil.
func (e *encoder) nameable() error {
	for _, f := range e.fields {
		if _, problem := e.text(nil, []byte(f.Name)); problem != "" {
			return fmt.Errorf("the name of column '%s' cannot be written as 'csv.columns-by-name' wants: %s", f.Name, problem)
		}
		if f.Name != strings.Trim(f.Name, " \t") {
			return fmt.Errorf("the name of column '%s' cannot be written as 'csv.columns-by-name' wants: blanks around names are not read", f.Name)
		}
	}
	return nil
}
