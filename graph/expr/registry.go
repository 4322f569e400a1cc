package expr

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
)

var (
	functions  = map[string]*Function{} // by name and alias, upper case
	aggregates = map[string]*AggregateFunction{}
)

func register(list ...*Function) {
	for _, f := range list {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if functions[name] != nil {
				panic("function " + name + " is defined twice")
			}
			functions[name] = f
		}
	}
}

func registerAggregate(list ...*AggregateFunction) {
	for _, f := range list {
		if aggregates[f.Name] != nil {
			panic("aggregate function " + f.Name + " is defined twice")
		}
		aggregates[f.Name] = f
	}
}

// Lookup finds a scalar function or operator by name, in any case.
func Lookup(name string) (*Function, bool) {
	name = strings.ToUpper(name)
	if f, ok := functions[name]; ok {
		return f, true
	}
	return lookupUser(name)
}

// LookupAggregate finds an aggregate function by name, in any case.
func LookupAggregate(name string) (*AggregateFunction, bool) {
	name = strings.ToUpper(name)
	if f, ok := aggregates[name]; ok {
		return f, true
	}
	return lookupUserAggregate(name)
}

// Functions yields the scalar functions and operators, by name.
func Functions() iter.Seq[*Function] {
	return func(yield func(*Function) bool) {
		for _, name := range slices.Sorted(maps.Keys(functions)) {
			if f := functions[name]; f.Name == name && !yield(f) {
				return
			}
		}
	}
}

// Aggregates yields the aggregate functions that can be called by name.
func Aggregates() iter.Seq[*AggregateFunction] {
	return func(yield func(*AggregateFunction) bool) {
		for _, name := range slices.Sorted(maps.Keys(aggregates)) {
			if f := aggregates[name]; !f.Internal && !yield(f) {
				return
			}
		}
	}
}

// NearestFunction returns the name of the scalar or aggregate function that is most like name, for error messages, or ""
// if none is alike.
func NearestFunction(name string) string {
	name = strings.ToUpper(name)
	best, least := "", len(name)/2+1
	for _, list := range [][]string{slices.Sorted(maps.Keys(functions)), slices.Sorted(maps.Keys(aggregates))} {
		for _, f := range list {
			if d := distance(name, f); d < least {
				best, least = f, d
			}
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, replace or swap with a neighbour to make b from a.
func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// NewCall types a call of the named function: arguments get implicit casts as needed. Errors say what is wrong with the
// arguments, without position.
func NewCall(name string, args ...Expr) (Expr, error) {
	f, ok := Lookup(name)
	if !ok {
		if near := NearestFunction(name); near != "" {
			return nil, fmt.Errorf("no function %s; the nearest name is %s", strings.ToUpper(name), near)
		}
		return nil, fmt.Errorf("no function %s", strings.ToUpper(name))
	}
	return f.Call(args...)
}

// Call types a call of f: arguments get implicit casts as needed.
func (f *Function) Call(args ...Expr) (Expr, error) {
	typed, t, err := f.Resolve(args)
	if err != nil {
		return nil, err
	}
	return &Call{f, typed, t}, nil
}

// argTypes lists types for error messages.
func argTypes(args []Expr) string {
	s := make([]string, len(args))
	for i, a := range args {
		s[i] = a.Type().Optional().String()
	}
	return strings.Join(s, ", ")
}

// nullable is t, nullable if any argument is, and NOT NULL otherwise.
func nullable(t column.Type, args []Expr) column.Type {
	t.NotNull = true
	for _, a := range args {
		if !a.Type().NotNull {
			t.NotNull = false
		}
	}
	return t
}
