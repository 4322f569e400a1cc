package session

import (
	"slices"

	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// coreModule is the one module: the built-in functions. They can be called whether it is loaded or not.
const coreModule = "core"

// modules is which modules a session has loaded, and which of them it uses, in order.
type modules struct{ loaded, used []string }

func newModules() modules { return modules{[]string{coreModule}, []string{coreModule}} }

// loadModule executes LOAD MODULE.
func (s *Session) loadModule(n *syntax.LoadModule) (*Result, error) {
	switch name := n.Name.Name; {
	case slices.Contains(s.modules.loaded, name):
		return nil, syntax.Errorf(&n.Name, "the module '%s' is loaded already", name)
	case name != coreModule:
		return nil, syntax.Errorf(&n.Name, "there is no module '%s': the one there is, is '%s'", name, coreModule)
	}
	s.modules = newModules()
	return done(nil)
}

// unloadModule executes UNLOAD MODULE.
func (s *Session) unloadModule(n *syntax.UnloadModule) (*Result, error) {
	if err := s.loadedModule(&n.Name); err != nil {
		return nil, err
	}
	s.modules = modules{}
	return done(nil)
}

// useModules executes USE MODULES.
func (s *Session) useModules(n *syntax.UseModules) (*Result, error) {
	var used []string
	for i := range n.Modules {
		m := &n.Modules[i]
		if slices.Contains(used, m.Name) {
			return nil, syntax.Errorf(m, "the module '%s' is there twice", m.Name)
		}
		if err := s.loadedModule(m); err != nil {
			return nil, err
		}
		used = append(used, m.Name)
	}
	s.modules.used = used
	return done(nil)
}

func (s *Session) loadedModule(n *syntax.Ident) error {
	if slices.Contains(s.modules.loaded, n.Name) {
		return nil
	}
	e := syntax.Errorf(n, "the module '%s' is not loaded", n.Name)
	e.Hint = suggest.Hint(n.Name, s.modules.loaded, "loaded are")
	return e
}

// showModules executes SHOW [FULL] MODULES: those that are used, in order, and with FULL the others behind them.
func (s *Session) showModules(full bool) *Result {
	if !full {
		return listResult("module name", s.modules.used)
	}
	var rows [][]any
	for _, name := range s.modules.used {
		rows = append(rows, []any{name, true})
	}
	for _, name := range s.modules.loaded {
		if !slices.Contains(s.modules.used, name) {
			rows = append(rows, []any{name, false})
		}
	}
	return rowsResult(Rows, textColumns("module name", "used?"), rows)
}
