package main

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/millstream/millstream/column"
)

// csvPrinter writes RFC 4180's form: a header, then the rows; NULL is an empty field.
type csvPrinter struct {
	w       io.Writer
	columns []column.Field
	zone    *time.Location
	out     *csv.Writer
	n       int64
}

func (p *csvPrinter) head() error {
	if p.out != nil {
		return nil
	}
	p.out = csv.NewWriter(p.w)
	names := make([]string, len(p.columns))
	for i, c := range p.columns {
		names[i] = c.Name
	}
	return p.out.Write(names)
}

func (p *csvPrinter) batch(b *column.Batch) error {
	if err := p.head(); err != nil {
		return err
	}
	record := make([]string, len(b.Cols))
	var text []byte
	for i := range b.Rows() {
		row := b.Row(i)
		for j, c := range b.Cols {
			record[j] = ""
			if !c.IsNull(row) {
				text = column.AppendText(text[:0], c, row, p.zone)
				record[j] = string(text)
			}
		}
		if err := p.out.Write(record); err != nil {
			return err
		}
		p.n++
	}
	p.out.Flush() // a slow stream shows its rows as they come
	return p.out.Error()
}

func (p *csvPrinter) close() error {
	if err := p.head(); err != nil {
		return err
	}
	p.out.Flush()
	return p.out.Error()
}

func (p *csvPrinter) rows() int64 { return p.n }
