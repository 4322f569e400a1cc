package task

import "github.com/millstream/millstream/column"

// processPieces gives a batch to a stage in pieces of BatchRows rows.
func (t *Task) processPieces(stage, input int, b *column.Batch) error {
	live := b.Sel
	if live == nil {
		live = make([]int32, b.Len)
		for i := range live {
			live[i] = int32(i)
		}
	}
	for from := 0; from < len(live); from += t.BatchRows {
		piece := *b
		piece.Sel = live[from:min(from+t.BatchRows, len(live))]
		if err := t.process(stage, input, &piece); err != nil {
			return err
		}
	}
	return nil
}
