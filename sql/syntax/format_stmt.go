package syntax

func (f *formatter) statement(s Statement) {
	switch s := s.(type) {
	case *Query:
		f.query(s)
	case *Insert:
		f.insert(s)
	case *Update:
		f.put("UPDATE ")
		f.target(s.Target, s.Hints, s.Alias)
		f.put(" SET ")
		each(f, s.Assignments, f.assignment)
		f.where(s.Where)
	case *Delete:
		f.put("DELETE FROM ")
		f.target(s.Target, s.Hints, s.Alias)
		f.where(s.Where)
	case *Merge:
		f.merge(s)
	case *Truncate:
		f.put("TRUNCATE TABLE ")
		f.name(s.Name)
	case *Call:
		f.put("CALL ")
		f.call(s.Func)
	case *StatementSet:
		f.put("STATEMENT SET BEGIN ")
		for _, sub := range s.Statements {
			f.statement(sub)
			f.put("; ")
		}
		f.put("END")
	case *Execute:
		f.put("EXECUTE ")
		f.statement(s.Body)
	case *BeginStatementSet:
		f.put("BEGIN STATEMENT SET")
	case *EndStatementSet:
		f.put("END")
	case *ExecutePlan:
		f.put("EXECUTE PLAN ")
		f.literal(&s.File)
	case *CompilePlan:
		f.put("COMPILE PLAN ")
		f.literal(&s.File)
		f.putIf(s.IfNotExists, " IF NOT EXISTS")
		f.put(" FOR ")
		f.statement(s.Body)
	case *CompileAndExecutePlan:
		f.put("COMPILE AND EXECUTE PLAN ")
		f.literal(&s.File)
		f.put(" FOR ")
		f.statement(s.Body)
	case *Explain:
		f.put("EXPLAIN ")
		f.putIf(s.PlanFor, "PLAN FOR ")
		each(f, s.Details, func(d ExplainDetail) { f.put(explainDetailNames[d]) })
		f.putIf(len(s.Details) > 0, " ")
		f.statement(s.Body)
	case *Set:
		f.put("SET")
		if s.Key != nil {
			f.put(" ")
			f.literal(s.Key)
			f.put(" = ")
			f.literal(s.Value)
		}
	case *Reset:
		f.put("RESET")
		if s.Key != nil {
			f.put(" ")
			f.literal(s.Key)
		}
	case *Jar:
		if s.Remove {
			f.put("REMOVE JAR ")
		} else {
			f.put("ADD JAR ")
		}
		f.literal(&s.Path)
	default:
		f.catalogStatement(s)
	}
}

var explainDetailNames = [...]string{
	ExplainEstimatedCost: "ESTIMATED_COST", ExplainChangelogMode: "CHANGELOG_MODE",
	ExplainJSONExecutionPlan: "JSON_EXECUTION_PLAN", ExplainPlanAdvice: "PLAN_ADVICE",
}

// target writes the table that a statement changes.
func (f *formatter) target(name Name, hints []Hint, alias *Ident) {
	f.name(name)
	if len(hints) > 0 {
		f.put(" ")
		f.hints(hints)
	}
	if alias != nil {
		f.put(" AS ")
		f.ident(*alias)
	}
}

func (f *formatter) where(x Expr) {
	if x != nil {
		f.put(" WHERE ")
		f.expr0(x)
	}
}

func (f *formatter) assignment(a Assignment) {
	f.name(a.Column)
	f.put(" = ")
	f.expr0(a.Value)
}

func (f *formatter) insert(s *Insert) {
	switch {
	case s.Upsert:
		f.put("UPSERT INTO ")
	case s.Overwrite:
		f.put("INSERT OVERWRITE ")
	default:
		f.put("INSERT INTO ")
	}
	f.target(s.Target, s.Hints, nil)
	f.put(" ")
	if len(s.Partition) > 0 {
		f.partition(s.Partition)
		f.put(" ")
	}
	if len(s.Columns) > 0 {
		parens(f, s.Columns, f.name)
		f.put(" ")
	}
	f.query(s.Source)
	switch s.Conflict {
	case ConflictNothing:
		f.put(" ON CONFLICT DO NOTHING")
	case ConflictError:
		f.put(" ON CONFLICT DO ERROR")
	case ConflictDeduplicate:
		f.put(" ON CONFLICT DO DEDUPLICATE")
	}
}

// partition writes PARTITION (column = value, …).
func (f *formatter) partition(values []PartitionValue) {
	f.put("PARTITION ")
	parens(f, values, func(v PartitionValue) {
		f.ident(v.Column)
		if v.Value != nil {
			f.put(" = ")
			f.expr0(v.Value)
		}
	})
}

func (f *formatter) merge(s *Merge) {
	f.put("MERGE INTO ")
	f.target(s.Target, nil, s.Alias)
	f.put(" USING ")
	_, isJoin := s.Source.(*Join)
	f.parenTable(s.Source, isJoin)
	f.put(" ON ")
	f.expr0(s.On)
	if len(s.Matched) > 0 {
		f.put(" WHEN MATCHED THEN UPDATE SET ")
		each(f, s.Matched, f.assignment)
	}
	if s.HasInsert {
		f.put(" WHEN NOT MATCHED THEN INSERT ")
		if len(s.InsertColumns) > 0 {
			parens(f, s.InsertColumns, f.name)
			f.put(" ")
		}
		f.put("VALUES ")
		parens(f, s.InsertValues, f.expr0)
	}
}

// catalogStatement writes the statements about catalogs, modules, jobs and their objects.
func (f *formatter) catalogStatement(s Statement) {
	switch s := s.(type) {
	case *UseCatalog:
		f.put("USE CATALOG ")
		f.ident(s.Name)
	case *UseDatabase:
		f.put("USE ")
		f.name(s.Name)
	case *UseModules:
		f.put("USE MODULES ")
		each(f, s.Modules, f.ident)
	case *LoadModule:
		f.put("LOAD MODULE ")
		f.ident(s.Name)
		f.with(len(s.Options) > 0, s.Options)
	case *UnloadModule:
		f.put("UNLOAD MODULE ")
		f.ident(s.Name)
	case *Show:
		f.show(s)
	case *ShowCreate:
		f.put("SHOW CREATE ", objectNames[s.Kind], " ")
		f.name(s.Name)
	case *Describe:
		f.describe(s)
	case *Analyze:
		f.analyze(s)
	case *StopJob:
		f.put("STOP JOB ")
		f.literal(&s.ID)
		f.putIf(s.Savepoint, " WITH SAVEPOINT")
		f.putIf(s.Drain, " WITH DRAIN")
	default:
		f.definition(s)
	}
}

var objectNames = [...]string{
	TableObject: "TABLE", ViewObject: "VIEW", MaterializedTableObject: "MATERIALIZED TABLE", CatalogObject: "CATALOG",
	DatabaseObject: "DATABASE", FunctionObject: "FUNCTION", ModelObject: "MODEL", ConnectionObject: "CONNECTION",
	JobObject: "JOB",
}

// String returns the kind as SQL writes it, in upper case.
func (k ObjectKind) String() string { return objectNames[k] }

var showNames = [...]string{
	ShowCatalogs: "CATALOGS", ShowCurrentCatalog: "CURRENT CATALOG", ShowDatabases: "DATABASES",
	ShowCurrentDatabase: "CURRENT DATABASE", ShowTables: "TABLES", ShowViews: "VIEWS",
	ShowMaterializedTables: "MATERIALIZED TABLES", ShowColumns: "COLUMNS", ShowPartitions: "PARTITIONS",
	ShowFunctions: "FUNCTIONS", ShowProcedures: "PROCEDURES", ShowModels: "MODELS", ShowConnections: "CONNECTIONS",
	ShowModules: "MODULES", ShowJars: "JARS", ShowJobs: "JOBS", ShowState: "STATE",
}

func (f *formatter) show(s *Show) {
	f.put("SHOW ")
	f.putIf(s.User, "USER ")
	f.putIf(s.Full, "FULL ")
	f.put(showNames[s.Kind])
	if s.From != nil {
		switch {
		case s.Kind == ShowPartitions:
			f.put(" ")
		case s.In:
			f.put(" IN ")
		default:
			f.put(" FROM ")
		}
		f.name(*s.From)
	}
	if s.Path != nil {
		f.put(" FROM ")
		f.literal(s.Path)
	}
	if len(s.Partition) > 0 {
		f.put(" ")
		f.partition(s.Partition)
	}
	if l := s.Like; l != nil {
		f.putIf(l.Not, " NOT")
		if l.ILike {
			f.put(" ILIKE ")
		} else {
			f.put(" LIKE ")
		}
		f.literal(&l.Pattern)
	}
}

func (f *formatter) describe(s *Describe) {
	f.put("DESCRIBE ")
	switch {
	case s.Query != nil:
		f.query(s.Query)
		return
	case s.Job != nil:
		f.put("JOB ")
		f.literal(s.Job)
		return
	}
	if s.Kind != TableObject || s.Explicit {
		f.put(objectNames[s.Kind], " ")
	}
	f.putIf(s.Extended, "EXTENDED ")
	f.name(s.Name)
}

func (f *formatter) analyze(s *Analyze) {
	f.put("ANALYZE TABLE ")
	f.name(s.Table)
	if len(s.Partition) > 0 {
		f.put(" ")
		f.partition(s.Partition)
	}
	f.put(" COMPUTE STATISTICS")
	switch {
	case s.AllColumns:
		f.put(" FOR ALL COLUMNS")
	case len(s.Columns) > 0:
		f.put(" FOR COLUMNS ")
		each(f, s.Columns, f.ident)
	}
}
