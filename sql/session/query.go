package session

import (
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/physical"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/rules"
	"github.com/millstream/millstream/sql/syntax"
)

// binder returns a binder for the session as it is now.
func (s *Session) binder() *bind.Binder {
	env := s.config.Env
	env.Settings = s.settings
	return &bind.Binder{Catalogs: s.catalogs, Env: env}
}

// batch decides the mode that plans run in.
func (s *Session) batch(nodes ...plan.Node) bool {
	switch s.settings.Enum(setting.RuntimeMode) {
	case "BATCH":
		return true
	case "AUTOMATIC":
		for _, n := range nodes {
			if !plan.Bounded(n) {
				return false
			}
		}
		return true
	}
	return false
}

// planned is statements on their way to a job.
type planned struct {
	batch     bool
	logical   []plan.Node
	optimized []plan.Node
	builder   physical.Builder
	warnings  []*syntax.Error
}

// emission are the settings of early and late results.
func (s *Session) emission() rules.Emission {
	e := rules.Emission{
		Early: s.settings.Bool(setting.EmitEarly), EarlyDelay: s.settings.Duration(setting.EmitEarlyDelay),
		Late: s.settings.Bool(setting.EmitLate), LateDelay: s.settings.Duration(setting.EmitLateDelay),
		Lateness: s.settings.Duration(setting.AllowLateness),
	}
	if e.Late && e.Lateness == 0 {
		e.Lateness = s.settings.Duration(setting.StateTTL)
	}
	return e
}

// plannedFor is the parallelism that plans are made for. State of a job with checkpoints must find its operators with any other.
func (s *Session) plannedFor() int {
	n := s.settings.Int(setting.Parallelism)
	if s.settings.Duration(setting.CheckpointInterval) > 0 {
		n = max(n, 2)
	}
	return n
}

// plan optimises bound plans for the mode and builds their graph. deliver gets the rows of those that are no sinks.
func (s *Session) plan(deliver func(*column.Batch) error, nodes ...plan.Node) (*planned, error) {
	p := &planned{batch: s.batch(nodes...)}
	zone, err := setting.Zone(s.settings.Text(setting.TimeZone))
	if err != nil {
		return nil, err
	}
	_, database := s.catalogs.Current()
	c := &rules.Context{
		Batch:       p.batch,
		Parallelism: s.plannedFor(),
		TTL:         s.settings.Duration(setting.StateTTL),
		Resumable:   s.settings.Duration(setting.CheckpointInterval) > 0,
		Materialize: s.settings.Enum(setting.UpsertMaterialize),
		Emit:        s.emission(),
		TwoPhase:    s.settings.Bool(setting.MiniBatchEnabled) && s.settings.Enum(setting.AggPhase) == "TWO_PHASE",
		MultiJoin:   s.settings.Bool(setting.MultiJoin),
		Fold:        folding(expr.InZone(zone), expr.InDatabase(database)),
		Exact:       folding(expr.InZone(zone), expr.InDatabase(database), expr.Exactly()),
	}
	c.RequireConflict = s.settings.Bool(setting.RequireOnConflict)
	p.logical = nodes
	if p.optimized, err = rules.Optimize(nodes, c); err != nil {
		return nil, err
	}
	for _, optimized := range p.optimized {
		if err := p.builder.Add(optimized, deliver); err != nil {
			return nil, err
		}
		if !p.batch && s.settings.Duration(setting.StateTTL) == 0 && s.settings.Int(setting.StateMaxKeys) == 0 {
			p.warnings = append(p.warnings, rules.Unbounded(optimized)...)
		}
	}
	return p, p.builder.AddLate()
}

// newJob makes the job of what was planned.
func (s *Session) newJob(p *planned, name string) *Job {
	if given := s.settings.Text(setting.PipelineName); given != "" {
		name = given
	}
	return &Job{ID: newID(), Name: name, Graph: p.builder.Graph(name), Batch: p.batch, Settings: s.settings}
}

// query plans a query.
func (s *Session) query(n *syntax.Query) (*Result, error) {
	q, err := s.binder().Query(n)
	if err != nil {
		return nil, err
	}
	r := &Result{Kind: Query, Columns: q.Node.Schema(), Ordered: q.Ordered, run: s.run}
	p, err := s.plan(func(b *column.Batch) error { return r.deliver(b) }, q.Node)
	if err != nil {
		return nil, err
	}
	r.Updating = !p.batch && plan.ChangesOf(p.optimized[0]) != graph.InsertOnly
	r.Job, r.Warnings = s.newJob(p, "collect"), p.warnings
	return r, nil
}

// write plans INSERTs as one job.
func (s *Session) write(sinks []plan.Node) (*Result, error) {
	p, err := s.plan(nil, sinks...)
	if err != nil {
		return nil, err
	}
	r := &Result{Kind: Write, run: s.run, Job: s.newJob(p, "insert-into_"+strings.Join(targets(sinks), ",")), Warnings: p.warnings}
	ids := rowsResult(Rows, textColumns("job id"), [][]any{{r.Job.ID}})
	r.Columns, r.rows = ids.Columns, ids.rows
	return r, nil
}

// targets returns the names of the tables that plans write to.
func targets(sinks []plan.Node) []string {
	var tables []string
	for _, n := range sinks {
		tables = append(tables, n.(*plan.Sink).Table.Name)
	}
	return tables
}

// insert executes INSERT, or keeps it for the statement set that was begun.
func (s *Session) insert(n *syntax.Insert) (*Result, error) {
	sink, err := s.binder().Insert(n)
	if err != nil {
		return nil, err
	}
	if s.set != nil {
		if _, err := s.plan(nil, sink); err != nil {
			return nil, err
		}
		s.set.sinks = append(s.set.sinks, sink)
		return done(nil)
	}
	return s.write([]plan.Node{sink})
}

// statementSet is the INSERTs since BEGIN STATEMENT SET.
type statementSet struct{ sinks []plan.Node }

// sinks binds the INSERTs of a statement set.
func (s *Session) sinks(n *syntax.StatementSet) ([]plan.Node, error) {
	var list []plan.Node
	for _, st := range n.Statements {
		var sink plan.Node
		var err error
		switch st := st.(type) {
		case *syntax.Insert:
			sink, err = s.binder().Insert(st)
		case *syntax.CreateTable:
			sink, err = s.tableAs(st)
		default:
			err = syntax.Errorf(st, "%s cannot stand in a statement set: what can, is INSERT and CREATE TABLE … AS", statementName(st))
		}
		if err != nil {
			return nil, err
		}
		list = append(list, sink)
	}
	return list, nil
}

// executeBody executes EXECUTE in front of a statement set, an INSERT or a query.
func (s *Session) executeBody(n *syntax.Execute) (*Result, error) {
	switch body := n.Body.(type) {
	case *syntax.Query:
		return s.query(body)
	case *syntax.Insert:
		return s.insert(body)
	case *syntax.StatementSet:
		sinks, err := s.sinks(body)
		if err != nil {
			return nil, err
		}
		return s.write(sinks)
	}
	return nil, syntax.Errorf(n.Body, "%s cannot stand behind EXECUTE: what can, is a query, INSERT and a statement set", statementName(n.Body))
}

// end executes END of a statement set.
func (s *Session) end(n *syntax.EndStatementSet) (*Result, error) {
	if s.set == nil {
		return nil, syntax.Errorf(n, "there is no statement set to end: it starts with BEGIN STATEMENT SET")
	}
	sinks := s.set.sinks
	s.set = nil
	if len(sinks) == 0 {
		return done(nil)
	}
	return s.write(sinks)
}

// folding folds constants.
func folding(opts ...expr.Option) func(expr.Expr) expr.Expr {
	return func(e expr.Expr) expr.Expr {
		if folded, err := expr.Fold(e, opts...); err == nil {
			return folded
		}
		return e
	}
}
