package complete

import (
	"slices"
	"strings"
	"testing"

	_ "github.com/millstream/millstream/connector/datagen"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/csv"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

const ddl = `CREATE TABLE orders (id INT, customer STRING, amount DECIMAL(10, 2), tags ARRAY<STRING>, ` + "`order`" + ` INT) WITH ('connector' = 'datagen');
CREATE TABLE customers (name STRING, city STRING) WITH ('connector' = 'datagen');
CREATE VIEW rich AS SELECT name FROM customers;
CREATE DATABASE lab;
CREATE TABLE lab.mice (weight INT) WITH ('connector' = 'datagen');
CREATE FUNCTION square AS 'Square';
CREATE CATALOG attic WITH ('type' = 'generic_in_memory');`

func newSession(t testing.TB) *session.Session {
	s := session.New(session.Config{Settings: setting.New(setting.Engine)})
	script, err := session.Parse("", ddl)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range script.Statements {
		if _, err := s.Execute(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestAt completes at the | of each text. Of the items some must be there, and some must not.
func TestAt(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ text, want, not string }{
		{"|", "SELECT CREATE INSERT", "WHERE id orders"},
		{"SEL|", "SELECT", "CREATE"},
		{"sel|", "select", "SELECT"},
		{"SELECT | FROM orders", "id customer amount tags `order` orders COUNT(", "name city"},
		{"SELECT cu| FROM orders", "customer", "id"},
		{"SELECT cu| FROM orders o", "customer", ""},
		{"SELECT o.| FROM orders AS o", "id customer amount", "COUNT( FROM"},
		{"SELECT o.cust| FROM orders AS o, customers AS c", "customer", "name id"},
		{"SELECT c.| FROM orders AS o JOIN customers AS c ON o.customer = ", "name city", "id"},
		{"SELECT * FROM orders AS o JOIN customers AS c ON o.customer = c.|", "name city", "id"},
		{"SELECT * FROM orders AS o JOIN customers AS c ON |", "id customer name city", ""},
		{"SELECT * FROM |", "customers orders rich default_database lab attic", "id COUNT("},
		{"SELECT * FROM o|", "orders", "customers"},
		{"SELECT * FROM lab.|", "mice", "orders lab"},
		{"SELECT * FROM default_catalog.lab.|", "mice", "orders"},
		{"SELECT * FROM orders, |", "customers orders", "id"},
		{"SELECT * FROM orders WHERE |", "id customer", "name"},
		{"SELECT * FROM orders WHERE id = 1 |", "AND OR GROUP", "id"},
		{"SELECT * FROM orders |", "WHERE GROUP ORDER LEFT", "id SELECT"},
		{"SELECT customer AS who, COUNT(*) FROM orders GROUP BY |", "who id customer", ""},
		{"SELECT w| FROM (SELECT id AS wid, amount FROM orders) AS t", "wid", "id"},
		{"SELECT * FROM (SELECT | FROM customers) AS t, orders", "name city", ""},
		{"SELECT id FROM orders WHERE customer IN (SELECT na| FROM customers)", "name", "id"},
		{"SELECT id FROM orders AS o WHERE EXISTS (SELECT 1 FROM customers WHERE name = o.|)", "customer", "city"},
		{"SELECT tag| FROM orders, UNNEST(tags) AS u(tag)", "tags tag", "id"},
		{"WITH big AS (SELECT id AS big_id FROM orders) SELECT | FROM big", "big_id", "customer"},
		{"WITH big AS (SELECT id AS big_id FROM orders) SELECT big_id FROM |", "orders big", "id"},
		{"SELECT id FROM orders UNION ALL SELECT | FROM customers", "name city", "id"},
		{"SELECT 1; SELECT | FROM customers; SELECT 2", "name city", "id"},
		{"INSERT INTO |", "customers orders", "id"},
		{"INSERT INTO orders (|", "id customer amount", "name COUNT("},
		{"INSERT INTO orders (id, cu|) SELECT 1, 'a'", "customer", "id"},
		{"INSERT INTO orders |", "SELECT VALUES", "id"},
		{"DESCRIBE |", "customers orders rich", "id"},
		{"DROP TABLE IF EXISTS |", "customers orders", "id"},
		{"CREATE TABLE |", "", "orders"},
		{"SHOW |", "TABLES DATABASES FUNCTIONS", "orders"},
		{"SHOW CREATE TABLE |", "orders", "id"},
		{"USE |", "default_database lab CATALOG", "orders"},
		{"USE CATALOG |", "attic default_catalog", "lab"},
		{"SELECT CAST(id AS |", "STRING BIGINT", "id"},
		{"SELECT cou| FROM orders", "count(", "customer"},
		{"SELECT squ|", "square(", ""},
		{"SELECT B|", "BTRIM(", "BETWEEN("},
		{"SELECT EXT|", "EXTRACT(", ""},
		{"SELECT COU| FROM orders", "COUNT(", "customer"},
		{"SELECT `or| FROM orders", "`order`", "id"},
		{"SET 'execution.run|", "execution.runtime-mode'", "parallelism.default'"},
		{"SET 'execution.run|'", "execution.runtime-mode", ""},
		{"SET parallelism.d|", "'parallelism.default'", ""},
		{"SET |", "'parallelism.default'", "orders"},
		{"SET 'execution.runtime-mode' = '|", "STREAMING' BATCH' AUTOMATIC'", ""},
		{"SET 'execution.runtime-mode' = b|", "'BATCH'", ""},
		{"RESET 'parallelism|", "parallelism.default'", ""},
		{"CREATE TABLE t (a INT) WITH ('|", "connector'", "format'"},
		{"CREATE TABLE t (a INT) WITH ('connector' = '|", "datagen' filesystem'", ""},
		{"CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', '|", "path' format'", "connector' csv.field-delimiter'"},
		{"CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'format' = '|", "csv'", ""},
		{"CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'format' = 'csv', 'csv.fi|", "csv.field-delimiter'", "path'"},
		{"SELECT 'x|", "", "orders SELECT"},
		{"SELECT -- x|", "", "orders id"},
		{"SELECT )) x FROM | t", "orders", ""},
		{"SELECT 1.|", "", "SELECT"},
		{"日本 |", "", ""},
	} {
		at := strings.IndexByte(c.text, '|')
		r := At(t.Context(), s, c.text[:at]+c.text[at+1:], at)
		var got []string
		for _, it := range r.Items {
			got = append(got, it.Text)
		}
		for w := range strings.FieldsSeq(c.want) {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %s is missing in %.300q", c.text, w, got)
			}
		}
		for w := range strings.FieldsSeq(c.not) {
			if slices.Contains(got, w) {
				t.Errorf("%s: %s is among %.300q", c.text, w, got)
			}
		}
	}
}

// FuzzAt checks that any text at any place gives a part of the text to replace, and that this takes no long time.
func FuzzAt(f *testing.F) {
	s := newSession(f)
	for _, seed := range []string{"SELECT o. FROM orders AS o", "SET 'a' = '", "WITH a AS (SELECT 1) SELECT", "CREATE TABLE t (a INT) WITH ('connector' = '", "((((", "`a", "\xff"} {
		f.Add(seed, len(seed)/2)
	}
	f.Fuzz(func(t *testing.T, text string, pos int) {
		if pos < 0 || pos > len(text) {
			return
		}
		if r := At(t.Context(), s, text, pos); r.From < 0 || r.From > r.To || r.To != pos {
			t.Fatalf("%q at %d: replaces %d to %d", text, pos, r.From, r.To)
		}
	})
}

func BenchmarkAt(b *testing.B) {
	s := newSession(b)
	text := "SELECT o.id, c.  FROM orders AS o JOIN customers AS c ON o.customer = c.name WHERE o.amount > 10 GROUP BY o.id"
	for b.Loop() {
		At(b.Context(), s, text, 15)
	}
}
