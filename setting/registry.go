package setting

import (
	"iter"
	"slices"
	"strings"
	"sync"
)

// Registry is a set of options that can be found by key, by alias and below a prefix. Options are added
// while packages initialise and read ever after, from any goroutine.
type Registry struct {
	noun string // what an error calls an entry: "setting" or "option"

	mu       sync.RWMutex
	options  []*Option
	byName   map[string]*Option // keys and aliases without prefixes
	prefixes map[string]*Option // keys and aliases that end in '.'
}

// NewRegistry returns an empty registry; noun is what errors call its entries, such as "setting".
func NewRegistry(noun string) *Registry {
	return &Registry{noun: noun, byName: map[string]*Option{}, prefixes: map[string]*Option{}}
}

// Register adds o and returns it, so that a package variable can be declared and registered at once. It
// panics if the declaration is wrong ([Option.Validate]) or if its key or an alias is taken.
func (r *Registry) Register(o *Option) *Option {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range append([]string{o.Key}, o.Aliases...) {
		names := r.byName
		if o.Prefix {
			names = r.prefixes
		}
		if names[name] != nil {
			panic("setting: '" + name + "' is registered twice")
		}
		names[name] = o
	}
	r.options = append(r.options, o)
	return o
}

// Lookup finds the option that key names, directly, by an alias or as a key below a prefix, and the
// canonical spelling of key. The longest prefix wins; an exact name wins over a prefix.
func (r *Registry) Lookup(key string) (o *Option, canonical string, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if o := r.byName[key]; o != nil {
		return o, o.Key, true
	}
	for end := len(key) - 1; end > 0; end-- {
		if key[end-1] != '.' {
			continue
		}
		if o := r.prefixes[key[:end]]; o != nil {
			return o, o.Key + key[end:], true
		}
	}
	return nil, "", false
}

// Options yields all options in key order, for documentation.
func (r *Registry) Options() iter.Seq[*Option] {
	r.mu.RLock()
	sorted := slices.SortedFunc(slices.Values(r.options), func(a, b *Option) int { return strings.Compare(a.Key, b.Key) })
	r.mu.RUnlock()
	return slices.Values(sorted)
}

// siblings returns up to limit keys that share key's first word; without any, all keys if there are no
// more than limit: what an error can offer when nothing is near.
func (r *Registry) siblings(key string, limit int) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var all, near []string
	for _, o := range r.options {
		if o.Ignored {
			continue
		}
		all = append(all, o.Key)
		if strings.Contains(key, ".") && firstWord(o.Key) == firstWord(key) {
			near = append(near, o.Key)
		}
	}
	if len(near) == 0 && len(all) <= limit {
		near = all
	}
	slices.Sort(near)
	return near[:min(limit, len(near))]
}
