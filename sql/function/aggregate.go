package function

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// Aggregator is an aggregate function: S is what it keeps for each group, which begins as the zero value, A the argument, or a struct of
// several arguments, and R the result.
type Aggregator[S, A, R any] struct {
	// Step takes in a row.
	Step func(s *S, a A)
	// Retract takes a row out that Step took in. Without it the function cannot be used over changelogs with updates.
	Retract func(s *S, a A)
	// Merge takes in what another part of the group's rows came to.
	Merge func(s *S, other *S)
	// Result is the group's value, and may be called more than once.
	Result func(s *S) R
}

// Aggregate registers an aggregate function. S must have an SQL type, with exported fields only if it is a struct: checkpoints keep it as a
// column. Step, Merge and Result must be there. It panics otherwise, or if the name is taken.
func Aggregate[S, A, R any](name string, f Aggregator[S, A, R], opts ...Option) {
	at := reflect.TypeFor[A]()
	var fields []field
	params := []reflect.Type{at}
	if at.Kind() == reflect.Struct && at != timeType {
		params = nil
		for i := range at.NumField() {
			if at.Field(i).IsExported() {
				params = append(params, at.Field(i).Type)
			}
		}
	}
	s := newSignature(name, opts, params...)
	if f.Step == nil || f.Merge == nil || f.Result == nil {
		s.fail("Step, Merge and Result must be set")
	}
	if len(params) != 1 || params[0] != at {
		list, err := fieldsOf(at, 0)
		s.check(err)
		fields = list
	}
	st := reflect.TypeFor[S]()
	if st.Kind() == reflect.Struct && st != timeType {
		for i := range st.NumField() {
			if !st.Field(i).IsExported() {
				s.fail("the state %s has the unexported field %s, which no checkpoint would keep", st, st.Field(i).Name)
			}
		}
	}
	state, result := s.result(st), s.result(reflect.TypeFor[R]())
	s.check(expr.RegisterUserAggregate(&expr.AggregateFunction{Name: s.name, Doc: s.doc,
		Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
			casts, err := s.castTypes(args)
			return casts, result.t.Optional(), err
		},
		New: func([]column.Type, column.Type) expr.Accumulator {
			a := &accumulator[S, A, R]{f: f, signature: s, fields: fields, state: state, result: result}
			if f.Retract != nil {
				return &retractor[S, A, R]{a}
			}
			return a
		}}))
}

// castTypes is cast for the types of arguments alone.
func (s *signature) castTypes(args []column.Type) ([]column.Type, error) {
	if len(args) != len(s.args) {
		return nil, fmt.Errorf("%s takes %s, not %d arguments", s.name, s.describe(), len(args))
	}
	casts := make([]column.Type, len(args))
	for i, t := range args {
		var ok bool
		if casts[i], ok = s.castType(i, t); !ok {
			return nil, fmt.Errorf("%s takes %s, and argument %d is of type %s", s.name, s.describe(), i+1, t.Optional())
		}
		casts[i].NotNull = t.NotNull
	}
	return casts, nil
}

// accumulator holds the states of all groups side by side.
type accumulator[S, A, R any] struct {
	*signature
	f             Aggregator[S, A, R]
	fields        []field // of A, if that is a struct of several arguments
	state, result *codec
	groups        []S
	err           error // the first panic
}

func (a *accumulator[S, A, R]) Grow(n int) {
	for len(a.groups) < n {
		var zero S
		a.groups = append(a.groups, zero)
	}
}

func (a *accumulator[S, A, R]) Clear(group int) {
	var zero S
	a.groups[group] = zero
}

func (a *accumulator[S, A, R]) Update(groups []int32, args []*column.Vector, rows []int32) {
	a.each(a.f.Step, groups, args, rows)
}

func (a *accumulator[S, A, R]) each(f func(s *S, a A), groups []int32, args []*column.Vector, rows []int32) {
	defer a.caught()
next:
	for i, g := range groups {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		for k, v := range args {
			if !a.arg(k).loose && v.IsNull(r) {
				continue next
			}
		}
		var x A
		if a.fields == nil {
			a.args[0].read(args[0], r, unsafe.Pointer(&x))
		}
		for k, field := range a.fields {
			field.read(args[k], r, unsafe.Add(unsafe.Pointer(&x), field.offset))
		}
		f(&a.groups[g], x)
	}
}

// caught keeps a panic of the function until the result is asked for.
func (a *accumulator[S, A, R]) caught() {
	if r := recover(); r != nil && a.err == nil {
		a.err = fmt.Errorf("the function %s panicked: %v", a.name, r)
	}
}

func (a *accumulator[S, A, R]) StateTypes() []column.Type { return []column.Type{a.state.t} }

func (a *accumulator[S, A, R]) AppendState(from, to int, out []*column.Vector) {
	for i := from; i < to; i++ {
		a.state.store(out[0], unsafe.Pointer(&a.groups[i]))
	}
}

func (a *accumulator[S, A, R]) Merge(groups []int32, state []*column.Vector, rows []int32) {
	defer a.caught()
	for i, g := range groups {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		var other S
		a.state.read(state[0], r, unsafe.Pointer(&other))
		a.f.Merge(&a.groups[g], &other)
	}
}

func (a *accumulator[S, A, R]) AppendResult(from, to int, out *column.Vector) error {
	a.results(from, to, out)
	return a.err
}

func (a *accumulator[S, A, R]) results(from, to int, out *column.Vector) {
	defer a.caught()
	for i := from; i < to && a.err == nil; i++ {
		r := a.f.Result(&a.groups[i])
		a.result.store(out, unsafe.Pointer(&r))
	}
}

func (a *accumulator[S, A, R]) SizeBytes() int {
	var zero S
	return cap(a.groups) * int(unsafe.Sizeof(zero))
}

// retractor is an accumulator that takes rows out too.
type retractor[S, A, R any] struct{ *accumulator[S, A, R] }

func (a *retractor[S, A, R]) Retract(groups []int32, args []*column.Vector, rows []int32) {
	a.each(a.f.Retract, groups, args, rows)
}
