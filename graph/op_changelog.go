package graph

import "github.com/millstream/millstream/column"

// FromChangelog gives rows the kind that a text column names, and drops that column. Rows with another text are left out.
type FromChangelog struct {
	Column int
	Kinds  map[string]column.RowKind
}

// ToChangelog makes inserts of all rows, with one more column in front: the text of the row's kind. Rows of a kind without a text are left
// out.
type ToChangelog struct {
	Codes [4]*string // by kind
}

func (*FromChangelog) op() {}
func (*ToChangelog) op()   {}
