package filesystem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore/mem"
)

// Positions count the rows of a file that a filter leaves out: a reader goes on where another ended, also with another filter.
func TestFilteredPositions(t *testing.T) {
	const n = 20000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%d,n%d\n", i, i)
	}
	store := mem.New("t")
	put(t, store, "f", columnar(t, text.String()))
	table := graph.Table{Name: "f", Connector: "filesystem", Options: map[string]string{"path": "mem://t/f", "format": "parquet"}, Columns: []column.Field{idField, nameField}}
	from := func(least int64) *source {
		req := scan(memory(store), table, 1, 0)
		if least >= 0 {
			req.Filter = []expr.Expr{call(t, ">=", &expr.Column{Index: 1, Name: "id", T: idField.Type}, &expr.Literal{Value: least, T: idField.Type})}
		}
		return mustSource(t, req)
	}
	want := func(first int) (names []string) {
		for i := first; i < n; i++ {
			names = append(names, fmt.Sprintf("n%d", i))
		}
		return names
	}
	for _, restart := range []bool{false, true} {
		for _, least := range []int{0, 1, 5000, 12288, n - 1, n} {
			polls := 0
			got := readAll(t, from(int64(least)), 1, func() bool {
				polls++
				return restart && polls%2 == 1
			})
			if w := want(least); !slices.Equal(got, w) {
				t.Errorf("from %d on, restarting %t: %d rows, want %d", least, restart, len(got), len(w))
			}
		}
	}
	s := from(9000)
	splits, err := s.Splits(t.Context(), 1)
	if err != nil || len(splits) != 1 {
		t.Fatalf("%d splits, %v", len(splits), err)
	}
	r, err := s.Open(t.Context(), splits[0])
	if err != nil {
		t.Fatal(err)
	}
	b, _ := poll(t, r)
	read := texts(b, 0)
	at := r.Position()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := from(-1).Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		var b *column.Batch
		if b, done = poll(t, all); b != nil {
			read = append(read, texts(b, 0)...)
		}
	}
	if err := all.Close(); err != nil {
		t.Fatal(err)
	}
	if w := want(9000); !slices.Equal(read, w) {
		t.Errorf("%d rows, want %d", len(read), len(w))
	}
}
