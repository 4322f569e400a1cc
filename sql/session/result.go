package session

import (
	"context"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/draw"
	"github.com/millstream/millstream/sql/syntax"
)

// ResultKind says what a statement gave.
type ResultKind uint8

// The kinds of results.
const (
	Done  ResultKind = iota // it has taken effect; one row "OK"
	Rows                    // rows that are there already: SHOW, DESCRIBE, EXPLAIN, SET without arguments
	Query                   // a job whose rows go to the caller
	Write                   // a job that writes to tables; one row with the job's id
)

// Result is what a statement gives. The columns are known; rows come by Run.
type Result struct {
	Statement Statement
	Kind      ResultKind
	Columns   []column.Field
	// Updating says that a query's rows may be -U, +U and -D; without it all are inserts.
	Updating bool
	// Ordered says that the order of a query's rows is part of its result.
	Ordered bool
	Job     *Job // of Query and Write
	// Warnings say what in the statement will hurt though it runs, such as state without bound, with its place in the text.
	Warnings []*syntax.Error
	// Diagram is the dataflow that an EXPLAIN is about, to be drawn.
	Diagram *draw.Diagram

	rows    *column.Batch // of Done and Rows
	run     Runner
	deliver func(*column.Batch) error
}

// Run runs the result's job, if it has one, and gives the rows to deliver as they come; a batch is valid during the call. It returns when
// the job has ended: with the error of deliver, or with an [*Error] of the runtime phase. It may be called once.
func (r *Result) Run(ctx context.Context, deliver func(*column.Batch) error) error {
	if r.Job != nil {
		r.deliver = deliver
		if err := r.run(ctx, r.Job); err != nil {
			return r.Statement.fail(RuntimePhase, err)
		}
	}
	if r.Kind == Query {
		return nil
	}
	return deliver(r.rows)
}

// Text returns the rows of a result without a job as text: nil for NULL, "true" and "false" for BOOLEAN.
func (r *Result) Text() [][]any {
	var all [][]any
	if r.rows == nil {
		return nil
	}
	for i := range r.rows.Len {
		row := make([]any, len(r.rows.Cols))
		for j, c := range r.rows.Cols {
			switch {
			case c.IsNull(i):
			case c.Type.Kind == column.Boolean:
				row[j] = c.Bits().Get(i)
			case c.Type.Kind == column.TimestampLTZ || c.Type.Kind == column.BigInt:
				row[j] = string(column.AppendText(nil, c, i, nil))
			default:
				row[j] = string(c.BytesAt(i))
			}
		}
		all = append(all, row)
	}
	return all
}

// textColumns returns STRING columns; a name that ends in '?' is BOOLEAN.
func textColumns(names ...string) []column.Field {
	fields := make([]column.Field, len(names))
	for i, n := range names {
		fields[i] = column.Field{Name: n, Type: column.Str()}
		if n[len(n)-1] == '?' {
			fields[i] = column.Field{Name: n[:len(n)-1], Type: column.Of(column.Boolean)}
		}
	}
	return fields
}

// rowsResult makes a result of rows of nil, string, bool, for BIGINT int64 and, for TIMESTAMP_LTZ(6), time.
func rowsResult(kind ResultKind, columns []column.Field, rows [][]any) *Result {
	b := column.NewBatch(columns, len(rows))
	for _, row := range rows {
		for i, c := range b.Cols {
			switch v := row[i].(type) {
			case string:
				c.AppendString(v)
			case bool:
				c.AppendBool(v)
			case int64:
				column.Append(c, v)
			case time.Time:
				column.Append(c, v.UnixMicro())
			default:
				c.AppendNull()
			}
		}
		b.Len++
	}
	return &Result{Kind: kind, Columns: columns, rows: b}
}

// listResult makes a result of one column of names.
func listResult(column string, names []string) *Result {
	rows := make([][]any, len(names))
	for i, n := range names {
		rows[i] = []any{n}
	}
	return rowsResult(Rows, textColumns(column), rows)
}

// textResult makes a result of one text.
func textResult(text string) *Result { return rowsResult(Rows, textColumns("result"), [][]any{{text}}) }

// done is the result of a statement that has taken effect, unless err is set.
func done(err error) (*Result, error) {
	if err != nil {
		return nil, err
	}
	return rowsResult(Done, textColumns("result"), [][]any{{"OK"}}), nil
}
