package state

// Expire removes the rows that came before a time, the oldest ones and at most so many, and adds their groups to list: each may be without rows now.
func (t *Rows) Expire(before int64, limit int, list []int32) []int32 {
	for ; limit > 0 && t.old < len(t.since) && t.since[t.old] < before; t.old++ {
		if r := int32(t.old); t.Alive(r) {
			t.Remove(r)
			list = append(list, t.lists.owner(r))
			limit--
		}
	}
	return list
}

// Oldest returns the time of the first row that has not been expired; false if there is none.
func (t *Rows) Oldest() (int64, bool) {
	for t.old < len(t.since) && !t.Alive(int32(t.old)) {
		t.old++
	}
	if t.old == len(t.since) {
		return 0, false
	}
	return t.since[t.old], true
}

// Behind reports whether rows are left that came before a time.
func (t *Rows) Behind(before int64) bool {
	since, ok := t.Oldest()
	return ok && since < before
}

// ExpireGroups removes the rows of some groups that came before a time, and adds the groups of those to list: what is not yet expired must not be met. The table is
// Timed and lists the rows of groups.
func (t *Rows) ExpireGroups(before int64, groups, list []int32) []int32 {
	for _, g := range groups {
		for r := t.lists.first(g, t.dead); r != None && t.since[r] < before; r = t.lists.first(g, t.dead) {
			t.Remove(r)
			list = append(list, g)
		}
	}
	return list
}

// Since is when a row of a table that is Timed came.
func (t *Rows) Since(r int32) int64 { return t.since[r] }

// Keys returns the number of groups with rows of a table that is Ordered.
func (t *Rows) Keys() int { return t.order.Len() }

// Evict removes all rows of the groups whose last rows came before those of all others, until so many groups are left that have any, and adds those without to
// list. The table is Ordered.
func (t *Rows) Evict(most int, list []int32) []int32 {
	for t.order.Len() > most {
		g, _, _ := t.order.Oldest()
		t.to = t.AppendGroup(g, t.to[:0])
		for _, r := range t.to {
			t.Remove(r)
		}
		list = append(list, g)
	}
	return list
}
