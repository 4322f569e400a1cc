package syntax

// definition writes the statements that create, change or drop an object.
func (f *formatter) definition(s Statement) {
	switch s := s.(type) {
	case *CreateTable:
		f.createTable(s)
	case *CreateMaterializedTable:
		f.createMaterializedTable(s)
	case *CreateView:
		f.create(s.OrReplace, s.Temporary, false, "VIEW", s.IfNotExists)
		f.name(s.Name)
		if len(s.Columns) > 0 {
			f.put(" ")
			f.idents(s.Columns)
		}
		f.comment(s.Comment)
		f.put(" AS ")
		f.query(s.Query)
	case *CreateCatalog:
		f.create(false, false, false, "CATALOG", s.IfNotExists)
		f.ident(s.Name)
		f.comment(s.Comment)
		f.with(s.HasOptions, s.Options)
	case *CreateDatabase:
		f.create(false, false, false, "DATABASE", s.IfNotExists)
		f.name(s.Name)
		f.comment(s.Comment)
		f.with(s.HasOptions, s.Options)
	case *CreateFunction:
		f.create(s.OrReplace, s.Temporary, s.System, "FUNCTION", s.IfNotExists)
		f.name(s.Name)
		f.put(" ")
		f.functionBody(s.Body)
		f.with(s.HasOptions, s.Options)
	case *CreateModel:
		f.create(s.OrReplace, s.Temporary, false, "MODEL", s.IfNotExists)
		f.name(s.Name)
		if s.Input != nil {
			f.put(" INPUT ")
			f.schema(*s.Input)
		}
		if s.Output != nil {
			f.put(" OUTPUT ")
			f.schema(*s.Output)
		}
		f.comment(s.Comment)
		f.with(s.HasOptions, s.Options)
		f.asQuery(s.Query)
	case *CreateConnection:
		f.create(false, s.Temporary, s.System, "CONNECTION", s.IfNotExists)
		f.name(s.Name)
		f.comment(s.Comment)
		f.with(s.HasOptions, s.Options)
	case *Drop:
		f.put("DROP ")
		f.putIf(s.Temporary, "TEMPORARY ")
		f.putIf(s.System, "SYSTEM ")
		f.put(objectNames[s.Kind], " ")
		f.putIf(s.IfExists, "IF EXISTS ")
		f.name(s.Name)
		f.putIf(s.Restrict, " RESTRICT")
		f.putIf(s.Cascade, " CASCADE")
	case *Alter:
		f.put("ALTER ")
		f.putIf(s.Temporary, "TEMPORARY ")
		f.putIf(s.System, "SYSTEM ")
		f.put(objectNames[s.Kind], " ")
		f.putIf(s.IfExists, "IF EXISTS ")
		f.name(s.Name)
		f.put(" ")
		f.alterAction(s.Action)
	}
}

// create writes the words from CREATE to the name.
func (f *formatter) create(orReplace, temporary, system bool, kind string, ifNotExists bool) {
	f.put("CREATE ")
	f.putIf(orReplace, "OR REPLACE ")
	f.putIf(temporary, "TEMPORARY ")
	f.putIf(system, "SYSTEM ")
	f.put(kind, " ")
	f.putIf(ifNotExists, "IF NOT EXISTS ")
}

func (f *formatter) comment(c *Literal) {
	if c != nil {
		f.put(" COMMENT ")
		f.literal(c)
	}
}

func (f *formatter) option(o Option) {
	f.literal(&o.Key)
	f.put(" = ")
	f.literal(&o.Value)
}

// with writes WITH (options) under a condition.
func (f *formatter) with(written bool, options []Option) {
	if written {
		f.put(" WITH ")
		parens(f, options, f.option)
	}
}

func (f *formatter) asQuery(q *Query) {
	if q != nil {
		f.put(" AS ")
		f.query(q)
	}
}

func (f *formatter) createTable(t *CreateTable) {
	if t.Replace {
		f.put("REPLACE TABLE ")
	} else {
		f.create(t.OrReplace, t.Temporary, false, "TABLE", t.IfNotExists)
	}
	f.name(t.Name)
	f.tableSchema(t.HasSchema, t.Schema, t.Identifiers)
	f.comment(t.Comment)
	f.distributed(t.Distribution)
	f.partitionedBy(t.PartitionBy)
	if t.Connection != nil {
		f.put(" USING CONNECTION ")
		f.name(*t.Connection)
	}
	f.with(t.HasOptions, t.Options)
	if l := t.Like; l != nil {
		f.put(" LIKE ")
		f.name(l.Source)
		if len(l.Options) > 0 {
			f.put(" (")
			for i, o := range l.Options {
				f.putIf(i > 0, " ")
				f.put(likeMergeNames[o.Merge], " ", likeFeatureNames[o.Feature])
			}
			f.put(")")
		}
	}
	f.asQuery(t.Query)
}

var likeMergeNames = [...]string{Including: "INCLUDING", Excluding: "EXCLUDING", Overwriting: "OVERWRITING"}

var likeFeatureNames = [...]string{
	LikeAll: "ALL", LikeConstraints: "CONSTRAINTS", LikeDistribution: "DISTRIBUTION", LikeGenerated: "GENERATED",
	LikeMetadata: "METADATA", LikeOptions: "OPTIONS", LikePartitions: "PARTITIONS", LikeWatermarks: "WATERMARKS",
}

// String returns the feature as SQL writes it, in upper case.
func (l LikeFeature) String() string { return likeFeatureNames[l] }

func (f *formatter) createMaterializedTable(t *CreateMaterializedTable) {
	f.put("CREATE ")
	f.putIf(t.OrAlter, "OR ALTER ")
	f.put("MATERIALIZED TABLE ")
	f.putIf(t.IfNotExists, "IF NOT EXISTS ")
	f.name(t.Name)
	f.tableSchema(t.HasSchema, t.Schema, t.Identifiers)
	f.comment(t.Comment)
	f.distributed(t.Distribution)
	f.partitionedBy(t.PartitionBy)
	f.with(t.HasOptions, t.Options)
	if t.Freshness != nil {
		f.put(" FRESHNESS = ")
		f.interval(t.Freshness)
	}
	if t.RefreshMode != RefreshModeUnset {
		f.put(" REFRESH_MODE = ", refreshModeNames[t.RefreshMode])
	}
	f.asQuery(t.Query)
}

var refreshModeNames = [...]string{RefreshModeFull: "FULL", RefreshModeContinuous: "CONTINUOUS"}

// tableSchema writes the parentheses behind a table's name, if they are written.
func (f *formatter) tableSchema(written bool, s Schema, names []Ident) {
	switch {
	case len(names) > 0:
		f.put(" ")
		f.idents(names)
	case written:
		f.put(" ")
		f.schema(s)
	}
}

func (f *formatter) schema(s Schema) {
	f.put("(")
	f.elements(s)
	f.put(")")
}

// elements writes the columns, constraints and watermark of a schema.
func (f *formatter) elements(s Schema) {
	each(f, s.Columns, f.column)
	f.putIf(len(s.Columns) > 0 && len(s.Constraints) > 0, ", ")
	each(f, s.Constraints, f.constraint)
	if s.Watermark != nil {
		f.putIf(len(s.Columns) > 0 || len(s.Constraints) > 0, ", ")
		f.watermark(*s.Watermark)
	}
}

func (f *formatter) column(c Column) {
	f.ident(c.Name)
	if c.Kind == ComputedColumn {
		f.put(" AS ")
		f.expr0(c.Expr)
	} else {
		f.put(" ")
		f.typeName(c.Type)
	}
	if c.Kind == MetadataColumn {
		f.put(" METADATA")
		if c.Key != nil {
			f.put(" FROM ")
			f.literal(c.Key)
		}
		f.putIf(c.Virtual, " VIRTUAL")
	}
	if c.Constraint != nil {
		f.put(" ")
		f.constraint(*c.Constraint)
	}
	f.comment(c.Comment)
	switch {
	case c.Position == nil:
	case c.Position.First:
		f.put(" FIRST")
	default:
		f.put(" AFTER ")
		f.name(c.Position.After)
	}
}

func (f *formatter) constraint(c Constraint) {
	if c.Name != nil {
		f.put("CONSTRAINT ")
		f.ident(*c.Name)
		f.put(" ")
	}
	if c.Unique {
		f.put("UNIQUE")
	} else {
		f.put("PRIMARY KEY")
	}
	if len(c.Columns) > 0 {
		f.put(" ")
		f.idents(c.Columns)
	}
	switch c.Enforcement {
	case Enforced:
		f.put(" ENFORCED")
	case NotEnforced:
		f.put(" NOT ENFORCED")
	}
}

func (f *formatter) watermark(w Watermark) {
	f.put("WATERMARK FOR ")
	f.name(w.Column)
	f.put(" AS ")
	f.expr0(w.Expr)
}

func (f *formatter) distributed(d *Distribution) {
	if d != nil {
		f.put(" DISTRIBUTED ")
		f.distribution(d)
	}
}

func (f *formatter) distribution(d *Distribution) {
	if len(d.Columns) > 0 {
		f.put("BY ")
		f.put([...]string{DistributionUnset: "", DistributionHash: "HASH ", DistributionRange: "RANGE "}[d.Kind])
		f.idents(d.Columns)
	}
	if d.Buckets != nil {
		f.putIf(len(d.Columns) > 0, " ")
		f.put("INTO ")
		f.literal(d.Buckets)
		f.put(" BUCKETS")
	}
}

func (f *formatter) partitionedBy(columns []Ident) {
	if len(columns) > 0 {
		f.put(" PARTITIONED BY ")
		f.idents(columns)
	}
}

func (f *formatter) functionBody(b FunctionBody) {
	f.put("AS ")
	f.literal(&b.Class)
	if b.Language != "" {
		f.put(" LANGUAGE ", b.Language)
	}
	if len(b.Resources) > 0 {
		f.put(" USING ")
		each(f, b.Resources, func(r Resource) {
			f.put(r.Kind, " ")
			f.literal(&r.Path)
		})
	}
}

func (f *formatter) alterAction(a AlterAction) {
	switch a := a.(type) {
	case *SetOptions:
		f.put("SET ")
		parens(f, a.Options, f.option)
	case *ResetOptions:
		f.put("RESET ")
		parens(f, a.Keys, func(l Literal) { f.literal(&l) })
	case *SetComment:
		f.put("COMMENT ")
		f.literal(&a.Comment)
	case *RenameTo:
		f.put("RENAME TO ")
		f.name(a.Name)
	case *AsQuery:
		f.put("AS ")
		f.query(a.Query)
	case *ReplaceFunction:
		f.functionBody(a.Body)
	case *ChangeSchema:
		f.addOrModify(a.Modify)
		if a.Parens {
			f.schema(a.Schema)
		} else {
			f.elements(a.Schema)
		}
	case *ChangeDistribution:
		if a.Distribution == nil {
			f.put("DROP DISTRIBUTION")
			return
		}
		f.addOrModify(a.Modify)
		f.put("DISTRIBUTION ")
		f.distribution(a.Distribution)
	case *DropColumns:
		f.put("DROP ")
		if a.Parens {
			parens(f, a.Columns, f.name)
		} else {
			f.name(a.Columns[0])
		}
	case *DropPrimaryKey:
		f.put("DROP PRIMARY KEY")
	case *DropConstraint:
		f.put("DROP CONSTRAINT ")
		f.ident(a.Name)
	case *DropWatermark:
		f.put("DROP WATERMARK")
	case *RenameColumn:
		f.put("RENAME ")
		f.name(a.From)
		f.put(" TO ")
		f.name(a.To)
	default:
		f.alterRest(a)
	}
}

func (f *formatter) addOrModify(modify bool) {
	if modify {
		f.put("MODIFY ")
	} else {
		f.put("ADD ")
	}
}

// alterRest writes the changes of partitions and materialized tables.
func (f *formatter) alterRest(a AlterAction) {
	switch a := a.(type) {
	case *AddPartitions:
		f.put("ADD")
		f.putIf(a.IfNotExists, " IF NOT EXISTS")
		for _, p := range a.Partitions {
			f.put(" ")
			f.partition(p.Values)
			f.with(p.HasOptions, p.Options)
		}
	case *DropPartitions:
		f.put("DROP ")
		f.putIf(a.IfExists, "IF EXISTS ")
		each(f, a.Partitions, func(p Partition) { f.partition(p.Values) })
	case *Suspend:
		f.put("SUSPEND")
	case *Resume:
		f.put("RESUME")
		f.with(a.HasOptions, a.Options)
	case *Refresh:
		f.put("REFRESH")
		if len(a.Partition) > 0 {
			f.put(" ")
			f.partition(a.Partition)
		}
	case *SetFreshness:
		f.put("SET FRESHNESS = ")
		f.interval(a.Freshness)
	case *SetRefreshMode:
		f.put("SET REFRESH_MODE = ", refreshModeNames[a.Mode])
	}
}
