package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

// ChunkRows is how many rows operators put into one batch when they emit what they have held, or cut a long batch into.
const ChunkRows = 4096

// New makes one subtask's operator of a node whose inputs have the columns in. A scan is not among them: the engine reads sources itself.
// An operator without inputs emits all it has when it is told once that input 0 has ended.
func New(n *graph.Node, in [][]column.Field) (Operator, error) {
	o, err := newOperator(n, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	return o, nil
}

func newOperator(n *graph.Node, in [][]column.Field) (Operator, error) {
	switch op := n.Op.(type) {
	case *graph.Values:
		return &values{op: op, schema: n.Schema}, nil
	case *graph.Union:
		return union{}, nil
	case *graph.Join:
		return newJoin(op, in, n.Schema)
	case *graph.MultiJoin:
		return newMultiJoin(op, in, n.Schema)
	case *graph.IntervalJoin:
		return newIntervalJoin(op, in, n.Schema)
	case *graph.TemporalJoin:
		return newTemporalJoin(op, in, n.Schema)
	case *graph.WindowJoin:
		return newWindowJoin(op, in, n.Schema)
	case *graph.Custom:
		made := op.New()
		o, ok := made.(Operator)
		if !ok {
			return nil, fmt.Errorf("the custom operator's New returned %T, which is no operator", made)
		}
		return o, nil
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("%T has %d inputs, want 1", n.Op, len(in))
	}
	switch op := n.Op.(type) {
	case *graph.Calc:
		return &calc{op: op}, nil
	case *graph.Unnest:
		return newUnnest(op, in[0])
	case *graph.Expand:
		return newExpand(op, n.Schema)
	case *graph.Replicate:
		return newReplicate(op, in[0])
	case *graph.LookupJoin:
		return newLookupJoin(op, in[0], n.Schema)
	case *graph.TableFunction:
		return newTableFunction(op, in[0], n.Schema)
	case *graph.Aggregate:
		return newAggregate(op, in[0], n.Schema)
	case *graph.Sort:
		return newSort(op, in[0])
	case *graph.Watermark:
		return newWatermark(op, in[0])
	case *graph.AssignWindows:
		return newAssignWindows(op, in[0], n.Schema)
	case *graph.WindowAggregate:
		return newWindowAggregate(op, in[0], n.Schema)
	case *graph.Deduplicate:
		return newDeduplicate(op, in[0])
	case *graph.FromChangelog:
		return newFromChangelog(op, in[0])
	case *graph.ToChangelog:
		return newToChangelog(op), nil
	case *graph.Rank:
		return newRank(op, in[0], n.Schema)
	case *graph.Normalize:
		return newNormalize(op, in[0])
	case *graph.Materialize:
		if op.Conflict != graph.ShowNewest {
			return newMaterializeOnce(op, in[0]), nil
		}
		return newMaterialize(op, in[0]), nil
	case *graph.DropUpdateBefore:
		return &dropBefore{}, nil
	case *graph.TemporalSort:
		return newTemporalSort(op, in[0])
	case *graph.Over:
		return newOver(op, in[0], n.Schema)
	case *graph.LateRecords:
		return newLateRecords(op, in[0])
	case *graph.Sink:
		return newSink(op, in[0])
	case *graph.Collect:
		return &collect{deliver: op.Deliver}, nil
	}
	return nil, fmt.Errorf("no operator runs %T", n.Op)
}

// compileOptions are what expressions need to know of the session.
func (c *Context) compileOptions() ([]expr.Option, error) {
	zone, err := c.zone()
	if err != nil {
		return nil, err
	}
	opts := []expr.Option{expr.InZone(zone)}
	if c.Now != nil {
		opts = append(opts, expr.WithClock(func() time.Time { return c.Now() }))
	}
	if c.Watermark != nil {
		opts = append(opts, expr.WithWatermark(c.Watermark))
	}
	return opts, nil
}

// zone is the session's time zone.
func (c *Context) zone() (*time.Location, error) {
	zone, err := setting.Zone(c.Env.Settings.Text(setting.TimeZone))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting.TimeZone.Key, err)
	}
	return zone, nil
}

// appended reports whether all live rows of b are inserts or updates' new rows, so that nothing is taken back.
func appended(b *column.Batch) bool {
	if b.Kinds == nil {
		return true
	}
	for i := range b.Rows() {
		if !b.Kinds[b.Row(i)].Adds() {
			return false
		}
	}
	return true
}

// first returns the list 0 … n-1 in the memory of list.
func first(list []int32, n int) []int32 {
	for i := len(list); i < n; i++ {
		list = append(list, int32(i))
	}
	return list[:n]
}
