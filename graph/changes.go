package graph

// Changes are the kinds of rows, besides inserts, that a stream may carry.
type Changes uint8

// The changes. A stream with UpdateAfter and without UpdateBefore is an upsert stream: its rows replace earlier ones of the same
// unique key, and a row of kind Delete needs to hold no more than that key.
const (
	UpdateBefore Changes = 1 << iota // -U
	UpdateAfter                      // +U
	Deletes                          // -D

	InsertOnly Changes = 0
	Upsert             = UpdateAfter | Deletes
	Retract            = UpdateBefore | UpdateAfter | Deletes
)

// Updates reports whether there may be updates.
func (c Changes) Updates() bool { return c&UpdateAfter != 0 }

// String returns the kinds as EXPLAIN CHANGELOG_MODE prints them, such as "I,UB,UA,D".
func (c Changes) String() string {
	s := "I"
	for i, name := range [...]string{",UB", ",UA", ",D"} {
		if c&(1<<i) != 0 {
			s += name
		}
	}
	return s
}
