package blackhole

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

func TestSink(t *testing.T) {
	spec, _ := connector.Lookup("blackhole")
	s, err := spec.NewSink(connector.SinkRequest{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.NewWriter(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch([]column.Field{{Name: "a", Type: column.Of(column.Int)}}, 1)
	column.Append(b.Cols[0], int32(1))
	b.Len = 1
	b.AddKinds(1)[0] = column.Delete
	if err := w.Write(t.Context(), b); err != nil {
		t.Error(err)
	}
	if list, err := w.Flush(t.Context(), true); err != nil || len(list) > 0 {
		t.Errorf("%d committables, %v", len(list), err)
	}
	if _, err := spec.NewSink(connector.SinkRequest{Table: graph.Table{Options: map[string]string{"path": "x"}}}); err == nil || !strings.Contains(err.Error(), "unknown option 'path'") {
		t.Errorf("got %v", err)
	}
}
