package session

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// generated writes what a column is, if not stored.
func generated(c *catalog.Column) string {
	switch c.Kind {
	case catalog.Computed:
		return "AS " + sqlText(c.Expr)
	case catalog.Metadata:
		text := "METADATA"
		if c.Key != c.Name {
			text += " FROM " + quoteText(c.Key)
		}
		if c.Virtual {
			text += " VIRTUAL"
		}
		return text
	}
	return ""
}

// sqlText prints an expression as it stands in a table's definition.
func sqlText(e syntax.Expr) string { return bind.DefinitionStyle.Format(e) }

// quoteText writes a string literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// uncommented drops the comments of a type's fields.
func uncommented(t column.Type) column.Type {
	if t.Elem != nil {
		e := uncommented(*t.Elem)
		t.Elem = &e
	}
	if t.Key != nil {
		k := uncommented(*t.Key)
		t.Key = &k
	}
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		t.Fields[i].Comment, t.Fields[i].Type = "", uncommented(t.Fields[i].Type)
	}
	return t
}

// definedType writes a type as CREATE TABLE spells it out.
func definedType(t column.Type) string {
	text := strings.ReplaceAll(uncommented(t).String(), "STRING", "VARCHAR("+strconv.Itoa(column.MaxLength)+")")
	text = strings.ReplaceAll(text, "BYTES", "VARBINARY("+strconv.Itoa(column.MaxLength)+")")
	for p := range 10 {
		n := strconv.Itoa(p)
		text = strings.ReplaceAll(text, "TIMESTAMP_LTZ("+n+")", "TIMESTAMP("+n+") WITH LOCAL TIME ZONE")
	}
	return text
}
