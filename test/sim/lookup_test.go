package sim

import (
	"context"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
)

// madeLookup looks rows up by v: there are v of them, with the ids v*100, v*100+1 and so on. It takes its time, the longer the greater the values are, so that
// later requests may be answered first.
type madeLookup struct{ req connector.LookupRequest }

func newMadeLookup(req connector.LookupRequest) (connector.LookupSource, error) {
	return &madeLookup{req}, nil
}

func (l *madeLookup) Rows(ctx context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	values := column.Values[int64](keys.Cols[0])
	var sum int64
	for i, v := range values[:keys.Len] {
		sum += v
		for n := range v {
			for c, p := range l.req.Project {
				switch l.req.Table.Columns[p].Name {
				case "k":
					out.Cols[c].AppendString("looked up")
				case "v":
					column.Append(out.Cols[c], v)
				case "ts":
					column.Append(out.Cols[c], int64(start))
				case "id":
					column.Append(out.Cols[c], v*100+n)
				}
			}
			out.Len++
			from = append(from, int32(i))
		}
	}
	select {
	case <-time.After(time.Duration(sum) * 50 * time.Microsecond):
		return from, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *madeLookup) Close() error { return nil }
