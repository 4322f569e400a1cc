package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

// documents lets functions that read the same column of JSON read each text once: the first of them keeps what it reads, if in the batch
// before there was more than one.
type documents struct {
	batch uint64 // counts the batches of the machine
	list  []*columnDocuments
}

// columnDocuments is what was read of one vector.
type columnDocuments struct {
	of      *column.Vector
	batch   uint64
	readers int  // functions that have read it in this batch
	keep    bool // others will read it too
	rows    []documentRow
	nodes   []jsontext.Node
	view    jsontext.Doc
}

// documentRow is where a row's nodes stand; to is 0 for a row that was not read.
type documentRow struct{ from, to int32 }

// mostNodes is how many nodes of a batch are kept.
const mostNodes = 1 << 22

// column returns the documents of a vector in the current batch.
func (d *documents) column(v *column.Vector) *columnDocuments {
	var c *columnDocuments
	for _, x := range d.list {
		if x.of == v {
			c = x
		}
	}
	if c == nil {
		c = &columnDocuments{of: v}
		d.list = append(d.list, c)
	}
	if c.batch != d.batch {
		c.keep = c.readers > 1 && c.batch == d.batch-1
		c.batch, c.readers = d.batch, 0
		c.rows, c.nodes = c.rows[:0], c.nodes[:0]
		if c.keep {
			c.rows = grow(c.rows, v.Len)
		}
	}
	c.readers++
	return c
}

// documentReader reads the documents of a call's first argument.
type documentReader struct {
	shared *documents
	column *columnDocuments
	own    jsontext.Doc
}

// begin starts a batch.
func (r *documentReader) begin(v *column.Vector) { r.column = r.shared.column(v) }

// read returns the document of the row that a reads. It is valid until the next call of any reader of the machine.
func (r *documentReader) read(a *rowArgs) (*jsontext.Doc, error) {
	text := a.text(0)
	c := r.column
	if !c.keep {
		return &r.own, r.own.Parse(text)
	}
	row := &c.rows[a.at(0)]
	if row.to > 0 {
		c.view.Text, c.view.Nodes = text, c.nodes[row.from:row.to]
		return &c.view, nil
	}
	if err := r.own.Parse(text); err != nil {
		return nil, err
	}
	if len(c.nodes)+len(r.own.Nodes) <= mostNodes {
		row.from = int32(len(c.nodes))
		c.nodes = append(c.nodes, r.own.Nodes...)
		row.to = int32(len(c.nodes))
	}
	return &r.own, nil
}
