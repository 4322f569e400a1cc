package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// Explain is Execute for statements that need no job, and EXPLAIN of the others. INSERTs between BEGIN STATEMENT SET and END are explained
// at the END, together, as they would run.
func (s *Session) Explain(ctx context.Context, st Statement) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, st.fail(ValidatePhase, err)
	}
	s.catalogs.Begin(ctx)
	r, err := s.explainStatement(ctx, st)
	if err != nil {
		return nil, st.fail(ValidatePhase, err)
	}
	r.Statement = st
	return r, nil
}

func (s *Session) explainStatement(ctx context.Context, st Statement) (*Result, error) {
	if s.set != nil {
		if _, end := st.Node.(*syntax.EndStatementSet); !end || len(s.set.sinks) == 0 {
			return s.Execute(ctx, st)
		}
		sinks := s.set.sinks
		s.set = nil
		return s.explainNodes(ctx, "INSERT INTO "+strings.Join(targets(sinks), ", "), nil, sinks)
	}
	title := st.Text()
	switch n := st.Node.(type) {
	case *syntax.CreateTable:
		if n.Query == nil {
			break
		}
		r, err := s.explain(ctx, title, &syntax.Explain{Body: n})
		if err != nil {
			return nil, err
		}
		_, err = s.Execute(ctx, st) // what comes next may read it
		return r, err
	case *syntax.Explain:
		return s.explain(ctx, title, n)
	case *syntax.Query, *syntax.Insert, *syntax.Execute:
		return s.explain(ctx, title, &syntax.Explain{Body: n})
	}
	return s.Execute(ctx, st)
}

// explain prints what would run.
func (s *Session) explain(ctx context.Context, title string, n *syntax.Explain) (*Result, error) {
	nodes, err := s.explained(n.Body)
	if err != nil {
		return nil, err
	}
	return s.explainNodes(ctx, title, n.Details, nodes)
}

func (s *Session) explainNodes(ctx context.Context, title string, details []syntax.ExplainDetail, nodes []plan.Node) (*Result, error) {
	p, err := s.plan(func(*column.Batch) error { return nil }, nodes...)
	if err != nil {
		return nil, err
	}
	r := textResult(s.explanation(ctx, p, details))
	diagram := p.builder.Diagram(title, s.settings.Int(setting.Parallelism))
	r.Diagram = &diagram
	return r, nil
}

// explained binds what an EXPLAIN is of. Nothing is created.
func (s *Session) explained(body syntax.Statement) ([]plan.Node, error) {
	switch body := body.(type) {
	case *syntax.Execute:
		return s.explained(body.Body)
	case *syntax.Query:
		q, err := s.binder().Query(body)
		if err != nil {
			return nil, err
		}
		return []plan.Node{q.Node}, nil
	case *syntax.Insert:
		sink, err := s.binder().Insert(body)
		return []plan.Node{sink}, err
	case *syntax.CreateTable:
		if body.Query != nil {
			_, sink, err := s.binder().TableAs(body)
			return []plan.Node{sink}, err
		}
	case *syntax.StatementSet:
		var all []plan.Node
		for _, st := range body.Statements {
			nodes, err := s.explained(st)
			if err != nil {
				return nil, err
			}
			all = append(all, nodes...)
		}
		return all, nil
	}
	e := syntax.Errorf(body, "%s has no plan to EXPLAIN", statementName(body))
	e.Hint = "what has one, is a query, INSERT, CREATE TABLE … AS and a statement set"
	return nil, e
}

// explanation prints the parts of EXPLAIN: what was asked for, how it is computed, and what runs; and the details.
func (s *Session) explanation(ctx context.Context, p *planned, details []syntax.ExplainDetail) string {
	has := func(d syntax.ExplainDetail) bool { return slices.Contains(details, d) }
	var b strings.Builder
	b.WriteString("== Abstract Syntax Tree ==\n")
	for _, n := range p.logical {
		b.WriteString(plan.Tree(n, nil))
	}
	advice := &adviser{batch: p.batch, settings: s.settings}
	title := "Optimized Physical Plan"
	if has(syntax.ExplainPlanAdvice) {
		title += " With Advice"
	}
	b.WriteString("\n== " + title + " ==\n")
	for _, n := range p.optimized {
		b.WriteString(plan.Tree(n, func(n plan.Node) string {
			more := ""
			if !p.batch {
				more = retention(n, s.settings)
			}
			if has(syntax.ExplainPlanAdvice) {
				more += advice.of(n)
			}
			if has(syntax.ExplainChangelogMode) {
				more += changelogMode(n)
			}
			if has(syntax.ExplainEstimatedCost) {
				more += costOf(n).String()
			}
			return more
		}))
	}
	if has(syntax.ExplainPlanAdvice) {
		b.WriteString("\n" + advice.String())
	}
	b.WriteString("\n== Optimized Execution Plan ==\n")
	b.WriteString(p.builder.Explain(s.settings.Int(setting.Parallelism)))
	if pushed := s.pushedDown(ctx, p.builder.Graph("")); pushed != "" {
		b.WriteString("\n== Pushed Down ==\n" + pushed)
	}
	if has(syntax.ExplainJSONExecutionPlan) {
		b.WriteString("\n== Physical Execution Plan ==\n" + graphJSON(p.builder.Graph(""), s.settings.Int(setting.Parallelism)))
	}
	if len(p.warnings) > 0 {
		b.WriteString("\n== Warnings ==\n")
		for _, w := range p.warnings {
			b.WriteString(w.Error() + "\n")
		}
	}
	return b.String()
}

// changelogMode writes the kinds of rows that leave a node.
func changelogMode(n plan.Node) string {
	if _, ok := n.(*plan.Sink); ok {
		return ", changelogMode=[NONE]"
	}
	return fmt.Sprintf(", changelogMode=[%s]", plan.ChangesOf(n))
}

// jsonNode is a node of the graph as JSON_EXECUTION_PLAN shows it, in the words of Flink's plan visualizer.
type jsonNode struct {
	ID           int        `json:"id"`
	Type         string     `json:"type"`
	Pact         string     `json:"pact"`
	Contents     string     `json:"contents"`
	Parallelism  int        `json:"parallelism"`
	Predecessors []jsonEdge `json:"predecessors,omitempty"`
}

type jsonEdge struct {
	ID   int    `json:"id"`
	Ship string `json:"ship_strategy"`
	Side string `json:"side"`
}

// graphJSON writes a graph for Flink's plan visualizer.
func graphJSON(g *graph.Graph, parallelism int) string {
	var out struct {
		Nodes []jsonNode `json:"nodes"`
	}
	read := make([]bool, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, e := range n.Inputs {
			read[e.From] = true
		}
	}
	for _, n := range g.Nodes {
		j := jsonNode{ID: n.ID, Type: n.Name, Pact: "Operator", Contents: n.Name, Parallelism: n.Parallelism}
		if j.Parallelism == 0 {
			j.Parallelism = parallelism
		}
		switch {
		case len(n.Inputs) == 0:
			j.Pact = "Data Source"
		case !read[n.ID]:
			j.Pact = "Data Sink"
		}
		for _, e := range n.Inputs {
			j.Predecessors = append(j.Predecessors, jsonEdge{e.From, strings.ToUpper(e.Ship.String()), "second"})
		}
		out.Nodes = append(out.Nodes, j)
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err.Error() + "\n" // it holds numbers and texts only
	}
	return string(data) + "\n"
}
