package connector

import (
	"maps"
	"slices"
)

var specs = map[string]*Spec{}

// Register adds a connector; init functions of connector packages call it. A second one of the same name panics.
func Register(s *Spec) {
	if s.Name == "" || s.Doc == "" || s.Guarantee == "" || specs[s.Name] != nil {
		panic("connector: incomplete or duplicate spec: " + s.Name)
	}
	specs[s.Name] = s
}

// Lookup finds a connector by the value of 'connector'.
func Lookup(name string) (*Spec, bool) {
	s, ok := specs[name]
	return s, ok
}

// Names lists the linked connectors, sorted.
func Names() []string { return slices.Sorted(maps.Keys(specs)) }
