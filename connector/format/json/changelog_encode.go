package json

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
)

// changeEncoder writes each row as a line that says whether it is added or taken away, or of which kind it is.
type changeEncoder struct {
	*encoder
	envelope   *envelope
	begin, end [2]string
	after      bool // without -U
}

func newChangeEncoder(e *envelope, c format.Config) (format.Encoder, error) {
	inner, err := newEncoder(c)
	if err != nil {
		return nil, named(e, err)
	}
	w := &changeEncoder{encoder: inner, envelope: e, begin: e.begin, end: e.end, after: e.changes(c.Options) == graph.Upsert}
	if inner.ignoreNull {
		for i := range w.begin {
			w.begin[i] = strings.ReplaceAll(w.begin[i], `"before":null,`, "")
			w.end[i] = strings.ReplaceAll(w.end[i], `,"after":null`, "")
		}
	}
	return w, nil
}

func (w *changeEncoder) Encode(dst []byte, b *column.Batch) ([]byte, error) {
	for n := range b.Rows() {
		row := b.Row(n)
		kind := b.Kind(row)
		if kind == column.UpdateBefore && w.after {
			continue
		}
		side := 0
		if !kind.Adds() {
			side = 1
		}
		dst = append(dst, w.begin[side]...)
		if w.envelope.kinds {
			dst = append(append(dst, kind.String()...), `","data":`...)
		}
		dst = w.object(dst, w.root, b.Cols, row)
		dst = append(append(dst, w.end[side]...), '\n')
		if w.err != nil {
			return dst, fmt.Errorf("row %d: %w", n+1, w.err)
		}
	}
	return dst, nil
}
