package parquet

// The library looks at the size of a column's dictionary when a page is full, and a page of indexes is full after hundreds of thousands of values: where hardly a
// text comes twice, their dictionary would have many times the size that it may have, and would have cost more than all the rest. So a page of texts
// is ended early as soon as there are enough of them to fill a dictionary, and each time that there are twice as many: no dictionary gets more than twice as large, but for a batch.

// texts are what was written to a column since the row group began.
type texts struct {
	size int64 // of their bytes alone, as the library counts a dictionary's
	look int64 // the size at which the dictionary is looked at next
}

// beginTexts begins a row group.
func (w *writer) beginTexts() {
	for i := range w.texts {
		w.texts[i] = texts{look: w.most + 1}
	}
}

// boundDictionary ends the page of a leaf if its dictionary may be too large: the library writes the next pages without it then.
func (w *writer) boundDictionary(leaf int) error {
	t := &w.texts[leaf]
	if t.size < t.look {
		return nil
	}
	for t.look <= t.size {
		t.look *= 2
	}
	return w.leaves[leaf].Flush()
}
