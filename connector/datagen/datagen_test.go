package datagen

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/suite"
	"github.com/millstream/millstream/setting"
)

// clock is a time that the test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func request(columns []column.Field, options ...string) connector.SourceRequest {
	return suite.Request("datagen", columns, options...)
}

func open(t *testing.T, req connector.SourceRequest, now func() time.Time) (connector.Source, connector.Reader) {
	t.Helper()
	s, err := newSource(req, now)
	if err != nil {
		t.Fatal(err)
	}
	return s, suite.Open(t, s, nil)
}

func field(name string, t column.Type) column.Field { return column.Field{Name: name, Type: t} }

func allTypes() []column.Field {
	return []column.Field{
		field("b", column.Of(column.Boolean)), field("ti", column.Of(column.TinyInt)), field("si", column.Of(column.SmallInt)),
		field("i", column.Of(column.Int)), field("bi", column.Of(column.BigInt)), field("f", column.Of(column.Float)), field("d", column.Of(column.Double)),
		field("dec", column.DecimalOf(9, 2)), field("big", column.DecimalOf(38, 10)), field("c", column.Sized(column.Char, 5)), field("vc", column.Sized(column.VarChar, 7)),
		field("s", column.Str()), field("bin", column.Sized(column.Binary, 3)), field("by", column.Bytes()), field("da", column.Of(column.Date)),
		field("t", column.Of(column.Time)), field("ts", column.Sized(column.Timestamp, 3)), field("ltz", column.Sized(column.TimestampLTZ, 9)),
		field("ym", column.Type{Kind: column.IntervalYearMonth, Unit: column.Year}), field("ds", column.Type{Kind: column.IntervalDayTime, Unit: column.Day}),
		field("a", column.ArrayOf(column.Of(column.Int))), field("m", column.MapOf(column.Str(), column.Of(column.Double))),
		field("ms", column.MultisetOf(column.Str())),
		field("r", column.RowOf(field("x", column.Of(column.Int)), field("y", column.ArrayOf(column.Str())))),
	}
}

func TestAllTypes(t *testing.T) {
	c := &clock{time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)}
	req := request(allTypes(), "number-of-rows", "5000", "rows-per-second", "1000000", "fields.s.length", "3", "fields.s.var-len", "true",
		"fields.i.min", "-2", "fields.i.max", "2", "fields.ts.max-past", "1 h", "fields.r.x.min", "7", "fields.r.x.max", "8", "fields.a.element.null-rate", "0.5",
		"fields.vc.null-rate", "0.25", "fields.bi.null-rate", "1", "fields.dec.min", "-1.5", "fields.dec.max", "1.5", "fields.a.length", "2")
	_, r := open(t, req, c.now)
	c.at = c.at.Add(time.Second)
	var first []string
	seen := map[string]bool{}
	nulls := 0
	for done := false; !done; {
		b, status, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		done = status == connector.Done
		if b == nil {
			t.Fatal("no rows though they are due")
		}
		if first == nil {
			first = suite.Texts(b)
		}
		for i := range b.Len {
			seen[string(column.AppendText(nil, b.Cols[3], i, nil))] = true
			if b.Cols[10].IsNull(i) {
				nulls++
			}
			if n := len(b.Cols[11].BytesAt(i)); n < 1 || n > 3 {
				t.Fatalf("a text of length %d", n)
			}
			if x := column.Values[column.Int128](b.Cols[7])[i].Float(2); x < -1.5 || x > 1.5 {
				t.Fatalf("the decimal %v", x)
			}
			if !column.Values[column.Int128](b.Cols[8])[i].Fits(38) {
				t.Fatal("a decimal of too many digits")
			}
			if back := c.at.UnixMilli() - column.Values[int64](b.Cols[16])[i]; back < 0 || back > 3600_000 {
				t.Fatalf("a timestamp %d ms ago", back)
			}
			if !b.Cols[4].IsNull(i) {
				t.Fatal("null-rate 1 gave a value")
			}
		}
	}
	if len(seen) != 5 {
		t.Errorf("of five integers came %v", seen)
	}
	if nulls < 1000 || nulls > 1500 {
		t.Errorf("%d of 5000 rows are NULL at a rate of 0.25", nulls)
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(first)))
	if len(distinct) != len(first) {
		t.Errorf("%d rows, %d distinct", len(first), len(distinct))
	}
}

// A reader that goes on at a position gives what the first one would have given.
func TestPosition(t *testing.T) {
	c := &clock{time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)}
	req := request(allTypes(), "number-of-rows", "9000", "rows-per-second", "1000000")
	s, r := open(t, req, c.now)
	c.at = c.at.Add(time.Second)
	if _, _, err := r.Poll(); err != nil {
		t.Fatal(err)
	}
	at := r.Position()
	b, _, err := r.Poll()
	if err != nil {
		t.Fatal(err)
	}
	want := suite.Texts(b)
	again, err := s.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Second)
	b2, _, err := again.Poll()
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	for i, v := range b.Cols {
		if k := v.Type.Kind; k == column.Timestamp || k == column.TimestampLTZ || k == column.Date || k == column.Time {
			b2.Cols[i] = v
		}
	}
	if got := suite.Texts(b2); !slices.Equal(got, want) {
		t.Fatalf("got %.200q, want %.200q", got, want)
	}
}

func TestSequences(t *testing.T) {
	columns := []column.Field{field("n", column.Of(column.Int)), field("s", column.Str()), field("d", column.DecimalOf(6, 1))}
	req := request(columns, "rows-per-second", "1000000",
		"fields.n.kind", "sequence", "fields.n.start", "1", "fields.n.end", "10",
		"fields.s.kind", "sequence", "fields.s.start", "-3", "fields.s.end", "100",
		"fields.d.kind", "sequence", "fields.d.start", "8", "fields.d.end", "14")
	c := &clock{time.Now()}
	s, err := newSource(req, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Bounded() {
		t.Error("sequences end")
	}
	splits, err := s.Splits(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, split := range splits {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		c.at = c.at.Add(time.Second)
		b, status, err := r.Poll()
		if err != nil || status != connector.Done {
			t.Fatal(status, err)
		}
		got = append(got, suite.Texts(b)...)
		if b, status, err := r.Poll(); b != nil || status != connector.Done || err != nil {
			t.Fatal("rows behind the end")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(got)
	want := []string{"1|-3|8.0", "2|-2|9.0", "3|-1|10.0", "4|0|11.0", "5|1|12.0", "6|2|13.0", "7|3|14.0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// The rate is kept without waiting: what is not due yet is not given, and Ready tells when it is.
func TestRate(t *testing.T) {
	c := &clock{time.Now()}
	req := request([]column.Field{field("n", column.Of(column.Int))}, "rows-per-second", "100")
	s, r := open(t, req, c.now)
	if s.Bounded() {
		t.Error("no end was given")
	}
	take := func() int {
		b, status, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			if status != connector.Wait {
				t.Fatalf("no rows and status %d", status)
			}
			return 0
		}
		return b.Len
	}
	if n := take(); n != 1 {
		t.Errorf("%d rows at once, want 1", n)
	}
	if n := take(); n != 0 {
		t.Errorf("%d rows too early", n)
	}
	c.at = c.at.Add(500 * time.Millisecond)
	if n := take(); n != 50 {
		t.Errorf("%d rows in half a second, want 50", n)
	}
	if n := take(); n != 0 {
		t.Errorf("%d rows too early", n)
	}
	c.at = c.at.Add(10 * time.Millisecond)
	select {
	case <-r.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("Ready never told")
	}
	if n := take(); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestWrongOptions(t *testing.T) {
	columns := []column.Field{field("a", column.Of(column.Int)), field("s", column.Sized(column.Char, 4)), field("b", column.Of(column.Boolean)), field("n", column.Of(column.Int).Required())}
	for _, c := range []struct{ key, text, want string }{
		{"rows-per-second", "x", "option 'rows-per-second' = 'x'"},
		{"rows-per-second", "0", "valid are integers from 1"},
		{"number-of-rows", "-1", "valid are integers from 0"},
		{"number-of-row", "1", "did you mean 'number-of-rows'?"},
		{"fields.a.kind", "guess", "neither 'random' nor 'sequence'"},
		{"fields.zz.min", "1", "unknown option 'fields.zz.min'; the columns are 'a', 's', 'b', 'n'"},
		{"fields.a.mim", "1", "did you mean 'fields.a.min'?"},
		{"fields.a.kind", "sequence", "option 'fields.a.start' is missing"},
		{"fields.a.max", "99999999999", "not an integer from -2147483648 to 2147483647"},
		{"fields.a.null-rate", "2", "not from 0 to 1"},
		{"fields.n.null-rate", "0.5", "NOT NULL"},
		{"fields.s.length", "3", "not an integer"},
		{"fields.b.kind", "sequence", "cannot be a sequence"},
		{"fields.a.length", "3", "takes no such option"},
	} {
		if c.key == "fields.s.length" {
			c.text, c.want = "3", "has 4, not 3"
		}
		_, err := newSource(request(columns, c.key, c.text), time.Now)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: got %v, want %q", c.key, c.text, err, c.want)
		}
	}
	if _, err := newSource(request(columns, "fields.a.min", "10", "fields.a.max", "1"), time.Now); err == nil || !strings.Contains(err.Error(), "1 is less than the least value 10") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkGenerate(b *testing.B) {
	columns := []column.Field{field("id", column.Of(column.BigInt)), field("price", column.Of(column.Double)), field("s", column.Sized(column.VarChar, 10))}
	c := &clock{time.Now()}
	s, err := newSource(request(columns, "rows-per-second", "2000000000"), c.now)
	if err != nil {
		b.Fatal(err)
	}
	splits, err := s.Splits(b.Context(), 1)
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.Open(b.Context(), splits[0])
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		c.at = c.at.Add(time.Second)
		batch, _, err := r.Poll()
		if err != nil {
			b.Fatal(err)
		}
		n += batch.Len
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func TestSuite(t *testing.T) {
	spec, _ := connector.Lookup("datagen")
	suite.Run(t, suite.Config{Spec: spec, Input: func(*testing.T) suite.Input {
		columns := []column.Field{field("a", column.Of(column.BigInt)), field("b", column.Str())}
		in := suite.Input{Env: connector.Env{Settings: setting.New(setting.Engine)}, Table: request(columns, "rows-per-second", "2000000000",
			"fields.a.kind", "sequence", "fields.a.start", "0", "fields.a.end", "9999",
			"fields.b.kind", "sequence", "fields.b.start", "-5", "fields.b.end", "1000000").Table}
		for i := range 10_000 {
			in.Rows = append(in.Rows, fmt.Sprintf("%d|%d", i, i-5))
		}
		return in
	}})
}
