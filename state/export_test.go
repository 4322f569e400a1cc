package state

// Limit makes layers small enough for a test to have many.
func (t *Tracker) Limit(span, fan, few, deltas int) {
	t.limits = &layering{span, fan, few, deltas, span / 2}
}
