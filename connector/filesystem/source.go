package filesystem

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
)

// source is a table to be read.
type source struct {
	config *config
	req    connector.SourceRequest
	layout *layout
	tuning tuning

	selection *selection
}

// openSource makes the source of a scan: what is there when it begins, or also what comes later.
func openSource(req connector.SourceRequest, t tuning) (connector.Source, error) {
	s, err := newSource(req, t)
	if err != nil {
		return nil, err
	}
	return s.monitor()
}

func newSource(req connector.SourceRequest, t tuning) (*source, error) {
	c, err := configure(req.Env, req.Table)
	if err != nil {
		return nil, err
	}
	s := &source{config: c, req: req, tuning: t}
	if c.changes != graph.InsertOnly {
		s.req.Limit = -1 // later rows may take back those that were read
	}
	if c.format.NewDecoder == nil && c.format.OpenFile == nil {
		return nil, fmt.Errorf("the format '%s' cannot be read", c.format.Name)
	}
	if text := c.values.Text(regexOption); text != "" {
		if _, err := compilePathPattern(text); err != nil {
			return nil, err
		}
	}
	if s.layout, err = newLayout(c, req); err != nil {
		return nil, err
	}
	if !s.indexed() {
		if _, err := s.decoder(false); err != nil {
			return nil, err
		}
	}
	s.selection = newSelection(s)
	if c.env.Objects != nil {
		if _, _, err := c.open(context.Background()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// indexed reports whether files are read by their index, not as streams of records.
func (s *source) indexed() bool { return s.config.format.OpenFile != nil }

// fileConfig is what a decoder of the projected columns is made for.
func (s *source) fileConfig() format.Config {
	c := s.config.formatConfig()
	c.Project, c.Filter, c.Keep = s.layout.project, s.layout.filter, s.req.Keep
	return c
}

// decoder makes the decoder of one split; ranged says that its file is read in several.
func (s *source) decoder(ranged bool) (format.Decoder, error) {
	c := s.fileConfig()
	c.Ranged = ranged
	return s.config.format.NewDecoder(c)
}

func (s *source) Bounded() bool { return true }

// Changes implements [connector.ChangelogSource].
func (s *source) Changes() graph.Changes { return s.config.changes }
func (s *source) FieldsByName() bool     { return s.config.format.FieldsByName }

func (s *source) Splits(ctx context.Context, parallelism int) ([]connector.Split, error) {
	store, key, err := s.config.open(ctx)
	if err != nil {
		return nil, err
	}
	files, err := list(ctx, store, key, s.config.values.Text(regexOption))
	if err != nil {
		return nil, err
	}
	s.probeLargest(ctx, store, files)
	files = slices.DeleteFunc(files, func(f found) bool { return !s.partitioned(f) })
	p := newPruner(s.layout, s.config)
	kept := files[:0]
	for _, f := range files {
		keep, err := p.keep(f, store)
		if err != nil {
			return nil, err
		}
		if keep {
			kept = append(kept, f)
		}
	}
	return s.plan(ctx, store, kept, parallelism)
}

// partitioned reports whether the file stands below a directory for each partition column. As in Flink, others do not belong to the table.
func (s *source) partitioned(f found) bool {
	for _, p := range s.config.table.PartitionBy {
		if _, ok := partitionText(f.Key, s.config.table.Columns[p].Name); !ok {
			return false
		}
	}
	return true
}

func (s *source) Open(ctx context.Context, split connector.Split) (connector.Reader, error) {
	list, err := parsePositions(split)
	if err != nil {
		return nil, err
	}
	store, _, err := s.config.open(ctx)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		return s.openOne(ctx, store, split, &list[0])
	}
	return openBundle(ctx, s, store, split, list)
}

// openOne opens one file of a split.
func (s *source) openOne(ctx context.Context, store objstore.Store, split connector.Split, p *position) (connector.Reader, error) {
	if p.Gone {
		return &lenient{left: 1, relay: newRelay(), at: *p, split: split}, nil
	}
	r, err := s.openVersion(ctx, store, split, p)
	if err != nil || s.config.values.Enum(changedOption) == "fail" {
		return r, err
	}
	return newLenient(ctx, s, store, split, *p, r), nil
}

// openVersion opens a file in the version that the position names.
func (s *source) openVersion(ctx context.Context, store objstore.Store, split connector.Split, p *position) (connector.Reader, error) {
	out, err := newAssembly(s, p.file(), store)
	if err != nil {
		return nil, err
	}
	how, err := s.selects(store, p)
	if err != nil {
		return nil, err
	}
	var r connector.Reader
	switch {
	case how.counted:
		r, err = openSelect(ctx, s, store, split, p, how.asked)
	case p.Piece != nil:
		r = openFile(ctx, s, store, split, p, out)
	default:
		r, err = openText(ctx, s, store, split, p, out)
	}
	if err == nil && how.measured != nil {
		r = &timed{Reader: r, bytes: p.bytes(), done: how.measured}
	}
	return r, err
}

func (s *source) PushedDown() string {
	var parts []string
	describe := func(what string, list []expr.Expr) {
		if len(list) == 0 {
			return
		}
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = e.String()
		}
		parts = append(parts, what+" by "+strings.Join(texts, " AND "))
	}
	describe("files", s.layout.prune)
	if s.indexed() {
		describe("row groups", s.layout.filter)
	}
	if text := s.selection.describe(); text != "" {
		parts = append(parts, text)
	}
	if s.req.Limit >= 0 {
		parts = append(parts, fmt.Sprintf("limit %d", s.req.Limit))
	}
	return strings.Join(parts, ", ")
}

// info is the file's version that a position names.
func (p *position) info() objstore.Info { return p.file().Info }
