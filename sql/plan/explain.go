package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// Kind of the nodes.

func (n *Scan) Kind() string    { return "Scan" }
func (n *Values) Kind() string  { return "Values" }
func (n *Filter) Kind() string  { return "Filter" }
func (n *Project) Kind() string { return "Project" }
func (n *Calc) Kind() string    { return "Calc" }
func (n *Unnest) Kind() string  { return "Unnest" }
func (n *Aggregate) Kind() string {
	return [...]string{graph.Whole: "Aggregate", graph.Partial: "LocalAggregate", graph.Final: "GlobalAggregate"}[n.Phase]
}
func (n *Sort) Kind() string { return "Sort" }
func (n *Limit) Kind() string {
	switch {
	case n.Local && len(n.Keys) > 0:
		return "LocalSortLimit"
	case n.Local:
		return "LocalLimit"
	case len(n.Keys) > 0:
		return "SortLimit"
	}
	return "Limit"
}
func (n *Union) Kind() string    { return "Union" }
func (n *Sink) Kind() string     { return "Sink" }
func (n *Exchange) Kind() string { return "Exchange" }

// Details of the nodes.

func (n *Scan) Details() []Detail {
	d := []Detail{{"table", n.Table.Name}, {"fields", n.columns()}}
	if len(n.Filter) > 0 {
		d = append(d, Detail{"filter", exprs(n.Filter)})
	}
	if n.Limit >= 0 {
		d = append(d, Detail{"limit", strconv.FormatInt(n.Limit, 10)})
	}
	return d
}

// columns names what is read, with the fields of rows of which not all are.
func (n *Scan) columns() string {
	if n.narrowed == nil {
		return names(n.fields)
	}
	list := slices.Clone(n.fields)
	for i, cut := range n.narrowed {
		if cut {
			list[i].Name += "(" + names(list[i].Type.Fields) + ")"
		}
	}
	return names(list)
}

func (n *Values) Details() []Detail {
	var rows []string
	for i, row := range n.Rows {
		if i == 10 {
			rows = append(rows, fmt.Sprintf("… %d more", len(n.Rows)-i))
			break
		}
		rows = append(rows, "("+exprs(row)+")")
	}
	return []Detail{{"rows", strings.Join(rows, ", ")}, {"fields", names(n.Fields)}}
}

func (n *Filter) Details() []Detail { return []Detail{{"where", bare(n.Cond.String())}} }

func (n *Project) Details() []Detail { return []Detail{{"select", projection(n.Exprs, n.Fields)}} }

func (n *Calc) Details() []Detail {
	d := []Detail{{"select", names(n.Fields)}}
	if n.Exprs != nil {
		d[0].Value = projection(n.Exprs, n.Fields)
	}
	if n.Cond != nil {
		d = append(d, Detail{"where", bare(n.Cond.String())})
	}
	return d
}

func (n *Unnest) Details() []Detail {
	d := []Detail{{"of", n.Input.Schema()[n.Column].Name}, {"select", names(n.Fields)}}
	if n.Outer {
		d = append(d, Detail{"join", "left"})
	}
	if n.Ordinality {
		d = append(d, Detail{"ordinality", "true"})
	}
	return d
}

func (n *Aggregate) Details() []Detail {
	var d []Detail
	if len(n.Keys) > 0 {
		d = append(d, Detail{"groupBy", names(n.Fields[:len(n.Keys)])})
	}
	var list []string
	for i, f := range n.Fields {
		switch {
		case i < len(n.Keys) || n.Phase == graph.Partial:
			list = append(list, f.Name)
		default:
			c := n.Calls[i-len(n.Keys)]
			list = append(list, as(c.Name, f.Name))
		}
	}
	return append(d, Detail{"select", strings.Join(list, ", ")})
}

func (n *Sort) Details() []Detail { return []Detail{{"orderBy", order(n.Keys, n.Schema())}} }

func (n *Limit) Details() []Detail {
	var d []Detail
	if len(n.Keys) > 0 {
		d = append(d, Detail{"orderBy", order(n.Keys, n.Schema())})
	}
	if n.Offset > 0 {
		d = append(d, Detail{"offset", strconv.FormatInt(n.Offset, 10)})
	}
	if n.Count >= 0 {
		d = append(d, Detail{"limit", strconv.FormatInt(n.Count, 10)})
	}
	return d
}

func (n *Union) Details() []Detail { return []Detail{{"select", names(n.Fields)}} }

func (n *Sink) Details() []Detail {
	d := []Detail{{"table", n.Table.Name}, {"fields", names(n.Input.Schema())}}
	if n.Overwrite {
		d = append(d, Detail{"overwrite", "true"})
	}
	if n.Conflict != "" {
		d = append(d, Detail{"conflictStrategy", n.Conflict})
	}
	if len(n.Partition) > 0 {
		var list []string
		for _, k := range slices.Sorted(maps.Keys(n.Partition)) {
			list = append(list, k+"="+n.Partition[k])
		}
		d = append(d, Detail{"partition", strings.Join(list, ", ")})
	}
	return d
}

func (n *Exchange) Details() []Detail {
	if n.Single {
		return []Detail{{"distribution", "single"}}
	}
	var keys []string
	for _, k := range n.Keys {
		keys = append(keys, n.Schema()[k].Name)
	}
	return []Detail{{"distribution", "hash[" + strings.Join(keys, ", ") + "]"}}
}

// Line returns a node without its inputs on one line, such as "Filter(where=[a > 1])".
func Line(n Node) string {
	var list []string
	for _, d := range n.Details() {
		list = append(list, d.Key+"=["+d.Value+"]")
	}
	return n.Kind() + "(" + strings.Join(list, ", ") + ")"
}

// Tree prints a tree, each node on a line below its consumer. more, if not nil, returns what a line ends with.
func Tree(n Node, more func(Node) string) string {
	var b strings.Builder
	write(&b, n, "", "", more)
	return b.String()
}

func write(b *strings.Builder, n Node, first, rest string, more func(Node) string) {
	b.WriteString(first + Line(n))
	if more != nil {
		b.WriteString(more(n))
	}
	b.WriteByte('\n')
	inputs := n.Inputs()
	for i, in := range inputs {
		if i < len(inputs)-1 {
			write(b, in, rest+":- ", rest+":  ", more)
		} else {
			write(b, in, rest+"+- ", rest+"   ", more)
		}
	}
}

func names(fields []column.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return strings.Join(list, ", ")
}

func exprs(list []expr.Expr) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = bare(e.String())
	}
	return strings.Join(s, ", ")
}

func projection(list []expr.Expr, fields []column.Field) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = as(bare(e.String()), fields[i].Name)
	}
	return strings.Join(s, ", ")
}

func as(text, name string) string {
	if text == name {
		return name
	}
	return text + " AS " + name
}

// bare takes off parentheses around a whole expression.
func bare(s string) string {
	if !strings.HasPrefix(s, "(") {
		return s
	}
	depth, quoted := 0, false
	for i, c := range s {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth == 0 && i < len(s)-1 {
				return s
			}
		}
	}
	return s[1 : len(s)-1]
}

func order(keys []graph.SortKey, fields []column.Field) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = fields[k.Column].Name
		if k.Descending {
			list[i] += " DESC"
		} else {
			list[i] += " ASC"
		}
		if k.NullsLast != k.Descending { // NULLs are lowest unless said otherwise
			list[i] += map[bool]string{true: " NULLS LAST", false: " NULLS FIRST"}[k.NullsLast]
		}
	}
	return strings.Join(list, ", ")
}
