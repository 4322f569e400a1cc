package session

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/syntax"
)

// show executes SHOW of a list of names.
func (s *Session) show(n *syntax.Show) (*Result, error) {
	cat, db := s.catalogs.Current()
	var names []string
	var title string
	var err error
	switch n.Kind {
	case syntax.ShowCatalogs:
		title, names = "catalog name", s.catalogs.Catalogs()
	case syntax.ShowCurrentCatalog:
		return listResult("current catalog name", []string{cat}), nil
	case syntax.ShowDatabases:
		if n.From != nil {
			cat = n.From.Last().Name
		}
		title = "database name"
		if names, err = s.catalogs.Databases(cat); err != nil {
			return nil, at(n.From, err)
		}
	case syntax.ShowCurrentDatabase:
		return listResult("current database name", []string{db}), nil
	case syntax.ShowTables, syntax.ShowViews, syntax.ShowModels, syntax.ShowMaterializedTables:
		if n.From != nil {
			if cat, db, err = s.databaseName(n.From); err != nil {
				return nil, err
			}
			if _, err = s.catalogs.Database(cat, db); err != nil {
				return nil, at(n.From, err)
			}
		}
		switch n.Kind {
		case syntax.ShowTables:
			title, names = "table name", s.catalogs.Tables(cat, db)
		case syntax.ShowViews:
			title, names = "view name", s.catalogs.Views(cat, db)
		case syntax.ShowModels: // there are none, as they cannot be made
			title = "model name"
		default:
			title = "materialized table"
		}
	case syntax.ShowColumns:
		t, err := s.object(n.From)
		if err != nil {
			return nil, err
		}
		return s.columnsOf(t, n.Like), nil
	case syntax.ShowFunctions:
		title, names = "function name", functionNames()
		if n.User {
			names = nil
		}
	case syntax.ShowJars:
		title = "jars"
	default:
		return nil, unsupported(n, "this form of SHOW")
	}
	return listResult(title, filterLike(names, n.Like)), nil
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
