package s3select

import (
	"bytes"
	"math"
)

// The conditions of WHERE that AND connects narrow the records of a batch one after the other. Comparisons of a field with a constant
// are loops of their own; all else is evaluated record by record.

type filterKind uint8

const (
	filterAny filterKind = iota
	filterNumber
	filterText
)

type filter struct {
	kind   filterKind
	node   *node
	op     op
	want   int // the field, among those that WHERE reads
	number value
	text   []byte
	strict bool // CAST: what is no number is an error
	whole  bool // CAST AS INT: fractions do not count
}

// makeFilters splits a condition. Conditions that can fail keep their place, since those before them may keep them from failing.
func makeFilters(where *node, wantOf func(slot int) int) []filter {
	if where == nil {
		return nil
	}
	if where.op == opAnd {
		return append(makeFilters(where.args[0], wantOf), makeFilters(where.args[1], wantOf)...)
	}
	f := filter{node: where, op: where.op}
	if where.op < opEqual || where.op > opGreaterEqual {
		return []filter{f}
	}
	left, right := where.args[0], where.args[1]
	if left.op == opLiteral {
		left, right = right, left
		f.op = mirrored[f.op]
	}
	if left.op == opCast && left.to != castText && left.to != castBool && left.to != castTime {
		f.whole = left.to == castInt
		left, f.strict = left.args[0], true
	}
	if left.op != opPath || left.slot < 0 || right.op != opLiteral {
		return []filter{f}
	}
	switch {
	case right.value.isNumber():
		f.kind, f.number = filterNumber, right.value
	case right.value.isText() && !f.strict:
		f.kind, f.text = filterText, right.value.text
	}
	f.want = wantOf(left.slot)
	return []filter{f}
}

var mirrored = map[op]op{
	opEqual: opEqual, opUnequal: opUnequal, opLess: opGreater, opLessEqual: opGreaterEqual, opGreater: opLess, opGreaterEqual: opLessEqual,
}

// narrow keeps the records that fulfil the condition. rows holds the fields that WHERE reads, width of each record.
func (w *worker) narrow(f *filter, rows [][]byte, width int, sel []int32) ([]int32, error) {
	kept := sel[:0]
	switch f.kind {
	case filterNumber:
		whole, literal := f.number.kind == kindInt, f.number.asFloat()
		for _, i := range sel {
			field := rows[int(i)*width+f.want]
			order := 0
			mantissa, scale, ok := scanNumber(field)
			switch {
			case !ok:
				t, err := w.slowNumber(f, field)
				if err != nil {
					return nil, err
				}
				if t == isTrue {
					kept = append(kept, i)
				}
				continue
			case scale == 0 && whole:
				if mantissa > f.number.i {
					order = 1
				} else if mantissa < f.number.i {
					order = -1
				}
			default:
				x := float64(mantissa) / powers[scale]
				if f.whole {
					x = math.Trunc(x)
				}
				if x > literal {
					order = 1
				} else if x < literal {
					order = -1
				}
			}
			if ordered(f.op, order) {
				kept = append(kept, i)
			}
		}
	case filterText:
		for _, i := range sel {
			field := rows[int(i)*width+f.want]
			if field == nil {
				continue
			}
			hit := false
			switch f.op {
			case opEqual:
				hit = bytes.Equal(field, f.text)
			case opUnequal:
				hit = !bytes.Equal(field, f.text)
			default:
				hit = ordered(f.op, bytes.Compare(field, f.text))
			}
			if hit {
				kept = append(kept, i)
			}
		}
	default:
		for _, i := range sel {
			w.ev.memory = w.ev.memory[:0]
			for k, field := range rows[int(i)*width : int(i+1)*width] {
				w.setField(w.run.whereWants[k].slot, field)
			}
			t, err := w.ev.test(f.node)
			if err != nil {
				return nil, err
			}
			if t == isTrue {
				kept = append(kept, i)
			}
		}
	}
	return kept, nil
}

// slowNumber compares what is not one of the usual numbers.
func (w *worker) slowNumber(f *filter, field []byte) (truth, error) {
	if field == nil {
		return isUnknown, nil
	}
	v := rawValue(field)
	to := castDecimal
	if f.whole {
		to = castInt
	}
	if x, ok := castNumber(v, to); ok {
		v = x
	} else if f.strict {
		return 0, w.ev.fail(f.node, "CastFailed", "%s is no number", describe(&v))
	}
	return compareAs(f.op, &v, &f.number), nil
}
