package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// typedArguments are the functions that take no NULL without a type, as in Flink; others give it the type that they want.
var typedArguments = []string{
	"%", "ABS", "ACOS", "ASCII", "ASIN", "ATAN", "ATAN2", "BIN", "BITMAP_CARDINALITY", "CARDINALITY", "CEIL", "CHAR_LENGTH", "CHR",
	"CONCAT", "CONCAT_WS", "CONVERT_TZ", "COS", "COSH", "COT", "DATE_FORMAT", "DAYOFMONTH", "DAYOFWEEK", "DAYOFYEAR", "DECODE", "DEGREES",
	"ELEMENT", "ELT", "ENCODE", "EXP", "EXTRACT", "FLOOR", "FROM_BASE64", "FROM_UNIXTIME", "GREATEST", "LEAST", "HEX", "HOUR", "IF", "INITCAP",
	"INSTR", "IS_DECIMAL", "IS_ALPHA", "IS_DIGIT", "LEFT", "LN", "LOCATE", "LOG", "LOG10", "LOG2", "LOWER", "LPAD",
	"LTRIM", "MD5", "MINUTE", "MOD", "MONTH", "OVERLAY", "POSITION", "POWER", "QUARTER", "RADIANS", "REGEXP", "REGEXP_EXTRACT",
	"REGEXP_REPLACE", "REPEAT", "REPLACE", "REVERSE", "RIGHT", "ROUND", "RPAD", "RTRIM", "SECOND", "SHA1", "SHA2", "SHA224",
	"SHA256", "SHA384", "SHA512", "SIGN", "SIN", "SINH", "SPLIT_INDEX", "SQRT", "STR_TO_MAP", "SUBSTRING", "TAN", "TANH",
	"TIMESTAMPADD", "TIMESTAMPDIFF", "TO_BASE64", "TO_DATE", "TO_TIMESTAMP", "TO_TIMESTAMP_LTZ", "TRANSLATE", "TRIM", "TRUNCATE", "UNIX_TIMESTAMP", "UPPER", "WEEK",
	"YEAR",
}

// typed refuses a NULL that is of no type. nodes are the expressions that list was bound from.
func typed[N syntax.Node](nodes []N, list ...expr.Expr) error {
	i := slices.IndexFunc(list, func(e expr.Expr) bool { return e.Type().Kind == column.Null })
	if i < 0 {
		return nil
	}
	return fail(nodes[min(i, len(nodes)-1)], "write CAST(NULL AS type)", "a NULL alone has no type, and one is needed here")
}
