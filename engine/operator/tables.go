package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// Tabled is implemented by operators whose tables are more than what [Operator.Snapshot] of an empty one writes, or of which more is known.
type Tabled interface {
	Tables() []Expected
}

// Expected is a table that an operator reads when it is restored.
type Expected struct {
	state.Table
	// From and To delimit the columns that are states of functions. Rows has a row, if there are any, in which they hold the state of one for which
	// nothing has come yet.
	From, To int
}

var _, _, _ Tabled = (*aggregate)(nil), (*windowAggregate)(nil), (*sessionAggregate)(nil)

// Tables implements [Tabled].
func (o *aggregate) Tables() []Expected { return o.state.tables("", nil, o.log != nil) }

// Tables implements [Tabled].
func (o *windowAggregate) Tables() []Expected {
	counted, before := o.op.Changes != 0, []column.Field{sliceField}
	list := o.newAggregation().tables("slice-", before, counted)
	if o.cumulates() {
		list = append(list, o.newAggregation().tables("series-", before, counted)...)
	}
	return list
}

// Tables implements [Tabled].
func (o *sessionAggregate) Tables() []Expected {
	t := Expected{Table: state.Table{Name: sessionsTable, Schema: o.sessionFields(), Keyed: true}, From: len(o.agg.keys) + 3}
	o.agg.emptyRow(&t)
	list := []Expected{t}
	for i, c := range o.agg.calls {
		if c.distinct != nil {
			fields := o.distinctFields(c)
			list = append(list, Expected{Table: state.Table{Name: distinctTable(i), Schema: fields, Keyed: true, Rows: column.NewBatch(fields, 0)}})
		}
	}
	return list
}

// Tables implements [Tabled]. It is called after Open.
func (o *windowEmit) Tables() []Expected { return o.log.tables("", nil, true) }

// tables are those of a grouping, with names that begin with prefix and columns in front.
func (a *aggregation) tables(prefix string, before []column.Field, counted bool) []Expected {
	fields := append(before[:len(before):len(before)], a.stateFields()...)
	if counted {
		fields = append(fields, countField)
	}
	t := Expected{Table: state.Table{Name: prefix + groupsTable, Schema: fields, Keyed: true}, From: len(before) + len(a.keys)}
	a.emptyRow(&t)
	list := []Expected{t}
	for i, c := range a.calls {
		if c.distinct == nil {
			continue
		}
		fields := append(before[:len(before):len(before)], a.stateFields()[:len(a.keys)]...)
		for _, t := range c.argTypes {
			fields = append(fields, column.Field{Name: c.Name, Type: t})
		}
		fields = append(fields, countField)
		list = append(list, Expected{Table: state.Table{Name: prefix + distinctTable(i), Schema: fields, Keyed: true, Rows: column.NewBatch(fields, 0)}})
	}
	return list
}

// emptyRow gives a table a row with the states of a group that no row has come for.
func (a *aggregation) emptyRow(t *Expected) {
	t.Rows, t.To = column.NewBatch(t.Schema, 1), t.From
	for _, c := range a.calls {
		acc := a.accumulator(c)
		acc.Grow(1)
		acc.AppendState(0, 1, t.Rows.Cols[t.To:t.To+len(c.states)])
		t.To += len(c.states)
	}
	for i, v := range t.Rows.Cols {
		if i < t.From || i >= t.To {
			v.AppendNull()
		}
	}
	t.Rows.Len = 1
}
