package filesystem

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
)

// A query for a store leaves out only rows that the scan's filter leaves out too: a condition that cannot be written in S3 Select's dialect with exactly
// its meaning is weakened, never strengthened. What stores differ in is not used:
//   - a field of CSV is text to a store, so texts are compared with texts, by equality alone, and numbers after a CAST;
//   - a member of JSON may be of any kind: as a STRING column has the text of numbers and objects, too, it is only compared with texts that no other value has, and
//     numbers are compared after a CAST, as they may stand in quotes, one further than is asked for, as fractions are cut off;
//   - whole numbers are written only up to 2^53, as a store may hold them as DOUBLE; those with fractions are compared with some room, by < and > alone, as stores
//     take them for equal within a tolerance;
//   - NULL is what the table's option says for CSV, so IS NULL is not written there, and a comparison sees no field that stands for NULL: with such a one some
//     stores end the query.
//
// A field that is no number ends the query with an error; then the range is read as it is, and the decoder says what is wrong with it.

const (
	maxSelectText   = 8 << 10   // bytes of a literal; S3 allows queries of 256 KB
	maxSelectQuery  = 128 << 10 // bytes of all conditions
	maxSelectNumber = 1 << 53
)

// translator writes conditions over the fields of records.
type translator struct {
	format  objstore.SelectFormat
	field   func(index int) string // how a column of the scan is named; empty: it does not stand in the record
	null    string                 // of CSV
	hasNull bool
}

// conjuncts writes those of the list that can be written, and returns these, too.
func (t *translator) conjuncts(list []expr.Expr) (text string, taken []expr.Expr) {
	for _, e := range list {
		s, ok := t.condition(e)
		if !ok || len(text)+len(s) > maxSelectQuery {
			continue
		}
		if text != "" {
			text += " AND "
		}
		text += s
		taken = append(taken, e)
	}
	return text, taken
}

// condition writes a condition that is true wherever e is.
func (t *translator) condition(e expr.Expr) (string, bool) {
	if col, ok := e.(*expr.Column); ok {
		return t.truth(col, "TRUE")
	}
	call, ok := e.(*expr.Call)
	if !ok {
		return "", false
	}
	switch call.Func.Name {
	case "AND":
		var parts []string
		for _, a := range call.Args {
			if s, ok := t.condition(a); ok {
				parts = append(parts, s)
			}
		}
		return join(parts, " AND ")
	case "OR":
		var parts []string
		for _, a := range call.Args {
			s, ok := t.condition(a)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return join(parts, " OR ")
	case "NOT":
		if col, ok := call.Args[0].(*expr.Column); ok {
			return t.truth(col, "FALSE")
		}
		return "", false
	case "IS NULL", "IS NOT NULL":
		col, ok := call.Args[0].(*expr.Column)
		if !ok || t.format == objstore.SelectCSV {
			return "", false
		}
		name := t.field(col.Index)
		return name + " " + call.Func.Name, name != ""
	case "=", "<>", "<", "<=", ">", ">=":
		if len(call.Args) != 2 {
			return "", false
		}
		if _, literal := call.Args[0].(*expr.Literal); literal {
			return t.comparison(call.Args[1], mirrored[call.Func.Name], call.Args[0])
		}
		return t.comparison(call.Args[0], call.Func.Name, call.Args[1])
	case "BETWEEN":
		if len(call.Args) != 3 {
			return "", false
		}
		var parts []string
		for i, op := range []string{">=", "<="} {
			if s, ok := t.comparison(call.Args[0], op, call.Args[i+1]); ok {
				parts = append(parts, s)
			}
		}
		return join(parts, " AND ")
	case "IN":
		var parts []string
		for _, a := range call.Args[1:] {
			s, ok := t.comparison(call.Args[0], "=", a)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return join(parts, " OR ")
	}
	return "", false
}

var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func join(parts []string, op string) (string, bool) {
	switch len(parts) {
	case 0:
		return "", false
	case 1:
		return parts[0], true
	}
	return "(" + strings.Join(parts, op) + ")", true
}

// truth writes the value of a column of type BOOLEAN. In JSON it may be a text.
func (t *translator) truth(col *expr.Column, value string) (string, bool) {
	name := t.field(col.Index)
	if name == "" || t.format != objstore.SelectParquet || col.T.Kind != column.Boolean {
		return "", false
	}
	return name + " = " + value, true
}

// comparison writes a comparison of a column with a literal.
func (t *translator) comparison(left expr.Expr, op string, right expr.Expr) (string, bool) {
	literal, ok := right.(*expr.Literal)
	if !ok {
		return "", false
	}
	col, ok := uncast(left).(*expr.Column)
	if !ok {
		return "", false
	}
	name := t.field(col.Index)
	if name == "" {
		return "", false
	}
	switch v := literal.Value.(type) {
	case string:
		return t.text(name, col.T, op, v, literal.T)
	case int64:
		if !isWhole(col.T) || !isWhole(literal.T) || v > maxSelectNumber || v < -maxSelectNumber {
			return "", false
		}
		return t.whole(name, op, v)
	case float64:
		if col.T.Kind != column.Double && col.T.Kind != column.Float || literal.T.Kind != column.Double && literal.T.Kind != column.Float {
			return "", false
		}
		room := 1e-9 * math.Abs(v)
		if col.T.Kind == column.Float {
			room = 1e-6 * math.Abs(v)
		}
		return t.near(name, op, v, room)
	case column.Int128:
		if col.T.Kind != column.Decimal || literal.T.Kind != column.Decimal {
			return "", false
		}
		f := v.Float(int(literal.T.Scale))
		return t.near(name, op, f, 1e-9*math.Abs(f)+math.Pow10(-int(col.T.Scale))) // a value is rounded when it is read
	}
	return "", false
}

// text writes a comparison of texts.
func (t *translator) text(name string, of column.Type, op, v string, literal column.Type) (string, bool) {
	switch {
	case of.Kind != column.VarChar || of.Precision != column.MaxLength || !literal.IsText():
		return "", false
	case op != "=" && (op != "<>" || t.format == objstore.SelectJSONLines):
		return "", false
	case t.format == objstore.SelectJSONLines && likeJSON(v):
		return "", false
	}
	s, ok := selectText(v)
	return name + " " + spelled(op) + " " + s, ok
}

// likeJSON reports whether a text may be that of a value of JSON that is no text.
func likeJSON(s string) bool {
	return s == "true" || s == "false" || s == "null" || s != "" && strings.IndexByte("-0123456789{[", s[0]) >= 0
}

// whole writes a comparison of whole numbers.
func (t *translator) whole(name, op string, v int64) (string, bool) {
	number := func(v int64) string { return strconv.FormatInt(v, 10) }
	switch t.format {
	case objstore.SelectParquet:
		return t.present(name, name+" "+spelled(op)+" "+number(v)), true
	case objstore.SelectCSV:
		return t.present(name, "CAST("+name+" AS INT) "+spelled(op)+" "+number(v)), true
	}
	if v >= maxSelectNumber || v <= -maxSelectNumber {
		return "", false
	}
	cast := "CAST(" + name + " AS FLOAT) "
	switch op {
	case "=":
		return t.present(name, cast+"> "+number(v-1)+" AND "+cast+"< "+number(v+1)), true
	case ">":
		return t.present(name, cast+"> "+number(v)), true
	case ">=":
		return t.present(name, cast+"> "+number(v-1)), true
	case "<":
		return t.present(name, cast+"< "+number(v)), true
	case "<=":
		return t.present(name, cast+"< "+number(v+1)), true
	}
	return "", false
}

// near writes a comparison of numbers with fractions, with some room.
func (t *translator) near(name, op string, v, room float64) (string, bool) {
	if !(math.Abs(v) < 1e15) {
		return "", false
	}
	room += 1e-9
	cast := "CAST(" + name + " AS FLOAT) "
	low := cast + "> " + strconv.FormatFloat(v-room, 'f', 12, 64)
	high := cast + "< " + strconv.FormatFloat(v+room, 'f', 12, 64)
	switch op {
	case "=":
		return t.present(name, low+" AND "+high), true
	case ">", ">=":
		return t.present(name, low), true
	case "<", "<=":
		return t.present(name, high), true
	}
	return "", false
}

// present writes that a condition holds for a value that is not NULL.
func (t *translator) present(name, condition string) string {
	if t.format != objstore.SelectCSV {
		return "(" + name + " IS NOT NULL AND " + condition + ")"
	}
	if null, ok := selectText(t.null); t.hasNull && ok {
		return "(" + name + " != " + null + " AND " + condition + ")"
	}
	if strings.Contains(condition, " AND ") {
		return "(" + condition + ")"
	}
	return condition
}

// spelled is an operator as all stores know it.
func spelled(op string) string {
	if op == "<>" {
		return "!=" // MinIO parses the other one, and fails to compute it
	}
	return op
}

// uncast takes off a cast that only widens a whole number.
func uncast(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Cast); ok && isWhole(c.T) && isWhole(c.Arg.Type()) && c.T.Kind >= c.Arg.Type().Kind {
		return c.Arg
	}
	return e
}

func isWhole(t column.Type) bool {
	switch t.Kind {
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return true
	}
	return false
}

// fieldName is the name of the field at a position of a record.
func fieldName(field int) string { return "s._" + strconv.Itoa(field+1) }

// selectText writes a text literal. ok is false for one that XML, in which the query travels, cannot carry.
func selectText(s string) (text string, ok bool) {
	if len(s) > maxSelectText || !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return "", false
	}
	for _, r := range s {
		if r < ' ' && r != '\t' || r == 0x7F || r >= 0xE000 && r <= 0xF8FF || r == 0xFFFE || r == 0xFFFF {
			return "", false
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", true
}
