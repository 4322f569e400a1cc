package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// verticalPrinter writes each row as a block with a line for each column, for rows that are wider than the terminal.
type verticalPrinter struct {
	w     io.Writer
	style style
	names []string // padded to the same width
	zone  *time.Location
	line  []byte
	text  []byte
	n     int64
}

func newVerticalPrinter(w io.Writer, s style, columns []column.Field, zone *time.Location) *verticalPrinter {
	p := &verticalPrinter{w: w, style: s, zone: zone}
	widest := 0
	for _, c := range columns {
		p.names = append(p.names, string(appendVisible(nil, []byte(c.Name))))
		widest = max(widest, cells(p.names[len(p.names)-1]))
	}
	for i, name := range p.names {
		p.names[i] = s.bold(pad(name, widest, false))
	}
	return p
}

func (p *verticalPrinter) batch(b *column.Batch) error {
	p.line = p.line[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		p.n++
		head := fmt.Sprintf("─[ row %d ]", p.n)
		p.line = append(append(p.line, p.style.dim(head+strings.Repeat("─", max(0, 40-cells(head))))...), '\n')
		for j, c := range b.Cols {
			p.line = append(append(p.line, p.names[j]...), p.style.dim(" │ ")...)
			if c.IsNull(row) {
				p.line = append(append(p.line, p.style.dim(nullText)...), '\n')
				continue
			}
			p.text = appendCell(p.text[:0], c, row, p.zone)
			p.line = append(appendVisible(p.line, p.text), '\n')
		}
	}
	_, err := p.w.Write(p.line)
	return err
}

func (p *verticalPrinter) close() error { return nil }

func (p *verticalPrinter) rows() int64 { return p.n }
