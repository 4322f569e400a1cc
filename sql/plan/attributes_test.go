package plan

import (
	"reflect"
	"slices"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
)

// clicks is a stream of key, at, with at as its event time.
func clicks() Node {
	at := column.Field{Name: "at", Type: column.Sized(column.Timestamp, 3)}
	s := NewScan(graph.Table{Name: "clicks", Columns: []column.Field{{Name: "key", Type: column.Of(column.BigInt)}, at}}, []int{0, 1})
	return &Watermark{Input: s, Watermark: graph.Watermark{Column: 1}}
}

// windowed is the rows of clicks with their windows: key, at, window_start, window_end, window_time.
func windowed(size int64) Node {
	in := clicks()
	return &AssignWindows{Input: in, AssignWindows: graph.AssignWindows{Window: graph.Window{Size: size, Time: 1}},
		Fields: slices.Concat(in.Schema(), WindowFields(in.Schema()[1].Type))}
}

func grouping(in Node, keys ...int) *Aggregate {
	n := &Aggregate{Input: in, Keys: keys}
	for _, k := range keys {
		n.Fields = append(n.Fields, in.Schema()[k])
	}
	return n
}

func TestTimes(t *testing.T) {
	const none, row, proc = catalog.NoTime, catalog.Rowtime, catalog.Proctime
	proctime, err := expr.NewCall("PROCTIME")
	if err != nil {
		t.Fatal(err)
	}
	regular := NewJoin(clicks(), clicks(), graph.InnerJoin, nil)
	regular.Updates = true
	later := &Project{Input: clicks(), Exprs: []expr.Expr{&expr.Cast{Arg: ColumnOf(clicks(), 1), T: column.Str()}, proctime}, Fields: clicks().Schema()}
	for name, c := range map[string]struct {
		n    Node
		want []catalog.TimeAttribute
	}{
		"a watermark":                       {clicks(), []catalog.TimeAttribute{none, row}},
		"behind a filter":                   {&Filter{Input: clicks()}, []catalog.TimeAttribute{none, row}},
		"other places":                      {Select(clicks(), []int{1, 0, 1}), []catalog.TimeAttribute{row, none, row}},
		"a cast of it, and PROCTIME":        {later, []catalog.TimeAttribute{none, proc}},
		"a join that may keep times":        {NewJoin(clicks(), clicks(), graph.InnerJoin, nil), []catalog.TimeAttribute{none, row, none, row}},
		"a regular join":                    {regular, make([]catalog.TimeAttribute, 4)},
		"of the left rows":                  {NewJoin(clicks(), clicks(), graph.SemiJoin, nil), []catalog.TimeAttribute{none, row}},
		"windows":                           {windowed(10), []catalog.TimeAttribute{none, row, none, none, row}},
		"groups by a time":                  {grouping(clicks(), 0, 1), make([]catalog.TimeAttribute, 2)},
		"groups by windows":                 {grouping(windowed(10), 1, 2, 3, 4), []catalog.TimeAttribute{none, none, none, row}},
		"groups by a window's time only":    {grouping(windowed(10), 0, 4), make([]catalog.TimeAttribute, 2)},
		"a union of times":                  {&Union{From: []Node{clicks(), clicks()}, Fields: clicks().Schema()}, []catalog.TimeAttribute{none, row}},
		"a union with one that has no time": {&Union{From: []Node{clicks(), clicks().Inputs()[0]}, Fields: clicks().Schema()}, make([]catalog.TimeAttribute, 2)},
	} {
		if got := Times(c.n); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWindowOf(t *testing.T) {
	window := graph.Window{Size: 10, Time: 1}
	all := &WindowColumns{Start: []int{2}, End: []int{3}, Time: []int{4}, Window: window}
	for name, c := range map[string]struct {
		n    Node
		want *WindowColumns
	}{
		"no windows":              {clicks(), nil},
		"windows":                 {windowed(10), all},
		"behind a filter":         {&Filter{Input: windowed(10)}, all},
		"other places":            {Select(windowed(10), []int{3, 0, 2, 3}), &WindowColumns{Start: []int{2}, End: []int{0, 3}, Window: window}},
		"a bound is gone":         {Select(windowed(10), []int{0, 3, 4}), nil},
		"groups by windows":       {grouping(windowed(10), 2, 3), &WindowColumns{Start: []int{0}, End: []int{1}, Window: window}},
		"groups by their ends":    {grouping(windowed(10), 0, 3), nil},
		"a union of windows":      {&Union{From: []Node{windowed(10), windowed(10)}, Fields: windowed(10).Schema()}, all},
		"a union of other ones":   {&Union{From: []Node{windowed(10), windowed(20)}, Fields: windowed(10).Schema()}, nil},
		"the left rows of a join": {NewJoin(windowed(10), clicks(), graph.InnerJoin, nil), all},
	} {
		if got := WindowOf(c.n); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
