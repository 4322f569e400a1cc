package rules

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/plan"
)

// conflicts checks what is to be done with rows of several keys of a stream that meet in one row of a sink with a primary key.
func conflicts(n plan.Node, c *Context) (plan.Node, error) {
	sink, ok := n.(*plan.Sink)
	if !ok || c.Batch {
		return n, nil
	}
	clause := "ON CONFLICT DO " + sink.Conflict
	key := sink.Table.PrimaryKey
	if !sink.Upserts || len(key) == 0 || plan.ChangesOf(sink.Input) == graph.InsertOnly {
		if sink.Conflict != "" {
			return n, fail(sink.At, "leave it out", "%s is for updates that are written by a primary key, and rows of table '%s' are only inserted", clause, sink.Table.Name)
		}
		return n, nil
	}
	early := sink.Conflict == "ERROR" || sink.Conflict == "NOTHING"
	if bare := withoutWatermark(sink.Input, nil); early && len(bare) > 0 {
		return n, fail(sink.At, "declare WATERMARK FOR a time of it, or write ON CONFLICT DO DEDUPLICATE",
			"%s needs watermarks of all tables that the query reads, and '%s' has none", clause, strings.Join(bare, "', '"))
	}
	keys := plan.UpsertKeys(sink.Input)
	if c.Materialize == "NONE" || sameKey(keys, key) {
		return n, nil
	}
	if sink.Conflict == "" && c.Materialize == "AUTO" && c.RequireConflict {
		of := "which has no key"
		if len(keys) > 0 {
			of = "whose key is (" + columnNames(sink.Input, keys[0]) + ")"
		}
		return n, fail(sink.At, "add ON CONFLICT DO DEDUPLICATE, which shows the newest of such rows, DO NOTHING, which keeps the first, or DO ERROR; or SET '"+setting.RequireOnConflict.Key+"' = 'false'",
			"rows of several keys of the query, %s, may have the same primary key (%s) of table '%s': say what to do ON CONFLICT", of, columnNames(sink.Input, key), sink.Table.Name)
	}
	return n, nil
}

// sameKey reports whether a stream has exactly a key.
func sameKey(keys [][]int, key []int) bool {
	return slices.ContainsFunc(keys, func(unique []int) bool { return subset(unique, key) && subset(key, unique) })
}

// withoutWatermark lists the tables below that are read without watermarks.
func withoutWatermark(n plan.Node, list []string) []string {
	switch n := n.(type) {
	case *plan.Watermark:
		return list
	case *plan.Scan:
		if !slices.Contains(list, n.Table.Name) {
			list = append(list, n.Table.Name)
		}
	}
	for _, in := range n.Inputs() {
		list = withoutWatermark(in, list)
	}
	return list
}
