// Package session executes SQL statements one after another: the definitions that stay in the session's catalogs and settings, and the
// queries and INSERTs that become jobs.
//
// A text enters through [Parse], its statements through [Session.Execute]. What leaves is a [Result]: rows that are there at once, or a
// job as a [graph.Graph] that runs when the caller asks for it, through the [Runner] that the caller gave. cmd and server call it.
//
// What must hold: the session starts no goroutine and opens no connection; it is used by one goroutine at a time; whatever fails
// is an [*Error] that says in which phase and, where the text is at fault, at which place.
package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// Config is what a session begins with.
type Config struct {
	// Settings are the session's until a SET changes them. They must be of [setting.Engine].
	Settings setting.Values
	// Env is handed to connectors when a table's options are checked; Settings in it are replaced by the session's.
	Env connector.Env
	// Run executes jobs. It may be nil where none is run, such as for EXPLAIN.
	Run Runner
	// Jobs are those that run outside of the session's sight; it may be nil.
	Jobs Jobs
}

// Runner executes a job and returns when it has ended, was cancelled through ctx, or has failed.
type Runner func(ctx context.Context, job *Job) error

// Job is a dataflow to run.
type Job struct {
	ID       string // 32 hexadecimal digits, unique
	Name     string // pipeline.name, or one made from the statement
	Graph    *graph.Graph
	Batch    bool           // bounded, in batch mode
	Settings setting.Values // the session's when the statement was planned
}

// Session is one user's catalogs and settings.
type Session struct {
	config   Config
	settings setting.Values
	catalogs *catalog.Catalogs
	modules  modules
	set      *statementSet // between BEGIN STATEMENT SET and END
	jobs     jobs          // those that this session has begun
}

// New returns a session with the catalog and database that its settings name.
func New(c Config) *Session {
	return &Session{
		config:   c,
		settings: c.Settings,
		modules:  newModules(),
		catalogs: catalog.New(c.Settings.Text(setting.BuiltinCatalog), c.Settings.Text(setting.BuiltinDatabase)),
	}
}

// Settings returns the session's settings as they are now.
func (s *Session) Settings() setting.Values { return s.settings }

// Catalogs returns what the session can name, for listings and completion.
func (s *Session) Catalogs() *catalog.Catalogs { return s.catalogs }

// Execute executes a statement as far as it needs no job: a definition has taken effect when it returns, a query or an INSERT is
// planned and runs by [Result.Run]. The error is an [*Error].
func (s *Session) Execute(ctx context.Context, st Statement) (*Result, error) {
	r, err := s.execute(ctx, st)
	if err != nil {
		return nil, st.fail(ValidatePhase, err)
	}
	r.Statement = st
	return r, nil
}

// Schema returns the columns of one query without planning it, as a shell needs it while a statement is being typed.
func (s *Session) Schema(query string) ([]column.Field, error) {
	n, err := syntax.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	q, err := s.binder().Query(n)
	if err != nil {
		return nil, err
	}
	return q.Node.Schema(), nil
}

// newID returns 32 random hexadecimal digits.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the process where the system has no randomness
	return hex.EncodeToString(b[:])
}

// unsupported says that a statement is part of the language and cannot be executed.
func unsupported(at syntax.Node, what string) error {
	return syntax.Errorf(at, "%s is not supported yet", what)
}

func (s *Session) execute(ctx context.Context, st Statement) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.catalogs.Begin(ctx)
	if s.set != nil && !inStatementSet(st.Node) {
		e := syntax.Errorf(st.Node, "%s cannot stand between BEGIN STATEMENT SET and END", statementName(st.Node))
		e.Hint = "what can, is INSERT and CREATE TABLE … AS; END runs them"
		return nil, e
	}
	switch n := st.Node.(type) {
	case *syntax.Query:
		return s.query(n)
	case *syntax.Insert:
		return s.insert(n)
	case *syntax.Execute:
		return s.executeBody(n)
	case *syntax.BeginStatementSet:
		s.set = &statementSet{}
		return done(nil)
	case *syntax.EndStatementSet:
		return s.end(n)
	case *syntax.Explain:
		return s.explain(ctx, st.Text(), n)
	case *syntax.CompilePlan:
		return s.compilePlan(ctx, n, st.Script.Text)
	case *syntax.CompileAndExecutePlan:
		return s.compileAndExecute(ctx, n, st.Script.Text)
	case *syntax.ExecutePlan:
		return s.executePlan(ctx, n)
	case *syntax.Set:
		return s.setStatement(n)
	case *syntax.Reset:
		return s.reset(n)
	case *syntax.Show:
		return s.show(ctx, n)
	case *syntax.ShowCreate:
		return s.showCreate(n)
	case *syntax.Describe:
		return s.describe(ctx, n)
	case *syntax.StopJob:
		return s.stopJob(ctx, n)
	case *syntax.Analyze:
		return s.analyze(n)
	}
	return s.define(ctx, st)
}

// inStatementSet reports whether a statement can stand between BEGIN STATEMENT SET and END.
func inStatementSet(n syntax.Statement) bool {
	switch n := n.(type) {
	case *syntax.Insert, *syntax.EndStatementSet:
		return true
	case *syntax.CreateTable:
		return n.Query != nil
	}
	return false
}

// define executes statements that change what the session can name, and those that nothing here can execute.
func (s *Session) define(ctx context.Context, st Statement) (*Result, error) {
	switch n := st.Node.(type) {
	case *syntax.CreateTable:
		return s.createTable(n)
	case *syntax.CreateView:
		return s.createView(n, st.Script.Text)
	case *syntax.CreateDatabase:
		return s.createDatabase(n)
	case *syntax.CreateCatalog:
		return s.createCatalog(ctx, n)
	case *syntax.CreateFunction:
		return s.createFunction(n)
	case *syntax.CreateModel:
		return s.createModel(n)
	case *syntax.Alter:
		return s.alter(ctx, n, st.Script.Text)
	case *syntax.Drop:
		return s.drop(n)
	case *syntax.UseCatalog:
		return done(at(&n.Name, s.catalogs.UseCatalog(n.Name.Name)))
	case *syntax.UseDatabase:
		return s.useDatabase(n)
	case *syntax.LoadModule:
		return s.loadModule(n)
	case *syntax.UnloadModule:
		return s.unloadModule(n)
	case *syntax.UseModules:
		return s.useModules(n)
	case *syntax.Update:
		return s.changeRows("UPDATE", &n.Target)
	case *syntax.Delete:
		return s.changeRows("DELETE", &n.Target)
	case *syntax.Truncate:
		return s.changeRows("TRUNCATE TABLE", &n.Name)
	case *syntax.CreateMaterializedTable:
		return nil, noMaterialized(n)
	case *syntax.CreateConnection:
		return nil, noConnections(n)
	case *syntax.Call:
		return nil, noProcedures(n)
	case *syntax.Jar:
		e := syntax.Errorf(n, "code of Java cannot run here")
		e.Hint = "write a function in Go and register it with the program"
		return nil, e
	}
	return nil, unsupported(st.Node, statementName(st.Node))
}

// statementName names a statement in a message, by its words: *syntax.CreateFunction is CREATE FUNCTION.
func statementName(n syntax.Statement) string {
	var b strings.Builder
	for i, r := range strings.TrimPrefix(fmt.Sprintf("%T", n), "*syntax.") {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
