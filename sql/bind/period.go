package bind

import (
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// overlaps binds (begin, end) OVERLAPS (begin, end), each end being a point in time or an interval.
func (x *exprs) overlaps(n *syntax.Binary) (expr.Expr, error) {
	var ends []expr.Expr
	for _, side := range []syntax.Expr{n.L, n.R} {
		row, ok := side.(*syntax.Row)
		if !ok || len(row.Items) != 2 {
			return nil, fail(side, "write (start, end) OVERLAPS (start, end); an end may be an interval", "OVERLAPS takes two periods")
		}
		pair, err := x.bindAll(row.Items)
		if err != nil {
			return nil, err
		}
		ends = append(ends, pair...)
	}
	return x.apply(n, "OVERLAPS", ends...)
}

// dateMinus binds (a - b) DAY.
func (x *exprs) dateMinus(n *syntax.DateMinus) (expr.Expr, error) {
	if _, err := intervalType(&n.Units.Span, &n.Units); err != nil {
		return nil, err
	}
	points, err := x.bindAll([]syntax.Expr{n.L, n.R})
	if err != nil {
		return nil, err
	}
	return x.apply(n, "TIME DIFFERENCE", expr.Text(n.Units.From), points[0], points[1])
}

// noOperator refuses the operators on periods and multisets that the grammar has and Flink has not.
func noOperator(n *syntax.Binary) error {
	advice := "compare the ends of the periods, as in a < b AND c >= d, or use OVERLAPS"
	if n.Op >= syntax.OpMemberOf {
		advice = "multisets can only be collected, cast to text, counted by CARDINALITY and unnested"
	}
	return fail(&syntax.Span{From: n.OpPos, To: n.R.Pos()}, advice, "there is no operator %s", n.Op)
}
