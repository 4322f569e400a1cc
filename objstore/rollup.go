package objstore

import (
	"iter"
	"strings"
)

// RollUp applies opts to a recursive listing below prefix that is in key order: it drops what StartAfter
// excludes and merges all keys that share the text up to the first Delimiter behind prefix into one Info
// with that text as Key. Implementations whose backend cannot do it by itself call it.
func RollUp(seq iter.Seq2[Info, error], prefix string, opts ListOptions) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		last := "" // the rolled-up key given out last
		for info, err := range seq {
			if err != nil {
				yield(Info{}, err)
				return
			}
			if opts.Delimiter != "" {
				rest := info.Key[len(prefix):]
				if i := strings.Index(rest, opts.Delimiter); i >= 0 {
					info = Info{Key: info.Key[:len(prefix)+i+len(opts.Delimiter)]}
					if info.Key == last {
						continue
					}
					last = info.Key
				}
			}
			if info.Key <= opts.StartAfter && opts.StartAfter != "" {
				continue
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}
