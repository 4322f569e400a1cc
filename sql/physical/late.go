package physical

import (
	"fmt"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
)

// lateInput is an input of a node that drops rows which come too late, and the table whose rows these are.
type lateInput struct {
	node  *graph.Node
	input int
	time  int // the column of the event time; -1: none is left
	table *graph.Table
}

// noteLate notes what late rows of a node are to go to another table.
func (b *Builder) noteLate(n plan.Node, node *graph.Node) {
	if !plan.DropsLate(n) {
		return
	}
	for i, in := range n.Inputs() {
		time := -1
		for c, t := range plan.Times(in) {
			if t == catalog.Rowtime && time < 0 {
				time = c
			}
		}
		for _, t := range plan.LateTables(in) {
			b.late = append(b.late, lateInput{node, i, time, t})
		}
	}
}

// AddLate adds, behind all plans, what takes late rows to the tables where they go. It is called once, after Add.
func (b *Builder) AddLate() error {
	sinks := map[string][]graph.Edge{}
	tables := map[string]*graph.Table{}
	var names []string
	for k, l := range b.late {
		to := l.table.Late
		records := &graph.Node{
			Name: "LateRecords(" + short(l.table.Name) + ")", UID: fmt.Sprintf("late-%d-%s", k, l.node.UID), Schema: graph.LateFields,
			Parallelism: l.node.Parallelism, Inputs: []graph.Edge{{From: l.node.ID, Late: l.input + 1}},
			Op: &graph.LateRecords{Table: l.table.Name, Operator: l.node.Name, Time: l.time},
		}
		b.plans = append(b.plans, nil)
		b.graph.Add(records)
		project, err := lateColumns(to)
		if err != nil {
			return err
		}
		calc := &graph.Node{
			Name: "Calc", UID: "calc-" + records.UID, Schema: to.Columns, Parallelism: records.Parallelism,
			Inputs: []graph.Edge{{From: records.ID}}, Op: &graph.Calc{Project: project},
		}
		b.plans = append(b.plans, nil)
		b.graph.Add(calc)
		if tables[to.Name] == nil {
			tables[to.Name] = to
			names = append(names, to.Name)
		}
		sinks[to.Name] = append(sinks[to.Name], graph.Edge{From: calc.ID, Ship: graph.Rebalance})
	}
	for _, name := range names {
		op := &graph.Sink{Table: *tables[name]}
		b.plans = append(b.plans, nil)
		b.graph.Add(&graph.Node{Name: "Sink(" + short(name) + ")", UID: b.uid(nil, op), Parallelism: 1, Op: op, Inputs: sinks[name]})
	}
	b.late = nil
	return nil
}

// lateColumns makes the columns of a table of late records, which may have any of them.
func lateColumns(to *graph.Table) ([]expr.Expr, error) {
	var list []expr.Expr
	for _, c := range to.Columns {
		i := graph.LateField(c)
		if i < 0 {
			return nil, fmt.Errorf("table %s has the column '%s %s', which late records do not", to.Name, c.Name, c.Type)
		}
		f := graph.LateFields[i]
		list = append(list, expr.CastTo(&expr.Column{Index: i, Name: f.Name, T: f.Type}, c.Type))
	}
	return list, nil
}
