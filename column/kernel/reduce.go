package kernel

import "github.com/millstream/millstream/column"

// Sum adds the values of rows that are valid to acc, in their order, and counts them: rows[i] for each i, or rows 0 … n-1 if rows is
// nil. Integers wrap around in S.
func Sum[T, S Number](acc S, x []T, valid column.Bitmap, rows []int32, n int) (sum S, count int64) {
	switch {
	case valid == nil && rows == nil:
		for _, y := range x[:n] {
			acc += S(y)
		}
		return acc, int64(n)
	case valid == nil:
		for _, r := range rows[:n] {
			acc += S(x[r])
		}
		return acc, int64(n)
	}
	for i := range n {
		if r := row(rows, i); valid.Get(r) {
			acc += S(x[r])
			count++
		}
	}
	return acc, count
}

// Extreme returns the least value of best, if has is set, and of the rows that are valid, or the greatest if op is Gt instead of Lt;
// rows as in Sum. A NaN that comes first stays, and none replaces a number.
func Extreme[T Number](op Cmp, best T, has bool, x []T, valid column.Bitmap, rows []int32, n int) (T, bool) {
	if valid != nil {
		for i := range n {
			if r := row(rows, i); valid.Get(r) && (!has || op == Lt && x[r] < best || op == Gt && x[r] > best) {
				best, has = x[r], true
			}
		}
		return best, has
	}
	from := 0
	if !has && n > 0 {
		best, has, from = x[row(rows, 0)], true, 1
	}
	switch {
	case rows == nil && op == Lt:
		for _, y := range x[from:max(n, from)] {
			if y < best {
				best = y
			}
		}
	case rows == nil:
		for _, y := range x[from:max(n, from)] {
			if y > best {
				best = y
			}
		}
	default:
		for i := from; i < n; i++ {
			if y := x[rows[i]]; op == Lt && y < best || op == Gt && y > best {
				best = y
			}
		}
	}
	return best, has
}
