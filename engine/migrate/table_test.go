package migrate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

func field(name string, t column.Type) column.Field { return column.Field{Name: name, Type: t} }

// held is a table of three rows: a number, a text and an amount, of which the last is NULL.
func held(keyed bool) *state.Table {
	fields := []column.Field{field("n", column.Of(column.Int).Required()), field("name", column.Sized(column.VarChar, 5)), field("amount", column.DecimalOf(6, 2))}
	b := column.NewBatch(fields, 3)
	for i := range 3 {
		column.Append(b.Cols[0], int32(i+1))
		b.Cols[1].AppendString(strings.Repeat("x", i+1))
		if i == 2 {
			b.Cols[2].AppendNull()
		} else {
			column.Append(b.Cols[2], column.Int128{Lo: uint64(100 * (i + 1))})
		}
		b.Len++
	}
	return &state.Table{Name: "rows", Schema: fields, Keyed: keyed, Groups: []int32{1, 2, 3}, Rows: b}
}

// Tables take over the values of columns, wherever these stand now, as long as none is lost.
func TestFitting(t *testing.T) {
	for _, c := range []struct {
		want  []column.Field
		rows  string // as text, columns apart by blanks
		wrong string // part of the problem
		note  string
	}{
		{want: held(false).Schema, rows: "1 x 1.00|2 xx 2.00|3 xxx NULL"},
		{want: []column.Field{field("name", column.Str()), field("n", column.Of(column.BigInt))}, rows: "x 1|xx 2|xxx 3", note: "column amount DECIMAL(6, 2) is dropped"},
		{want: []column.Field{field("amount", column.DecimalOf(10, 3)), field("n", column.DecimalOf(12, 0))}, rows: "1.000 1|2.000 2|NULL 3", note: "becomes DECIMAL(10, 3)"},
		{want: []column.Field{field("n", column.Of(column.Int)), field("more", column.Of(column.Date))}, rows: "1 NULL|2 NULL|3 NULL", note: "column more DATE is new"},
		{want: []column.Field{field("number", column.Of(column.BigInt)), field("name", column.Str()), field("amount", column.DecimalOf(6, 2))},
			rows: "1 x 1.00|2 xx 2.00|3 xxx NULL", note: "column n is called number now"},
		{want: []column.Field{field("n", column.Of(column.SmallInt))}, wrong: "was INT NOT NULL and is SMALLINT now"},
		{want: []column.Field{field("name", column.Sized(column.VarChar, 4))}, wrong: "was VARCHAR(5) and is VARCHAR(4) now"},
		{want: []column.Field{field("amount", column.DecimalOf(6, 2).Required())}, wrong: "column amount has NULLs"},
		{want: []column.Field{field("n", column.Of(column.Int)), state.SinceField}, rows: "1 7000|2 7000|3 7000", note: "what came before counts as if it came now"},
		{want: []column.Field{field("more", column.Of(column.Date).Required())}, wrong: "more DATE NOT NULL is new and NOT NULL"},
	} {
		f := fitting{now: time.UnixMilli(7000), want: map[string]*operator.Expected{"rows": {Table: state.Table{Name: "rows", Schema: c.want}}}}
		old := held(false)
		got := f.table(old, nil)
		if c.wrong != "" {
			if !strings.Contains(strings.Join(f.problems, "\n"), c.wrong) {
				t.Errorf("%v: the problems are %q, want %q", c.want, f.problems, c.wrong)
			}
			continue
		}
		if len(f.problems) > 0 || !strings.Contains(strings.Join(f.notes, "\n"), c.note) {
			t.Errorf("%v: problems %q, notes %q", c.want, f.problems, f.notes)
		}
		if rows := text(&got); rows != c.rows {
			t.Errorf("%v: got %s, want %s", c.want, rows, c.rows)
		}
		if !slices.EqualFunc(got.Schema, c.want, func(a, b column.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }) {
			t.Errorf("the schema is %v, want %v", got.Schema, c.want)
		}
		if untouched := text(old); untouched != "1 x 1.00|2 xx 2.00|3 xxx NULL" {
			t.Errorf("the old table became %s", untouched)
		}
	}
}

// What may be a key keeps its hash, and rows that may be taken back get no columns that these would not have.
func TestFittingIsCareful(t *testing.T) {
	f := fitting{want: map[string]*operator.Expected{"rows": {Table: state.Table{Name: "rows", Keyed: true, Schema: []column.Field{field("n", column.DecimalOf(12, 0))}}}}}
	if f.table(held(true), nil); len(f.problems) != 1 || !strings.Contains(f.problems[0], "it may be a key") {
		t.Errorf("the problems are %q", f.problems)
	}
	f = fitting{takesBack: true, want: map[string]*operator.Expected{"rows": {Table: state.Table{Name: "rows", Schema: append(held(false).Schema, field("more", column.Str()))}}}}
	if f.table(held(false), nil); len(f.problems) != 1 || !strings.Contains(f.problems[0], "may be taken back") {
		t.Errorf("the problems are %q", f.problems)
	}
}

func text(t *state.Table) string {
	var rows []string
	for i := range t.Rows.Rows() {
		r := t.Rows.Row(i)
		var row []string
		for _, v := range t.Rows.Cols {
			if v.IsNull(r) {
				row = append(row, "NULL")
			} else {
				row = append(row, string(column.AppendText(nil, v, r, nil)))
			}
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(rows, "|")
}
