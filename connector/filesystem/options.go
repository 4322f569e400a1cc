package filesystem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// config is a table's options, checked.
type config struct {
	env     connector.Env
	table   graph.Table
	values  setting.Values // the connector's
	path    string
	format  *format.Spec
	options setting.Values // the format's
	changes graph.Changes  // besides inserts, that the files carry
	zone    *time.Location
	// columns are those that stand in the files: the table's without those that stand in directory names.
	columns []column.Field
	place   []int // by position in Table.Columns: the position in columns; -1: a partition column
}

// configure reads a table's options. It goes to no external system.
func configure(env connector.Env, table graph.Table) (*config, error) {
	c := &config{env: env, table: table}
	name, given := table.Options[formatOption.Key]
	all := specOf(table.Connector).Options
	if given {
		var ok bool
		if c.format, ok = format.Lookup(name); !ok {
			return nil, unknownFormat(name)
		}
		for _, o := range c.format.Options {
			all = append(all, prefixed(name+".", o))
		}
	}
	own := map[string]string{}
	rest := map[string]string{}
	for key, text := range table.Options {
		if k, ok := strings.CutPrefix(key, name+"."); ok && given {
			rest[k] = text
		}
		own[key] = text
	}
	var err error
	if c.values, err = setting.Check(all, own); err != nil {
		return nil, err
	}
	if c.options, err = setting.Check(c.format.Options, rest); err != nil {
		return nil, err
	}
	if c.format.Changes != nil {
		c.changes = c.format.Changes(c.options)
	}
	if c.changes.Updates() && c.changes&graph.UpdateBefore == 0 && len(table.PrimaryKey) == 0 {
		return nil, fmt.Errorf("the files of format '%s' hold updates without the row before (%s), so the table needs to say which row is replaced: "+
			"declare PRIMARY KEY (…) NOT ENFORCED", name, c.changes)
	}
	c.path = c.values.Text(pathOption)
	if c.zone, err = setting.Zone(env.Settings.Text(setting.TimeZone)); err != nil {
		return nil, fmt.Errorf("%s: %w", setting.TimeZone.Key, err)
	}
	c.place = make([]int, len(table.Columns))
	for _, p := range table.PartitionBy {
		c.place[p] = -1
	}
	for i, f := range table.Columns {
		if c.place[i] >= 0 {
			c.place[i] = len(c.columns)
			c.columns = append(c.columns, f)
		}
	}
	if len(c.columns) == 0 {
		return nil, errors.New("every column is a partition column: files need one of their own")
	}
	return c, nil
}

// prefixed is the option as a WITH clause spells it.
func prefixed(prefix string, o *setting.Option) *setting.Option {
	copied := *o
	copied.Key = prefix + o.Key
	copied.Aliases = nil
	for _, a := range o.Aliases {
		copied.Aliases = append(copied.Aliases, prefix+a)
	}
	return &copied
}

func unknownFormat(name string) error {
	known := format.Names()
	hint := "valid are '" + strings.Join(known, "', '") + "'"
	if near := objstore.Nearest(name, known); near != "" {
		hint = "did you mean '" + near + "'?"
	}
	return fmt.Errorf("option 'format': there is no format '%s'; %s", name, hint)
}

// open opens the store that the path points into. It does not go to the network.
func (c *config) open(ctx context.Context) (store objstore.Store, key string, err error) {
	if c.env.Objects == nil {
		return nil, "", errors.New("no object store is at hand: the process was set up without one")
	}
	return c.env.Objects.Open(ctx, c.path)
}

// formatConfig is what a decoder or encoder of all columns is made for.
func (c *config) formatConfig() format.Config {
	return format.Config{Options: c.options, Columns: c.columns, Zone: c.zone}
}
