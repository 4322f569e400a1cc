package syntax

// ObjectKind is a kind of catalog object.
type ObjectKind uint8

// The kinds of objects.
const (
	TableObject ObjectKind = iota
	ViewObject
	MaterializedTableObject
	CatalogObject
	DatabaseObject
	FunctionObject
	ModelObject
	ConnectionObject
	JobObject
)

// Option is 'Key' = 'Value' in WITH ( … ).
type Option struct {
	Span
	Key, Value Literal
}

// CreateTable is CREATE [OR REPLACE] [TEMPORARY] TABLE, or REPLACE TABLE, in all forms: with columns, LIKE another
// table, AS a query.
type CreateTable struct {
	Span
	OrReplace    bool
	Replace      bool // REPLACE TABLE
	Temporary    bool
	IfNotExists  bool
	Name         Name
	HasSchema    bool // parentheses are written behind the name
	Schema       Schema
	Identifiers  []Ident // the bare column list (a, b) of a CREATE TABLE … AS, instead of a schema
	Comment      *Literal
	Distribution *Distribution
	PartitionBy  []Ident
	Connection   *Name // USING CONNECTION c
	HasOptions   bool  // WITH is written
	Options      []Option
	Like         *LikeTable
	Query        *Query // AS …
}

// Schema is the content of the parentheses of CREATE TABLE, and of ALTER TABLE … ADD or MODIFY.
type Schema struct {
	Span
	Columns     []Column
	Constraints []Constraint
	Watermark   *Watermark
}

// ColumnKind tells the columns apart.
type ColumnKind uint8

// The kinds of columns.
const (
	PhysicalColumn ColumnKind = iota // Name Type
	ComputedColumn                   // Name AS Expr
	MetadataColumn                   // Name Type METADATA [FROM 'key'] [VIRTUAL]
)

// Column is a column definition.
type Column struct {
	Span
	Kind       ColumnKind
	Name       Ident
	Type       *TypeName   // nil for a computed column
	Expr       Expr        // of a computed column
	Key        *Literal    // of a metadata column: FROM 'key'; nil if not given
	Virtual    bool        // of a metadata column
	Constraint *Constraint // of a physical column: PRIMARY KEY behind the type
	Comment    *Literal
	Position   *ColumnPosition // in ALTER TABLE only
}

// ColumnPosition is FIRST, or AFTER After.
type ColumnPosition struct {
	Span
	First bool
	After Name
}

// Enforcement is what stands behind a constraint.
type Enforcement uint8

// The enforcements.
const (
	EnforcementUnset Enforcement = iota
	Enforced
	NotEnforced
)

// Constraint is [CONSTRAINT Name] PRIMARY KEY|UNIQUE (Columns). Behind a column Columns is empty.
type Constraint struct {
	Span
	Name        *Ident
	Unique      bool // false: primary key
	Columns     []Ident
	Enforcement Enforcement
}

// Watermark is WATERMARK FOR Column AS Expr.
type Watermark struct {
	Span
	Column Name // a nested field has a dotted name
	Expr   Expr
}

// DistributionKind is how rows are spread over buckets.
type DistributionKind uint8

// The kinds of distribution.
const (
	DistributionUnset DistributionKind = iota
	DistributionHash
	DistributionRange
)

// Distribution is DISTRIBUTED [BY [HASH|RANGE] (Columns)] [INTO n BUCKETS].
type Distribution struct {
	Span
	Kind    DistributionKind
	Columns []Ident
	Buckets *Literal // nil if not given
}

// LikeMerge is a merging strategy of LIKE.
type LikeMerge uint8

// The merging strategies.
const (
	Including LikeMerge = iota
	Excluding
	Overwriting
)

// LikeFeature is a part of a table that LIKE takes over or not.
type LikeFeature uint8

// The parts of a table.
const (
	LikeAll LikeFeature = iota
	LikeConstraints
	LikeDistribution
	LikeGenerated
	LikeMetadata
	LikeOptions
	LikePartitions
	LikeWatermarks
)

// LikeOption is a strategy for a feature.
type LikeOption struct {
	Span
	Merge   LikeMerge
	Feature LikeFeature
}

// LikeTable is LIKE Source [(Options)].
type LikeTable struct {
	Span
	Source  Name
	Options []LikeOption
}

// CreateView is CREATE [OR REPLACE] [TEMPORARY] VIEW.
type CreateView struct {
	Span
	OrReplace   bool
	Temporary   bool
	IfNotExists bool
	Name        Name
	Columns     []Ident
	Comment     *Literal
	Query       *Query
}

// CreateCatalog is CREATE CATALOG.
type CreateCatalog struct {
	Span
	IfNotExists bool
	Name        Ident
	Comment     *Literal
	HasOptions  bool
	Options     []Option
}

// CreateDatabase is CREATE DATABASE.
type CreateDatabase struct {
	Span
	IfNotExists bool
	Name        Name
	Comment     *Literal
	HasOptions  bool
	Options     []Option
}

// FunctionBody is AS 'Class' [LANGUAGE …] [USING JAR '…', …] of CREATE and ALTER FUNCTION.
type FunctionBody struct {
	Span
	Class     Literal
	Language  string // upper case: JAVA, SCALA, PYTHON, SQL; empty if not given
	Resources []Resource
}

// Resource is Kind 'Path', such as JAR '/a.jar'.
type Resource struct {
	Span
	Kind string // upper case: JAR, FILE, ARCHIVE
	Path Literal
}

// CreateFunction is CREATE [TEMPORARY [SYSTEM]] FUNCTION.
type CreateFunction struct {
	Span
	OrReplace   bool
	Temporary   bool
	System      bool
	IfNotExists bool
	Name        Name
	Body        FunctionBody
	HasOptions  bool
	Options     []Option
}

// CreateModel is CREATE [TEMPORARY] MODEL.
type CreateModel struct {
	Span
	OrReplace   bool
	Temporary   bool
	IfNotExists bool
	Name        Name
	Input       *Schema // nil if not given
	Output      *Schema // nil if not given
	Comment     *Literal
	HasOptions  bool
	Options     []Option
	Query       *Query // AS …
}

// CreateConnection is CREATE [TEMPORARY [SYSTEM]] CONNECTION.
type CreateConnection struct {
	Span
	Temporary   bool
	System      bool
	IfNotExists bool
	Name        Name
	Comment     *Literal
	HasOptions  bool
	Options     []Option
}

// CreateMaterializedTable is CREATE [OR ALTER] MATERIALIZED TABLE.
type CreateMaterializedTable struct {
	Span
	OrAlter      bool
	IfNotExists  bool
	Name         Name
	HasSchema    bool
	Schema       Schema
	Identifiers  []Ident
	Comment      *Literal
	Distribution *Distribution
	PartitionBy  []Ident
	HasOptions   bool
	Options      []Option
	Freshness    *Interval // nil if not given
	RefreshMode  RefreshMode
	Query        *Query
}

// RefreshMode is how a materialized table is refreshed.
type RefreshMode uint8

// The refresh modes.
const (
	RefreshModeUnset RefreshMode = iota
	RefreshModeFull
	RefreshModeContinuous
)

// Drop is DROP of an object of any kind.
type Drop struct {
	Span
	Kind      ObjectKind
	Temporary bool
	System    bool // DROP TEMPORARY SYSTEM FUNCTION
	IfExists  bool
	Name      Name
	Restrict  bool // DROP DATABASE … RESTRICT, the default
	Cascade   bool // DROP DATABASE … CASCADE
}
