package operator

import "github.com/millstream/millstream/setting"

// maxKeys is how many keys an operator, or an input of a join, keeps in this subtask; 0 means all. A hint goes before table.exec.state.max-keys, and is negative
// where it asks for all. What is said holds for all subtasks together: each has its share, and at least one.
//
// When a batch is done and there are too many, those keys go whose last change is the longest ago, by the same path as those whose time to live is over. A key of
// which something is still to be shown stays.
func maxKeys(c *Context, hint int) int {
	if hint == 0 {
		hint = c.Env.Settings.Int(setting.StateMaxKeys)
	}
	if hint <= 0 {
		return 0
	}
	subtasks := max(c.Parallelism, 1)
	share := hint / subtasks
	if c.Subtask < hint%subtasks {
		share++
	}
	return max(share, 1)
}

// evicted counts keys that were forgotten because there were too many.
func (c *Context) evicted(keys int) {
	if c.Counters != nil && keys > 0 {
		c.Counters.Evicted.Add(int64(keys))
	}
}
