package syntax

import "testing"

// The style of SHOW CREATE VIEW, as Apache Flink prints it.
func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT a, COUNT(*) AS n FROM t WHERE a > 1 AND b = 'x' GROUP BY a HAVING COUNT(*) > 1": "SELECT `a`, COUNT(*) AS `n`\nFROM `t`\nWHERE `a` > 1 AND `b` = 'x'\nGROUP BY `a`\nHAVING COUNT(*) > 1",
		"SELECT x.a FROM t AS x JOIN t AS y ON x.a = y.a LEFT JOIN z ON TRUE":                   "SELECT `x`.`a`\nFROM `t` AS `x`\nINNER JOIN `t` AS `y` ON `x`.`a` = `y`.`a`\nLEFT JOIN `z` ON TRUE",
		"SELECT a FROM t UNION ALL SELECT -a + 1 FROM t":                                        "SELECT `a`\nFROM `t`\nUNION ALL\nSELECT - `a` + 1\nFROM `t`",
		"WITH q AS (SELECT a FROM t) SELECT * FROM q WHERE a BETWEEN 4 AND 5":                   "WITH `q` AS (SELECT `a`\nFROM `t`) SELECT *\nFROM `q`\nWHERE `a` BETWEEN ASYMMETRIC 4 AND 5",
		"VALUES (1, 'a'), ROW(2, 'b')":                                                          "VALUES ROW(1, 'a'),\nROW(2, 'b')",
		"SELECT a FROM t, u ORDER BY a LIMIT 3 OFFSET 1":                                        "SELECT `a`\nFROM `t`,\n`u`\nORDER BY `a`\nOFFSET 1 ROWS\nFETCH NEXT 3 ROWS ONLY",
		"SELECT 1 FROM t GROUP BY GROUPING SETS ((a), (b), ())":                                 "SELECT 1\nFROM `t`\nGROUP BY GROUPING SETS(`a`, `b`, ())",
		"SELECT a FROM t CROSS JOIN UNNEST(ARRAY[1, 2]) AS u(x)":                                "SELECT `a`\nFROM `t`\nCROSS JOIN UNNEST(ARRAY[1, 2]) AS `u` (`x`)",
	} {
		q, err := ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		got := Style{QuoteNames: true, AsFlink: true}.Format(q)
		if got != want {
			t.Errorf("%s is\n%s\nwant\n%s", text, got, want)
		}
		again, err := ParseQuery(got)
		if err != nil {
			t.Errorf("%s cannot be read again: %v", got, err)
		} else if twice := (Style{QuoteNames: true, AsFlink: true}).Format(again); twice != got {
			t.Errorf("%s is printed as %s", got, twice)
		}
	}
}
