package expr

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// aggregateOf is the value of an aggregate function for rows of v in turn, by its definition; "NULL!" for NULL.
func aggregateOf(name string, v *column.Vector, rows []int) string {
	var values []*Literal
	for _, r := range rows {
		if !v.IsNull(r) {
			values = append(values, LiteralOf(v, r))
		}
	}
	text := func(l *Literal) string {
		x, err := l.vector()
		if err != nil {
			return err.Error()
		}
		return columntest.Key(x, 0)
	}
	if name == "COUNT" {
		return fmt.Sprint(len(values))
	}
	if len(values) == 0 {
		return "NULL"
	}
	switch name {
	case "FIRST_VALUE":
		return text(values[0])
	case "LAST_VALUE":
		return text(values[len(values)-1])
	case "LISTAGG":
		var s []string
		for _, l := range values {
			s = append(s, l.Value.(string))
		}
		return fmt.Sprintf("%q", strings.Join(s, ","))
	}
	best := values[0]
	var total float64
	var whole int64
	var sum column.Int128
	for i, l := range values {
		switch x := l.Value.(type) {
		case int64:
			whole += x
			total += float64(x)
		case float64:
			total += x
		case column.Int128:
			sum = sum.Add(x)
		}
		if i > 0 && (name == "MIN" && IsTrue(fold(must("<", l, best), newEnvironment(nil))) || name == "MAX" && IsTrue(fold(must(">", l, best), newEnvironment(nil)))) {
			best = l
		}
	}
	t := v.Type
	switch {
	case name == "MIN" || name == "MAX":
		return text(best)
	case t.IsInteger() && name == "SUM": // wrapped to the type
		return text(fold(&Cast{Arg: Long(whole), T: t}, newEnvironment(nil)).(*Literal))
	case t.IsInteger():
		return text(&Literal{whole / int64(len(values)), t})
	case t.Kind == column.Decimal && name == "SUM":
		if !sum.Fits(38) {
			return "NULL"
		}
		return text(&Literal{sum, column.DecimalOf(38, int(t.Scale))})
	}
	if name == "AVG" {
		total /= float64(len(values))
	}
	return text(&Literal{total, t})
}

// Accumulators give what the functions' definitions say, however rows come: at once, in parts that are merged, through lists of
// rows, with dictionaries, and after rows were taken back.
func TestAggregates(t *testing.T) {
	numbers := []column.Type{column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt), column.DecimalOf(20, 3), column.Of(column.Double)}
	scalars := columntest.ScalarTypes[:len(columntest.ScalarTypes)-1]
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"COUNT", "SUM", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "LISTAGG"}).Draw(t, "function")
		types := scalars
		switch name {
		case "SUM", "AVG":
			types = numbers
		case "LISTAGG":
			types = []column.Type{column.Str()}
		}
		typ := rapid.SampledFrom(types).Draw(t, "type")
		if name == "AVG" && typ.Kind == column.Decimal {
			typ = column.Of(column.Int)
		}
		n := rapid.IntRange(0, 60).Draw(t, "rows")
		v := smallVector(t, typ, n)
		if typ.Kind == column.Double { // sums of any doubles depend on the order
			for i := range n {
				column.Values[float64](v)[i] = float64(rapid.IntRange(-8, 8).Draw(t, "x")) / 4
			}
		}
		if typ.Kind == column.Float { // a NaN that comes first stays, so parts that are merged need not give what the whole does
			for i, x := range column.Values[float32](v)[:n] {
				if x != x {
					column.Values[float32](v)[i] = 0
				}
			}
		}
		f, _ := LookupAggregate(name)
		_, result, err := f.Resolve([]column.Type{typ})
		if err != nil {
			t.Fatal(err)
		}
		groups := rapid.SampledFrom([]int{1, 4}).Draw(t, "groups")
		group := make([]int32, n)
		for i := range group {
			group[i] = rapid.Int32Range(0, int32(groups-1)).Draw(t, "group")
		}
		given := v
		if rapid.Bool().Draw(t, "dictionary") && n > 0 {
			codes := &column.Vector{Type: typ, Dict: v}
			codes.Resize(n)
			for i := range n {
				column.Values[int32](codes)[i] = int32(i)
			}
			given = codes
		}
		acc := f.New([]column.Type{typ}, result)
		acc.Grow(min(2, groups))
		acc.Grow(groups)
		var rows []int
		update := func(a Accumulator, from, to int) {
			list := []int32{}
			for i := from; i < to; i++ {
				list = append(list, int32(i))
			}
			a.Update(group[from:to], []*column.Vector{given}, list)
		}
		switch rapid.IntRange(0, 2).Draw(t, "way") {
		case 0:
			acc.Update(group, []*column.Vector{given}, nil)
		case 1:
			at := rapid.IntRange(0, n).Draw(t, "at")
			update(acc, 0, at)
			other := f.New([]column.Type{typ}, result)
			other.Grow(groups)
			update(other, at, n)
			var state []*column.Vector
			for _, s := range other.StateTypes() {
				state = append(state, column.NewVector(s, 0))
			}
			other.AppendState(0, groups, state)
			acc.Merge([]int32{0, 1, 2, 3}[:groups], state, nil)
		case 2:
			update(acc, 0, n)
			if r, ok := acc.(Retractor); ok && n > 0 {
				from := rapid.IntRange(0, n-1).Draw(t, "from")
				list := []int32{}
				for i := from; i < n; i++ {
					list = append(list, int32(i))
				}
				r.Retract(group[from:], []*column.Vector{given}, list)
				n = from
			}
		}
		cleared := -1
		if rapid.Bool().Draw(t, "clear") {
			cleared = groups / 2
			acc.Clear(cleared)
		}
		out := column.NewVector(result, 0)
		if err := acc.AppendResult(0, groups/2, out); err != nil {
			t.Fatal(err)
		}
		if err := acc.AppendResult(groups/2, groups, out); err != nil {
			t.Fatal(err)
		}
		for g := range groups {
			rows = rows[:0]
			for i := range n {
				if int(group[i]) == g && g != cleared {
					rows = append(rows, i)
				}
			}
			want := aggregateOf(name, v, rows)
			if got := columntest.Key(out, g); got != want {
				t.Fatalf("%s of %s, rows %v: %s, want %s", name, typ, rows, got, want)
			}
		}
		if acc.SizeBytes() <= 0 {
			t.Fatal("no memory")
		}
	})
}

func TestAggregateTypes(t *testing.T) {
	decimal := column.DecimalOf(8, 3)
	for _, c := range []struct {
		name string
		arg  column.Type
		want string
	}{
		{"COUNT", column.Str(), "BIGINT NOT NULL"}, {"SUM", column.Of(column.Int), "INT"}, {"SUM", decimal, "DECIMAL(38, 3)"},
		{"AVG", column.Of(column.Int), "INT"}, {"AVG", decimal, "DECIMAL(38, 6)"}, {"AVG", column.DecimalOf(10, 8), "DECIMAL(38, 8)"},
		{"SUM", column.Of(column.Double), "DOUBLE"}, {"MAX", decimal, "DECIMAL(8, 3)"}, {"SUM0", column.Of(column.BigInt), "BIGINT NOT NULL"},
		{"STDDEV_POP", column.Of(column.Int), "INT"}, {"VAR_SAMP", column.Of(column.Double), "DOUBLE"}, {"LISTAGG", column.Sized(column.Char, 3), "STRING"},
		{"SUM", column.Str(), ""}, {"AVG", column.Of(column.Date), ""}, {"MIN", column.ArrayOf(column.Str()), ""}, {"LISTAGG", column.Of(column.Int), ""},
	} {
		f, ok := LookupAggregate(strings.ToLower(c.name))
		if !ok {
			t.Fatalf("no %s", c.name)
		}
		_, got, err := f.Resolve([]column.Type{c.arg})
		if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
			t.Errorf("%s(%s) is %s, %v; want %s", c.name, c.arg, got, err, c.want)
		}
	}
}

func TestMoments(t *testing.T) {
	v := column.NewVector(column.Of(column.Double), 0)
	for _, x := range []float64{1.5, 2.5, -2.5, 8} {
		column.Append(v, x)
	}
	v.AppendNull()
	for name, want := range map[string]float64{"VAR_POP": 14.046875, "VAR_SAMP": 18.729166666666668, "STDDEV_POP": 3.7479160876412374, "STDDEV_SAMP": 4.327720724199595} {
		f, _ := LookupAggregate(name)
		acc := f.New([]column.Type{v.Type}, v.Type)
		acc.Grow(2)
		acc.Update([]int32{0, 0, 0, 0, 1}, []*column.Vector{v}, nil)
		out := column.NewVector(v.Type, 0)
		if err := acc.AppendResult(0, 2, out); err != nil {
			t.Fatal(err)
		}
		if got := column.Values[float64](out)[0]; math.Abs(got-want) > 1e-9 || !out.IsNull(1) {
			t.Errorf("%s is %v and %v, want %v and NULL", name, got, columntest.Texts(out)[1], want)
		}
	}
}

func TestDecimalSumOverflow(t *testing.T) {
	typ := column.DecimalOf(38, 0)
	v := column.NewVector(typ, 0)
	largest := column.Pow10(38).Sub(column.Int128Of(1))
	for _, d := range []column.Int128{largest, largest, column.Int128Of(1), largest.Neg()} {
		column.Append(v, d)
	}
	f, _ := LookupAggregate("SUM")
	acc := f.New([]column.Type{typ}, typ)
	acc.Grow(3)
	acc.Update([]int32{0, 0, 1, 2}, []*column.Vector{v}, nil)
	acc.Update([]int32{2}, []*column.Vector{v}, []int32{2})
	out := column.NewVector(typ, 0)
	if err := acc.AppendResult(0, 3, out); err != nil {
		t.Fatal(err)
	}
	want := []string{"NULL!", "1", "-99999999999999999999999999999999999998"}
	if diff := cmp.Diff(want, columntest.Texts(out)); diff != "" {
		t.Error(diff)
	}
}
