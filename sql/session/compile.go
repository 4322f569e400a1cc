package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/catalog/definition"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// planVersion is that of the files which COMPILE PLAN writes.
const planVersion = 1

// compiledPlan is a statement with all that it names, so that it means the same wherever and whenever it is executed. Secrets are not in it:
// the tables of the session that executes it have them.
type compiledPlan struct {
	Version   int              `json:"millstreamPlan"`
	Statement string           `json:"statement"`
	Mode      string           `json:"mode"`
	Catalog   string           `json:"catalog"`
	Database  string           `json:"database"`
	Objects   []compiledObject `json:"objects"`
}

type compiledObject struct {
	Catalog    string          `json:"catalog"`
	Database   string          `json:"database"`
	Name       string          `json:"name"`
	Definition json.RawMessage `json:"definition"`
}

// compilePlan executes COMPILE PLAN. text is the source that positions in n are in.
func (s *Session) compilePlan(ctx context.Context, n *syntax.CompilePlan, text string) (*Result, error) {
	if s.settings.Enum(setting.RuntimeMode) == "BATCH" {
		return nil, syntax.Errorf(n, "COMPILE PLAN cannot run in batch mode: what it is for, is to go on with a job's state")
	}
	if n.IfNotExists {
		_, err := s.readPlan(ctx, &n.File)
		if !errors.Is(err, fs.ErrNotExist) {
			return done(at(&n.File, err))
		}
	}
	return done(s.writePlan(ctx, &n.File, n.Body, text))
}

// compileAndExecute executes COMPILE AND EXECUTE PLAN: a plan that is there already is executed as it is.
func (s *Session) compileAndExecute(ctx context.Context, n *syntax.CompileAndExecutePlan, text string) (*Result, error) {
	if _, err := s.readPlan(ctx, &n.File); errors.Is(err, fs.ErrNotExist) {
		if _, err := s.compilePlan(ctx, &syntax.CompilePlan{Span: n.Span, File: n.File, Body: n.Body}, text); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, at(&n.File, err)
	}
	return s.executePlan(ctx, &syntax.ExecutePlan{Span: n.Span, File: n.File})
}

// readPlan reads a compiled plan.
func (s *Session) readPlan(ctx context.Context, file *syntax.Literal) (*compiledPlan, error) {
	store, key, err := s.planStore(ctx, file)
	if err != nil {
		return nil, err
	}
	r, _, err := store.Get(ctx, key, objstore.All)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	p := &compiledPlan{}
	if err := json.Unmarshal(data, p); err != nil || p.Version == 0 {
		return nil, syntax.Errorf(file, "'%s' is no compiled plan", file.Text)
	}
	if p.Version > planVersion {
		return nil, syntax.Errorf(file, "the plan '%s' has version %d, and this program reads version %d", file.Text, p.Version, planVersion)
	}
	return p, nil
}

func (s *Session) planStore(ctx context.Context, file *syntax.Literal) (objstore.Store, string, error) {
	if s.config.Env.Objects == nil {
		return nil, "", syntax.Errorf(file, "there is no place for plans in this session")
	}
	store, key, err := s.config.Env.Objects.Open(ctx, file.Text)
	return store, key, at(file, err)
}

// writePlan binds a statement, which shows what it names, and writes it down with all that.
func (s *Session) writePlan(ctx context.Context, file *syntax.Literal, body syntax.Statement, text string) error {
	seen := map[catalog.Path]catalog.Object{}
	s.catalogs.Observe(func(o catalog.Object) { seen[o.ID()] = o })
	defer s.catalogs.Observe(nil)
	if _, err := s.compiled(body); err != nil {
		return err
	}
	cat, db := s.catalogs.Current()
	statement := text[body.Pos():body.End()]
	if _, ok := body.(*syntax.StatementSet); ok {
		statement = "EXECUTE " + statement // a set is no statement by itself
	}
	p := &compiledPlan{Version: planVersion, Statement: statement, Mode: s.settings.Enum(setting.RuntimeMode), Catalog: cat, Database: db}
	for _, path := range slices.SortedFunc(maps.Keys(seen), func(a, b catalog.Path) int { return strings.Compare(a.String(), b.String()) }) {
		o := seen[path]
		if t, ok := o.(*catalog.Table); ok {
			open := t.Clone()
			maps.DeleteFunc(open.Options, func(key, _ string) bool { return graph.IsSecret(key) })
			o = open
		}
		data, err := definition.Encode(o)
		if err != nil {
			return err
		}
		p.Objects = append(p.Objects, compiledObject{path.Catalog, path.Database, path.Object, data})
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	store, key, err := s.planStore(ctx, file)
	if err != nil {
		return err
	}
	_, err = store.Put(ctx, key, append(data, '\n'), objstore.Condition{IfAbsent: true})
	if errors.Is(err, fs.ErrExist) {
		e := syntax.Errorf(file, "the plan '%s' exists already", file.Text)
		e.Hint = "add IF NOT EXISTS, or remove the file"
		return e
	}
	return at(file, err)
}

// compiled plans the statement of a compiled plan: an INSERT, or several in a statement set.
func (s *Session) compiled(body syntax.Statement) ([]plan.Node, error) {
	if e, ok := body.(*syntax.Execute); ok {
		body = e.Body
	}
	inserts := []syntax.Statement{body}
	if set, ok := body.(*syntax.StatementSet); ok {
		inserts = set.Statements
	}
	var sinks []plan.Node
	for _, st := range inserts {
		n, ok := st.(*syntax.Insert)
		if !ok {
			return nil, syntax.Errorf(st, "%s cannot be compiled: what can, is INSERT, or several in a statement set", statementName(st))
		}
		sink, err := s.binder().Insert(n)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, sink)
	}
	_, err := s.plan(nil, sinks...)
	return sinks, err
}

// executePlan executes EXECUTE PLAN: the statement of the plan, over the tables as they were when it was compiled.
func (s *Session) executePlan(ctx context.Context, n *syntax.ExecutePlan) (*Result, error) {
	p, err := s.readPlan(ctx, &n.File)
	if err != nil {
		return nil, at(&n.File, err)
	}
	catalogs, err := s.planCatalogs(p)
	if err != nil {
		return nil, syntax.Errorf(&n.File, "the plan '%s' cannot be executed: %s", n.File.Text, err.Error())
	}
	script, err := Parse(n.File.Text, p.Statement)
	if err != nil || len(script.Statements) != 1 {
		return nil, syntax.Errorf(&n.File, "the plan '%s' holds no statement that can be read", n.File.Text)
	}
	settings, live := s.settings, s.catalogs
	defer func() { s.settings, s.catalogs = settings, live }()
	if err := s.settings.Set(setting.RuntimeMode.Key, p.Mode, n.File.Text); err != nil {
		return nil, at(&n.File, err)
	}
	s.catalogs = catalogs
	sinks, err := s.compiled(script.Statements[0].Node)
	if err != nil {
		return nil, script.Statements[0].fail(ValidatePhase, err)
	}
	return s.write(sinks)
}

// planCatalogs makes the catalogs that a plan names its tables in. Secrets come from the session's tables of the same names.
func (s *Session) planCatalogs(p *compiledPlan) (*catalog.Catalogs, error) {
	c := catalog.New(p.Catalog, p.Database)
	for _, o := range p.Objects {
		path := catalog.Path{Catalog: o.Catalog, Database: o.Database, Object: o.Name}
		if _, err := c.Catalog(o.Catalog); err != nil {
			if err := c.AddCatalog(&catalog.Catalog{Name: o.Catalog, DefaultDatabase: o.Database}); err != nil {
				return nil, err
			}
		}
		if has, err := c.HasDatabase(o.Catalog, o.Database); err != nil {
			return nil, err
		} else if !has {
			if err := c.AddDatabase(o.Catalog, &catalog.Database{Name: o.Database}); err != nil {
				return nil, err
			}
		}
		object, err := definition.Decode(o.Definition, path, bind.ParseType)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if t, ok := object.(*catalog.Table); ok {
			live, err := s.catalogs.Get(catalog.Tables, path)
			if err != nil {
				return nil, err
			}
			if l, ok := live.(*catalog.Table); ok {
				for key, value := range l.Options {
					if graph.IsSecret(key) {
						t.Options[key] = value
					}
				}
			}
		}
		if err := c.Add(object, false); err != nil {
			return nil, err
		}
	}
	return c, nil
}
