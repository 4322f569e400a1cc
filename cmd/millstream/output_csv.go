package main

import (
	"bytes"
	"io"
	"time"

	"github.com/millstream/millstream/column"
)

// csvPrinter writes RFC 4180's form with line feeds: a header, then the rows. NULL is an empty field, an empty text is "",
// binary values are hexadecimal.
type csvPrinter struct {
	w       io.Writer
	columns []column.Field
	zone    *time.Location
	headed  bool
	line    []byte
	text    []byte
	n       int64
}

func newCSVPrinter(w io.Writer, columns []column.Field, zone *time.Location) *csvPrinter {
	return &csvPrinter{w: w, columns: columns, zone: zone}
}

// head begins the lines to write, with the header if it is the first time.
func (p *csvPrinter) head() {
	p.line = p.line[:0]
	if p.headed {
		return
	}
	p.headed = true
	for j, c := range p.columns {
		p.field(j, []byte(c.Name))
	}
	p.line = append(p.line, '\n')
}

func (p *csvPrinter) batch(b *column.Batch) error {
	p.head()
	for i := range b.Rows() {
		row := b.Row(i)
		for j, c := range b.Cols {
			if c.IsNull(row) {
				p.separate(j)
				continue
			}
			p.text = appendCell(p.text[:0], c, row, p.zone)
			p.field(j, p.text)
		}
		p.line = append(p.line, '\n')
		p.n++
	}
	_, err := p.w.Write(p.line)
	return err
}

// separate writes the comma in front of field j.
func (p *csvPrinter) separate(j int) {
	if j > 0 {
		p.line = append(p.line, ',')
	}
}

// field writes a field, in quotes if it is needed to read the same text again.
func (p *csvPrinter) field(j int, text []byte) {
	p.separate(j)
	if len(text) > 0 && text[0] != ' ' && text[len(text)-1] != ' ' && !bytes.ContainsAny(text, "\",\r\n") {
		p.line = append(p.line, text...)
		return
	}
	p.line = append(p.line, '"')
	for _, c := range text {
		if c == '"' {
			p.line = append(p.line, '"')
		}
		p.line = append(p.line, c)
	}
	p.line = append(p.line, '"')
}

func (p *csvPrinter) close() error {
	p.head()
	_, err := p.w.Write(p.line)
	return err
}

func (p *csvPrinter) rows() int64 { return p.n }
