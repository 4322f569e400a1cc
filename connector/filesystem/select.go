package filesystem

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

var selectOption = &setting.Option{Key: "scan.select", Type: setting.Enum, Values: []string{"auto", "always", "never"}, Default: "never",
	Doc: "Whether the store is asked, by S3's SelectObjectContent, for those columns and rows alone that the query needs; possible for CSV and JSON lines, also in .gz and .bz2, and for Parquet. " +
		"'auto' asks where a condition or a choice of columns makes the answer smaller than the object, the object has at least 64 KB and the store knows the request; it reads the first ranges " +
		"of a scan both ways and goes on in the faster one. 'always' fails where the store does not know the request. The rows are the same, but malformed records that the store leaves out are not " +
		"noticed; no field of CSV may hold a line end, and no object of JSON a key twice, of which only the head of each range is proof."}

// absent is what a store puts for a field that a record of CSV does not have. A record that seems to lack one, because it does or because the text is its own, makes its range
// be read as it is.
const absent = "~no~such~field~"

// selection is how a scan's files are read by queries.
type selection struct {
	mode   string
	reason string // why files are not read so; empty: they are
	query  string
	input  objstore.SelectInput
	output objstore.SelectOutput
	// answers and answer are for the decoder of answers; check looks at those in JSON before they are decoded.
	answers *format.Spec
	answer  format.Config
	check   *answerCheck
	taken   []expr.Expr // the conditions, over the columns of the scan, by which rows are counted
	key     string      // the same as text

	choice choice
	// refused is why the store is not asked any more.
	refused atomic.Pointer[string]
	failed  atomic.Int32 // queries that failed, or had doubtful answers
}

// newSelection decides how a scan uses queries.
func newSelection(s *source) *selection {
	c := s.config
	q := &selection{mode: c.values.Enum(selectOption)}
	if c.table.Connector == selectConnector && !c.values.Has(selectOption) {
		q.mode = "auto"
	}
	if c.changes != graph.InsertOnly {
		q.reason = "the files hold changes"
	} else if q.reason = q.dialect(s); q.reason == "" {
		q.write(s)
	}
	switch {
	case q.mode == "never":
		q.reason = "'" + selectOption.Key + "' is 'never'"
	case q.reason == "" && q.mode == "auto" && len(q.taken) == 0 && 2*len(s.layout.project) > len(c.columns):
		q.reason = "the query needs most of each object"
	}
	return q
}

// write writes the query.
func (q *selection) write(s *source) {
	t := q.translator(s)
	var where string
	where, q.taken = t.conjuncts(s.req.Filter)
	q.query = "SELECT " + q.items(s) + " FROM S3Object s"
	if where != "" {
		q.query += " WHERE " + where
	}
	texts := make([]string, len(q.taken))
	for i, e := range q.taken {
		texts[i] = e.String()
	}
	q.key = "TRUE " + strings.Join(texts, " AND ")
}

// refuse notes why the store is not to be asked any more.
func (q *selection) refuse(why string) { q.refused.CompareAndSwap(nil, &why) }

// maxFailures is how many queries of a scan may fail, or be answered doubtfully, before the rest is read as it is: each costs what it has read until then.
const maxFailures = 3

// fails notes a query that was in vain.
func (q *selection) fails(err error) {
	if q.failed.Add(1) >= maxFailures && q.mode != "always" {
		q.refuse(fmt.Sprintf("%d queries were in vain, the last one because %v", maxFailures, err))
	}
}

// describe is for EXPLAIN.
func (q *selection) describe() string {
	const instead = "objects by ranged GET, not S3 SELECT: "
	query := strings.ReplaceAll(q.query, ", '"+absent+"')", ")")
	switch {
	case q.mode == "never":
		return ""
	case q.reason != "":
		return instead + q.reason
	case q.mode == "always":
		return "S3 SELECT: " + query
	}
	if why := q.refused.Load(); why != nil {
		return instead + *why
	}
	known, measured := q.choice.describe()
	if known != "" {
		return instead + known
	}
	return "S3 SELECT, ranged GET where the store refuses it or that is faster" + measured + ": " + query
}

// probeTime is how long a scan, or EXPLAIN, waits for what a store says; then nothing is known.
const probeTime = 2 * time.Second

// Probe implements [connector.Prober]: it finds out whether the store answers queries over the table's files.
func (s *source) Probe(ctx context.Context) {
	q := s.selection
	if q.reason != "" || q.mode != "auto" || s.config.env.Objects == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	store, key, err := s.config.open(ctx)
	if err != nil {
		return // running it will tell
	}
	if _, can := store.(objstore.Selector); !can {
		s.probe(ctx, store, found{})
		return
	}
	files, err := list(ctx, store, key, s.config.values.Text(regexOption))
	if err != nil {
		return
	}
	s.probeLargest(ctx, store, files)
}

// probeLargest asks over the largest of the files, if the store is to be asked and it is not known yet whether it answers.
func (s *source) probeLargest(ctx context.Context, store objstore.Store, files []found) {
	q := s.selection
	if q.reason != "" || q.mode != "auto" {
		return
	}
	var largest found
	for _, f := range files {
		if f.Size > largest.Size && q.readable(f.Key) {
			largest = f
		}
	}
	switch {
	case largest.Size == 0:
	case largest.Size < s.tuning.minSelect:
		q.choice.note(fmt.Sprintf("no object has %d KB", s.tuning.minSelect>>10))
	default:
		s.probe(ctx, store, largest)
	}
}

// probe asks for one record of a file, unless it is known of its store whether it answers.
func (s *source) probe(ctx context.Context, store objstore.Store, f found) {
	q := s.selection
	k := q.choice.at(store, q.input.Format)
	if k.tried() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	in := q.input
	in.Compression, _ = selectPacking(f.Key)
	stream, err := objstore.Select(ctx, store, f.Key, objstore.Selection{Query: "SELECT * FROM S3Object s LIMIT 1", Input: in, Output: q.output})
	if err == nil {
		_, err = stream.Read(make([]byte, 1))
		err = errorsOf(err, stream.Close())
	}
	k.learn(err)
	if objstore.KindOf(err) == objstore.Denied { // to this key, whatever else the store does
		q.refuse(reasonOf(err))
	}
}

// rangesOf reports whether the store knows ranges of files with an index, which not all do; a piece of one of the files is asked for unless that is known.
func (s *source) rangesOf(ctx context.Context, store objstore.Store, f found, p format.Piece) bool {
	if p.To == 0 {
		return false
	}
	q := s.selection
	k := q.choice.at(store, q.input.Format)
	if known, ranges := k.ranged(); known {
		return ranges
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	stream, err := objstore.Select(ctx, store, f.Key, objstore.Selection{Query: "SELECT * FROM S3Object s LIMIT 1", Input: q.input, Output: q.output,
		Scan: objstore.Range{Offset: p.From, Length: p.To - p.From}})
	if err == nil {
		_, err = stream.Read(make([]byte, 1))
		err = errorsOf(err, stream.Close())
	}
	if kind := objstore.KindOf(err); err == nil || kind == objstore.Unsupported || kind == objstore.Other && ctx.Err() == nil {
		k.learnRanges(err == nil)
	}
	return err == nil
}

// reading is how a position is read: whether rows are counted by the query's conditions, as those that a query has delivered before are; whether the store is asked; and
// what is told how long it took, nil if nothing is.
type reading struct {
	counted, asked bool
	measured       func(bytes int64, took time.Duration)
}

// selects decides how a position is read.
func (s *source) selects(store objstore.Store, p *position) (how reading, err error) {
	q := s.selection
	if p.Selected != "" && p.Selected != q.key {
		return how, fmt.Errorf("the job goes on within %s, of which %d rows that pass %q were read, but the query's conditions are %q now: "+
			"start it without the saved position", p.describe(), p.Rows, p.Selected, q.key)
	}
	how.asked = q.reason == "" && q.refused.Load() == nil && q.possible(p)
	if how.asked && q.mode == "auto" && p.Selected == "" {
		if p.bytes() < s.tuning.minSelect {
			how.asked = false
		} else {
			k := q.choice.at(store, q.input.Format)
			w := k.choose(&q.choice, p.bytes())
			how.asked = w == bySelect
			how.measured = func(bytes int64, took time.Duration) { k.measured(&q.choice, w, bytes, took) }
		}
	}
	how.counted = how.asked || p.Selected != ""
	return how, nil
}

// possible reports whether stores can read a position by a query.
func (q *selection) possible(p *position) bool {
	switch {
	case q.input.Format == objstore.SelectParquet:
		return p.Piece != nil && p.Alike && (p.Rows == 0 || p.Selected != "")
	case p.Piece != nil:
		return false
	case p.To < 0:
		return p.From == 0 && q.readable(p.Key)
	}
	return p.From < p.To
}

// readable reports whether stores can read files of this name.
func (q *selection) readable(key string) bool {
	_, ok := selectPacking(key)
	return ok
}

// describe names the position's bytes.
func (p *position) describe() string {
	if p.Piece != nil || p.To < 0 {
		return p.Key
	}
	return fmt.Sprintf("bytes %d to %d of %s", p.From, p.To, p.Key)
}

// bytes is about how many bytes of the file the position still has.
func (p *position) bytes() int64 {
	switch {
	case p.Piece != nil:
		return p.Piece.Size
	case p.To < 0:
		return p.Size
	}
	return p.To - p.From
}
