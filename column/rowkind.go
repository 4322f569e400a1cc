package column

// RowKind says what a row does to a changelog.
type RowKind uint8

// The order and the short names are Flink's.
const (
	Insert       RowKind = iota // +I
	UpdateBefore                // -U: the old row of an update
	UpdateAfter                 // +U: the new row of an update
	Delete                      // -D
)

// String returns "+I", "-U", "+U" or "-D".
func (k RowKind) String() string { return [...]string{"+I", "-U", "+U", "-D"}[k] }

// Adds reports whether the row counts as present after it: +I and +U do.
func (k RowKind) Adds() bool { return k == Insert || k == UpdateAfter }
