package session

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
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

// quoteFunctions tells which functions' names are printed in backticks: those that are none of standard SQL's.
func quoteFunctions(name string) bool {
	return !syntax.IsReserved(name) && !standardFunctions[strings.ToUpper(name)]
}

// standardFunctions are functions that are printed without quotes though they are no reserved words.
var standardFunctions = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`PROCTIME CONCAT CONCAT_WS LPAD RPAD REPEAT REVERSE REPLACE SPLIT_INDEX REGEXP REGEXP_REPLACE REGEXP_EXTRACT
		SUBSTR LEFT RIGHT INSTR LOCATE ASCII CHR ENCODE DECODE FROM_BASE64 TO_BASE64 INITCAP MD5 SHA1 SHA224 SHA256 SHA384 SHA512 SHA2 UUID
		DATE_FORMAT TO_DATE TO_TIMESTAMP UNIX_TIMESTAMP FROM_UNIXTIME CONVERT_TZ TIMESTAMPADD TIMESTAMPDIFF NOW IF ROUND SIGN LOG LOG2 LOG10
		PI E RAND RAND_INTEGER BIN HEX TRUNCATE DEGREES RADIANS SIN COS TAN COT ASIN ACOS ATAN ATAN2 SINH COSH TANH IS_ALPHA IS_DECIMAL IS_DIGIT
		STR_TO_MAP JSON_VALUE JSON_QUERY JSON_EXISTS JSON_OBJECT JSON_ARRAY JSON_STRING QUARTER DAYOFYEAR DAYOFMONTH DAYOFWEEK`) {
		m[name] = true
	}
	return m
}()

// sqlText prints an expression as it stands in a table's definition.
func sqlText(e syntax.Expr) string {
	return syntax.Style{QuoteNames: true, QuoteFunction: quoteFunctions}.Format(e)
}

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
