package plan

// Bounded reports whether all that a plan reads ends by itself.
func Bounded(n Node) bool {
	bounded := true
	Walk(n, func(n Node) bool {
		if s, ok := n.(*Scan); ok {
			bounded = bounded && s.Bounded
		}
		return bounded
	})
	return bounded
}

// Ordered reports whether the rows of a plan from the binder come in an order that ORDER BY asked for.
func Ordered(n Node) bool {
	switch n := n.(type) {
	case *Sort:
		return true
	case *Limit:
		return Ordered(n.Input)
	case *Project:
		return Ordered(n.Input)
	}
	return false
}
