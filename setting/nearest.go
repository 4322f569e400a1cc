package setting

import (
	"maps"
	"slices"
	"strings"
)

// Nearest returns the known key or alias that key most likely stands for, or "" if none is near. Near is
// a key whose differing words are within an edit distance of a third of their length, or one that has
// the same words and more or fewer of them ("endpoint" for "s3.endpoint"). Below a prefix it corrects
// the prefix alone. Case and '-', '_' or '.' between words count as equal.
func (r *Registry) Nearest(key string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	best, bestCost := "", 0
	consider := func(candidate string, cost int, near bool) {
		if near && (best == "" || cost < bestCost) {
			best, bestCost = candidate, cost
		}
	}
	given := words(key)
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		known := words(name)
		a, b := trimCommon(given, known)
		distance := EditDistance(a, b)
		consider(name, distance, distance <= max(1, max(len(a), len(b))/3) && min(len(a), len(b)) > 0 || distance == 0)
		shorter, longer := given, known
		if len(shorter) > len(longer) {
			shorter, longer = longer, shorter
		}
		consider(name, 2+len(longer)-len(shorter), isSubsequence(shorter, longer))
	}
	for _, prefix := range slices.Sorted(maps.Keys(r.prefixes)) {
		head, rest := splitBehindDot(key, strings.Count(prefix, "."))
		if rest == "" {
			continue
		}
		distance := EditDistance(strings.ToLower(head), prefix)
		consider(prefix+rest, distance+1, distance <= (len(prefix)-2)/4)
	}
	return best
}

// foreign reports whether key lies outside every family: neither its first word nor one spelled much
// like it begins a known key.
func (r *Registry) foreign(key string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	first := firstWord(key)
	for _, names := range []map[string]*Option{r.byName, r.prefixes} {
		for name := range names {
			known := firstWord(name)
			if EditDistance(first, known) <= (min(len(first), len(known))-1)/4 {
				return false
			}
		}
	}
	return true
}

// words splits a key in lower case at '.', '-' and '_'.
func words(key string) []string {
	return strings.FieldsFunc(strings.ToLower(key), func(r rune) bool { return r == '.' || r == '-' || r == '_' })
}

func firstWord(key string) string {
	if w := words(key); len(w) > 0 {
		return w[0]
	}
	return ""
}

// trimCommon drops the words that a and b begin and end with alike, and joins the rest.
func trimCommon(a, b []string) (string, string) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return strings.Join(a, "."), strings.Join(b, ".")
}

// isSubsequence reports whether longer holds the words of shorter, of which there is one, in order.
func isSubsequence(shorter, longer []string) bool {
	rest := shorter
	for _, w := range longer {
		if len(rest) > 0 && rest[0] == w {
			rest = rest[1:]
		}
	}
	return len(shorter) > 0 && len(rest) == 0
}

// splitBehindDot splits key behind its n-th '.'.
func splitBehindDot(key string, n int) (head, rest string) {
	end := 0
	for range n {
		i := strings.IndexByte(key[end:], '.')
		if i < 0 {
			return key, ""
		}
		end += i + 1
	}
	return key[:end], key[end:]
}

// EditDistance counts the insertions, deletions, replacements and swaps of neighbouring characters that turn
// a into b. Every suggestion of a name, here and in the layers above, goes by it.
func EditDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, previous, current := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range current {
		current[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, previous, current = previous, current, before
		current[0] = i
		for j := 1; j <= len(y); j++ {
			replace := 1
			if x[i-1] == y[j-1] {
				replace = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
	}
	return current[len(y)]
}
