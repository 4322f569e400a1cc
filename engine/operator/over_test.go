package operator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

func drawBound(t *rapid.T, from bool, following bool, typ column.Type) graph.Bound {
	kinds := []graph.BoundKind{graph.UnboundedPreceding, graph.Preceding, graph.CurrentRow}
	if !from {
		kinds = []graph.BoundKind{graph.Preceding, graph.CurrentRow}
	}
	if following {
		kinds = append(kinds, graph.Following)
		if !from {
			kinds = append(kinds, graph.UnboundedFollowing)
		}
	}
	b := graph.Bound{Kind: rapid.SampledFrom(kinds).Draw(t, "bound")}
	if b.Kind == graph.Preceding || b.Kind == graph.Following {
		b.Offset = &expr.Literal{Value: rapid.Int64Range(0, 4).Draw(t, "offset"), T: typ}
	}
	return b
}

// frameOf finds the rows of a frame by looking at all.
func frameOf(f *graph.Frame, list []int, i int, value func(r int) (int64, bool), desc bool, peers func(a, b int) bool) (frame []int) {
	for j, r := range list {
		in := func(b graph.Bound, end bool) bool {
			d := int64(j - i)
			if !f.Rows {
				x, null := value(r)
				y, same := value(list[i])
				d = x - y
				if desc {
					d = -d
				}
				switch {
				case b.Kind == graph.CurrentRow || null || same:
					d = int64(cmp.Compare(j, i))
					if peers(r, list[i]) {
						d = 0
					}
					if b.Offset != nil { // NULL is near nothing but itself
						b = graph.Bound{Kind: graph.CurrentRow}
					}
				}
			}
			at := int64(0)
			switch b.Kind {
			case graph.UnboundedPreceding, graph.UnboundedFollowing:
				return true
			case graph.Preceding:
				at = -b.Offset.Value.(int64)
			case graph.Following:
				at = b.Offset.Value.(int64)
			}
			if end {
				return d <= at
			}
			return d >= at
		}
		if in(f.From, false) && in(f.To, true) {
			frame = append(frame, r)
		}
	}
	return frame
}

type overModel struct {
	op    *graph.Over
	b     *column.Batch
	quirk bool
}

func (m *overModel) compare(a, b int) int {
	for _, k := range m.op.Order {
		key := kernel.SortKey{Desc: k.Descending, NullsFirst: !k.NullsLast}
		if c := key.Compare(m.b.Cols[k.Column], a, m.b.Cols[k.Column], b); c != 0 {
			return c
		}
	}
	return 0
}

// results are those of row list[i] of a sorted partition.
func (m *overModel) results(list []int, i int) string {
	b, s := m.b, ""
	rank, dense, last := 1, 1, i+1
	for j := 1; j < len(list); j++ {
		if j <= i && m.compare(list[j-1], list[j]) != 0 {
			rank, dense = j+1, dense+1
		}
		if j > i && m.compare(list[i], list[j]) == 0 {
			last = j + 1
		}
	}
	for _, c := range m.op.Calls {
		if c.Aggregate == nil {
			switch c.Function.Name {
			case "ROW_NUMBER":
				s += fmt.Sprint(" ", i+1)
			case "RANK":
				if m.quirk {
					rank = last
				}
				s += fmt.Sprint(" ", rank)
			case "DENSE_RANK":
				s += fmt.Sprint(" ", dense)
			case "PERCENT_RANK":
				s += fmt.Sprint(" ", float64(rank-1)/max(float64(len(list)-1), 1))
			case "CUME_DIST":
				s += fmt.Sprint(" ", float64(i+1)/float64(len(list)))
			case "NTILE":
				tile, left := 0, 0
				for range i + 1 { // deal rows out
					if left == 0 {
						left = len(list) / 3
						if tile < len(list)%3 {
							left++
						}
						tile++
					}
					left--
				}
				s += fmt.Sprint(" ", tile)
			default:
				at := i - 2
				if c.Function.Name == "LEAD" {
					at = i + 2
				}
				if at >= 0 && at < len(list) {
					s += " " + textOf(b.Cols[2], list[at])
				} else {
					s += " -1"
				}
			}
			continue
		}
		key := 1
		desc := false
		if len(m.op.Order) > 0 {
			key, desc = m.op.Order[0].Column, m.op.Order[0].Descending
		}
		value := func(r int) (int64, bool) {
			if b.Cols[key].IsNull(r) {
				return 0, true
			}
			return longAt(b.Cols[key], r), false
		}
		frame := frameOf(&c.Frame, list, i, value, desc, func(x, y int) bool { return m.compare(x, y) == 0 })
		n, sum := 0, int64(0)
		var texts []string
		seen := map[int64]bool{}
		for _, r := range frame {
			if !b.Cols[2].IsNull(r) {
				n++
				sum += longAt(b.Cols[2], r)
				seen[longAt(b.Cols[2], r)] = true
			}
			if !b.Cols[3].IsNull(r) {
				texts = append(texts, string(b.Cols[3].BytesAt(r)))
			}
		}
		switch {
		case c.Aggregate.Func.Name == "COUNT":
			s += fmt.Sprint(" ", len(seen))
		case c.Aggregate.Func.Name == "TEXTS":
			s += fmt.Sprintf(" %q", strings.Join(texts, "|"))
		case n == 0:
			s += " NULL"
		default:
			s += fmt.Sprint(" ", sum)
		}
	}
	return s
}

func overOutput(op *graph.Over, in []column.Field) []column.Field {
	out := slices.Clone(in)
	for _, c := range op.Calls {
		out = append(out, column.Field{Name: c.Name, Type: c.T})
	}
	return out
}

func drawOverAggregates(t *rapid.T, op *graph.Over, following bool, typ column.Type) {
	bigint := column.Of(column.BigInt)
	for range rapid.IntRange(0, 3).Draw(t, "calls") {
		f := graph.Frame{Rows: rapid.Bool().Draw(t, "rows")}
		of := typ
		if f.Rows {
			of = bigint.Required()
		}
		f.From, f.To = drawBound(t, true, following, of), drawBound(t, false, following, of)
		if len(op.Order) != 1 && !f.Rows {
			f.From, f.To = graph.Bound{}, graph.Bound{Kind: graph.CurrentRow}
		}
		for _, b := range []*graph.Bound{&f.From, &f.To} {
			if of.Kind == column.BigInt && !f.Rows && b.Offset != nil { // values lie far apart
				b.Offset.Value = b.Offset.Value.(int64) * 1_000_000_007
			}
		}
		c := rapid.SampledFrom([]graph.OverCall{
			{Aggregate: &expr.Aggregate{Func: lookupAggregate(t, "COUNT"), Args: []int{2}, Distinct: true, Filter: -1}, T: bigint.Required()},
			{Aggregate: &expr.Aggregate{Func: lookupAggregate(t, "SUM"), Args: []int{2}, Filter: -1}, T: bigint},
			{Aggregate: &expr.Aggregate{Func: textsFunction, Args: []int{3}, Filter: -1}, T: column.Str().Required()},
		}).Draw(t, "call")
		c.Frame = f
		op.Calls = append(op.Calls, c)
	}
}

func windowCall(t *rapid.T, name string) graph.OverCall {
	f, ok := expr.LookupWindow(name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	bigint := column.Of(column.BigInt)
	literal := func(n int64) expr.Expr { return &expr.Literal{Value: n, T: bigint.Required()} }
	c := graph.OverCall{Function: f}
	switch name {
	case "LAG", "LEAD":
		c.Args = []expr.Expr{&expr.Column{Index: 2, T: bigint}, literal(2), literal(-1)}
	case "NTILE":
		c.Args = []expr.Expr{literal(3)}
	}
	args, typ, err := f.Resolve(c.Args)
	if err != nil {
		t.Fatal(err)
	}
	c.Args, c.T = args, typ
	return c
}

func TestOverBatchModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Over{}
		if rapid.Bool().Draw(t, "partitioned") {
			op.Partition = []int{0}
		}
		for _, c := range rapid.SampledFrom([][]int{{}, {1}, {2}, {2, 3}}).Draw(t, "order") {
			op.Order = append(op.Order, graph.SortKey{Column: c, Descending: rapid.Bool().Draw(t, "desc"), NullsLast: rapid.Bool().Draw(t, "last")})
		}
		typ := column.Type{Kind: column.IntervalDayTime, NotNull: true}
		if len(op.Order) > 0 && op.Order[0].Column == 2 {
			typ = column.Of(column.BigInt).Required()
		}
		drawOverAggregates(t, op, true, typ)
		for _, name := range []string{"ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD"} {
			if rapid.Bool().Draw(t, name) {
				op.Calls = append(op.Calls, windowCall(t, name))
			}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{})
		m := &overModel{op: op, b: in.rows}
		parts := map[string][]int{}
		for r := range in.rows.Len {
			key := keyText(in.rows, op.Partition, r)
			parts[key] = append(parts[key], r)
		}
		var want []string
		for _, list := range parts {
			slices.SortStableFunc(list, m.compare)
			for i, r := range list {
				want = append(want, rowText(in.rows, r)+m.results(list, i))
			}
		}
		checkRows(t, &graph.Node{Op: op, Schema: overOutput(op, windowInput)}, windowInput, in, op.Partition, want, 0, false)
	})
}

func TestOverEventTimeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Over{Order: []graph.SortKey{{Column: 1}}, Time: graph.OverEventTime, Updates: true}
		if rapid.Bool().Draw(t, "partitioned") {
			op.Partition = []int{0}
		}
		drawOverAggregates(t, op, false, column.Type{Kind: column.IntervalDayTime, NotNull: true})
		for _, name := range []string{"ROW_NUMBER", "RANK", "DENSE_RANK", "LAG"} {
			if rapid.IntRange(0, 3).Draw(t, name) == 0 {
				op.Calls = append(op.Calls, windowCall(t, name))
			}
		}
		strict := slices.ContainsFunc(op.Calls, func(c graph.OverCall) bool {
			return c.Aggregate != nil && c.Frame.From.Kind == graph.UnboundedPreceding || c.Aggregate == nil && c.Function.Name != "LAG"
		})
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{})
		m := &overModel{op: op, b: in.rows}
		timeOf := func(r int) int64 { return longAt(in.rows.Cols[1], r) }
		parts, waiting := map[string][]int{}, map[string][]int{}
		var want []string
		late := int64(0)
		fire := func(now int64) {
			var all []int
			for key, list := range waiting {
				slices.SortStableFunc(list, m.compare)
				for len(list) > 0 && timeOf(list[0]) <= now {
					parts[key], all = append(parts[key], list[0]), append(all, list[0])
					list = list[1:]
				}
				waiting[key] = list
			}
			slices.SortFunc(all, func(a, b int) int { return cmp.Or(m.compare(a, b), cmp.Compare(a, b)) })
			for _, r := range all {
				list := parts[keyText(in.rows, op.Partition, r)]
				want = append(want, rowText(in.rows, r)+m.results(list, slices.Index(list, r)))
			}
		}
		now := int64(math.MinInt64)
		for r := range in.rows.Len {
			if next := in.before(r); next > now {
				now = next
				fire(now)
			}
			key := keyText(in.rows, op.Partition, r)
			if list := parts[key]; strict && timeOf(r) <= now || len(list) > 0 && timeOf(r) <= timeOf(list[len(list)-1]) {
				late++
				continue
			}
			waiting[key] = append(waiting[key], r)
		}
		fire(math.MaxInt64)
		checkTimed(t, &graph.Node{Op: op, Schema: overOutput(op, windowInput)}, windowInput, in, op.Partition, want, late)
	})
}

func TestOverProcessingTimeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Over{Order: []graph.SortKey{{Column: 2}}, Time: graph.OverProcessing, Updates: true}
		if rapid.Bool().Draw(t, "partitioned") {
			op.Partition = []int{0}
		}
		drawOverAggregates(t, op, false, column.Of(column.BigInt).Required())
		for i := range op.Calls {
			op.Calls[i].Frame.Rows = true
			for _, b := range []*graph.Bound{&op.Calls[i].Frame.From, &op.Calls[i].Frame.To} {
				if b.Offset != nil {
					b.Offset = &expr.Literal{Value: b.Offset.Value.(int64) % 5, T: b.Offset.T}
				}
			}
		}
		op.Calls = append(op.Calls, windowCall(t, "ROW_NUMBER"), windowCall(t, "LAG"))
		in := &timedInput{rows: drawRows(t, windowInput, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{})}
		m := &overModel{op: op, b: in.rows}
		parts := map[string][]int{}
		var want []string
		for r := range in.rows.Len {
			key := keyText(in.rows, op.Partition, r)
			parts[key] = append(parts[key], r)
			want = append(want, rowText(in.rows, r)+m.results(parts[key], len(parts[key])-1))
		}
		checkTimed(t, &graph.Node{Op: op, Schema: overOutput(op, windowInput)}, windowInput, in, op.Partition, want, 0)
	})
}

func TestOverChangesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Over{Order: []graph.SortKey{{Column: 2, NullsLast: rapid.Bool().Draw(t, "last")}}, Updates: true}
		if rapid.Bool().Draw(t, "partitioned") {
			op.Partition = []int{0}
		}
		drawOverAggregates(t, op, false, column.Of(column.BigInt).Required())
		for _, name := range []string{"ROW_NUMBER", "RANK"} {
			if rapid.Bool().Draw(t, name) {
				op.Calls = append(op.Calls, windowCall(t, name))
			}
		}
		in := &timedInput{rows: drawRows(t, windowInput, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{kinds: anyKind})}
		m := &overModel{op: op, b: in.rows, quirk: true}
		lists := map[string][]int{}
		rest := func(r int) string { return rowText(in.rows, r)[2:] }
		var want []string
		for r := range in.rows.Len {
			key := keyText(in.rows, op.Partition, r)
			before := lists[key]
			after := slices.Clone(before)
			if in.rows.Kind(r).Adds() {
				at := 0
				for at < len(after) && m.compare(after[at], r) <= 0 {
					at++
				}
				after = slices.Insert(after, at, r)
			} else {
				at := slices.IndexFunc(after, func(o int) bool { return rest(o) == rest(r) })
				if at < 0 {
					continue
				}
				want = append(want, "-D"+rest(after[at])+m.results(before, at))
				after = slices.Delete(after, at, at+1)
			}
			lists[key] = after
			for i, o := range after {
				was := slices.Index(before, o)
				if was < 0 {
					want = append(want, rowText(in.rows, r)+m.results(after, i))
				} else if x, y := m.results(before, was), m.results(after, i); x != y {
					want = append(want, "-U"+rest(o)+x, "+U"+rest(o)+y)
				}
			}
		}
		checkTimed(t, &graph.Node{Op: op, Schema: overOutput(op, windowInput)}, windowInput, in, op.Partition, want, 0)
	})
}
