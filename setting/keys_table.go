package setting

import "math"

// SQL: the table.* settings that have an effect, and the shell's.
var (
	TimeZone = Engine.Register(&Option{
		Key: "table.local-time-zone", Default: "default", Check: checkZone,
		Doc: "Session time zone for TIMESTAMP_LTZ and the current time: default means the machine's, else a name such as Europe/Berlin or an offset such as GMT+05:30.",
	})
	SQLDialect = Engine.Register(&Option{
		Key: "table.sql-dialect", Type: Enum, Values: []string{"default"}, Default: "default",
		Doc: "SQL dialect; Flink's own is the only one.",
	})
	DMLSync = Engine.Register(&Option{
		Key: "table.dml-sync", Type: Bool, Default: "false",
		Doc: "Whether INSERT returns only when its job has ended.",
	})
	MiniBatchEnabled = Engine.Register(&Option{
		Key: "table.exec.mini-batch.enabled", Type: Bool, Default: "false",
		Doc: "Whether aggregates may hold back changes to emit fewer of them, up to table.exec.mini-batch.allow-latency or table.exec.mini-batch.size.",
	})
	MiniBatchLatency = Engine.Register(&Option{
		Key: "table.exec.mini-batch.allow-latency", Type: Duration, Default: "0 ms",
		Doc: "Longest time that mini-batch holds a change back; must be greater than 0 with mini-batch enabled.",
	})
	MiniBatchSize = Engine.Register(&Option{
		Key: "table.exec.mini-batch.size", Type: Int, Default: "-1",
		Doc: "Most input rows that mini-batch holds; must be greater than 0 with mini-batch enabled.",
	})
	AggPhase = Engine.Register(&Option{
		Key: "table.optimizer.agg-phase-strategy", Type: Enum, Values: []string{"AUTO", "ONE_PHASE", "TWO_PHASE"}, Default: "AUTO",
		Doc: "With mini-batches, whether each subtask first aggregates the rows that it has: TWO_PHASE evens out keys with very many rows. AUTO moves rows.",
	})
	AsyncLookupCapacity = Engine.Register(&Option{
		Key: "table.exec.async-lookup.buffer-capacity", Type: Int, Default: "100",
		Doc: "Most requests, and most batches of rows that wait for theirs, that a lookup join with the hint 'async' has under way at a time.",
	})
	AsyncLookupTimeout = Engine.Register(&Option{
		Key: "table.exec.async-lookup.timeout", Type: Duration, Default: "3 min",
		Doc: "Time after which a request of a lookup join with the hint 'async' fails.",
	})
	AsyncLookupMode = Engine.Register(&Option{
		Key: "table.exec.async-lookup.output-mode", Type: Enum, Values: []string{"ORDERED", "ALLOW_UNORDERED"}, Default: "ORDERED",
		Doc: "Whether a lookup join with the hint 'async' emits rows in the order in which they came, or inserts as their requests are answered; none is moved past a watermark.",
	})
	AsyncLookupKeyOrdered = Engine.Register(&Option{
		Key: "table.exec.async-lookup.key-ordered-enabled", Type: Bool, Default: "false",
		Doc: "Whether rows of one key stay in order with ALLOW_UNORDERED: a row whose key is being looked up for an earlier one waits behind that.",
	})
	MultiJoin = Engine.Register(&Option{
		Key: "table.optimizer.multi-join.enabled", Type: Bool, Default: "false",
		Doc: "Whether INNER and LEFT joins one after the other that have a key in common become one operator, which keeps the rows of their inputs and no results between them.",
	})
	EmitEarly = Engine.Register(&Option{
		Key: "table.exec.emit.early-fire.enabled", Type: Bool, Default: "false",
		Doc: "Whether TUMBLE and HOP windows of GROUP BY show results before they are complete, which later ones update.",
	})
	EmitEarlyDelay = Engine.Register(&Option{
		Key: "table.exec.emit.early-fire.delay", Type: Duration, Default: "0 ms",
		Doc: "How long a window that is not complete holds a change back; 0 ms shows the effect of each row.",
	})
	EmitLate = Engine.Register(&Option{
		Key: "table.exec.emit.late-fire.enabled", Type: Bool, Default: "false",
		Doc: "Whether rows that come late for TUMBLE and HOP windows of GROUP BY update their results, as long as table.exec.emit.allow-lateness says.",
	})
	EmitLateDelay = Engine.Register(&Option{
		Key: "table.exec.emit.late-fire.delay", Type: Duration, Default: "0 ms",
		Doc: "How long a window that is complete holds a change back; 0 ms shows the effect of each row.",
	})
	AllowLateness = Engine.Register(&Option{
		Key: "table.exec.emit.allow-lateness", Type: Duration, Default: "0 ms",
		Doc: "Event time after its end for which a TUMBLE or HOP window of GROUP BY takes late rows; with late results and 0 ms it is table.exec.state.ttl.",
	})
	SourceIdleTimeout = Engine.Register(&Option{
		Key: "table.exec.source.idle-timeout", Type: Duration, Default: "0 ms",
		Doc: "Time without rows after which an input no longer holds back watermarks; 0 means never.",
	})
	StateTTL = Engine.Register(&Option{
		Key: "table.exec.state.ttl", Type: Duration, Default: "0 ms",
		Doc: "Time after its last change at which what an operator keeps of a key or a row is forgotten, where no window or watermark ends it; 0 means never. The hint STATE_TTL says it for one table. See also table.exec.state.max-keys and state.memory.limit.",
	})
	StateMaxKeys = Engine.Register(&Option{
		Key: "table.exec.state.max-keys", Type: Int, Default: "0", Check: between(0, math.MaxInt32),
		Doc: "Keys of which an operator keeps something, in all its subtasks together: each has an equal share. Of more, those are forgotten that did not change for the longest, as if their table.exec.state.ttl were over, when a batch of rows has been taken in; a key of which rows wait for a watermark stays. It bounds what table.exec.state.ttl does, in a join each input by itself; 0 means all keys. The hint STATE_MAX_KEYS says it for one table.",
	})
	NotNullEnforcer = Engine.Register(&Option{
		Key: "table.exec.sink.not-null-enforcer", Type: Enum, Values: []string{"ERROR", "DROP"}, Default: "ERROR",
		Doc: "What a sink does with a NULL in a NOT NULL column: ERROR fails the job, DROP leaves the row out.",
	})
	TypeLengthEnforcer = Engine.Register(&Option{
		Key: "table.exec.sink.type-length-enforcer", Type: Enum, Values: []string{"IGNORE", "TRIM_PAD", "ERROR"}, Default: "IGNORE",
		Doc: "What a sink does with a value longer or shorter than its CHAR, VARCHAR, BINARY or VARBINARY column: IGNORE writes it as it is, TRIM_PAD fits it, ERROR fails the job. A column of the query that has another type is cast to the length, whatever is set.",
	})
	NestedConstraintEnforcer = Engine.Register(&Option{
		Key: "table.exec.sink.nested-constraint-enforcer", Type: Enum, Values: []string{"IGNORE", "ROWS", "ROWS_AND_COLLECTIONS"}, Default: "IGNORE",
		Doc: "Whether NOT NULL and lengths are enforced also inside of columns: in the fields of rows, or in elements of collections too.",
	})
	UpsertMaterialize = Engine.Register(&Option{
		Key: "table.exec.sink.upsert-materialize", Type: Enum, Values: []string{"NONE", "AUTO", "FORCE"}, Default: "AUTO",
		Doc: "Whether a sink with a primary key keeps state to put changes of the same key in order.",
	})
	RequireOnConflict = Engine.Register(&Option{
		Key: "table.exec.sink.require-on-conflict", Type: Bool, Default: "true",
		Doc: "Whether INSERT must say what to do ON CONFLICT where rows of several keys of the query may have the same primary key of the sink.",
	})
	DynamicTableOptions = Engine.Register(&Option{
		Key: "table.dynamic-table-options.enabled", Type: Bool, Default: "true",
		Doc: "Whether the hint OPTIONS(…) may change a table's options in a query.",
	})
	ColumnExpansion = Engine.Register(&Option{
		Key: "table.column-expansion-strategy", Type: List,
		Doc: "Columns that * leaves out: EXCLUDE_ALIASED_VIRTUAL_METADATA_COLUMNS and EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS, separated by ';'.",
	})
	BuiltinCatalog = Engine.Register(&Option{
		Key: "table.builtin-catalog-name", Default: "default_catalog",
		Doc: "Name of the catalog that a session begins with.",
	})
	BuiltinDatabase = Engine.Register(&Option{
		Key: "table.builtin-database-name", Default: "default_database",
		Doc: "Name of the database that a session begins with.",
	})
	ResultMode = Engine.Register(&Option{
		Key: "sql-client.execution.result-mode", Type: Enum, Values: []string{"TABLE", "CHANGELOG", "TABLEAU"}, Default: "TABLE",
		Doc: "How the shell shows a query's rows: TABLE as a table that is kept up to date, CHANGELOG as changes on a screen of their own, TABLEAU as changes line by line.",
	})
	MaxTableRows = Engine.Register(&Option{
		Key: "sql-client.execution.max-table-result.rows", Type: Int, Default: "1000000", Check: AtLeast(1),
		Doc: "Most rows of a result that the shell keeps to show them as a table; of more it keeps the newest.",
	})
	PrintTimeCost = Engine.Register(&Option{
		Key: "sql-client.display.print-time-cost", Type: Bool, Default: "true",
		Doc: "Whether the shell says how many rows a query gave, and in what time.",
	})
	ColorSchema = Engine.Register(&Option{
		Key: "sql-client.display.color-schema", Type: Enum, Default: "DEFAULT",
		Values: []string{"DEFAULT", "CHESTER", "DARK", "DRACULA", "GESHI", "LIGHT", "OBSIDIAN", "SOLARIZED", "VS2010"},
		Doc:    "Colours in which the shell shows SQL while it is typed; DEFAULT takes those that the terminal is set to.",
	})
	ShowLineNumbers = Engine.Register(&Option{
		Key: "sql-client.display.show-line-numbers", Type: Bool, Default: "false",
		Doc: "Whether the shell numbers the lines of a statement while it is typed.",
	})
	MaxColumnWidth = Engine.Register(&Option{
		Key: "table.display.max-column-width", Aliases: []string{"sql-client.display.max-column-width"}, Type: Int, Default: "30", Check: AtLeast(1),
		Doc: "Most characters of a column that the shell shows of values whose width varies.",
	})
)

// Settings with which Flink can change what a statement means. Only Flink's default is there, so that a
// script that asks for anything else fails instead of giving other results.
func init() {
	for _, o := range []*Option{
		{Key: "table.exec.legacy-cast-behaviour", Type: Enum, Values: []string{"DISABLED"}, Default: "DISABLED", Doc: "The CAST of Flink before 1.15."},
		{Key: "table.exec.sink.rowtime-inserter", Type: Enum, Values: []string{"ENABLED"}, Default: "ENABLED", Doc: "Whether a sink is told a row's event time."},
		{Key: "table.exec.source.cdc-events-duplicate", Type: Enum, Values: []string{"false"}, Default: "false", Doc: "Whether a changelog source may repeat changes, which are then removed by primary key."},
		{Key: "table.legacy-nested-row-nullability", Type: Enum, Values: []string{"false"}, Default: "false", Doc: "The nullability of nested rows of Flink before 2.2."},
	} {
		o.Doc += " Only Flink's default is there."
		Engine.Register(o)
	}
}
