package filesystem

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// A query for a store leaves out only rows that the scan's filter leaves out too: a condition that cannot be written in S3 Select's dialect with exactly
// its meaning is weakened, never strengthened. What stores differ in is not used:
//   - a field of CSV is text to a store, so texts are compared with texts, by equality alone, and whole numbers after a CAST;
//   - whole numbers are written only up to 2^53, as a store may hold them as DOUBLE; numbers with fractions are not compared at all, as some
//     stores take them for equal within a tolerance;
//   - NULL is what the table's option says, so IS NULL is not written, and a comparison sees no field that stands for NULL.
//
// A field that is no number ends the query with an error; then the range is read as it is, and the decoder says what is wrong with it.

const (
	maxSelectText   = 8 << 10   // bytes of a literal; S3 allows queries of 256 KB
	maxSelectQuery  = 128 << 10 // bytes of all conditions
	maxSelectNumber = 1 << 53
)

// translator writes conditions over the fields of CSV records.
type translator struct {
	field   func(index int) int // the position in the record of a column of the scan; -1: it does not stand there
	null    string
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
	field := t.field(col.Index)
	if field < 0 {
		return "", false
	}
	name := fieldName(field)
	switch v := literal.Value.(type) {
	case string:
		if col.T.Kind != column.VarChar || col.T.Precision != column.MaxLength || !literal.T.IsText() || op != "=" && op != "<>" {
			return "", false
		}
		s, ok := selectText(v)
		return name + " " + spelled(op) + " " + s, ok
	case int64:
		if !isWhole(col.T) || !isWhole(literal.T) || v > maxSelectNumber || v < -maxSelectNumber {
			return "", false
		}
		s := "CAST(" + name + " AS INT) " + spelled(op) + " " + strconv.FormatInt(v, 10)
		if !t.hasNull {
			return s, true
		}
		null, ok := selectText(t.null)
		return "(" + name + " != " + null + " AND " + s + ")", ok
	}
	return "", false
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
	if len(s) > maxSelectText || !utf8.ValidString(s) {
		return "", false
	}
	for _, r := range s {
		if r < ' ' && r != '\t' || r == 0x7F || r >= 0xE000 && r <= 0xF8FF || r == 0xFFFE || r == 0xFFFF {
			return "", false
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", true
}
