package print

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

func write(t *testing.T, b *column.Batch, subtask, parallelism int, options ...string) (out, err string) {
	t.Helper()
	spec, _ := connector.Lookup("print")
	var stdout, stderr bytes.Buffer
	table := graph.Table{Options: map[string]string{}}
	for i := 0; i < len(options); i += 2 {
		table.Options[options[i]] = options[i+1]
	}
	s, wrong := spec.NewSink(connector.SinkRequest{Env: connector.Env{Stdout: &stdout, Stderr: &stderr}, Table: table})
	if wrong != nil {
		t.Fatal(wrong)
	}
	w, wrong := s.NewWriter(t.Context(), subtask, parallelism)
	if wrong != nil {
		t.Fatal(wrong)
	}
	if wrong := w.Write(t.Context(), b); wrong != nil {
		t.Fatal(wrong)
	}
	return stdout.String(), stderr.String()
}

func TestLines(t *testing.T) {
	b := column.NewBatch([]column.Field{{Name: "i", Type: column.Of(column.Int)}, {Name: "s", Type: column.Str()}}, 4)
	for i, s := range []string{"abc", "left out", "b c"} {
		column.Append(b.Cols[0], int32(i+1))
		b.Cols[1].AppendString(s)
	}
	b.Cols[0].AppendNull()
	b.Cols[1].AppendNull()
	b.Len = 4
	kinds := b.AddKinds(4)
	kinds[2], kinds[3] = column.UpdateAfter, column.Delete
	b.Sel = []int32{0, 2, 3}
	lines := func(prefix string) string {
		return prefix + "+I[1, abc]\n" + prefix + "+U[3, b c]\n" + prefix + "-D[null, null]\n"
	}
	for _, c := range []struct {
		subtask, parallelism int
		identifier, prefix   string
	}{{0, 1, "", ""}, {1, 2, "", "2> "}, {0, 1, "out", "out> "}, {2, 3, "out", "out:3> "}} {
		if got, _ := write(t, b, c.subtask, c.parallelism, "print-identifier", c.identifier); got != lines(c.prefix) {
			t.Errorf("subtask %d of %d, identifier %q: got %q", c.subtask, c.parallelism, c.identifier, got)
		}
	}
	if out, err := write(t, b, 0, 1, "standard-error", "true"); out != "" || err != lines("") {
		t.Errorf("standard-error: got %q and %q", out, err)
	}
	spec, _ := connector.Lookup("print")
	if _, err := spec.NewSink(connector.SinkRequest{Table: graph.Table{Options: map[string]string{"print-ident": "x"}}}); err == nil || !strings.Contains(err.Error(), "print-identifier") {
		t.Errorf("got %v", err)
	}
}

func TestValues(t *testing.T) {
	day := int64(24 * 3600 * 1000)
	add := func(typ column.Type, put func(v *column.Vector)) *column.Vector {
		v := column.NewVector(typ, 1)
		put(v)
		return v
	}
	for _, c := range []struct {
		v    *column.Vector
		want string
	}{
		{add(column.Of(column.Boolean), func(v *column.Vector) { v.AppendBool(true) }), "true"},
		{add(column.Of(column.Double), func(v *column.Vector) { column.Append(v, 1e10) }), "1.0E10"},
		{add(column.Of(column.Double), func(v *column.Vector) { column.Append(v, math.NaN()) }), "NaN"},
		{add(column.DecimalOf(6, 2), func(v *column.Vector) { column.Append(v, column.Int128Of(150)) }), "1.50"},
		{add(column.Of(column.Date), func(v *column.Vector) { column.Append(v, int32(1)) }), "1970-01-02"},
		{add(column.Sized(column.Time, 3), func(v *column.Vector) { column.Append(v, int32(3600_000)) }), "01:00"},
		{add(column.Sized(column.Time, 3), func(v *column.Vector) { column.Append(v, int32(3600_500)) }), "01:00:00.500"},
		{add(column.Sized(column.Timestamp, 3), func(v *column.Vector) { column.Append(v, day) }), "1970-01-02T00:00"},
		{add(column.Sized(column.Timestamp, 3), func(v *column.Vector) { column.Append(v, int64(-1)) }), "1969-12-31T23:59:59.999"},
		{add(column.Sized(column.Timestamp, 6), func(v *column.Vector) { column.Append(v, int64(1_000_001)) }), "1970-01-01T00:00:01.000001"},
		{add(column.Sized(column.TimestampLTZ, 3), func(v *column.Vector) { column.Append(v, day) }), "1970-01-02T00:00:00Z"},
		{add(column.Bytes(), func(v *column.Vector) { v.AppendBytes([]byte{1, 255}) }), "[1, -1]"},
		{add(column.ArrayOf(column.Of(column.Int)), func(v *column.Vector) {
			column.Append(v.Children[0], int32(1))
			v.Children[0].AppendNull()
			v.AppendList(2)
		}), "[1, null]"},
		{add(column.MapOf(column.Str(), column.Of(column.Int)), func(v *column.Vector) {
			v.Children[0].AppendString("a")
			column.Append(v.Children[1], int32(1))
			v.AppendList(1)
		}), "{a=1}"},
		{add(column.RowOf(column.Field{Name: "x", Type: column.Of(column.Int)}, column.Field{Name: "y", Type: column.Str()}), func(v *column.Vector) {
			column.Append(v.Children[0], int32(1))
			v.Children[1].AppendString("z")
			v.AppendStruct()
		}), "+I[1, z]"},
	} {
		if got := string(appendValue(nil, c.v, 0)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.v.Type, got, c.want)
		}
	}
}
