// Package suggest finds the known name that a wrong one most likely stands for.
//
// A wrong name and the known ones enter; the hint of an error message leaves. Every error about a name that is
// not known, such as a column's, a table's or a function's, gets its hint here, so that they read alike.
package suggest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/setting"
)

// Nearest returns the known name that name most likely stands for, or "" if none is near. Near is a name that
// differs in case only, one within an edit distance of a third of its length, or one of which the other is
// the beginning or the end.
func Nearest(name string, known []string) string {
	best, bestCost := "", 1<<30
	low := strings.ToLower(name)
	for _, k := range known {
		if k == name {
			continue
		}
		other := strings.ToLower(k)
		cost := 0
		if other != low {
			cost = 1 + setting.EditDistance(low, other)
			short, long := low, other
			if len(short) > len(long) {
				short, long = long, short
			}
			part := len(short) >= 3 && (strings.HasPrefix(long, short) || strings.HasSuffix(long, short))
			if cost-1 > max(1, min(utf8.RuneCountInString(name), utf8.RuneCountInString(k))/3) || len(short) < 2 {
				if !part {
					continue
				}
				cost = 100 + len(long) - len(short)
			}
		}
		if cost < bestCost || cost == bestCost && k < best {
			best, bestCost = k, cost
		}
	}
	return best
}

// Hint returns "did you mean x?" for the nearest name, else what, such as "columns there are", and the first names of known in
// their order; "" if there are none.
func Hint(name string, known []string, what string) string {
	if near := Nearest(name, known); near != "" {
		return "did you mean '" + near + "'?"
	}
	if list := List(known, 12); list != "" {
		return what + " " + list
	}
	return ""
}

// List joins up to limit names with commas and says how many are left out.
func List(names []string, limit int) string {
	if len(names) > limit {
		names = append(slices.Clone(names[:limit]), "…")
	}
	return strings.Join(names, ", ")
}
