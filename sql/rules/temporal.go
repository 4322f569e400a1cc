package rules

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/plan"
)

// versioned checks that the right input of a temporal join has versions: rows that replace each other by a key, and that the join finds one
// version by that key. With a processing time the newest rows count, and there is one version only.
func versioned(n *plan.TemporalJoin) error {
	if len(n.LeftKeys) == 0 {
		return fail(n.At, "add AND table.key = value to ON", "a join with FOR SYSTEM_TIME AS OF needs a condition that says which row of the table is meant")
	}
	if n.LeftTime < 0 {
		return nil
	}
	keys := plan.UniqueKeys(n.Right)
	if len(keys) == 0 {
		return fail(n.At, "add PRIMARY KEY (…) NOT ENFORCED to the table, or join a view that keeps the last row of each key by ROW_NUMBER",
			"a join with the versions of a table needs the table to have a primary key")
	}
	for _, key := range keys {
		if !slices.ContainsFunc(key, func(c int) bool { return !slices.Contains(n.RightKeys, c) }) {
			return nil
		}
	}
	names := make([]string, len(keys[0]))
	for i, c := range keys[0] {
		names[i] = n.Right.Schema()[c].Name
	}
	return fail(n.At, "compare "+strings.Join(names, ", ")+" in ON", "the condition of a join with the versions of a table must have the table's whole primary key")
}
