package expr

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// costlyToTest are functions whose results may be as long as their arguments say.
var costlyToTest = []string{"REPEAT", "LPAD", "RPAD"}

// randomBatch draws a batch with a column for each type; numbers are small, so that comparisons and divisions are interesting.
func randomBatch(t *rapid.T, types []column.Type) *column.Batch {
	n := rapid.IntRange(0, 70).Draw(t, "rows")
	b := &column.Batch{Len: n}
	for _, typ := range types {
		var v *column.Vector
		if typ.Layout() < column.LayoutList && rapid.Bool().Draw(t, "dictionary") {
			v = columntest.WithDictionary(t, smallVector(t, typ, rapid.IntRange(1, 5).Draw(t, "values")), n)
		} else {
			v = smallVector(t, typ, n)
		}
		b.Cols = append(b.Cols, v)
	}
	b.Sel = columntest.RandomSelection(t, n)
	return b
}

// smallVector is a random vector, half of whose integers are near zero.
func smallVector(t *rapid.T, typ column.Type, n int) *column.Vector {
	v := columntest.RandomVector(t, typ, n)
	for i := range n {
		if rapid.Bool().Draw(t, "as it is") {
			continue
		}
		x := rapid.Int64Range(-3, 3).Draw(t, "small")
		switch typ.Kind {
		case column.TinyInt:
			column.Values[int8](v)[i] = int8(x)
		case column.Int:
			column.Values[int32](v)[i] = int32(x)
		case column.BigInt:
			column.Values[int64](v)[i] = x
		case column.Double:
			column.Values[float64](v)[i] = float64(x) / 2
		case column.Decimal:
			column.Values[column.Int128](v)[i] = column.Int128Of(x)
		}
	}
	return v
}

var randomTypes = []column.Type{
	column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.Int), column.Of(column.Int), column.Of(column.BigInt), column.Of(column.Float),
	column.Of(column.Double), column.DecimalOf(10, 2), column.DecimalOf(38, 10), column.Str(), column.Str(), column.Sized(column.Char, 3),
	column.Bytes(), column.Of(column.Date), column.Sized(column.Time, 3), column.Sized(column.Timestamp, 3), column.Sized(column.TimestampLTZ, 6),
	column.ArrayOf(column.Of(column.Int)), column.MapOf(column.Str(), column.Of(column.Double)),
	column.RowOf(column.Field{Name: "f", Type: column.Of(column.Int)}, column.Field{Name: "g", Type: column.Str()}),
}

// randomExprs grows a pool of expressions: columns and literals, then whatever the functions make of what is there.
func randomExprs(t *rapid.T, types []column.Type) []Expr {
	var pool []Expr
	for i, typ := range types {
		pool = append(pool, &Column{i, string(rune('a' + i)), typ})
	}
	pool = append(pool, Int(2), Int(0), Text("a"), Text("%b_"), Bool(true), NullOf(column.Of(column.Boolean)), NullOf(column.Str()), Double(0.5),
		&Literal{column.Int128Of(150), column.DecimalOf(5, 2).Required()})
	var list []*Function
	for f := range Functions() {
		if !f.Volatile && !slices.Contains(costlyToTest, f.Name) {
			list = append(list, f)
		}
	}
	first := len(pool)
	for range rapid.IntRange(1, 8).Draw(t, "calls") {
		for range 50 { // most functions take few types
			var e Expr
			arg := func() Expr { return rapid.SampledFrom(pool).Draw(t, "argument") }
			switch rapid.IntRange(0, 9).Draw(t, "node") {
			case 0:
				e, _ = NewCase([]Expr{arg()}, []Expr{arg()}, arg())
			case 1:
				from, to := arg(), rapid.SampledFrom(randomTypes).Draw(t, "type")
				if CanCast(from.Type(), to, false) && !from.Type().SameAs(to) {
					try := rapid.Bool().Draw(t, "try")
					to.NotNull = from.Type().NotNull && !try
					e = &Cast{from, to, try}
				}
			default:
				f := rapid.SampledFrom(list).Draw(t, "function")
				args := make([]Expr, rapid.IntRange(0, 4).Draw(t, "arguments"))
				for i := range args {
					args[i] = arg()
				}
				e, _ = f.Call(args...)
			}
			if e != nil {
				pool = append(pool, e)
				break
			}
		}
	}
	return pool[first:]
}

// ofRow is e with the columns' values of a row in place of the columns.
func ofRow(e Expr, b *column.Batch, row int) Expr {
	return Rewrite(e, func(e Expr) Expr {
		if c, ok := e.(*Column); ok {
			l := LiteralOf(b.Cols[c.Index], row)
			l.T = c.T
			return l
		}
		return e
	})
}

// Programs give for a batch, with dictionaries, nulls and a selection, what they give for each row alone.
func TestRandomExpressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(randomTypes), 1, 4).Draw(t, "types")
		exprs := randomExprs(t, types)
		projection, err := CompileProjection(exprs, Exactly()) // as rows are: constants of FLOAT lose digits otherwise
		if err != nil {
			return // a function that does not compile for these constants
		}
		for range 2 { // the second time memory is reused
			b := randomBatch(t, types)
			var out column.Batch
			evalErr := projection.Eval(b, &out)
			failed := false
			for i := range b.Rows() {
				row := b.Row(i)
				for k, e := range exprs {
					want, err := valueOfRow(ofRow(e, b, row))
					if err != nil {
						failed = true
						continue
					}
					if evalErr == nil {
						if got := columntest.Key(out.Cols[k], row); got != want {
							t.Fatalf("%s of row %d, which is %s, is %s, want %s", e, row, ofRow(e, b, row), got, want)
						}
					}
				}
			}
			if (evalErr != nil) != failed {
				t.Fatalf("%v: error %v, but row by row %t", exprs, evalErr, failed)
			}
		}
	})
}

func valueOfRow(e Expr) (string, error) {
	c := newCompiler(nil) // without folding, by which constants of FLOAT lose digits
	root, err := c.block(e, nil)
	if err != nil {
		return "", err
	}
	p := Program{c.m, root, e.Type()}
	var out column.Vector
	if err := p.Eval(&column.Batch{Len: 1}, &out); err != nil {
		return "", err
	}
	return columntest.Key(&out, 0), nil
}

// Filters select the rows for which the predicate's value is TRUE.
func TestRandomFilters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(randomTypes), 1, 4).Draw(t, "types")
		var conditions []Expr
		for _, e := range randomExprs(t, types) {
			if e.Type().Kind == column.Boolean {
				conditions = append(conditions, e)
			}
		}
		if len(conditions) == 0 {
			return
		}
		e := And(conditions)
		if rapid.Bool().Draw(t, "or") {
			e = Or(conditions)
		}
		filter, err := CompileFilter(e)
		if err != nil {
			return
		}
		var memory []int32
		for range 2 {
			b := randomBatch(t, types)
			got, filterErr := filter.Select(b, memory)
			want := []int32{}
			failed := false
			for i := range b.Rows() {
				v, err := valueOfRow(ofRow(e, b, b.Row(i)))
				failed = failed || err != nil
				if v == "TRUE" || err != nil && slices.Contains(got, int32(b.Row(i))) {
					want = append(want, int32(b.Row(i)))
				}
			}
			// NULL AND x is not TRUE whatever x is, so a filter need not compute an x that fails.
			if filterErr != nil && !failed {
				t.Fatalf("%s: error %v, but none row by row", e, filterErr)
			}
			if filterErr == nil && !slices.Equal(got, want) {
				t.Fatalf("%s selects %v, want %v", e, got, want)
			}
			memory = got
		}
	})
}

// A program's result is dense: row i belongs to live row i.
func TestProgramIsDense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(randomTypes), 1, 3).Draw(t, "types")
		exprs := randomExprs(t, types)
		if len(exprs) == 0 {
			return
		}
		e := exprs[len(exprs)-1]
		program, err := Compile(e)
		if err != nil {
			return
		}
		projection, err := CompileProjection([]Expr{e})
		if err != nil {
			t.Fatal(err)
		}
		b := randomBatch(t, types)
		var sparse column.Batch
		dense := column.NewVector(e.Type(), 0)
		err1, err2 := projection.Eval(b, &sparse), program.Eval(b, dense)
		if (err1 != nil) != (err2 != nil) {
			t.Fatalf("%s: %v, %v", e, err1, err2)
		}
		if err1 != nil {
			return
		}
		if dense.Len != b.Rows() {
			t.Fatalf("%s: %d values of %d rows", e, dense.Len, b.Rows())
		}
		for i := range dense.Len {
			if got, want := columntest.Key(dense, i), columntest.Key(sparse.Cols[0], b.Row(i)); got != want {
				t.Fatalf("%s: value %d is %s, want %s", e, i, got, want)
			}
		}
	})
}

// Every function tells what it does, with an example. test/conformance evaluates the examples.
func TestDocumented(t *testing.T) {
	documented := func(name, doc, example string) {
		if !strings.HasSuffix(doc, ".") || !strings.Contains(example, " => ") {
			t.Errorf("%s: documentation %q, example %q", name, doc, example)
		}
	}
	for f := range Functions() {
		documented(f.Name, f.Doc, f.Example)
	}
	for f := range Aggregates() {
		documented(f.Name, f.Doc, f.Example)
	}
}

// Where the quick way rounds, it rounds as the digits do.
func TestQuickRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			x = float64(rapid.Int64Range(-1e9, 1e9).Draw(t, "n")) / 1000
		case 1:
			x = float64(rapid.Int64Range(-1e6, 1e6).Draw(t, "n")) / 8
		}
		n, half := rapid.IntRange(0, 15).Draw(t, "digits"), rapid.Bool().Draw(t, "half")
		if y, ok := quickRound(x, n, half); ok && y != roundShortest(x, n, half) {
			t.Fatalf("%v to %d digits, half %t: %v and %v", x, n, half, y, roundShortest(x, n, half))
		}
	})
}
