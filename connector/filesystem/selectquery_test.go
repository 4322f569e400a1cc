package filesystem

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// TestSelectConditions checks what is written of conditions: never more than they say.
func TestSelectConditions(t *testing.T) {
	id, name, small := col(0), col(1), col(2)
	text, long := expr.Text, expr.Long
	c := func(op string, args ...expr.Expr) expr.Expr { return call(t, op, args...) }
	many := []expr.Expr{name}
	for i := range 12 {
		many = append(many, text(fmt.Sprint(i)))
	}
	for _, test := range []struct {
		e           expr.Expr
		want, nulls string // with the NULL literal '-'; empty: the same
	}{
		{c("=", name, text("it's")), "s._2 = 'it''s'", ""},
		{c("<>", text("ä"), name), "s._2 != 'ä'", ""},
		{c("<", name, text("x")), "", ""},
		{c("LIKE", name, text("x%")), "", ""},
		{c("IS NULL", name), "", ""},
		{c("=", name, text("a\x01")), "", ""},
		{c("=", name, text("a\r\n")), "", ""},
		{c("=", name, text("a\xff")), "", ""},
		{c("=", name, text("\ufffe")), "", ""},
		{c("=", name, text(strings.Repeat("x", maxSelectText+1))), "", ""},
		{c("=", name, expr.NullOf(column.Str())), "", ""},
		{c("=", name, col(3)), "", ""},
		{c(">", id, long(-5)), "CAST(s._1 AS INT) > -5", "(s._1 != '-' AND CAST(s._1 AS INT) > -5)"},
		{c(">=", long(7), id), "CAST(s._1 AS INT) <= 7", "(s._1 != '-' AND CAST(s._1 AS INT) <= 7)"},
		{c("=", small, long(7)), "CAST(s._3 AS INT) = 7", "(s._3 != '-' AND CAST(s._3 AS INT) = 7)"},
		{c(">", id, long(1<<53)), fmt.Sprint("CAST(s._1 AS INT) > ", 1<<53), "(s._1 != '-' AND " + fmt.Sprint("CAST(s._1 AS INT) > ", 1<<53) + ")"},
		{c(">", id, long(1<<53+1)), "", ""},
		{c("<", id, long(-1<<63)), "", ""},
		{c(">", id, expr.Double(1.5)), "", ""},
		{c("=", c("+", id, long(1)), long(3)), "", ""},
		{c("NOT", c("=", name, text("x"))), "", ""},
		{c("AND", c("=", name, text("x")), c("LIKE", name, text("x%")), c("=", col(3), text("y"))), "(s._2 = 'x' AND s._4 = 'y')", ""},
		{c("OR", c("=", name, text("x")), c("LIKE", name, text("x%"))), "", ""},
		{c("OR", c("=", name, text("x")), c("=", col(3), text("y"))), "(s._2 = 'x' OR s._4 = 'y')", ""},
		{c("BETWEEN", id, long(1), long(2)), "(CAST(s._1 AS INT) >= 1 AND CAST(s._1 AS INT) <= 2)",
			"((s._1 != '-' AND CAST(s._1 AS INT) >= 1) AND (s._1 != '-' AND CAST(s._1 AS INT) <= 2))"},
		{c("IN", name, text("x"), text("y")), "(s._2 = 'x' OR s._2 = 'y')", ""},
		{c("IN", many...), "(s._2 = '0' OR s._2 = '1' OR s._2 = '2' OR s._2 = '3' OR s._2 = '4' OR s._2 = '5' OR s._2 = '6' OR s._2 = '7' OR " +
			"s._2 = '8' OR s._2 = '9' OR s._2 = '10' OR s._2 = '11')", ""},
		{&expr.Column{Index: 0, T: column.Of(column.Boolean)}, "", ""},
	} {
		for _, hasNull := range []bool{false, true} {
			tr := &translator{field: fieldName, null: "-", hasNull: hasNull}
			want := test.want
			if hasNull && test.nulls != "" {
				want = test.nulls
			}
			got, taken := tr.conjuncts([]expr.Expr{test.e})
			if got != want || len(taken) > 0 != (want != "") {
				t.Errorf("%s: got %s, want %s", test.e, got, want)
			}
		}
	}
}

// TestSelectModes checks when the store is asked, and what is told of it.
func TestSelectModes(t *testing.T) {
	inner := mem.New("t")
	put(t, inner, "f", []byte("1,a,2,x\n3,b,4,y\n"))
	put(t, inner, "f.gz", packed(t, "f.gz", "1,a,2,x\n3,b,4,y\n"))
	refuses := &objstore.Error{Op: "select from", URL: "mem://t/f", Kind: objstore.Unsupported, Reason: "no"}
	name := []expr.Expr{call(t, "=", col(1), expr.Text("b"))}
	rows := []string{`|"3"|"b"|"4"|"y"`}
	for _, c := range []struct {
		name      string
		options   []string
		filter    []expr.Expr
		err       error
		asked     int64
		explained string
		failure   string
	}{
		{"asked", nil, name, nil, 2, "S3 SELECT, ranged GET where the store refuses it or that is faster: SELECT COALESCE(s._1), COALESCE(s._2), COALESCE(s._3), COALESCE(s._4) " +
			"FROM S3Object s WHERE s._2 = 'b'", ""},
		{"refused", nil, name, refuses, 1, "ranged GET where the store refuses it", ""},
		{"denied", nil, name, &objstore.Error{Op: "select from", Kind: objstore.Denied, Reason: "no"}, 1, "ranged GET where the store refuses it", ""},
		{"denied, always", []string{"scan.select", "always"}, name, &objstore.Error{Op: "select from", Kind: objstore.Denied, Reason: "no"}, 1, "S3 SELECT: SELECT", "'scan.select' = 'auto'"},
		{"failing", nil, name, &objstore.Error{Op: "select from", Kind: objstore.Other, Reason: "CastFailed"}, 2, "S3 SELECT", ""},
		{"refused, always", []string{"scan.select", "always"}, name, refuses, 1, "S3 SELECT: SELECT", "cannot select from"},
		{"never", []string{"scan.select", "never"}, name, nil, 0, "", ""},
		{"a plain filesystem", []string{"connector", "filesystem"}, name, nil, 0, "", ""},
		{"all of it", nil, nil, nil, 0, "not S3 SELECT: the query needs most of each object", ""},
		{"compressed", []string{"path", "mem://t/f.gz"}, name, nil, 2, "S3 SELECT, ranged", ""},
		{"comments", []string{"csv.allow-comments", "true"}, name, nil, 0, "'csv.allow-comments' is set", ""},
		{"lenient", []string{"csv.ignore-parse-errors", "true"}, name, nil, 0, "'csv.ignore-parse-errors' is set", ""},
		{"escapes", []string{"csv.escape-character", `\`}, name, nil, 0, "'csv.escape-character' is set", ""},
		{"several lines", []string{"csv.multiline", "true"}, name, nil, 1, "S3 SELECT", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &selecting{Store: inner, err: c.err}
			table := selectTable(c.options...)
			if n, ok := table.Options["connector"]; ok {
				table.Connector = n
				delete(table.Options, "connector")
			}
			s := smallSource(t, selectScan(store, table, c.filter...))
			if got := s.PushedDown(); !strings.Contains(got, c.explained) || c.explained == "" && got != "" {
				t.Errorf("explained as %q, want %q", got, c.explained)
			}
			got, err := rowsOf(t, s, never)
			want := rows
			if c.filter == nil {
				want = []string{`|"1"|"a"|"2"|"x"`, rows[0]}
			}
			switch {
			case c.failure != "":
				if err == nil || !strings.Contains(err.Error(), c.failure) {
					t.Errorf("got %v", err)
				}
			case err != nil || !slices.Equal(got, want):
				t.Errorf("got %q, %v", got, err)
			}
			if store.asked.Load() != c.asked {
				t.Errorf("asked %d times, want %d", store.asked.Load(), c.asked)
			}
		})
	}
}

// smallSource is a source that asks over files of any size.
func smallSource(t *testing.T, req connector.SourceRequest) *source {
	t.Helper()
	tuned := defaults
	tuned.minSelect = 0
	s, err := newSource(req, tuned)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSelectProbe checks what EXPLAIN says once the store was asked.
func TestSelectProbe(t *testing.T) {
	name := call(t, "=", col(1), expr.Text("b"))
	inner := mem.New("t")
	put(t, inner, "f", []byte("1,a,2,x\n3,b,4,y\n"))
	for _, c := range []struct {
		store    objstore.Store
		mode     string
		want     string
		requests int64
	}{
		{&selecting{Store: inner}, "auto", "S3 SELECT, ranged GET where the store refuses it or that is faster: SELECT", 1},
		{&selecting{Store: inner, err: &objstore.Error{Kind: objstore.Unsupported, Reason: "what is that"}}, "auto", "by ranged GET, not S3 SELECT: what is that", 1},
		{&selecting{Store: inner, err: &objstore.Error{Kind: objstore.Denied, Reason: "not you"}}, "auto", "by ranged GET, not S3 SELECT: not you", 1},
		{&selecting{Store: inner, err: &objstore.Error{Kind: objstore.Unreachable, Reason: "gone"}}, "auto", "S3 SELECT, ranged GET where", 1},
		{&selecting{Store: inner}, "always", "S3 SELECT: SELECT", 0},
		{&selecting{Store: inner}, "never", "", 0},
		{inner, "auto", "by ranged GET, not S3 SELECT: this kind of store does not run queries", 0},
	} {
		s := smallSource(t, selectScan(c.store, selectTable("scan.select", c.mode), name))
		s.Probe(t.Context())
		s.Probe(t.Context())
		if got := s.PushedDown(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("explained as %q, want %q", got, c.want)
		}
		if asking, ok := c.store.(*selecting); ok && asking.asked.Load() != c.requests && c.requests == 0 {
			t.Errorf("%s: asked %d times", c.want, asking.asked.Load())
		}
	}
	small := mustSource(t, selectScan(&selecting{Store: inner}, selectTable(), name))
	small.Probe(t.Context())
	if got := small.PushedDown(); !strings.Contains(got, "no object has 64 KB") {
		t.Errorf("explained as %q", got)
	}
}

// TestSelectPositions checks that a position within a query is not taken for one of another.
func TestSelectPositions(t *testing.T) {
	inner := mem.New("t")
	put(t, inner, "f", []byte(strings.Repeat("1,a,2,x\n", 5000)))
	store := &selecting{Store: inner}
	ctx := context.Background()
	s := smallSource(t, selectScan(store, selectTable(), call(t, "=", col(1), expr.Text("a"))))
	splits, err := s.Splits(ctx, 1)
	if err != nil || len(splits) != 1 {
		t.Fatal(splits, err)
	}
	r, err := s.Open(ctx, splits[0])
	if err != nil {
		t.Fatal(err)
	}
	b, _ := poll(t, r)
	at, first := r.Position(), b.Rows()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	other := smallSource(t, selectScan(store, selectTable(), call(t, "=", col(1), expr.Text("b"))))
	if _, err := other.Open(ctx, at); err == nil || !strings.Contains(err.Error(), "rows that pass") {
		t.Errorf("another query goes on there: %v", err)
	}
	// The same conditions go on, also where the store is not asked any more.
	same := mustSource(t, selectScan(inner, selectTable("scan.select", "never"), call(t, "=", col(1), expr.Text("a"))))
	r, err = same.Open(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	rest := 0
	for done := false; !done; {
		if b, done = poll(t, r); b != nil {
			rest += b.Rows()
		}
	}
	if first+rest != 5000 || first == 5000 {
		t.Errorf("%d rows, then %d", first, rest)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	// An object that is overwritten is not read on.
	put(t, inner, "f", []byte(strings.Repeat("1,a,2,z\n", 5000)))
	if r, err = s.Open(ctx, at); err != nil {
		t.Fatal(err)
	}
	for {
		b, status, err := r.Poll()
		if err != nil {
			if objstore.KindOf(err) != objstore.Changed {
				t.Error(err)
			}
			break
		}
		if b != nil || status == 2 {
			t.Fatal("rows of another version")
		}
		<-r.Ready()
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
