package session

import (
	"context"
	"slices"
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// show executes SHOW of a list of names.
func (s *Session) show(ctx context.Context, n *syntax.Show) (*Result, error) {
	cat, db := s.catalogs.Current()
	switch n.Kind {
	case syntax.ShowCatalogs:
		return names("catalog name", s.catalogs.Catalogs(), n)
	case syntax.ShowCurrentCatalog:
		return listResult("current catalog name", []string{cat}), nil
	case syntax.ShowDatabases:
		if n.From != nil {
			cat = n.From.Last().Name
		}
		list, err := s.catalogs.Databases(cat)
		if err != nil {
			return nil, at(orStatement(n.From, n), err)
		}
		return names("database name", list, n)
	case syntax.ShowCurrentDatabase:
		return listResult("current database name", []string{db}), nil
	case syntax.ShowTables:
		return s.showObjects("table name", catalog.Tables, nil, n)
	case syntax.ShowViews:
		return s.showObjects("view name", catalog.Tables, func(o catalog.Object) bool { return o.Label() == "view" }, n)
	case syntax.ShowModels:
		return s.showObjects("model name", catalog.Models, nil, n)
	case syntax.ShowMaterializedTables:
		return s.showObjects("materialized table", catalog.Tables, func(catalog.Object) bool { return false }, n)
	case syntax.ShowColumns:
		t, err := s.object(n.From)
		if err != nil {
			return nil, err
		}
		return s.columnsOf(t, n.Like), nil
	case syntax.ShowPartitions:
		return s.showPartitions(n)
	case syntax.ShowFunctions:
		return s.showFunctions(n)
	case syntax.ShowModules:
		return s.showModules(n.Full), nil
	case syntax.ShowJars:
		return listResult("jars", nil), nil
	case syntax.ShowJobs:
		return s.showJobs(ctx)
	case syntax.ShowState:
		return s.showState(ctx, n)
	case syntax.ShowProcedures:
		return nil, noProcedures(n)
	}
	return nil, noConnections(n)
}

// noProcedures says that there is nothing to CALL.
func noProcedures(at syntax.Node) error {
	e := syntax.Errorf(at, "there are no procedures: no catalog here has any")
	e.Hint = "SHOW FUNCTIONS lists what a query can call"
	return e
}

// orStatement is the name that an error is about, or the statement where it has none.
func orStatement(n *syntax.Name, statement syntax.Node) syntax.Node {
	if n != nil {
		return n
	}
	return statement
}

// names makes the result of a SHOW from a list of names and its LIKE.
func names(title string, list []string, n *syntax.Show) (*Result, error) {
	return listResult(title, filterLike(list, n.Like)), nil
}

// database returns the catalog and database that a SHOW is about.
func (s *Session) database(n *syntax.Show) (cat, db string, err error) {
	if n.From == nil {
		cat, db = s.catalogs.Current()
		return cat, db, nil
	}
	return s.databaseName(n.From)
}

// showObjects lists the objects of a database.
func (s *Session) showObjects(title string, kind catalog.Kind, keep func(catalog.Object) bool, n *syntax.Show) (*Result, error) {
	cat, db, err := s.database(n)
	if err != nil {
		return nil, err
	}
	if n.From != nil {
		_, err = s.catalogs.Database(cat, db)
	}
	var list []string
	if err == nil {
		list, err = s.catalogs.List(kind, cat, db, keep)
	}
	if err != nil {
		return nil, at(orStatement(n.From, n), err)
	}
	return names(title, list, n)
}

// showFunctions lists functions: those that are built in and those of a database. As in Flink a database that does not exist has none.
func (s *Session) showFunctions(n *syntax.Show) (*Result, error) {
	cat, db, err := s.database(n)
	if err != nil {
		return nil, err
	}
	list, err := s.userFunctions(cat, db)
	if err != nil {
		return nil, at(orStatement(n.From, n), err)
	}
	if n.User {
		for name := range expr.UserFunctions() {
			list = append(list, strings.ToLower(name))
		}
	} else {
		list = append(list, functionNames()...)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return names("function name", list, n)
}

// showPartitions lists the partitions of a table that were added to it, or those of them that have given values.
func (s *Session) showPartitions(n *syntax.Show) (*Result, error) {
	t, err := s.object(n.From)
	if err != nil {
		return nil, err
	}
	if len(t.PartitionBy) == 0 {
		return nil, syntax.Errorf(n.From, "%s '%s' is not partitioned", t.Label(), t.Path)
	}
	var list []string
	for _, p := range t.Partitions {
		matches := true
		for i := range n.Partition {
			v := &n.Partition[i]
			l, ok := v.Value.(*syntax.Literal)
			at := slices.Index(t.PartitionBy, v.Column.Name)
			matches = matches && ok && at >= 0 && p.Values[at] == l.Text
		}
		if matches {
			list = append(list, t.PartitionName(p))
		}
	}
	slices.Sort(list)
	return listResult("partition name", list), nil
}

// filterLike keeps the names that a LIKE filter lets pass.
func filterLike(names []string, f *syntax.LikeFilter) []string {
	if f == nil {
		return names
	}
	pattern := f.Pattern.Text
	if f.ILike {
		pattern = strings.ToLower(pattern)
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		if f.ILike {
			name = strings.ToLower(name)
		}
		return like([]rune(name), []rune(pattern)) == f.Not
	})
}

// like matches a name against a pattern of SHOW: % is any text, _ any character, \ takes the next character as it is. The work is
// at most the product of the lengths.
func like(name, pattern []rune) bool {
	n, p, starName, starPattern := 0, 0, -1, -1
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			starName, starPattern = n, p
			p++
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == name[n]:
			n, p = n+1, p+2
		case p < len(pattern) && pattern[p] != '\\' && (pattern[p] == '_' || pattern[p] == name[n]):
			n, p = n+1, p+1
		case starPattern >= 0:
			starName++
			n, p = starName, starPattern+1
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
