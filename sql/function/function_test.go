package function_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/function"
	"github.com/millstream/millstream/sql/session"
)

type point struct {
	X    float64 `sql:"x"`
	Y    float64
	name string //nolint:unused // fields that are not exported are no fields of the ROW
}

type pair struct {
	Key   string
	Value *int64
}

type weighted struct {
	Value  float64
	Weight int64
}

type mean struct {
	Sum    float64
	Weight int64
}

func init() {
	var turns atomic.Int64
	function.Scalar1("u_turn", func(x int64) int64 { return x * turns.Add(1) }, function.NonDeterministic())
	function.Scalar1("u_once", func(x int64) int64 { return x * turns.Add(1) })
	function.Scalar1("u_double", func(x int64) int64 { return 2 * x })
	function.Scalar1("u_half", func(x float64) *float64 {
		if x == 0 {
			return nil
		}
		x /= 2
		return &x
	})
	function.Scalar1("u_or_minus", func(x *int32) int32 {
		if x == nil {
			return -1
		}
		return *x
	})
	function.Scalar2("u_join", func(a, b string) string { return a + "-" + b })
	function.Scalar3("u_clamp", func(x, lo, hi float64) float64 { return math.Min(math.Max(x, lo), hi) })
	function.Scalar1Err("u_atoi", func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }, function.Doc("Reads an integer."))
	function.Scalar2Err("u_div", func(a, b int32) (int32, error) {
		if b == 0 {
			return 0, errors.New("no division by zero here")
		}
		return a / b, nil
	})
	function.Scalar1("u_panics", func(s string) bool { panic("at " + s) })
	function.Scalar("u_upper", strings.ToUpper)
	function.Scalar("u_sum", func(list ...int64) int64 {
		s := int64(0)
		for _, x := range list {
			s += x
		}
		return s
	})
	function.Scalar("u_keys", func(m map[string]int32) []string {
		return slices.Sorted(func(yield func(string) bool) {
			for k := range m {
				if !yield(k) {
					return
				}
			}
		})
	})
	function.Scalar("u_index", func(list []string) map[string]int64 {
		m := map[string]int64{}
		for i, s := range list {
			m[s] = int64(i)
		}
		return m
	})
	function.Scalar("u_norm", func(p point) (float64, error) { return math.Hypot(p.X, p.Y), nil })
	function.Scalar("u_point", func(x float64) point { return point{X: x, Y: -x} })
	function.Scalar("u_nothing", func() *string { return nil })
	function.Scalar("u_hour", func(t time.Time) int { return t.Hour() })
	function.Scalar("u_day", func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) })
	function.Scalar("u_later", func(t time.Time, d time.Duration) time.Time { return t.Add(d) })
	function.Scalar("u_flip", func(b bool, raw []byte) []byte {
		if b {
			slices.Reverse(raw)
		}
		return raw
	})
	function.Table1("u_words", func(s string) iter.Seq[string] { return strings.FieldsSeq(s) }, function.Columns("word"))
	function.Table2("u_pairs", func(s string, n int64) iter.Seq[pair] {
		return func(yield func(pair) bool) {
			for i := range n {
				p := pair{Key: s}
				if i > 0 {
					p.Value = &i
				}
				if !yield(p) {
					return
				}
			}
		}
	})
	function.Table("u_times", func(n int32, what ...string) ([]pair, error) {
		if n > 5 {
			return nil, errors.New("too many")
		}
		var out []pair
		for range n {
			for _, w := range what {
				out = append(out, pair{Key: w})
			}
		}
		return out, nil
	})
	function.Aggregate("u_longest", function.Aggregator[string, string, string]{
		Step: func(s *string, a string) {
			if len(a) > len(*s) {
				*s = a
			}
		},
		Merge: func(s, other *string) {
			if len(*other) > len(*s) {
				*s = *other
			}
		},
		Result: func(s *string) string { return *s },
	})
	function.Aggregate("u_mean", function.Aggregator[mean, weighted, *float64]{
		Step:    func(s *mean, a weighted) { s.Sum, s.Weight = s.Sum+a.Value*float64(a.Weight), s.Weight+a.Weight },
		Retract: func(s *mean, a weighted) { s.Sum, s.Weight = s.Sum-a.Value*float64(a.Weight), s.Weight-a.Weight },
		Merge:   func(s, other *mean) { s.Sum, s.Weight = s.Sum+other.Sum, s.Weight+other.Weight },
		Result: func(s *mean) *float64 {
			if s.Weight == 0 {
				return nil
			}
			m := s.Sum / float64(s.Weight)
			return &m
		},
	})
	function.Aggregate("u_broken", function.Aggregator[int64, string, int64]{
		Step: func(*int64, string) { panic("no") }, Merge: func(_, _ *int64) {}, Result: func(s *int64) int64 { return *s },
	})
}

// query returns the rows of a query as text, sorted.
func query(t *testing.T, text string) ([]string, error) {
	t.Helper()
	settings := setting.New(setting.Engine)
	for k, v := range map[string]string{"execution.runtime-mode": "batch", "table.local-time-zone": "UTC"} {
		if err := settings.Set(k, v, "test"); err != nil {
			t.Fatal(err)
		}
	}
	env := connector.Env{Settings: settings}
	s := session.New(session.Config{Settings: settings, Env: env, Run: func(ctx context.Context, j *session.Job) error {
		_, err := job.Run(ctx, j.Graph, job.Options{Env: env, Batch: j.Batch, ID: j.ID})
		return err
	}})
	script, err := session.Parse("test.sql", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Execute(t.Context(), script.Statements[0])
	if err != nil {
		return nil, err
	}
	var lock sync.Mutex
	var rows []string
	err = r.Run(t.Context(), func(b *column.Batch) error {
		lock.Lock()
		defer lock.Unlock()
		for i := range b.Rows() {
			var cells []string
			for _, c := range b.Cols {
				cells = append(cells, string(column.AppendText(nil, c, b.Row(i), nil)))
			}
			rows = append(rows, strings.Join(cells, " "))
		}
		return nil
	})
	slices.Sort(rows)
	return rows, err
}

const three = "(VALUES (1, 'a b'), (2, 'c'), (CAST(NULL AS INT), CAST(NULL AS STRING))) AS t(i, s)"

func TestQueries(t *testing.T) {
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{"SELECT u_double(21), TYPEOF(u_double(21)), TYPEOF(u_half(1))", []string{"42 BIGINT NOT NULL DOUBLE"}},
		{"SELECT i, U_DOUBLE(i), u_or_minus(i), u_half(i), u_upper(s) FROM " + three, []string{"1 2 1 0.5 A B", "2 4 2 1.0 C", "NULL NULL -1 NULL NULL"}},
		{"SELECT COUNT(DISTINCT u_turn(1)), COUNT(DISTINCT u_once(1)) FROM " + three, []string{"3 1"}},
		{"SELECT u_half(0)", []string{"NULL"}},
		{"SELECT u_join(s, 'x'), u_join('x', s), u_clamp(i, 1.5, 3) FROM " + three, []string{"NULL NULL NULL", "a b-x x-a b 1.5", "c-x x-c 2.0"}},
		{"SELECT u_atoi(CAST(i AS STRING)), u_div(6, i) FROM " + three, []string{"1 6", "2 3", "NULL NULL"}},
		{"SELECT u_sum(), u_sum(1), u_sum(i, 2, 3) FROM " + three, []string{"0 1 6", "0 1 7", "0 1 NULL"}},
		{"SELECT u_keys(MAP['b', 1, 'a', 2]), u_index(ARRAY['x', 'y']), u_keys(CAST(NULL AS MAP<STRING, INT>))", []string{"[a, b] {x=0, y=1} NULL"}},
		{"SELECT u_norm(ROW(3e0, 4e0)), u_point(2).x, u_point(2).Y, u_point(i) FROM " + three, []string{"5.0 2.0 -2.0 (1.0, -1.0)", "5.0 2.0 -2.0 (2.0, -2.0)", "5.0 2.0 -2.0 NULL"}},
		{"SELECT u_nothing(), u_hour(TIMESTAMP '2024-05-01 10:11:12'), u_day(TIMESTAMP '2024-05-01 10:11:12.5')", []string{"NULL 10 2024-05-01 00:00:00.000000"}},
		{"SELECT u_later(TIMESTAMP '2024-05-01 10:00:00', INTERVAL '90' SECOND)", []string{"2024-05-01 10:01:30.000000"}},
		{"SELECT u_flip(TRUE, X'4142'), u_flip(FALSE, CAST(NULL AS BYTES))", []string{"BA NULL"}},
		{"SELECT CASE WHEN i = 1 THEN u_double(i) ELSE 0 END FROM " + three, []string{"0", "0", "2"}},
		{"SELECT i, word FROM " + three + ", LATERAL TABLE(u_words(s))", []string{"1 a", "1 b", "2 c"}},
		{"SELECT i, w FROM " + three + " LEFT JOIN LATERAL TABLE(u_words(s)) AS x(w) ON TRUE", []string{"1 a", "1 b", "2 c", "NULL NULL"}},
		{"SELECT i, Key, `Value` FROM " + three + " CROSS JOIN LATERAL TABLE(u_pairs(s, i))", []string{"1 a b NULL", "2 c 1", "2 c NULL"}},
		{"SELECT k FROM TABLE(u_times(2, 'x', 'y')) AS p(k, v)", []string{"x", "x", "y", "y"}},
		{"SELECT u_longest(s), u_mean(CAST(i AS DOUBLE), i) FROM " + three, []string{"a b 1.6666666666666667"}},
		{"SELECT s, u_mean(CAST(i AS DOUBLE), i) FROM " + three + " GROUP BY s", []string{"NULL NULL", "a b 1.0", "c 2.0"}},
	} {
		got, err := query(t, test.sql)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, %v, want %q", test.sql, got, err, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT u_atoi('x')":                                                "the function U_ATOI failed",
		"SELECT u_div(i, 0) FROM " + three:                                  "no division by zero here",
		"SELECT u_panics(s) FROM " + three:                                  "the function U_PANICS panicked: at a b",
		"SELECT u_double('x')":                                              "U_DOUBLE takes (BIGINT), and argument 1 is of type CHAR(1)",
		"SELECT u_double(1, 2)":                                             "U_DOUBLE takes (BIGINT), not 2 arguments",
		"SELECT u_doubel(1)":                                                "U_DOUBLE",
		"SELECT * FROM " + three + ", LATERAL TABLE(u_words(i, s))":         "U_WORDS takes (STRING), not 2 arguments",
		"SELECT * FROM " + three + ", LATERAL TABLE(u_words(s)) AS t(a, b)": "U_WORDS makes 1 column, but the alias names 2",
		"SELECT k FROM TABLE(u_times(9, 'x')) AS p(k, v)":                   "the function U_TIMES failed: too many",
		"SELECT u_broken(s) FROM " + three:                                  "the function U_BROKEN panicked: no",
		"SELECT u_longest(i) FROM " + three:                                 "U_LONGEST takes (STRING), and argument 1 is of type INT",
	} {
		_, err := query(t, sql)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
}

func TestRegistration(t *testing.T) {
	for want, register := range map[string]func(){
		"there is a built-in function ABS":      func() { function.Scalar1("abs", func(x int64) int64 { return x }) },
		"the function U_DOUBLE is registered":   func() { function.Scalar1("u_double", func(x int64) int64 { return x }) },
		"parameter 1: the Go type chan int has": func() { function.Scalar1("u_chan", func(chan int) int64 { return 0 }) },
		"result: the Go type func()":            func() { function.Scalar1("u_func", func(int64) func() { return nil }) },
		"a function with one result":            func() { function.Scalar("u_two", func() (int, int) { return 0, 0 }) },
		"a Go function was expected":            func() { function.Scalar("u_none", 5) },
		"cannot be called as a function":        func() { function.Scalar("a b", strings.ToLower) },
		"unexported field": func() {
			function.Aggregate("u_state", function.Aggregator[struct{ n int }, int64, int64]{
				Step: func(s *struct{ n int }, _ int64) { s.n++ }, Merge: func(_, _ *struct{ n int }) {}, Result: func(s *struct{ n int }) int64 { return int64(s.n) }})
		},
		"2 columns are named": func() { function.Table1("u_cols", strings.FieldsSeq, function.Columns("a", "b")) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), want) {
					t.Errorf("%v, want %q", r, want)
				}
			}()
			register()
		}()
	}
}
