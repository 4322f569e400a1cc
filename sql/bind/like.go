package bind

import (
	"slices"

	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// likeStrategies are what LIKE does with each part of the base table if nothing is said: options may be given anew, and all else is
// taken over.
func likeStrategies(n *syntax.LikeTable) (map[syntax.LikeFeature]syntax.LikeMerge, error) {
	all := []syntax.LikeFeature{syntax.LikeConstraints, syntax.LikeDistribution, syntax.LikeGenerated, syntax.LikeMetadata,
		syntax.LikeOptions, syntax.LikePartitions, syntax.LikeWatermarks}
	s := map[syntax.LikeFeature]syntax.LikeMerge{syntax.LikeOptions: syntax.Overwriting}
	given := map[syntax.LikeFeature]bool{}
	for i := range n.Options {
		o := &n.Options[i]
		if given[o.Feature] {
			return nil, syntax.Errorf(o, "LIKE says twice what to do with the same part of the table")
		}
		given[o.Feature] = true
		switch o.Feature {
		case syntax.LikeAll, syntax.LikeConstraints, syntax.LikeDistribution, syntax.LikePartitions:
			if o.Merge == syntax.Overwriting {
				return nil, fail(o, "what can be overwritten are GENERATED, METADATA, OPTIONS and WATERMARKS; use EXCLUDING and declare it anew",
					"this part of a table cannot be overwritten")
			}
		}
	}
	for _, o := range n.Options {
		if o.Feature == syntax.LikeAll {
			for _, f := range all {
				s[f] = o.Merge
			}
		}
	}
	for _, o := range n.Options {
		s[o.Feature] = o.Merge
	}
	return s, nil
}

// like takes over what CREATE TABLE … LIKE wants from the base table, and checks that the statement does not contradict it. A new column
// may stand in the place of one that it overwrites.
func (d *definition) like(n *syntax.CreateTable) error {
	strategy, err := likeStrategies(n.Like)
	if err != nil {
		return err
	}
	source := &n.Like.Source
	path, err := d.Catalogs.Resolve(names(source.Parts))
	if err != nil {
		return place(source, err)
	}
	base, err := d.Catalogs.Lookup(path)
	if err != nil {
		return place(source, err)
	}
	if base.View != nil {
		return fail(source, "name a table, or write CREATE TABLE … AS SELECT", "'%s' is a view, which LIKE cannot take over", path)
	}
	taken := base.Clone()
	if err := d.likeColumns(n, taken, strategy); err != nil {
		return err
	}
	if err := d.likeKeys(n, taken, strategy); err != nil {
		return err
	}
	return d.likeOptions(n, taken, strategy)
}

// likeColumns takes over columns. Those that the statement overwrites are replaced in their places, and so defined.
func (d *definition) likeColumns(n *syntax.CreateTable, base *catalog.Table, strategy map[syntax.LikeFeature]syntax.LikeMerge) error {
	for _, c := range base.Columns {
		feature, generated := map[catalog.ColumnKind]syntax.LikeFeature{catalog.Computed: syntax.LikeGenerated, catalog.Metadata: syntax.LikeMetadata}[c.Kind]
		if !generated || strategy[feature] != syntax.Excluding {
			c.Time = catalog.NoTime
			d.t.Columns = append(d.t.Columns, c)
		}
	}
	for i := range n.Schema.Columns {
		col := &n.Schema.Columns[i]
		at := d.t.Find(col.Name.Name)
		if at < 0 || d.own[col.Name.Name] != nil {
			continue
		}
		old := &d.t.Columns[at]
		feature := map[syntax.ColumnKind]syntax.LikeFeature{syntax.ComputedColumn: syntax.LikeGenerated, syntax.MetadataColumn: syntax.LikeMetadata}[col.Kind]
		same := old.Kind == catalog.Computed && col.Kind == syntax.ComputedColumn || old.Kind == catalog.Metadata && col.Kind == syntax.MetadataColumn
		switch {
		case !same:
			return syntax.Errorf(&col.Name, "the base table '%s' has a column '%s' already", base.Path, col.Name.Name)
		case strategy[feature] != syntax.Overwriting:
			word := map[bool]string{true: "GENERATED", false: "METADATA"}[feature == syntax.LikeGenerated]
			return fail(&col.Name, "write LIKE … (OVERWRITING "+word+") or EXCLUDING "+word, "the base table '%s' has a column '%s' already", base.Path, col.Name.Name)
		}
		c, err := d.column(col)
		if err != nil {
			return err
		}
		*old = c
		if err := d.claim(col); err != nil {
			return err
		}
	}
	return nil
}

// likeKeys takes over the primary key, the watermark, the partitioning and the distribution. The last two are kept even where they are
// excluded, as in Flink, unless the statement declares its own.
func (d *definition) likeKeys(n *syntax.CreateTable, base *catalog.Table, strategy map[syntax.LikeFeature]syntax.LikeMerge) error {
	if k := base.PrimaryKey; k != nil && strategy[syntax.LikeConstraints] != syntax.Excluding {
		keys, err := keysOf(&n.Schema)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return fail(keys[0], "write LIKE … (EXCLUDING CONSTRAINTS)", "the base table '%s' has a primary key already", base.Path)
		}
		d.t.PrimaryKey = k
	}
	if len(base.PartitionBy) > 0 {
		if len(n.PartitionBy) > 0 && strategy[syntax.LikePartitions] != syntax.Excluding {
			return fail(&n.PartitionBy[0], "write LIKE … (EXCLUDING PARTITIONS)", "the base table '%s' is partitioned already", base.Path)
		}
		d.t.PartitionBy = base.PartitionBy
	}
	if base.Distribution != nil {
		if n.Distribution != nil && strategy[syntax.LikeDistribution] != syntax.Excluding {
			return fail(n.Distribution, "write LIKE … (EXCLUDING DISTRIBUTION)", "the base table '%s' is distributed already", base.Path)
		}
		d.t.Distribution = base.Distribution
	}
	w := base.Watermark
	if w == nil || strategy[syntax.LikeWatermarks] == syntax.Excluding {
		return nil
	}
	if n.Schema.Watermark == nil {
		if err := d.computed(); err != nil { // the watermark may be for one of them
			return err
		}
		return d.setWatermark(w, &n.Like.Source, &n.Like.Source)
	}
	if strategy[syntax.LikeWatermarks] != syntax.Overwriting {
		return fail(n.Schema.Watermark, "write LIKE … (OVERWRITING WATERMARKS) or EXCLUDING WATERMARKS", "the base table '%s' has a watermark already", base.Path)
	}
	return nil
}

// likeOptions takes over options.
func (d *definition) likeOptions(n *syntax.CreateTable, base *catalog.Table, strategy map[syntax.LikeFeature]syntax.LikeMerge) error {
	merge := strategy[syntax.LikeOptions]
	if merge == syntax.Excluding {
		return nil
	}
	for key, value := range base.Options {
		if _, given := d.t.Options[key]; !given {
			d.t.Options[key] = value
		} else if merge == syntax.Including {
			i := slices.IndexFunc(n.Options, func(o syntax.Option) bool { return o.Key.Text == key })
			return fail(&n.Options[i], "write LIKE … (OVERWRITING OPTIONS) or EXCLUDING OPTIONS", "the base table '%s' has the option '%s' already", base.Path, key)
		}
	}
	return nil
}
