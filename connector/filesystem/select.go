package filesystem

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

var selectOption = &setting.Option{Key: "scan.select", Type: setting.Enum, Values: []string{"auto", "always", "never"}, Default: "never",
	Doc: "Whether the store is asked, by S3's SelectObjectContent, for those columns and rows alone that the query needs; possible for uncompressed CSV. 'auto' asks where a condition or a choice of " +
		"columns makes the answer smaller than the object, and reads the object itself where the store does not know the request; 'always' fails there. It pays where the network is slower than the store's " +
		"evaluation (MinIO: about 150 MB/s). The rows are the same, but malformed records that the store leaves out are not noticed, and no field may hold a line end, of which only the head of each range is proof."}

// absent is what a store puts for a field that a record does not have. A record that seems to lack one, because it does or because the text is its own, makes its range
// be read as it is.
const absent = "~no~such~field~"

// selection is how a scan's files are read by queries.
type selection struct {
	mode   string
	reason string // why files are not read so; empty: they are
	query  string
	input  objstore.SelectInput
	output objstore.SelectOutput
	answer format.Config // for the decoder of answers
	taken  []expr.Expr   // the conditions, over the columns of the scan, by which rows are counted
	key    string        // the same as text
	// refused says that the store does not know the request.
	refused atomic.Bool
}

// newSelection decides how a scan uses queries.
func newSelection(s *source) *selection {
	c := s.config
	q := &selection{mode: c.values.Enum(selectOption)}
	if c.table.Connector == selectConnector && !c.values.Has(selectOption) {
		q.mode = "auto"
	}
	switch {
	case c.format.Name != "csv":
		q.reason = "the format is not csv"
	case c.changes != graph.InsertOnly:
		q.reason = "the files hold changes"
	case q.dialect(c):
	}
	if q.reason == "" {
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

// formatText is the value of one of the format's options.
func (c *config) formatText(key string) (text string, given bool) {
	for _, o := range c.format.Options {
		if o.Key == key {
			return c.options.Text(o), c.options.Has(o)
		}
	}
	return "", false
}

// dialect says how the objects are written, if stores read that as the decoder does.
func (q *selection) dialect(c *config) bool {
	for _, o := range c.format.Options {
		if o.Type != setting.Bool {
			continue
		}
		switch o.Key {
		case "disable-quote-character", "allow-comments", "ignore-parse-errors":
			if c.options.Bool(o) {
				q.reason = "'csv." + o.Key + "' is set"
				return false
			}
		}
	}
	if _, given := c.formatText("escape-character"); given {
		q.reason = "'csv.escape-character' is set"
		return false
	}
	delimiter, _ := c.formatText("field-delimiter")
	quote, _ := c.formatText("quote-character")
	if delimiter == `\t` {
		delimiter = "\t"
	}
	if len(delimiter) != 1 || delimiter[0] < ' ' && delimiter != "\t" || len(quote) != 1 || quote[0] < ' ' {
		q.reason = "the delimiter or the quote cannot be told to a store"
		return false
	}
	// Stores leave out lines that begin with '#' unless they are told another character: one that no line of text begins with.
	q.input = objstore.SelectInput{Field: delimiter, Quote: quote, Escape: quote, Comment: "\x7f"}
	q.output = objstore.SelectOutput{Field: delimiter, Quote: quote, Escape: quote}
	return true
}

// write writes the query.
func (q *selection) write(s *source) {
	c, l := s.config, s.layout
	null, hasNull := c.formatText("null-literal")
	t := &translator{null: null, hasNull: hasNull, field: func(i int) int {
		if i >= len(l.file) || l.file[i] < 0 {
			return -1
		}
		return l.project[l.file[i]]
	}}
	var where string
	where, q.taken = t.conjuncts(s.req.Filter)
	q.answer = c.formatConfig()
	q.answer.Columns, q.answer.Project, q.answer.Ranged = nil, []int{}, true
	var list []string
	for i, p := range l.project {
		list = append(list, "COALESCE("+fieldName(p)+", '"+absent+"')")
		q.answer.Columns = append(q.answer.Columns, c.columns[p])
		q.answer.Project = append(q.answer.Project, i)
	}
	if list == nil { // only the number of rows counts
		list = []string{"COALESCE(s._1, '" + absent + "')"}
		q.answer.Columns = []column.Field{{Name: c.columns[0].Name, Type: column.Str()}}
	}
	q.query = "SELECT " + strings.Join(list, ", ") + " FROM S3Object s"
	if where != "" {
		q.query += " WHERE " + where
	}
	texts := make([]string, len(q.taken))
	for i, e := range q.taken {
		texts[i] = e.String()
	}
	q.key = "TRUE " + strings.Join(texts, " AND ")
}

// describe is for EXPLAIN.
func (q *selection) describe() string {
	switch {
	case q.mode == "never":
		return ""
	case q.reason != "":
		return "objects by ranged GET, not S3 SELECT: " + q.reason
	case q.mode == "always":
		return "S3 SELECT of uncompressed objects: " + strings.ReplaceAll(q.query, ", '"+absent+"')", ")")
	}
	return "S3 SELECT of uncompressed objects, ranged GET where the store refuses it: " + strings.ReplaceAll(q.query, ", '"+absent+"')", ")")
}

// selects reports whether a position is read by a query, and whether the store itself is asked: rows that a query has delivered before are counted by its conditions,
// so that its range is read by the same ones in any case.
func (s *source) selects(p *position) (counted, asked bool, err error) {
	q := s.selection
	if p.Selected != "" && p.Selected != q.key {
		return false, false, fmt.Errorf("the job goes on within bytes %d to %d of %s, of which %d rows that pass %q were read, but the query's conditions are %q now: "+
			"start it without the saved position", p.From, p.To, p.Key, p.Rows, p.Selected, q.key)
	}
	asked = q.reason == "" && !q.refused.Load() && p.Piece == nil && p.To >= 0 && p.From < p.To
	return asked || p.Selected != "", asked, nil
}
