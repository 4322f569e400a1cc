package session

import (
	"fmt"
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
}

// plan optimises bound plans for the mode and builds their graph. deliver gets the rows of those that are no sinks.
func (s *Session) plan(deliver func(*column.Batch) error, nodes ...plan.Node) (*planned, error) {
	p := &planned{batch: s.batch(nodes...)}
	zone, err := setting.Zone(s.settings.Text(setting.TimeZone))
	if err != nil {
		return nil, err
	}
	c := &rules.Context{
		Batch:       p.batch,
		Parallelism: s.settings.Int(setting.Parallelism),
		Fold: func(e expr.Expr) expr.Expr {
			if folded, err := expr.Fold(e, expr.InZone(zone)); err == nil {
				return folded
			}
			return e
		},
	}
	for _, n := range nodes {
		optimized, err := rules.Optimize(n, c)
		if err != nil {
			return nil, err
		}
		p.logical, p.optimized = append(p.logical, n), append(p.optimized, optimized)
		if err := p.builder.Add(optimized, deliver); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// job makes the job of what was planned.
func (s *Session) job(p *planned, name string) *Job {
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
	r := &Result{Kind: Query, Columns: q.Node.Schema(), Ordered: q.Ordered, run: s.config.Run}
	p, err := s.plan(func(b *column.Batch) error { return r.deliver(b) }, q.Node)
	if err != nil {
		return nil, err
	}
	r.Updating = !p.batch && plan.ChangesOf(p.optimized[0]) != graph.InsertOnly
	r.Job = s.job(p, "collect")
	return r, nil
}

// write plans INSERTs as one job.
func (s *Session) write(sinks []plan.Node) (*Result, error) {
	p, err := s.plan(nil, sinks...)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, n := range sinks {
		tables = append(tables, n.(*plan.Sink).Table.Name)
	}
	r := &Result{Kind: Write, run: s.config.Run, Job: s.job(p, "insert-into_"+strings.Join(tables, ","))}
	ids := rowsResult(Rows, textColumns("job id"), [][]any{{r.Job.ID}})
	r.Columns, r.rows = ids.Columns, ids.rows
	return r, nil
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
		ins, ok := st.(*syntax.Insert)
		if !ok {
			return nil, unsupported(st, statementName(st)+" in a statement set")
		}
		sink, err := s.binder().Insert(ins)
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
	return nil, unsupported(n.Body, "EXECUTE of "+statementName(n.Body))
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

// explain prints what would run.
func (s *Session) explain(n *syntax.Explain) (*Result, error) {
	changes := false
	for _, d := range n.Details {
		if d != syntax.ExplainChangelogMode {
			return nil, unsupported(n, [...]string{syntax.ExplainEstimatedCost: "ESTIMATED_COST", syntax.ExplainJSONExecutionPlan: "JSON_EXECUTION_PLAN",
				syntax.ExplainPlanAdvice: "PLAN_ADVICE"}[d]+" of EXPLAIN")
		}
		changes = true
	}
	body := n.Body
	if e, ok := body.(*syntax.Execute); ok {
		body = e.Body
	}
	var nodes []plan.Node
	switch body := body.(type) {
	case *syntax.Query:
		q, err := s.binder().Query(body)
		if err != nil {
			return nil, err
		}
		nodes = []plan.Node{q.Node}
	case *syntax.Insert:
		sink, err := s.binder().Insert(body)
		if err != nil {
			return nil, err
		}
		nodes = []plan.Node{sink}
	case *syntax.StatementSet:
		var err error
		if nodes, err = s.sinks(body); err != nil {
			return nil, err
		}
	default:
		return nil, unsupported(n.Body, "EXPLAIN of "+statementName(n.Body))
	}
	p, err := s.plan(func(*column.Batch) error { return nil }, nodes...)
	if err != nil {
		return nil, err
	}
	text := p.explain(changes, s.settings.Int(setting.Parallelism))
	return rowsResult(Rows, textColumns("result"), [][]any{{text}}), nil
}

// explain prints the three parts of EXPLAIN: what was asked for, how it is computed, and what runs.
func (p *planned) explain(changes bool, parallelism int) string {
	var b strings.Builder
	b.WriteString("== Abstract Syntax Tree ==\n")
	for _, n := range p.logical {
		b.WriteString(plan.Tree(n, nil))
	}
	b.WriteString("\n== Optimized Physical Plan ==\n")
	var more func(plan.Node) string
	if changes {
		more = func(n plan.Node) string {
			if _, ok := n.(*plan.Sink); ok {
				return ", changelogMode=[NONE]"
			}
			return fmt.Sprintf(", changelogMode=[%s]", plan.ChangesOf(n))
		}
	}
	for _, n := range p.optimized {
		b.WriteString(plan.Tree(n, more))
	}
	b.WriteString("\n== Optimized Execution Plan ==\n")
	b.WriteString(p.builder.Explain(parallelism))
	return b.String()
}
