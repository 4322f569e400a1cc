package operator

import "github.com/millstream/millstream/column"

// missedRows counts the rows that come too late for an operator, and hands them to whoever takes them from it.
type missedRows struct {
	counter *Counter
	takers  []LateTaker // by input
	mark    *column.Vector
	out     column.Batch
	rows    []int32 // for the operator to list them in
}

// WatermarkField is the column that follows those of the input where late rows are taken: the watermark that had passed them, in milliseconds.
var WatermarkField = column.Field{Name: "$watermark", Type: column.Of(column.BigInt).Required()}

func (l *missedRows) open(c *Context) {
	l.counter, l.takers = &c.Counters.Late, c.LateTakers
}

// drop takes physical rows of a batch of an input that are late at the watermark now. The batch may have more columns than the input, behind it.
func (l *missedRows) drop(input int, b *column.Batch, rows []int32, now int64) error {
	if len(rows) == 0 {
		return nil
	}
	l.counter.Add(int64(len(rows)))
	if input >= len(l.takers) || l.takers[input].To == nil {
		return nil
	}
	taker := &l.takers[input]
	if l.mark == nil {
		l.mark = column.NewVector(WatermarkField.Type, b.Len)
	}
	l.mark.Reset()
	l.mark.Resize(b.Len)
	marks := column.Values[int64](l.mark)
	for _, r := range rows {
		marks[r] = now
	}
	l.out = column.Batch{Len: b.Len, Cols: append(append(l.out.Cols[:0], b.Cols[:taker.Columns]...), l.mark), Sel: rows, Kinds: b.Kinds}
	return taker.To.Emit(&l.out)
}

// LateTaker is who takes the rows of an input that come too late: the input's columns, then [WatermarkField].
type LateTaker struct {
	To      Output // nil: nobody
	Columns int    // of the input
}
