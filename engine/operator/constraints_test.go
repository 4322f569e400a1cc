package operator

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// limitedTypes are of two columns: ROW<a INT NOT NULL, s VARCHAR(2)> and ARRAY<ROW<c CHAR(2) NOT NULL>>. loose leaves the limits out.
func limitedTypes(loose bool) []column.Field {
	number, text, char := column.Of(column.Int).Required(), column.Sized(column.VarChar, 2), column.Sized(column.Char, 2).Required()
	if loose {
		number, text, char = column.Of(column.Int), column.Str(), column.Str()
	}
	inner := column.Type{Kind: column.Row, Fields: []column.Field{{Name: "c", Type: char}}}
	return []column.Field{
		{Name: "r", Type: column.Type{Kind: column.Row, Fields: []column.Field{{Name: "a", Type: number}, {Name: "s", Type: text}}}},
		{Name: "l", Type: column.Type{Kind: column.Array, Elem: &inner}},
	}
}

// TestConstraints writes rows with anything in their parts, and looks at each row by itself.
func TestConstraints(t *testing.T) {
	in := limitedTypes(true)
	texts := rapid.SampledFrom([]string{"", "ä", "öü", "abc"})
	rapid.Check(t, func(t *rapid.T) {
		nested := rapid.SampledFrom([]string{"IGNORE", "ROWS", "ROWS_AND_COLLECTIONS"}).Draw(t, "nested")
		notNull := rapid.SampledFrom([]string{"ERROR", "DROP"}).Draw(t, "not null")
		length := rapid.SampledFrom([]string{"IGNORE", "ERROR"}).Draw(t, "length")
		enforced := func(v *column.Vector, null func() bool) bool { // whether a NULL came
			if null() {
				v.AppendNull()
				return true
			}
			return false
		}
		sometimes := func() bool { return rapid.IntRange(0, 9).Draw(t, "null") == 0 }
		b := column.NewBatch(in, 0)
		b.Sel = []int32{}
		var kept []int
		failure := ""
		for row := range rapid.IntRange(1, 6).Draw(t, "rows") {
			nulls, fails := false, ""
			fail := func(path string, null bool) {
				switch {
				case null && notNull == "DROP":
					nulls = true
				case null || length == "ERROR":
					fails += " " + path + " "
				}
			}
			if r := b.Cols[0]; !enforced(r, sometimes) {
				if enforced(r.Children[0], sometimes) {
					if nested != "IGNORE" {
						fail("r.a", true)
					}
				} else {
					column.Append(r.Children[0], int32(row))
				}
				if !enforced(r.Children[1], sometimes) {
					s := texts.Draw(t, "text")
					r.Children[1].AppendString(s)
					if nested != "IGNORE" && len([]rune(s)) > 2 {
						fail("r.s", false)
					}
				}
				r.AppendStruct()
			}
			if l := b.Cols[1]; !enforced(l, sometimes) {
				n := rapid.IntRange(0, 2).Draw(t, "elements")
				for i := range n {
					e := l.Children[0]
					if enforced(e, sometimes) {
						continue
					}
					path := fmt.Sprintf("l[%d].c", i)
					if enforced(e.Children[0], sometimes) {
						if nested == "ROWS_AND_COLLECTIONS" {
							fail(path, true)
						}
						e.AppendStruct()
						continue
					}
					s := texts.Draw(t, "char")
					e.Children[0].AppendString(s)
					e.AppendStruct()
					if nested == "ROWS_AND_COLLECTIONS" && len([]rune(s)) != 2 {
						fail(path, false)
					}
				}
				l.AppendList(n)
			}
			b.Len++
			if rapid.IntRange(0, 4).Draw(t, "selected") == 0 {
				continue
			}
			b.Sel = append(b.Sel, int32(row))
			if fails != "" {
				failure += fails
			}
			if !nulls {
				kept = append(kept, row)
			}
		}
		want := cutTo(b, kept)
		values := setting.New(setting.Engine)
		for _, kv := range [][2]string{{setting.NotNullEnforcer.Key, notNull}, {setting.TypeLengthEnforcer.Key, length}, {setting.NestedConstraintEnforcer.Key, nested}} {
			if err := values.Set(kv[0], kv[1], "test"); err != nil {
				t.Fatal(err)
			}
		}
		op := &graph.Sink{Table: graph.Table{Name: "t", Connector: "operator-test", Columns: limitedTypes(false)}}
		s, err := NewSink(op, connector.SinkRequest{Batch: true, JobID: "job"})
		if err != nil {
			t.Fatal(err)
		}
		c := testContext()
		c.Sink, c.Env = s, connector.Env{Settings: values}
		o := open(t, &graph.Node{Op: op}, in, c)
		err = o.Process(0, b, nil)
		if failure != "" {
			if err == nil {
				t.Fatalf("no error for%s", failure)
			}
			named := strings.Split(err.Error(), "'")[1]
			if !strings.Contains(failure, " "+named+" ") {
				t.Fatalf("the error names %s, want one of%s: %v", named, failure, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := s.(*memorySink).rows; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("written %q, want %q", got, want)
		}
	})
}

// cutTo returns the given rows of a batch as text.
func cutTo(b *column.Batch, rows []int) []string {
	var sel []int32
	for _, r := range rows {
		sel = append(sel, int32(r))
	}
	if len(sel) == 0 {
		return nil
	}
	var c capture
	cut := *b
	cut.Sel = sel
	if err := c.Emit(&cut); err != nil {
		panic(err)
	}
	return c.rows
}

func TestConstraintErrors(t *testing.T) {
	values := setting.New(setting.Engine)
	if err := values.Set(setting.TypeLengthEnforcer.Key, "ERROR", "test"); err != nil {
		t.Fatal(err)
	}
	list := constraintsOf([]column.Field{{Name: "b", Type: column.Sized(column.Binary, 2)}, {Name: "s", Type: column.Str()}, {Name: "v", Type: column.Sized(column.VarChar, 2)}}, values)
	if list[1] != nil {
		t.Error("a STRING is checked")
	}
	for i, want := range map[int]string{
		0: "Column 'b' is BINARY(2), however, a byte array of length 3 is being written into it. You can set job configuration 'table.exec.sink.type-length-enforcer' to control this behaviour. The table is t, the value x'616263'.",
		2: `Column 'v' is VARCHAR(2), however, a string of length 3 is being written into it. You can set job configuration 'table.exec.sink.type-length-enforcer' to control this behaviour. The table is t, the value "abc".`,
	} {
		v := column.NewVector(list[i].typ, 0)
		v.AppendString("ab")
		v.AppendString("abc")
		list[i].rows, list[i].tops = []int32{0, 1}, []int32{0, 1}
		found := list[i].check(v, nil)
		if found == nil || found.error("t", list[i].name).Error() != want {
			t.Errorf("%+v, want %s", found, want)
		}
	}
}
