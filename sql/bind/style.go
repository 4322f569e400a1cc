package bind

import (
	"strings"

	"github.com/millstream/millstream/sql/syntax"
)

// DefinitionStyle prints expressions and queries as they stand in the definitions that SHOW CREATE shows.
var DefinitionStyle = syntax.Style{QuoteNames: true, AsFlink: true, QuoteFunction: quoteFunctions}

// quoteFunctions tells which functions' names are printed in backticks: those that are none of standard SQL's and that Flink has not
// had from its beginning.
func quoteFunctions(name string) bool {
	return !syntax.IsReserved(name) && !IsClassic(name) && !special[strings.ToUpper(name)]
}

// IsClassic reports whether Flink has had a function from its beginning, and so spells it in lower case where it lists functions.
func IsClassic(name string) bool { return classic[strings.ToUpper(name)] }

var classic = words(`ABS ACOS ASCII ASIN ATAN ATAN2 AVG BIN CARDINALITY CEIL CEILING CHAR_LENGTH CHARACTER_LENGTH CHR COLLECT CONCAT CONCAT_WS
		CONVERT_TZ COS COSH COT COUNT CURRENT_DATABASE CURRENT_DATE CURRENT_ROW_TIMESTAMP CURRENT_TIME CURRENT_TIMESTAMP DATE_FORMAT
		DECODE DEGREES E ELEMENT ENCODE EXP EXTRACT FIRST_VALUE FLOOR FROM_BASE64 FROM_UNIXTIME HEX IF INITCAP INSTR LAG LAST_VALUE LEAD
		LEFT LISTAGG LN LOCALTIME LOCALTIMESTAMP LOCATE LOG LOG10 LOG2 LOWER LPAD LTRIM MAX MD5 MIN MOD NOW OVERLAY PARSE_URL PI
		POSITION POWER PROCTIME RADIANS RAND RAND_INTEGER REGEXP REGEXP_EXTRACT REGEXP_REPLACE REPEAT REPLACE REVERSE RIGHT ROUND RPAD
		RTRIM SHA1 SHA2 SHA224 SHA256 SHA384 SHA512 SIGN SIN SINH SPLIT_INDEX SQRT STDDEV_POP STDDEV_SAMP STDDEV STR_TO_MAP SUBSTR
		SUBSTRING SUM TAN TANH TIMESTAMPDIFF TO_BASE64 TO_DATE TO_TIMESTAMP TRIM TRUNCATE UNIX_TIMESTAMP UPPER UUID VAR_POP VAR_SAMP
		VARIANCE`)

// special are functions that the parser knows, or that stand for windows.
var special = words(`CAST COALESCE CUME_DIST CUMULATE DAYOFMONTH DAYOFWEEK DAYOFYEAR DENSE_RANK GROUPING GROUPING_ID HOP HOP_END HOP_START IS_ALPHA
		IS_DECIMAL IS_DIGIT JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_STRING JSON_VALUE MATCH_PROCTIME MATCH_ROWTIME NTILE
		NULLIF PERCENT_RANK QUARTER RANK ROW_NUMBER SESSION SESSION_END SESSION_START TIMESTAMPADD TUMBLE TUMBLE_END TUMBLE_PROCTIME
		TUMBLE_ROWTIME TUMBLE_START`)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(list) {
		m[name] = true
	}
	return m
}
