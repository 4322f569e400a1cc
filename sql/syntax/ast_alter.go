package syntax

// Alter is ALTER of an object of any kind.
type Alter struct {
	Span
	Kind      ObjectKind
	Temporary bool
	System    bool // ALTER TEMPORARY SYSTEM FUNCTION
	IfExists  bool
	Name      Name
	Action    AlterAction
}

// AlterAction is the change that an [Alter] makes.
type AlterAction interface {
	Node
	alterAction()
}

// SetOptions is SET (options).
type SetOptions struct {
	Span
	Options []Option
}

// ResetOptions is RESET ('key', …).
type ResetOptions struct {
	Span
	Keys []Literal
}

// SetComment is COMMENT 'text', of a catalog.
type SetComment struct {
	Span
	Comment Literal
}

// RenameTo is RENAME TO Name.
type RenameTo struct {
	Span
	Name Name
}

// AsQuery is AS query, of a view or materialized table.
type AsQuery struct {
	Span
	Query *Query
}

// ReplaceFunction is AS 'class' …, of a function.
type ReplaceFunction struct {
	Span
	Body FunctionBody
}

// ChangeSchema is ADD or MODIFY of columns, constraints and the watermark.
type ChangeSchema struct {
	Span
	Modify bool
	Parens bool // several changes in parentheses
	Schema Schema
}

// ChangeDistribution is ADD DISTRIBUTION …, MODIFY DISTRIBUTION … or, with a nil Distribution, DROP DISTRIBUTION.
type ChangeDistribution struct {
	Span
	Modify       bool
	Distribution *Distribution
}

// DropColumns is DROP a or DROP (a, b). A nested field has a dotted name.
type DropColumns struct {
	Span
	Parens  bool
	Columns []Name
}

// DropPrimaryKey is DROP PRIMARY KEY.
type DropPrimaryKey struct{ Span }

// DropConstraint is DROP CONSTRAINT Name.
type DropConstraint struct {
	Span
	Name Ident
}

// DropWatermark is DROP WATERMARK.
type DropWatermark struct{ Span }

// RenameColumn is RENAME From TO To.
type RenameColumn struct {
	Span
	From, To Name
}

// Partition is PARTITION (values) [WITH (options)].
type Partition struct {
	Span
	Values     []PartitionValue
	HasOptions bool
	Options    []Option
}

// AddPartitions is ADD [IF NOT EXISTS] PARTITION (…) ….
type AddPartitions struct {
	Span
	IfNotExists bool
	Partitions  []Partition
}

// DropPartitions is DROP [IF EXISTS] PARTITION (…), PARTITION (…).
type DropPartitions struct {
	Span
	IfExists   bool
	Partitions []Partition
}

// Suspend is SUSPEND, of a materialized table.
type Suspend struct{ Span }

// Resume is RESUME [WITH (options)], of a materialized table.
type Resume struct {
	Span
	HasOptions bool
	Options    []Option
}

// Refresh is REFRESH [PARTITION (…)], of a materialized table.
type Refresh struct {
	Span
	Partition []PartitionValue
}

// SetFreshness is SET FRESHNESS = interval, of a materialized table.
type SetFreshness struct {
	Span
	Freshness *Interval
}

// SetRefreshMode is SET REFRESH_MODE = FULL|CONTINUOUS, of a materialized table.
type SetRefreshMode struct {
	Span
	Mode RefreshMode
}
