package plan

import (
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/syntax"
)

// Match finds sequences of rows.
type Match struct {
	Input Node
	graph.MatchPattern
	Fields []column.Field // partition columns, then measures
	At     syntax.Span
}

func (n *Match) Schema() []column.Field { return n.Fields }
func (n *Match) Inputs() []Node         { return []Node{n.Input} }
func (n *Match) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Match) Kind() string           { return "Match" }

func (n *Match) skipText() string {
	switch n.Skip.Kind {
	case graph.SkipToNext:
		return "TO NEXT ROW"
	case graph.SkipToFirst:
		return "TO FIRST " + n.Variables[n.Skip.Variable]
	case graph.SkipToLast:
		return "TO LAST " + n.Variables[n.Skip.Variable]
	}
	return "PAST LAST ROW"
}

// Details of the node.
func (n *Match) Details() []Detail {
	var d []Detail
	if len(n.Partition) > 0 {
		d = append(d, Detail{"partitionBy", columnList(n.Partition, n.Input.Schema())})
	}
	time := "proctime"
	if n.Time >= 0 {
		time = n.Input.Schema()[n.Time].Name + " ASC"
	}
	if len(n.Order) > 0 {
		time += ", " + order(n.Order, n.Input.Schema())
	}
	var measures, define []string
	for _, m := range n.Measures {
		measures = append(measures, m.Name)
	}
	for i, c := range n.Define {
		if c.E != nil {
			define = append(define, n.Variables[i]+" AS "+bare(c.E.String()))
		}
	}
	d = append(d, Detail{"orderBy", time}, Detail{"measures", strings.Join(measures, ", ")}, Detail{"pattern", partText(&n.Pattern, n.Variables)},
		Detail{"after match", "SKIP " + n.skipText()})
	if n.Within > 0 {
		d = append(d, Detail{"within", strconv.FormatInt(n.Within, 10) + " ms"})
	}
	return append(d, Detail{"define", strings.Join(define, ", ")})
}

// partText writes a pattern as SQL does.
func partText(p *graph.PatternPart, variables []string) string {
	text := ""
	if p.Variable >= 0 {
		text = variables[p.Variable]
	} else {
		parts := make([]string, len(p.Parts))
		for i := range p.Parts {
			parts[i] = partText(&p.Parts[i], variables)
		}
		text = "(" + strings.Join(parts, " ") + ")"
	}
	switch {
	case p.Min == 1 && p.Max == 1:
		return text
	case p.Min == 0 && p.Max == 1:
		text += "?"
	case p.Min == 0 && p.Max < 0:
		text += "*"
	case p.Min == 1 && p.Max < 0:
		text += "+"
	case p.Max < 0:
		text += "{" + strconv.Itoa(p.Min) + ",}"
	case p.Min == p.Max:
		text += "{" + strconv.Itoa(p.Min) + "}"
	default:
		text += "{" + strconv.Itoa(p.Min) + "," + strconv.Itoa(p.Max) + "}"
	}
	if p.Reluctant {
		text += "?"
	}
	return text
}
