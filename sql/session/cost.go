package session

import (
	"fmt"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/plan"
)

// cost is what EXPLAIN ESTIMATED_COST says of a node: how many rows leave it, and what it and all below it take in and send to other
// subtasks. The sizes of tables are not known before they are read: each counts as [tableRows].
type cost struct{ rows, work, bytes float64 }

// tableRows is how many rows a table has as long as nothing is known.
const tableRows = 1e8

// costOf estimates a node.
func costOf(n plan.Node) cost {
	var c cost
	in := 0.0
	for _, input := range n.Inputs() {
		below := costOf(input)
		c.work += below.work
		c.bytes += below.bytes
		in += below.rows
	}
	c.rows = in
	switch n := n.(type) {
	case *plan.Scan:
		c.rows = tableRows * math.Pow(selectivity, float64(len(n.Filter)))
		if n.Limit >= 0 {
			c.rows = min(c.rows, float64(n.Limit))
		}
	case *plan.Values:
		c.rows = float64(len(n.Rows))
	case *plan.Filter:
		c.rows = in * selectivity
	case *plan.Calc:
		if n.Cond != nil {
			c.rows = in * selectivity
		}
	case *plan.Aggregate:
		if c.rows = in / groupSize; len(n.Keys) == 0 {
			c.rows = 1
		}
		c.rows = max(1, c.rows)
	case *plan.Limit:
		if n.Count >= 0 {
			c.rows = min(in, float64(n.Count))
		}
	case *plan.Exchange:
		c.bytes += in * rowBytes(n.Schema())
	}
	c.work += in
	if len(n.Inputs()) == 0 {
		c.work += c.rows
	}
	return c
}

const (
	selectivity = 0.25 // of a condition
	groupSize   = 5    // rows of a group
)

// rowBytes is about how many bytes a row takes.
func rowBytes(fields []column.Field) float64 {
	n := 0.0
	for _, f := range fields {
		switch f.Type.Kind {
		case column.Boolean, column.TinyInt:
			n++
		case column.SmallInt:
			n += 2
		case column.Int, column.Float, column.Date, column.Time, column.IntervalYearMonth:
			n += 4
		case column.BigInt, column.Double, column.Timestamp, column.TimestampLTZ, column.IntervalDayTime:
			n += 8
		default:
			n += 16
		}
	}
	return n
}

// String writes the estimate in the words of Flink.
func (c cost) String() string {
	return fmt.Sprintf(", rowcount=%.4G, cumulative cost={%.4G rows, %.4G network bytes}", c.rows, c.work, c.bytes)
}
