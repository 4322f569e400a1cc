package migrate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// fitting fits the tables of an operator to those that it reads now.
type fitting struct {
	want      map[string]*operator.Expected // nil: not known
	takesBack bool
	now       time.Time
	notes     []string
	problems  []string
}

func (f *fitting) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(f.notes, text) {
		f.notes = append(f.notes, text)
	}
}

func (f *fitting) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(f.problems, text) {
		f.problems = append(f.problems, text)
	}
}

// table returns a subtask's table as the operator reads it now. One that it does not know is left as it is: it will not be read.
func (f *fitting) table(t *state.Table, all []state.Table) state.Table {
	want := f.find(t)
	if want == nil {
		if f.want != nil && t.Rows.Rows() > 0 && strings.Contains(t.Name, distinctName) {
			f.note("table '%s' of a DISTINCT aggregate that is gone is dropped", t.Name)
		}
		out := *t
		if f.want != nil && strings.Contains(t.Name, distinctName) {
			out.Name = "dropped-" + t.Name // the name may be another's now
		}
		return out
	}
	if want.Name == t.Name && slices.EqualFunc(want.Schema, t.Schema, func(a, b column.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }) {
		return *t
	}
	out := state.Table{Name: want.Name, Schema: want.Schema, Keyed: t.Keyed, Groups: t.Groups}
	out.Rows = &column.Batch{Len: t.Rows.Len, Sel: t.Rows.Sel, Kinds: t.Rows.Kinds, Times: t.Rows.Times}
	from := f.columns(t, want)
	for i, k := range from {
		if k < 0 {
			out.Rows.Cols = append(out.Rows.Cols, f.added(t, want, i))
			continue
		}
		out.Rows.Cols = append(out.Rows.Cols, f.cast(t, want, i, k))
	}
	for k, c := range t.Schema {
		if !slices.Contains(from, k) {
			f.note("table '%s': column %s %s is dropped", t.Name, c.Name, c.Type)
		}
	}
	return out
}

// inFlight looks whether rows that were on their way to a node still can be: the node must be the same, and so must the columns of its inputs.
func (f *fitting) inFlight(g *graph.Graph, n *graph.Node, s *job.NodeState, moved bool) {
	if !inflight.Holds(s.Subtasks) {
		return
	}
	const hint = "go on with the job as it was, or from a savepoint, which waits for such rows"
	if moved {
		f.problem("the checkpoint has rows that were on their way to it, and they may be others now; %s", hint)
		return
	}
	for input, edge := range n.Inputs {
		for _, tables := range s.Subtasks {
			if edge.Late == 0 && !inflight.Fits(tables, input, g.Nodes[edge.From].Schema) {
				f.problem("the checkpoint has rows that were on their way to its input %d, and they have other columns now; %s", input+1, hint)
			}
		}
	}
}

// distinctName is part of the names of tables that belong to a DISTINCT aggregate, with its number, which changes when others come and go.
const distinctName = "distinct-"

// find finds the table as it is now: by its name, and those of DISTINCT aggregates by their columns.
func (f *fitting) find(t *state.Table) *operator.Expected {
	prefix, _, distinct := strings.Cut(t.Name, distinctName)
	if !distinct {
		return f.want[t.Name]
	}
	if w := f.want[t.Name]; w != nil && slices.Equal(columnNames(&w.Table), columnNames(t)) {
		return w
	}
	for name, w := range f.want {
		if strings.HasPrefix(name, prefix+distinctName) && slices.Equal(columnNames(&w.Table), columnNames(t)) {
			return w
		}
	}
	return nil
}

func columnNames(t *state.Table) []string {
	list := make([]string, len(t.Schema))
	for i, c := range t.Schema {
		list[i] = c.Name
	}
	return list
}

// columns finds for each column of a table as it is now the one that it was: of the same name, of several the one of the same number; else the one at
// the same place, if nobody else has that and it is not the state of a function, whose name says what it is.
func (f *fitting) columns(t *state.Table, want *operator.Expected) []int {
	from, taken := make([]int, len(want.Schema)), make([]bool, len(t.Schema))
	seen := map[string]int{}
	for i, c := range want.Schema {
		from[i] = -1
		skip := seen[c.Name]
		seen[c.Name]++
		for k, old := range t.Schema {
			if old.Name != c.Name {
				continue
			}
			if skip--; skip < 0 {
				from[i], taken[k] = k, true
				break
			}
		}
	}
	for i, c := range want.Schema {
		if from[i] < 0 && i < len(t.Schema) && len(t.Schema) == len(want.Schema) && !taken[i] && !stateColumn(want, i) &&
			fits(t.Schema[i].Type, c.Type) != never {
			from[i], taken[i] = i, true
			f.note("table '%s': column %s is called %s now", t.Name, t.Schema[i].Name, c.Name)
		}
	}
	if !slices.IsSorted(from) && !slices.Contains(from, -1) {
		f.note("table '%s': columns stand in another order", t.Name)
	}
	return from
}

// stateColumn reports whether a column is the state of a function.
func stateColumn(want *operator.Expected, i int) bool { return i >= want.From && i < want.To }

// added makes a column that the old table does not have.
func (f *fitting) added(t *state.Table, want *operator.Expected, i int) *column.Vector {
	c := want.Schema[i]
	v := column.NewVector(c.Type, t.Rows.Len)
	if t.Rows.Rows() == 0 {
		return appendNulls(v, t.Rows.Len)
	}
	what := fmt.Sprintf("table '%s': column %s %s is new", t.Name, c.Name, c.Type)
	switch {
	case i == len(want.Schema)-1 && c.Name == state.SinceField.Name && c.Type.Equal(state.SinceField.Type):
		f.note("%s: what is kept has a bound now, and what came before counts as if it came now", what)
		for range t.Rows.Len {
			column.Append(v, f.now.UnixMilli())
		}
		return v
	case f.takesBack:
		f.problem("%s, and rows that came before may be taken back, which it could not tell", what)
	case stateColumn(want, i):
		f.note("%s: what came before does not count in it", what)
		rows := make([]int32, t.Rows.Len)
		v.AppendRows(want.Rows.Cols[i], rows) // the row of an empty state, again and again
		return v
	case c.Type.NotNull:
		f.problem("%s and NOT NULL: rows that came before have no value for it", what)
	default:
		f.note("%s: it is NULL in rows that came before", what)
	}
	return appendNulls(v, t.Rows.Len)
}

func appendNulls(v *column.Vector, n int) *column.Vector {
	for range n {
		v.AppendNull()
	}
	return v
}
