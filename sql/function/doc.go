// Package function lets Go programs add functions to SQL: plain typed Go functions, which queries then call by name.
//
//	function.Scalar2("with_tax", func(price, rate float64) float64 { return price * (1 + rate) })
//	function.Table1("words", func(s string) iter.Seq[string] { return strings.FieldsSeq(s) })
//	function.Aggregate("longest", function.Aggregator[string, string, string]{…})
//
//	SELECT with_tax(price, 0.19) FROM orders
//	SELECT o.id, w FROM orders AS o, LATERAL TABLE(words(o.note)) AS t(w)
//	SELECT customer, longest(note) FROM orders GROUP BY customer
//
// What enters: Go functions, once, as a rule in an init function or at the start of main, before the first session is opened. What leaves:
// entries in the list of functions of graph/expr, where the SQL binder finds them. Names are found in any case.
//
// Types. bool is BOOLEAN; int8, int16, int32 and int64 (and int) are TINYINT, SMALLINT, INT and BIGINT; float32 and float64 are FLOAT and
// DOUBLE; string is STRING and []byte is BYTES; time.Time is a TIMESTAMP_LTZ(6), and takes any TIMESTAMP as well; time.Duration is an
// INTERVAL DAY TO SECOND; a slice is an ARRAY, a map a MAP, and a struct a ROW of its exported fields, each named by its tag `sql:"name"`
// or else as in Go. Arguments are cast as far as SQL casts without being asked, such as from INT to BIGINT.
//
// NULL. A parameter that can be nil (a pointer, slice or map) is nil for NULL. If any other argument is NULL the function is not called: a
// scalar function gives NULL, a table function no row, and an aggregate function leaves the row out. A result that is nil is NULL.
//
// What must hold: a function is called from several goroutines at once, once for each row, and shares nothing that is not safe for that; its
// result depends on its arguments alone, unless [NonDeterministic] is set, so constants are computed while planning. It may keep strings, but
// no slices and maps that it got. Errors that it returns, and panics, end the job and name the function.
//
// Scalar1 and its kin read arguments and write results in loops that the compiler makes for the types. [Scalar] takes any function and
// does so for frequent types; the others are called by reflection, at about a microsecond a row.
package function
