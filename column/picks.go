package column

// Picks are rows to gather from the columns of a table, of which some may be missing: Missing stands for a row of NULLs. Fill Rows, call
// Prepare, then Take for each column.
type Picks struct {
	Rows    []int32
	safe    []int32 // Rows with 0 in place of Missing, if there is any
	missing bool
}

// Missing is the row of Picks whose values are NULL.
const Missing = -1

// Prepare looks for missing rows. It is to be called after each change of Rows.
func (p *Picks) Prepare() {
	p.missing = false
	for _, r := range p.Rows {
		p.missing = p.missing || r < 0
	}
	if !p.missing {
		return
	}
	p.safe = append(p.safe[:0], p.Rows...)
	for i, r := range p.safe {
		p.safe[i] = max(r, 0)
	}
}

// Take appends the rows of src to the empty vector v. Long values and dictionaries are borrowed: src must stay unchanged until v is reset.
func (p *Picks) Take(v, src *Vector) {
	rows := p.Rows
	if len(rows) == 0 { // which would mean all
		return
	}
	if p.missing {
		if src.Len == 0 { // nothing to stand in for the missing rows
			for range rows {
				v.AppendNull()
			}
			return
		}
		rows = p.safe
	}
	if src.Dict != nil {
		v.takeCodes(src, rows)
	} else {
		v.Take(src, rows)
	}
	if !p.missing || v.Type.Kind == Null {
		return
	}
	valid := v.Validity()
	for i, r := range p.Rows {
		if r < 0 {
			valid.Clear(i)
		}
	}
}

// takeCodes appends rows of src, which has a dictionary, to the empty vector v, which shares the dictionary afterwards.
func (v *Vector) takeCodes(src *Vector, rows []int32) {
	v.Dict = src.Dict
	v.Reserve(len(rows))
	v.appendValid(src, rows, 0, len(rows))
	v.Len = len(rows)
	pick(Values[int32](v), Values[int32](src), rows)
}
