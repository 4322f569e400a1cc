package session

import (
	"context"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/savepoint"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/syntax"
	"github.com/millstream/millstream/state/snapshot"
)

// showState executes SHOW STATE: the operators of a savepoint or checkpoint with their tables. Without a path it is what the next job of the session
// would start from.
func (s *Session) showState(ctx context.Context, n *syntax.Show) (*Result, error) {
	path, place := "", syntax.Node(n)
	switch dir := s.settings.Text(setting.CheckpointDir); {
	case n.Path != nil:
		path, place = n.Path.Text, n.Path
	case s.settings.Has(setting.SavepointPath):
		path = s.settings.Text(setting.SavepointPath)
	case dir != "" && s.settings.Has(setting.PipelineName):
		path = strings.TrimRight(dir, "/") + "/" + snapshot.JobDir(s.settings.Text(setting.PipelineName))
	default:
		e := syntax.Errorf(n, "there is no state to show")
		e.Hint = "write SHOW STATE FROM 'path', or set " + setting.SavepointPath.Key + ", or " + setting.CheckpointDir.Key + " and " + setting.PipelineName.Key
		return nil, e
	}
	snap, err := savepoint.Open(ctx, s.config.Env.Objects, path)
	if err != nil {
		return nil, syntax.Errorf(place, "%s", err.Error())
	}
	columns := append(textColumns("operator", "uid", "table"), column.Field{Name: "rows", Type: column.Of(column.BigInt)},
		column.Field{Name: "bytes", Type: column.Of(column.BigInt)}, column.Field{Name: "columns", Type: column.Str()})
	var rows [][]any
	for i := range snap.Manifest.Operators {
		op := &snap.Manifest.Operators[i]
		for k := range op.Tables {
			t := &op.Tables[k]
			fields, err := t.Readable()
			if err != nil {
				return nil, syntax.Errorf(place, "%s: %s", snap.URL, err.Error())
			}
			names := make([]string, len(fields))
			for c, f := range fields {
				names[c] = f.Name + " " + f.Type.String()
			}
			count, err := snap.Rows(ctx, t)
			if err != nil {
				return nil, syntax.Errorf(place, "%s", err.Error())
			}
			rows = append(rows, []any{op.Name, op.UID, t.Name, count, t.Size(), strings.Join(names, ", ")})
		}
	}
	return rowsResult(Rows, columns, rows), nil
}
