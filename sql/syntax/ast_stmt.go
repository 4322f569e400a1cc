package syntax

// Insert is INSERT INTO|OVERWRITE.
type Insert struct {
	Span
	Overwrite bool
	Upsert    bool // written UPSERT INTO, which Flink refuses when it validates
	Target    Name
	Hints     []Hint
	Partition []PartitionValue // PARTITION (p = 1, …)
	Columns   []Name           // of the column list; a part of a column has a dotted name
	Source    *Query
	Conflict  ConflictAction
}

// ConflictAction is what ON CONFLICT DO says.
type ConflictAction uint8

// The actions on a conflict.
const (
	ConflictUnset ConflictAction = iota
	ConflictNothing
	ConflictError
	ConflictDeduplicate
)

// PartitionValue is an item of a partition: Column = Value, or with a nil Value the column alone.
type PartitionValue struct {
	Span
	Column Ident
	Value  Expr
}

// Update is UPDATE Target [AS Alias] SET … [WHERE …].
type Update struct {
	Span
	Target      Name
	Hints       []Hint
	Alias       *Ident
	Assignments []Assignment
	Where       Expr
}

// Assignment is Column = Value.
type Assignment struct {
	Span
	Column Name
	Value  Expr
}

// Delete is DELETE FROM Target [AS Alias] [WHERE …].
type Delete struct {
	Span
	Target Name
	Hints  []Hint
	Alias  *Ident
	Where  Expr
}

// Merge is MERGE INTO Target USING Source ON …, which no connector can run.
type Merge struct {
	Span
	Target        Name
	Alias         *Ident
	Source        TableRef
	On            Expr
	Matched       []Assignment // WHEN MATCHED THEN UPDATE SET …; empty if there is none
	HasInsert     bool
	InsertColumns []Name
	InsertValues  []Expr // WHEN NOT MATCHED THEN INSERT (…) VALUES (…)
}

// Truncate is TRUNCATE TABLE Name.
type Truncate struct {
	Span
	Name Name
}

// Call is CALL of a procedure.
type Call struct {
	Span
	Func *FuncCall
}

// StatementSet is STATEMENT SET BEGIN …; END: statements that run as one job. It stands inside [Execute],
// [Explain], [CompilePlan] and [CompileAndExecutePlan]; its statements are [*Insert], [*CreateTable] with a query.
type StatementSet struct {
	Span
	Statements []Statement
}

// Execute is EXECUTE in front of a statement set, an INSERT or a query.
type Execute struct {
	Span
	Body Statement
}

// BeginStatementSet is BEGIN STATEMENT SET: the statements up to [EndStatementSet] run as one job.
type BeginStatementSet struct{ Span }

// EndStatementSet is END.
type EndStatementSet struct{ Span }

// ExecutePlan is EXECUTE PLAN 'File'.
type ExecutePlan struct {
	Span
	File Literal
}

// CompilePlan is COMPILE PLAN 'File' [IF NOT EXISTS] FOR an INSERT or a statement set.
type CompilePlan struct {
	Span
	File        Literal
	IfNotExists bool
	Body        Statement
}

// CompileAndExecutePlan is COMPILE AND EXECUTE PLAN 'File' FOR an INSERT or a statement set.
type CompileAndExecutePlan struct {
	Span
	File Literal
	Body Statement
}

// Explain is EXPLAIN [details | PLAN FOR] Body.
type Explain struct {
	Span
	PlanFor bool            // written EXPLAIN PLAN FOR
	Details []ExplainDetail // in the order of the text
	Body    Statement
}

// ExplainDetail is what EXPLAIN shows besides the plan.
type ExplainDetail uint8

// The details of EXPLAIN.
const (
	ExplainEstimatedCost ExplainDetail = iota
	ExplainChangelogMode
	ExplainJSONExecutionPlan
	ExplainPlanAdvice
)

// Set is SET 'Key' = 'Value', or SET alone, which lists the settings, with both nil.
type Set struct {
	Span
	Key, Value *Literal
}

// Reset is RESET 'Key', or RESET alone with a nil Key.
type Reset struct {
	Span
	Key *Literal
}

// Jar is ADD JAR 'Path' or REMOVE JAR 'Path'.
type Jar struct {
	Span
	Remove bool
	Path   Literal
}

// UseCatalog is USE CATALOG Name.
type UseCatalog struct {
	Span
	Name Ident
}

// UseDatabase is USE [catalog.]database.
type UseDatabase struct {
	Span
	Name Name
}

// UseModules is USE MODULES a, b.
type UseModules struct {
	Span
	Modules []Ident
}

// LoadModule is LOAD MODULE Name [WITH (…)].
type LoadModule struct {
	Span
	Name    Ident
	Options []Option
}

// UnloadModule is UNLOAD MODULE Name.
type UnloadModule struct {
	Span
	Name Ident
}

// ShowKind is what SHOW lists.
type ShowKind uint8

// The lists of SHOW.
const (
	ShowCatalogs ShowKind = iota
	ShowCurrentCatalog
	ShowDatabases
	ShowCurrentDatabase
	ShowTables
	ShowViews
	ShowMaterializedTables
	ShowColumns
	ShowPartitions
	ShowFunctions
	ShowProcedures
	ShowModels
	ShowConnections
	ShowModules
	ShowJars
	ShowJobs
	ShowState // of a snapshot
)

// Show is SHOW … with the filters that the kind has.
type Show struct {
	Span
	Kind      ShowKind
	User      bool // SHOW USER FUNCTIONS
	Full      bool // SHOW FULL MODULES
	In        bool // the preposition is IN, not FROM
	From      *Name
	Like      *LikeFilter
	Partition []PartitionValue // of SHOW PARTITIONS
	Path      *Literal         // of SHOW STATE; nil: the job's own checkpoints
}

// LikeFilter is [NOT] LIKE|ILIKE 'Pattern' of SHOW.
type LikeFilter struct {
	Span
	Not, ILike bool
	Pattern    Literal
}

// ShowCreate is SHOW CREATE of an object.
type ShowCreate struct {
	Span
	Kind ObjectKind // TableObject, ViewObject, MaterializedTableObject, CatalogObject, ModelObject or ConnectionObject
	Name Name
}

// Describe is DESCRIBE [kind] [EXTENDED] Name. JobObject has Job instead of a name; Query is set for
// DESCRIBE of a query.
type Describe struct {
	Span
	Kind     ObjectKind
	Extended bool
	Explicit bool // DESCRIBE TABLE t, which Flink refuses when it validates
	Name     Name
	Job      *Literal
	Query    *Query
}

// Analyze is ANALYZE TABLE Name [PARTITION (…)] COMPUTE STATISTICS [FOR …].
type Analyze struct {
	Span
	Table      Name
	Partition  []PartitionValue
	AllColumns bool    // FOR ALL COLUMNS
	Columns    []Ident // FOR COLUMNS a, b
}

// StopJob is STOP JOB 'ID' [WITH SAVEPOINT] [WITH DRAIN].
type StopJob struct {
	Span
	ID        Literal
	Savepoint bool
	Drain     bool
}
