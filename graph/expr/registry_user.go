package expr

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// user holds the functions that programs register. Unlike the built-in ones they may come while others are looked up.
var user struct {
	sync.RWMutex
	scalar    map[string]*Function
	aggregate map[string]*AggregateFunction
	table     map[string]*TableFunction
}

// RegisterUser adds a program's scalar function. Its name must be free and in upper case.
func RegisterUser(f *Function) error {
	return addUser(f.Name, func() { put(&user.scalar, f.Name, f) })
}

// RegisterUserAggregate adds a program's aggregate function.
func RegisterUserAggregate(f *AggregateFunction) error {
	return addUser(f.Name, func() { put(&user.aggregate, f.Name, f) })
}

// RegisterUserTable adds a program's table function.
func RegisterUserTable(f *TableFunction) error {
	return addUser(f.Name, func() { put(&user.table, f.Name, f) })
}

func put[F any](m *map[string]F, name string, f F) {
	if *m == nil {
		*m = map[string]F{}
	}
	(*m)[name] = f
}

func addUser(name string, add func()) error {
	if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" || name == "" || name[0]-'0' <= 9 {
		return fmt.Errorf("%q cannot be called as a function: a name has letters, digits and _, and begins with none of the digits", name)
	}
	if functions[name] != nil || aggregates[name] != nil {
		return fmt.Errorf("there is a built-in function %s", name)
	}
	user.Lock()
	defer user.Unlock()
	if user.scalar[name] != nil || user.aggregate[name] != nil || user.table[name] != nil {
		return fmt.Errorf("the function %s is registered twice", name)
	}
	add()
	return nil
}

// LookupTableFunction finds a table function by name, in any case.
func LookupTableFunction(name string) (*TableFunction, bool) {
	user.RLock()
	defer user.RUnlock()
	f, ok := user.table[strings.ToUpper(name)]
	return f, ok
}

// TableFunctions yields the table functions, by name.
func TableFunctions() iter.Seq[*TableFunction] {
	user.RLock()
	defer user.RUnlock()
	list := slices.Collect(maps.Values(user.table))
	slices.SortFunc(list, func(a, b *TableFunction) int { return strings.Compare(a.Name, b.Name) })
	return slices.Values(list)
}

// UserFunctions yields the names of the functions that programs registered, in order.
func UserFunctions() iter.Seq[string] {
	user.RLock()
	defer user.RUnlock()
	list := slices.Concat(slices.Collect(maps.Keys(user.scalar)), slices.Collect(maps.Keys(user.aggregate)), slices.Collect(maps.Keys(user.table)))
	slices.Sort(list)
	return slices.Values(list)
}

func lookupUser(name string) (*Function, bool) {
	user.RLock()
	defer user.RUnlock()
	f, ok := user.scalar[name]
	return f, ok
}

func lookupUserAggregate(name string) (*AggregateFunction, bool) {
	user.RLock()
	defer user.RUnlock()
	f, ok := user.aggregate[name]
	return f, ok
}
