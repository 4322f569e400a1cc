package operator

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// Late rows go to the taker of their input, with its columns and the watermark; without a taker they are counted only.
func TestLateRowsAreTaken(t *testing.T) {
	var got capture
	c := testContext()
	c.LateTakers = []LateTaker{{}, {To: &got, Columns: 1}}
	var m missedRows
	m.open(c)
	in := fields(column.Str(), column.Of(column.BigInt).Required())
	b := column.NewBatch(in, 0)
	for i, s := range []string{"a", "b", "c", "d"} {
		b.Cols[0].AppendString(s)
		column.Append(b.Cols[1], int64(i))
		b.Len++
	}
	b.AddKinds(4)[3] = column.Delete
	for input := range 3 {
		if err := m.drop(input, b, []int32{1, 3}, int64(40+input)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.drop(1, b, nil, 50); err != nil {
		t.Fatal(err)
	}
	if want := `+I "b" 41;-D "d" 41`; strings.Join(got.rows, ";") != want || got.problem != "" {
		t.Errorf("taken %q, want %s; %s", got.rows, want, got.problem)
	}
	if n := c.Counters.Late.Load(); n != 6 {
		t.Errorf("%d late rows are counted, want 6", n)
	}
}

// A late row becomes JSON, whatever its types; what JSON cannot carry becomes text.
func TestLateRecords(t *testing.T) {
	numbers := column.Type{Kind: column.Map, Key: &column.Type{Kind: column.Int, NotNull: true}, Elem: &column.Type{Kind: column.Int}}
	in := append(fields(column.Str(), numbers, column.Sized(column.Timestamp, 6)), WatermarkField)
	in[0].Name, in[1].Name, in[2].Name = "s", "m", "ts"
	b := column.NewBatch(in, 0)
	for i, s := range []string{"x\n\"y\"", "left out", "z"} {
		b.Cols[0].AppendString(s)
		column.Append(b.Cols[1].Children[0], int32(i))
		column.Append(b.Cols[1].Children[1], int32(7))
		b.Cols[1].AppendList(1)
		column.Append(b.Cols[2], int64(i)*1_000_000+500)
		column.Append(b.Cols[3], int64(5000))
		b.Len++
	}
	b.Cols[2].SetNull(2)
	b.Sel = []int32{0, 2}
	o := open(t, &graph.Node{Op: &graph.LateRecords{Table: "c.d.t", Operator: "Sort", Time: 2}, Schema: graph.LateFields}, in, testContext())
	var got capture
	if err := o.Process(0, b, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`+I "{\"s\":\"x\\n\\\"y\\\"\",\"m\":\"{0=7}\",\"ts\":\"1970-01-01 00:00:00.0005\"}" "c.d.t" "Sort" 0 5000 "late"`,
		`+I "{\"s\":\"z\",\"m\":\"{2=7}\",\"ts\":null}" "c.d.t" "Sort" NULL 5000 "late"`,
	}
	if strings.Join(got.rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("records %s\nwant %s", strings.Join(got.rows, "\n"), strings.Join(want, "\n"))
	}
}
