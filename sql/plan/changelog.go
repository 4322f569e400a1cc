package plan

// Changes are the kinds of changes that a node emits besides inserts.
type Changes uint8

// The changes.
const (
	Updates Changes = 1 << iota // -U and +U
	Deletes                     // -D
)

// String returns the changes as EXPLAIN CHANGELOG_MODE prints them, such as "I,UB,UA,D".
func (c Changes) String() string {
	s := "I"
	if c&Updates != 0 {
		s += ",UB,UA"
	}
	if c&Deletes != 0 {
		s += ",D"
	}
	return s
}

// ChangesOf infers what a node emits.
func ChangesOf(n Node) Changes {
	var in Changes
	for _, i := range n.Inputs() {
		in |= ChangesOf(i)
	}
	if a, ok := n.(*Aggregate); ok {
		if !a.Updates {
			return 0
		}
		if in != 0 {
			return Updates | Deletes
		}
		if len(a.Calls) == 0 {
			return 0 // DISTINCT: a group never changes once it is there
		}
		return Updates
	}
	return in
}

// UpdatingNode returns the highest node by which a tree's output is not insert-only, nil if it is.
func UpdatingNode(n Node) Node {
	var found Node
	Walk(n, func(n Node) bool {
		if found != nil || ChangesOf(n) == 0 {
			return false
		}
		if a, ok := n.(*Aggregate); ok {
			found = a
		}
		return true
	})
	return found
}
