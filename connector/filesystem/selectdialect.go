package filesystem

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// selectPacking is a file's compression as S3 names it, by its name; ok is false for one that stores do not read.
func selectPacking(key string) (c objstore.SelectCompression, ok bool) {
	switch strings.ToLower(suffixOf(key)) {
	case "gz", "gzip":
		return objstore.SelectGzip, true
	case "bz2":
		return objstore.SelectBzip2, true
	}
	return objstore.SelectPlain, compression(key) == nil
}

// dialect says how the objects are written and answers are read; the reason says why stores cannot read them as the decoder does.
func (q *selection) dialect(s *source) (reason string) {
	switch s.config.format.Name {
	case "csv":
		return q.csvDialect(s)
	case "json", "parquet":
		return q.jsonDialect(s)
	}
	return "the format is not csv, json or parquet"
}

// formatText is the value of one of the format's options.
func (c *config) formatText(key string) (text string, given bool) {
	for _, o := range c.format.Options {
		if o.Key == key {
			return c.options.Text(o), c.options.Has(o)
		}
	}
	return "", false
}

// setFlag returns the first of the format's options, of those named, that is true.
func (c *config) setFlag(keys ...string) string {
	for _, o := range c.format.Options {
		for _, key := range keys {
			if o.Key == key && o.Type == setting.Bool && c.options.Bool(o) {
				return key
			}
		}
	}
	return ""
}

// csvDialect prepares for CSV, which is answered in CSV.
func (q *selection) csvDialect(s *source) (reason string) {
	c, l := s.config, s.layout
	if key := c.setFlag("disable-quote-character", "allow-comments", "ignore-parse-errors", "columns-by-name"); key != "" {
		return "'csv." + key + "' is set"
	}
	if _, given := c.formatText("escape-character"); given {
		return "'csv.escape-character' is set"
	}
	delimiter, _ := c.formatText("field-delimiter")
	quote, _ := c.formatText("quote-character")
	if delimiter == `\t` {
		delimiter = "\t"
	}
	if len(delimiter) != 1 || delimiter[0] < ' ' && delimiter != "\t" || len(quote) != 1 || quote[0] < ' ' {
		return "the delimiter or the quote cannot be told to a store"
	}
	// Stores leave out lines that begin with '#' unless they are told another character: one that no line of text begins with.
	q.input = objstore.SelectInput{Field: delimiter, Quote: quote, Escape: quote, Comment: "\x7f"}
	q.output = objstore.SelectOutput{Field: delimiter, Quote: quote, Escape: quote}
	q.answers, q.answer = c.format, c.formatConfig()
	q.answer.Columns, q.answer.Project, q.answer.Ranged = nil, []int{}, true
	for i, p := range l.project {
		q.answer.Columns = append(q.answer.Columns, c.columns[p])
		q.answer.Project = append(q.answer.Project, i)
	}
	if len(l.project) == 0 { // only the number of rows counts
		q.answer.Columns = []column.Field{{Name: c.columns[0].Name, Type: column.Str()}}
	}
	return ""
}

// jsonDialect prepares for JSON lines and Parquet, which are answered in JSON lines. The columns have names of their own in there.
func (q *selection) jsonDialect(s *source) (reason string) {
	c, l := s.config, s.layout
	if key := c.setFlag("fail-on-missing-field", "ignore-parse-errors"); key != "" {
		return "'json." + key + "' is set"
	}
	q.input.Format, q.output.Format = objstore.SelectJSONLines, objstore.SelectJSONLines
	parquet := c.format.Name == "parquet"
	q.answers, q.answer = c.format, c.formatConfig()
	if parquet {
		q.input.Format = objstore.SelectParquet
		var ok bool
		if q.answers, ok = format.Lookup("json"); !ok {
			return "the format json, in which stores answer, is not part of this program"
		}
		var err error
		if q.answer.Options, err = setting.Check(q.answers.Options, nil); err != nil {
			return err.Error()
		}
		if len(l.project) == 0 {
			return "no column is needed"
		}
	}
	q.answer.Columns, q.answer.Project = nil, []int{}
	q.check = &answerCheck{parquet: parquet}
	for i, p := range l.project {
		f := c.columns[p]
		switch {
		case !plainName(f.Name):
			return fmt.Sprintf("the name of the column '%s' cannot be told to a store", f.Name)
		case parquet && !plainType(f.Type):
			return fmt.Sprintf("stores do not give values of type %s, as the column '%s' is, in one way", f.Type, f.Name)
		}
		q.check.types = append(q.check.types, f.Type)
		q.answer.Columns = append(q.answer.Columns, column.Field{Name: "c" + strconv.Itoa(i), Type: f.Type})
		q.answer.Project = append(q.answer.Project, i)
	}
	if len(l.project) == 0 {
		if !plainName(c.columns[0].Name) {
			return fmt.Sprintf("the name of the column '%s' cannot be told to a store", c.columns[0].Name)
		}
		q.answer.Columns = []column.Field{{Name: "c0", Type: column.Str()}}
	}
	return ""
}

// plainType reports whether stores give values of a Parquet column of the type in one way, or in ways that are told apart.
func plainType(t column.Type) bool {
	switch t.Kind {
	case column.Boolean, column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Float, column.Double, column.Date:
		return true
	case column.VarChar:
		return t.Precision == column.MaxLength
	}
	return false
}

// plainName reports whether a name means the same to all stores in double quotes.
func plainName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-$@ ", r) {
			return false
		}
	}
	return name != "" && len(name) <= 200
}

// items is the list of what is asked for.
func (q *selection) items(s *source) string {
	csv := q.input.Format == objstore.SelectCSV
	project := s.layout.project
	if len(project) == 0 {
		project = []int{0}
	}
	list := make([]string, len(project))
	for i, p := range project {
		if csv {
			list[i] = "COALESCE(" + fieldName(p) + ", '" + absent + "')"
		} else {
			list[i] = memberName(s.config.columns[p].Name) + " AS c" + strconv.Itoa(i)
		}
	}
	return strings.Join(list, ", ")
}

// memberName is the name of an object's member, or of a column of Parquet.
func memberName(name string) string { return `s."` + name + `"` }

// translator makes the translator of the scan's conditions.
func (q *selection) translator(s *source) *translator {
	c, l := s.config, s.layout
	t := &translator{format: q.input.Format}
	if t.format == objstore.SelectCSV {
		t.null, t.hasNull = c.formatText("null-literal")
	}
	t.field = func(i int) string {
		if i >= len(l.file) || l.file[i] < 0 {
			return ""
		}
		p := l.project[l.file[i]]
		if t.format == objstore.SelectCSV {
			return fieldName(p)
		}
		return memberName(c.columns[p].Name)
	}
	return t
}
