package session

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// describe executes DESCRIBE of a table or view.
func (s *Session) describe(n *syntax.Describe) (*Result, error) {
	if n.Kind != syntax.TableObject || n.Query != nil || n.Explicit {
		return nil, unsupported(n, "this form of DESCRIBE")
	}
	t, err := s.object(&n.Name)
	if err != nil {
		return nil, err
	}
	return s.columnsOf(t, nil), nil
}

// object finds a table or view by name.
func (s *Session) object(n *syntax.Name) (*catalog.Table, error) {
	path, err := s.catalogs.Resolve(parts(n))
	if err != nil {
		return nil, at(n, err)
	}
	t, err := s.catalogs.Lookup(path)
	return t, at(n, err)
}

// columnsOf lists a table's columns. The comments are there only if a column has one.
func (s *Session) columnsOf(t *catalog.Table, like *syntax.LikeFilter) *Result {
	titles := []string{"name", "type", "null?", "key", "extras", "watermark"}
	commented := slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Comment != "" })
	if commented {
		titles = append(titles, "comment")
	}
	var rows [][]any
	for i := range t.Columns {
		c := &t.Columns[i]
		if len(filterLike([]string{c.Name}, like)) == 0 {
			continue
		}
		row := []any{c.Name, s.typeText(c), !c.Type.NotNull, nil, nil, nil}
		if k := t.PrimaryKey; k != nil && slices.Contains(k.Columns, c.Name) {
			row[3] = "PRI(" + strings.Join(k.Columns, ", ") + ")"
		}
		if extra := generated(c); extra != "" {
			row[4] = extra
		}
		if w := t.Watermark; w != nil && w.Column == c.Name {
			row[5] = sqlText(w.Expr)
		}
		if commented {
			row = append(row, nil)
			if c.Comment != "" {
				row[6] = c.Comment
			}
		}
		rows = append(rows, row)
	}
	return rowsResult(Rows, textColumns(titles...), rows)
}

// typeText writes a column's type with what it is as an attribute of time.
func (s *Session) typeText(c *catalog.Column) string {
	text := uncommented(c.Type).Optional().String()
	switch {
	case c.Time == catalog.Proctime:
		text += " *PROCTIME*"
	case c.Time == catalog.Rowtime && s.settings.Enum(setting.RuntimeMode) != "BATCH":
		text += " *ROWTIME*"
	}
	return text
}

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

// showCreate executes SHOW CREATE TABLE and SHOW CREATE VIEW.
func (s *Session) showCreate(n *syntax.ShowCreate) (*Result, error) {
	if n.Kind != syntax.TableObject && n.Kind != syntax.ViewObject {
		return nil, unsupported(n, "this form of SHOW CREATE")
	}
	t, err := s.object(&n.Name)
	if err != nil {
		return nil, err
	}
	if view := n.Kind == syntax.ViewObject; view != (t.View != nil) {
		return nil, syntax.Errorf(&n.Name, "'%s' is a %s: write SHOW CREATE %s", t.Path, t.Kind(), strings.ToUpper(t.Kind()))
	}
	text := createTableText(t)
	if t.View != nil {
		text = createViewText(t)
	}
	return rowsResult(Rows, textColumns("result"), [][]any{{text}}), nil
}

func createHead(t *catalog.Table) string {
	temporary := ""
	if t.Temporary {
		temporary = "TEMPORARY "
	}
	return "CREATE " + temporary + strings.ToUpper(t.Kind()) + " " + t.Path.Quoted() + " (\n  "
}

func createViewText(t *catalog.Table) string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = catalog.Quote(c.Name)
	}
	text := createHead(t) + strings.Join(list, ",\n  ") + "\n)\n"
	if t.Comment != "" {
		text += "COMMENT " + quoteText(t.Comment) + "\n"
	}
	return text + "AS " + t.View.Expanded + "\n"
}

// createTableText writes a statement that makes the table again. Secrets in its options are masked.
func createTableText(t *catalog.Table) string {
	var lines []string
	for i := range t.Columns {
		c := &t.Columns[i]
		line := catalog.Quote(c.Name)
		if c.Kind != catalog.Computed {
			line += " " + definedType(c.Type)
		}
		if extra := generated(c); extra != "" {
			line += " " + extra
		}
		if c.Comment != "" {
			line += " COMMENT " + quoteText(c.Comment)
		}
		lines = append(lines, line)
	}
	if w := t.Watermark; w != nil {
		lines = append(lines, "WATERMARK FOR "+catalog.Quote(w.Column)+" AS "+sqlText(w.Expr))
	}
	if k := t.PrimaryKey; k != nil {
		lines = append(lines, "CONSTRAINT "+catalog.Quote(k.Name)+" PRIMARY KEY ("+quoteAll(k.Columns)+") NOT ENFORCED")
	}
	text := createHead(t) + strings.Join(lines, ",\n  ") + "\n)\n"
	if t.Comment != "" {
		text += "COMMENT " + quoteText(t.Comment) + "\n"
	}
	if t.Distribution != nil {
		text += distributionText(t.Distribution) + "\n"
	}
	if len(t.PartitionBy) > 0 {
		text += "PARTITIONED BY (" + quoteAll(t.PartitionBy) + ")\n"
	}
	var options []string
	for _, key := range slices.Sorted(maps.Keys(t.Options)) {
		value := t.Options[key]
		if graph.IsSecret(key) {
			value = setting.Masked
		}
		options = append(options, "  "+quoteText(key)+" = "+quoteText(value))
	}
	if len(options) > 0 {
		text += "WITH (\n" + strings.Join(options, ",\n") + "\n)\n"
	}
	return text
}

// distributionText writes how a table is distributed.
func distributionText(d *syntax.Distribution) string {
	text := "DISTRIBUTED"
	if len(d.Columns) > 0 {
		list := make([]string, len(d.Columns))
		for i, c := range d.Columns {
			list[i] = c.Name
		}
		text += [...]string{syntax.DistributionUnset: " BY (", syntax.DistributionHash: " BY HASH(", syntax.DistributionRange: " BY RANGE("}[d.Kind] + quoteAll(list) + ")"
	}
	if d.Buckets != nil {
		text += " INTO " + d.Buckets.Text + " BUCKETS"
	}
	return text
}

func quoteAll(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = catalog.Quote(n)
	}
	return strings.Join(list, ", ")
}

// functionNames lists all functions that can be called by name, sorted.
func functionNames() []string {
	var list []string
	for f := range expr.Functions() {
		if strings.Trim(f.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" {
			list = append(list, strings.ToLower(f.Name))
		}
	}
	for f := range expr.Aggregates() {
		list = append(list, strings.ToLower(f.Name))
	}
	slices.Sort(list)
	return slices.Compact(list)
}
