package definition

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

var (
	columnKinds = map[catalog.ColumnKind]string{catalog.Physical: "", catalog.Computed: "computed", catalog.Metadata: "metadata"}
	timeNames   = map[catalog.TimeAttribute]string{catalog.NoTime: "", catalog.Rowtime: "rowtime", catalog.Proctime: "proctime"}
	spreads     = map[syntax.DistributionKind]string{syntax.DistributionUnset: "", syntax.DistributionHash: "hash", syntax.DistributionRange: "range"}
)

// keyOf finds what a name stands for.
func keyOf[K comparable](names map[K]string, name string) (K, error) {
	for k, n := range names {
		if n == name {
			return k, nil
		}
	}
	var none K
	return none, fmt.Errorf("its definition holds an unknown '%s'", name)
}

func encodeTable(out *object, t *catalog.Table) {
	out.Comment, out.Columns, out.PartitionBy, out.Options = t.Comment, encodeColumns(t.Columns), t.PartitionBy, t.Options
	if w := t.Watermark; w != nil {
		out.Watermark = &watermarkJSON{w.Column, sql(w.Expr)}
	}
	if k := t.PrimaryKey; k != nil {
		out.PrimaryKey = &keyJSON{k.Name, k.Columns}
	}
	if d := t.Distribution; d != nil {
		out.Distribution = &distributionJSON{Kind: spreads[d.Kind]}
		for _, c := range d.Columns {
			out.Distribution.Columns = append(out.Distribution.Columns, c.Name)
		}
		if d.Buckets != nil {
			out.Distribution.Buckets = d.Buckets.Text
		}
	}
	for _, p := range t.Partitions {
		out.Partitions = append(out.Partitions, partitionJSON{p.Values, p.Options})
	}
	if v := t.View; v != nil {
		out.View = &viewJSON{v.Text, v.Expanded, v.Catalog, v.Database}
	}
}

func encodeColumns(list []catalog.Column) []columnJSON {
	var out []columnJSON
	for _, c := range list {
		j := columnJSON{Name: c.Name, Type: c.Type.String(), Kind: columnKinds[c.Kind], Key: c.Key, Virtual: c.Virtual, Time: timeNames[c.Time], Comment: c.Comment}
		if c.Expr != nil {
			j.Expr = sql(c.Expr)
		}
		out = append(out, j)
	}
	return out
}

// decoder reads definitions.
type decoder struct {
	parseType func(string) (column.Type, error)
}

func (d decoder) table(in *object, name catalog.Path) (*catalog.Table, error) {
	t := &catalog.Table{Path: name, Comment: in.Comment, PartitionBy: in.PartitionBy, Options: in.Options}
	if t.Options == nil {
		t.Options = map[string]string{}
	}
	var err error
	if t.Columns, err = d.columns(in.Columns); err != nil {
		return nil, err
	}
	if w := in.Watermark; w != nil {
		t.Watermark = &catalog.Watermark{Column: w.Column}
		if t.Watermark.Expr, err = syntax.ParseExpr(w.Expr); err != nil {
			return nil, fmt.Errorf("its watermark cannot be read: %w", err)
		}
	}
	if k := in.PrimaryKey; k != nil {
		t.PrimaryKey = &catalog.PrimaryKey{Name: k.Name, Columns: k.Columns}
	}
	for _, p := range in.Partitions {
		t.Partitions = append(t.Partitions, catalog.Partition{Values: p.Values, Options: p.Options})
	}
	if in.Distribution != nil {
		if t.Distribution, err = distribution(in.Distribution); err != nil {
			return nil, err
		}
	}
	if v := in.View; v != nil {
		t.View = &catalog.View{Text: v.Query, Catalog: v.Catalog, Database: v.Database, Expanded: v.Shown}
		if t.View.Query, err = syntax.ParseQuery(v.Query); err != nil {
			return nil, fmt.Errorf("its query cannot be read: %w", err)
		}
	}
	return t, nil
}

func distribution(in *distributionJSON) (*syntax.Distribution, error) {
	kind, err := keyOf(spreads, in.Kind)
	if err != nil {
		return nil, err
	}
	d := &syntax.Distribution{Kind: kind}
	for _, c := range in.Columns {
		d.Columns = append(d.Columns, syntax.Ident{Name: c})
	}
	if in.Buckets != "" {
		d.Buckets = &syntax.Literal{Kind: syntax.IntegerLiteral, Text: in.Buckets}
	}
	return d, nil
}

func (d decoder) columns(list []columnJSON) ([]catalog.Column, error) {
	var out []catalog.Column
	for _, j := range list {
		c := catalog.Column{Name: j.Name, Key: j.Key, Virtual: j.Virtual, Comment: j.Comment}
		var err error
		if c.Type, err = d.parseType(j.Type); err != nil {
			return nil, fmt.Errorf("the type of its column '%s' cannot be read: %w", j.Name, err)
		}
		if c.Kind, err = keyOf(columnKinds, j.Kind); err != nil {
			return nil, err
		}
		if c.Time, err = keyOf(timeNames, j.Time); err != nil {
			return nil, err
		}
		if j.Expr != "" {
			if c.Expr, err = syntax.ParseExpr(j.Expr); err != nil {
				return nil, fmt.Errorf("the expression of its column '%s' cannot be read: %w", j.Name, err)
			}
		}
		out = append(out, c)
	}
	return out, nil
}
